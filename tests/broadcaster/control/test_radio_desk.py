"""What the radio staff ask of control over the link, and what they are told."""

from pathlib import Path

import pytest

from broadcaster.control.library_index import Entry, Stamp
from broadcaster.control.play_order import RefusedError
from broadcaster.control.radio_desk import RadioDesk
from broadcaster.ingest.library import Imported, Library
from broadcaster.radio.recordings import Recordings
from broadcaster.radio.station import RadioStation
from broadcaster.rights import is_allowed
from broadcaster.run_directory import RunDirectory, StateDirectory
from tests.broadcaster.control.bench import recording, site
from tests.house.checkout import ROOT
from tests.scenarios.whole_station import write_sound

FATES: dict[Path, Entry] = {}
ENTRY = {"zones": "all", "playlist": "calm", "first": "2026-11-22 07:00", "length": "1 h"}


@pytest.fixture
def desk(tmp_path):
    state, run = StateDirectory(tmp_path / "state"), RunDirectory(tmp_path / "run")
    Recordings(state.path).add([("/a.flac", recording(1)), ("/b.flac", recording(2))])
    return RadioDesk(lambda: RadioStation(site(), ROOT / "config.yaml", state, run), FATES.get)


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


async def test_a_week_shows_what_each_zone_has_and_what_a_change_would_make_of_it(desk):
    lists = {"playlists": {"calm": {"items": ["r1", "r2"]}}}
    await asked(desk, "schedule-edit", put={**lists, "entries": {"morning": ENTRY}})
    seen = await asked(desk, "schedule-week", first="2026-11-16")
    assert [one["date"] for one in seen["days"]][-1] == "2026-11-22"
    (block,) = (one for one in seen["blocks"] if one["name"] == "morning")
    assert (block["begin"], block["source"]) == ("2026-11-21T22:00:00+00:00", "playlist")
    assert len(block["zones"]) == 14
    assert {one["source"] for one in seen["blocks"]} == {"playlist", "folder"}
    assert (seen["version"]["version"], seen["changes"], seen["problems"]) == (1, [], [])
    noon = {"zones": "all", "silence": True, "first": "2026-11-20 12:00", "length": "10 min"}
    tried = await asked(desk, "schedule-week", first="2026-11-16", put={"entries": {"noon": noon}})
    assert tried["changes"] == ["entries noon: added"]
    assert "silence" in {one["source"] for one in tried["blocks"]}
    assert (await asked(desk, "schedule"))["version"]["version"] == 1


@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"playlist": "colm"}, "playlist", "there is no playlist"),
        ({"zones": ["nowhere"]}, "zones", "no zone or group"),
        ({"first": "yesterday"}, "first", "is not a day and time"),
        ({"length": "9 d"}, "length", "7 d"),
        ({"rule": "FREQ=NEVER"}, "rule", "needs FREQ="),
        ({"rank": 200}, "rank", "100"),
    ],
)
async def test_what_is_wrong_with_a_change_is_told_at_its_field(desk, wrong, field, says):
    await asked(desk, "schedule-edit", put={"playlists": {"calm": {"items": ["r1"]}}})
    put = {"entries": {"morning": {**ENTRY, **wrong}}}
    seen = await asked(desk, "schedule-week", first="2026-11-16", put=put)
    assert seen["changes"] == []
    (problem,) = seen["problems"]
    assert problem["field"] == field
    assert says in problem["problem"]
    removed = await asked(desk, "schedule-week", first="2026-11-16", remove={"entries": ["none"]})
    assert 'no "none" to remove' in removed["problems"][0]["problem"]


async def test_recordings_are_found_and_described_in_seconds(desk):
    (found,) = (await asked(desk, "recordings", words="track 2"))["recordings"]
    said = await asked(desk, "recording-say", recording=found["id"], said={"segue": 100.5})
    assert said["recording"]["segue"] == 100.5
    assert (await asked(desk, "recordings", words=""))["all"] == 2


async def test_lists_go_out_to_other_programs_and_come_in_from_them(desk):
    put = {"playlists": {"calm": {"title": "잔잔", "items": ["r1", "gone"]}}}
    await asked(desk, "schedule-edit", put=put)
    (about,) = (await asked(desk, "playlists"))["playlists"]
    assert (about["kind"], about["title"]) == ("fixed", "잔잔")
    shown = await asked(desk, "playlist", playlist="calm")
    assert [one["at_hand"] for one in shown["tracks"]] == [True, False]
    for form in ("m3u8", "pls", "xspf"):
        text = (await asked(desk, "playlist-export", playlist="calm", form=form))["text"]
        made = await asked(desk, "playlist-import", playlist=form, form=form, text=text)
        assert (made["tracks"], made["missing"]) == (1, [])
    elsewhere = "C:\\Music\\b.flac\n/nowhere/z.mp3\n"
    made = await asked(desk, "playlist-import", playlist="old", form="m3u", text=elsewhere)
    assert (made["tracks"], made["missing"]) == (1, ["/nowhere/z.mp3"])
    assert (await asked(desk, "recording", recording="r1"))["playlists"][0] == "calm"


async def test_the_week_goes_out_as_a_calendar_and_comes_back(desk):
    put = {"playlists": {"calm": {"items": ["r1"]}}, "entries": {"morning": ENTRY}}
    await asked(desk, "schedule-edit", put=put)
    text = (await asked(desk, "calendar"))["text"]
    await asked(desk, "schedule-edit", remove={"entries": ["morning"]})
    await asked(desk, "calendar-import", text=text)
    assert (await asked(desk, "schedule"))["schedule"]["entries"]["morning"]["playlist"] == "calm"
    (empty,) = (await asked(desk, "schedule-check", text="schema: 1\n"))["findings"]
    assert empty["remedy"]


async def test_an_act_that_comes_again_is_not_done_again(desk):
    put = {"playlists": {"calm": {"items": ["r1"]}}}
    await asked(desk, "schedule-edit", put=put, key="first-act")
    await asked(desk, "schedule-edit", put=put, key="other-act")
    first = await asked(desk, "schedule-undo", key="undo-act")
    assert await asked(desk, "schedule-undo", key="undo-act") == first
    assert (await asked(desk, "schedule"))["version"]["version"] == 3


async def test_what_was_sent_in_is_told_with_its_fate(desk, tmp_path, monkeypatch):
    place = tmp_path / "state" / "uploads"
    place.mkdir()
    for name in ("a.flac", "b.mp3", "c.ogg", ".d.part"):
        (place / name).write_bytes(b"1234")
    stamp = Stamp(4, 0)
    monkeypatch.setitem(FATES, place / "a.flac", Entry(stamp, recording(1)))
    monkeypatch.setitem(FATES, place / "b.mp3", Entry(stamp, None, "b.mp3 is no audio"))
    listed = (await asked(desk, "uploads"))["uploads"]
    assert {one["upload"]: (one["state"], one["recording"], one["reason"]) for one in listed} == {
        "a.flac": ("imported", "r1", None),
        "b.mp3": ("refused", None, "b.mp3 is no audio"),
        "c.ogg": ("waiting", None, None),
    }


async def test_a_recording_that_was_sent_in_goes_with_its_file(desk, tmp_path):
    place = tmp_path / "state" / "uploads"
    place.mkdir()
    sent = place / "new.flac"
    sent.write_bytes(b"1234")
    Recordings(tmp_path / "state").add([(str(sent), recording(7))])
    assert await asked(desk, "recording-remove", recording="r7") == {"removed": "r7"}
    assert not sent.exists()


@pytest.mark.slow
async def test_a_recording_is_edited_by_a_process_of_its_own(desk, tmp_path):
    file = write_sound(tmp_path / "a.wav", 3, seed=1)
    (made,) = Library(tmp_path / "state").import_files([file])
    assert isinstance(made, Imported)
    answer = await asked(
        desk, "recording-edit", recording=made.recording.id, trim=[0.5, 2.5], title="짧게"
    )
    assert answer["recording"]["title"] == "짧게"
    assert answer["recording"]["length"] == pytest.approx(2, abs=0.01)
    with pytest.raises(RefusedError, match="cannot be kept"):
        await asked(desk, "recording-edit", recording=made.recording.id, trim=[0.5, 99])


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
        ("playlist", {"playlist": "none"}, "none"),
        ("playlist-import", {"playlist": "x", "form": "doc"}, "makes no sense"),
        ("calendar-import", {"text": "x"}, "no calendar"),
        ("recording-remove", {"recording": "zz"}, "no recording"),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(desk, name, fields, says):
    with pytest.raises(RefusedError, match=says):
        await asked(desk, name, **fields)


def test_staff_may_draw_the_week_and_viewers_may_look():
    assert is_allowed("schedule-edit", ["radio"])
    assert not is_allowed("schedule-edit", ["viewer"])
    assert is_allowed("schedule-preview", ["viewer"])
