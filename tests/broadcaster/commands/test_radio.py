"""The radio staff's commands, from an empty station to a preview and a report."""

import json
import wave
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from click.testing import CliRunner

from broadcaster.commands.library import library
from broadcaster.commands.playlist import playlist
from broadcaster.commands.schedule import schedule
from broadcaster.radio.report import table
from tests.house.checkout import ROOT
from zones.media_time import RATE


def tune(path, seconds, pitch):
    """A WAV file that is louder than silence and like no other."""
    time = np.arange(round(seconds * RATE)) / RATE
    sound = (8000 * np.sin(2 * np.pi * pitch * time)).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(sound.tobytes())
    return path


class Staff:
    """Somebody at the command line of one station."""

    def __init__(self, place):
        self.options = [
            *("--run", str(place / "run"), "--state", str(place / "state")),
            *("--config", str(ROOT / "config.yaml")),
        ]

    def says(self, group, *words, status=0):
        done = CliRunner().invoke(group, [*words, *self.options], catch_exceptions=False)
        assert done.exit_code == status, done.output
        return done.output

    def asks(self, group, *words, status=0):
        return json.loads(self.says(group, *words, "--json", status=status))


@pytest.fixture(scope="module")
def staff(tmp_path_factory):
    place = tmp_path_factory.mktemp("radio")
    music = place / "음악"
    music.mkdir()
    for number in range(3):
        tune(music / f"곡 {number}.wav", 3 + number, 300 + 100 * number)
    one = Staff(place)
    done = CliRunner().invoke(
        library, ["import", str(music), *one.options[:4]], catch_exceptions=False
    )
    assert "3 imported" in done.output
    return one


def first(staff, words):
    found = staff.asks(library, "search", words)["recordings"]
    return next(one["id"] for one in found if one["title"] == words)


def test_recordings_are_found_and_described(staff):
    name = first(staff, "곡 1")
    staff.says(library, "describe", name[:8], "tags=잔잔, 가을", "rights=음저협", "segue=2.5")
    shown = staff.asks(library, "show", name)
    assert (shown["tags"], shown["segue"], shown["title"]) == (["잔잔", "가을"], 2.5, "곡 1")
    assert "#가을" in staff.says(library, "search", "가을")
    assert "roles are" in staff.says(library, "describe", name, "role=song", status=2)
    assert "nothing found" in staff.says(library, "search", "없는 것")


def test_an_edit_is_a_recording_of_its_own(staff):
    name, other = first(staff, "곡 0"), first(staff, "곡 2")
    (made,) = staff.asks(
        library, "edit", name, "--trim", "0.5-2.5", "--fade-out", "0.5", "--join", other,
        "--crossfade", "0.5", "--chime", "--title", "안내",
    )["recordings"]  # fmt: skip
    assert made["title"] == "안내"
    assert 2 + 5 - 0.5 < made["length"] < 2 + 5 - 0.5 + 4
    assert staff.asks(library, "show", name)["length"] == pytest.approx(3, abs=0.1)
    wrong = CliRunner().invoke(library, ["edit", name, "--trim", "2-99", *staff.options])
    assert wrong.exit_code == 2
    assert "cannot be kept" in wrong.output


def test_a_playlist_goes_out_and_comes_back(staff, tmp_path):
    names = [first(staff, f"곡 {number}") for number in range(3)]
    staff.says(playlist, "add", "morning", *names)
    staff.says(playlist, "drop", "morning", names[1])
    for suffix in ("m3u8", "pls", "xspf"):
        file = tmp_path / f"list.{suffix}"
        CliRunner().invoke(playlist, ["export", "morning", str(file), *staff.options])
        staff.says(playlist, "import", f"from-{suffix}", str(file))
        tracks = staff.asks(playlist, "show", f"from-{suffix}")["tracks"]
        assert [one["recording"] for one in tracks] == [names[0], names[2]]
    assert set(staff.asks(playlist, "holding", names[0])["playlists"]) >= {"morning", "from-pls"}
    (tmp_path / "bad.m3u").write_text("gone.mp3\n")
    assert "left out: gone.mp3" in staff.says(
        playlist, "import", "gone", str(tmp_path / "bad.m3u"), status=1
    )


def test_the_week_is_drawn_looked_at_and_taken_back(staff):
    staff.says(playlist, "add", "noon", first(staff, "곡 2"))
    staff.says(
        schedule, "set", "entries", "noon", "zones=hill", "playlist=noon",
        "first=2026-01-01 12:00", "length=1 h", "rule=FREQ=DAILY",
    )  # fmt: skip
    seen = staff.asks(schedule, "preview", "--days", "2", "--zone", "hill", status=1)
    noons = [one for one in seen["tracks"] if one["entry"] == "noon"]
    assert noons
    assert noons[0]["title"] == "곡 2"
    assert any("there is no recording in music/" in one["reason"] for one in seen["findings"])
    assert "did you mean" in staff.says(
        schedule, "set", "entries", "noon", "playlist=nooon", status=2
    )
    assert "entries noon: removed" in staff.says(schedule, "remove", "entries", "noon")
    staff.says(schedule, "undo")
    assert "noon:" in staff.says(schedule, "show")
    newest, *_ = staff.asks(schedule, "versions")["versions"]
    assert "back to version" in newest["why"]


def test_the_schedule_goes_out_as_a_file_and_as_a_calendar(staff, tmp_path):
    text = staff.says(schedule, "show")
    (tmp_path / "all.yaml").write_text(text)
    staff.says(schedule, "use", str(tmp_path / "all.yaml"))
    assert staff.says(schedule, "show").partition("\n")[2] == text.partition("\n")[2]
    file = tmp_path / "week.ics"
    CliRunner().invoke(schedule, ["export-calendar", str(file), *staff.options])
    staff.says(schedule, "import-calendar", str(file))
    assert staff.says(schedule, "show").partition("\n")[2] == text.partition("\n")[2]
    staff.says(schedule, "check", str(tmp_path / "all.yaml"), status=1)


def test_the_report_shows_korean_in_a_spreadsheet_and_calculates_nothing():
    heard = {
        "planned": datetime(2026, 11, 22, 15, tzinfo=UTC).isoformat(),
        "began": datetime(2026, 11, 22, 15, 0, 0, 4000, tzinfo=UTC).isoformat(),
        "error_ms": 4.0,
        "title": "=cmd()",
        "artist": "소리길 악단",
        "zones": ["hill-1", "hill-2"],
        "verified": False,
    }
    rows = table([heard], ZoneInfo("Asia/Seoul")).splitlines()
    assert rows[1].startswith("2026-11-23 00:00:00.000,2026-11-23 00:00:00.004,4.0,")
    assert "'=cmd(),소리길 악단" in rows[1]
    assert '"hill-1, hill-2"' in rows[1]
    assert "not verified" in rows[1]
