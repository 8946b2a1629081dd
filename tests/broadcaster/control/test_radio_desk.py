"""What the radio staff ask of control over the link, and what they are told."""

import pytest

from broadcaster.control.play_order import RefusedError
from broadcaster.control.radio_desk import RadioDesk
from broadcaster.radio.recordings import Recordings
from broadcaster.radio.station import RadioStation
from broadcaster.rights import is_allowed
from broadcaster.run_directory import RunDirectory, StateDirectory
from tests.broadcaster.control.bench import recording, site
from tests.house.checkout import ROOT

ENTRY = {"zones": "all", "playlist": "calm", "first": "2026-11-22 07:00", "length": "1 h"}


@pytest.fixture
def desk(tmp_path):
    state, run = StateDirectory(tmp_path / "state"), RunDirectory(tmp_path / "run")
    Recordings(state.path).add([("/a.flac", recording(1)), ("/b.flac", recording(2))])
    return RadioDesk(lambda: RadioStation(site(), ROOT / "config.yaml", state, run))


async def asked(desk, name, **fields):
    assert desk.knows(name)
    return await desk.answer({"name": name, "who": "kim", **fields})


async def test_the_week_is_changed_and_shown_and_taken_back(desk):
    assert (await asked(desk, "schedule"))["version"] is None
    put = {"playlists": {"calm": {"items": ["r1"]}}, "entries": {"morning": ENTRY}}
    made = await asked(desk, "schedule-edit", put=put, why="첫 편성")
    assert (made["version"], made["who"], made["why"]) == (1, "kim", "첫 편성")
    shown = await asked(desk, "schedule")
    assert shown["schedule"]["entries"]["morning"]["playlist"] == "calm"
    await asked(desk, "schedule-edit", remove={"entries": ["morning"]}, base=1)
    with pytest.raises(RefusedError, match="kim has changed entries morning"):
        await asked(desk, "schedule-edit", put={"entries": {"morning": ENTRY}}, base=1)
    await asked(desk, "schedule-undo")
    listed = (await asked(desk, "schedule-versions"))["versions"]
    assert [one["version"] for one in listed] == [3, 2, 1]
    assert listed[1]["changes"] == ["entries morning: removed"]


async def test_a_preview_tells_tracks_and_findings(desk):
    put = {
        "playlists": {"calm": {"items": ["r1", "r2"]}},
        "entries": {"morning": {**ENTRY, "rule": "FREQ=DAILY"}},
    }
    await asked(desk, "schedule-edit", put=put)
    seen = await asked(desk, "schedule-preview", days=2, zone="hill")
    assert {one["recording"] for one in seen["tracks"]} == {"r1", "r2"}
    assert all(one["remedy"] for one in seen["findings"])


async def test_recordings_are_found_and_described_in_seconds(desk):
    (found,) = (await asked(desk, "recordings", words="track 2"))["recordings"]
    said = await asked(desk, "recording-say", recording=found["id"], said={"segue": 100.5})
    assert said["recording"]["segue"] == 100.5
    assert (await asked(desk, "recordings", words=""))["all"] == 2


@pytest.mark.parametrize(
    ("name", "fields", "says"),
    [
        ("schedule-edit", {"put": {"entries": {"x": {}}}}, 'lacks "zones"'),
        ("schedule-edit", {"put": ["x"]}, "makes no sense"),
        ("schedule-edit", {"put": {"colours": {}}}, "no section"),
        ("schedule-replace", {"text": "schema: 2"}, "must be 1"),
        ("schedule-undo", {"version": 9}, "nothing to undo"),
        ("schedule-preview", {"zone": "nowhere"}, "no zone or group"),
        ("recording-say", {"recording": "zz", "said": {}}, "no recording"),
        ("as-run", {}, "no journal"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(desk, name, fields, says):
    with pytest.raises(RefusedError, match=says):
        await asked(desk, name, **fields)


def test_staff_may_draw_the_week_and_viewers_may_look():
    assert is_allowed("schedule-edit", ["radio"])
    assert not is_allowed("schedule-edit", ["viewer"])
    assert is_allowed("schedule-preview", ["viewer"])
