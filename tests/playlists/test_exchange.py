"""Playlists and calendars of other programs, in and out."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlists.calendar import CalendarError, calendar_entries, calendar_text
from playlists.playlist_file import (
    Form,
    Listed,
    PlaylistFileError,
    form_of,
    path_of,
    read_list,
    written_list,
)
from playlists.schedule_file import parse_schedule
from tests.playlists.test_blocks import entry
from tests.playlists.test_schedule_file import TEXT

SEOUL = ZoneInfo("Asia/Seoul")
STAMP = dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
WORDS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Co", "Cn")), max_size=20
)
PATHS = WORDS.filter(lambda text: text and not text.startswith(("#", "\ufeff"))).map(
    lambda text: f"/music/{text}.flac"
)


@given(
    st.lists(st.tuples(PATHS, WORDS, st.none() | st.integers(1, 9999)), max_size=5),
    st.sampled_from(Form),
)
def test_what_is_written_in_any_form_reads_back(rows, form):
    tracks = tuple(Listed(*row) for row in rows)
    again = read_list(written_list(tracks, form, "제목"), form)
    assert [path_of(one.location) for one in again] == [one.location for one in tracks]
    assert [(one.title, one.length) for one in again] == [(one.title, one.length) for one in tracks]


def test_files_of_other_players_are_understood():
    pls = "[playlist]\nFile2=b.mp3\nfile1=a.mp3\nTitle1=가\nLength1=-1\nNumberOfEntries=2\n"
    assert read_list(pls, Form.PLS) == (Listed("a.mp3", "가"), Listed("b.mp3"))
    m3u = "\ufeff#EXTM3U\r\n#EXTINF:12.5,가 - 나\r\nC:\\음악\\a.mp3\r\n\r\nb.mp3\r\n"
    assert read_list(m3u, Form.M3U) == (
        Listed("C:\\음악\\a.mp3", "가 - 나", 12.5),
        Listed("b.mp3"),
    )
    assert path_of("file:///a%20b.mp3") == "/a b.mp3"
    assert path_of("http://example.org/a.mp3") is None
    assert form_of(".XSPF") is Form.XSPF


@pytest.mark.parametrize(
    ("text", "form", "says"),
    [
        ("File1=a", Form.PLS, "playlist"),
        ("<a>", Form.XSPF, "no XSPF"),
        ("<playlist/>", Form.XSPF, "version 1"),
        (
            '<!DOCTYPE x [<!ENTITY a "aa">]><playlist xmlns="http://xspf.org/ns/0/">&a;</playlist>',
            Form.XSPF,
            "no XSPF",
        ),
        ("a\n" * 10_001, Form.M3U, "10001 tracks"),
    ],
)
def test_what_is_no_playlist_is_refused(text, form, says):
    with pytest.raises(PlaylistFileError, match=says):
        read_list(text, form)
    with pytest.raises(PlaylistFileError, match="no playlist"):
        form_of(".doc")


def test_a_schedule_survives_the_round_trip_through_a_calendar():
    entries = parse_schedule(TEXT, "schedule.yaml").entries
    assert entries == calendar_entries(calendar_text(entries, "Asia/Seoul", STAMP), SEOUL)


def test_what_a_calendar_changed_is_taken_from_the_calendar():
    entries = (entry("morning"),)
    text = calendar_text(entries, "Asia/Seoul", STAMP)
    moved = text.replace("20260101T090000", "20260102T100000").replace("PT1H", "PT2H")
    (found,) = calendar_entries(moved, SEOUL)
    assert found.when.first.isoformat() == "2026-01-02T10:00:00"
    assert found.length == dt.timedelta(hours=2)
    assert found.plays == entries[0].plays


FOREIGN = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//other//EN
BEGIN:VEVENT
UID:Team Meeting 7@example.org
SUMMARY:음악회
DTSTART:20261123T010000Z
DTEND:20261123T023000Z
RRULE:FREQ=WEEKLY;BYDAY=MO
EXDATE:20261130T010000Z
END:VEVENT
END:VCALENDAR
"""


def test_events_of_another_calendar_play_what_they_are_told_to():
    (found,) = calendar_entries(FOREIGN, SEOUL, entry("usual", zones=("hill",)))
    assert (found.id, found.title, found.zones) == (
        "team-meeting-7-example-org",
        "음악회",
        ("hill",),
    )
    assert found.when.first.isoformat() == "2026-11-23T10:00:00"
    assert found.when.without == {dt.date(2026, 11, 30)}
    assert found.length == dt.timedelta(minutes=90)
    with pytest.raises(CalendarError, match=r"음악회.*--playlist"):
        calendar_entries(FOREIGN, SEOUL)
    with pytest.raises(CalendarError, match=r"음악회.*FREQ"):
        calendar_entries(FOREIGN.replace("WEEKLY;BYDAY=MO", "SECONDLY"), SEOUL, entry("usual"))
