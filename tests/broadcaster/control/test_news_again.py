"""News that a warning cut is played again, whole, once its zones are free and while it is valid."""

import datetime as dt
from dataclasses import replace

import pytest

from broadcaster.control.news_again import NewsAgain
from playlists.as_run import Heard
from playlists.news import NewsItem
from playlists.recording import Role
from tests.broadcaster.control.bench import recording
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import RATE
from zones.sound import Segment, Sequence, Silence, Timeline

NEWS = replace(recording(9), role=Role.NEWS, valid_until=dt.date(2026, 11, 30))
KNOWN = {NEWS.pcm: NEWS}
A, B = ZoneId("a"), ZoneId("b")
TODAY = dt.date(2026, 11, 23)
ITEM = NewsItem("flu", NEWS.id, ("all",), dt.date(2026, 11, 20), dt.date(2026, 11, 25))
MUSIC = Timeline(((0, Segment(recording(1).pcm, 0, 1000 * RATE)),))


def heard(zone, on_air, by=("alert 1",), of=NEWS):
    return Heard(
        *(ClaimId("schedule"), of.pcm, "", 0, 0, 20 * RATE, on_air, on_air, (zone,)),
        tuple(ClaimId(one) for one in by),
    )


def bus(zone, above=None):
    claim = Claim(ClaimId("schedule"), zone, Kind.PROGRAMME, 20, MUSIC, start=0)
    if above is None:
        return [claim]
    loop = Sequence(loop=(Segment(recording(2).pcm, 0, RATE),))
    kind, source = (Kind.WARNING, loop) if above == "warning" else (Kind.PROGRAMME, Silence())
    return [claim, Claim(ClaimId(above), zone, kind, 240, source, start=0)]


def orders(again, buses, news=(ITEM,), today=TODAY):
    return [(one.recording, one.zones) for one in again.orders(50 * RATE, buses, news, today)]


@pytest.mark.parametrize("on_air", [0, 6 * RATE])
def test_what_was_cut_or_covered_waits_for_the_end_of_the_warning(on_air):
    again = NewsAgain()
    again.note([heard(A, on_air), heard(B, 20 * RATE, by=())], KNOWN)
    assert orders(again, {A: bus(A, "warning"), B: bus(B)}) == []
    assert orders(again, {A: bus(A, "silence"), B: bus(B)}) == []
    assert orders(again, {A: bus(A), B: bus(B)}) == [(NEWS, ("a",))]
    assert orders(again, {A: bus(A), B: bus(B)}) == []


def test_zones_that_are_free_later_hear_it_later_and_each_only_once():
    again = NewsAgain()
    again.note([heard(A, 0), heard(B, 0), heard(A, 5 * RATE)], KNOWN)
    assert orders(again, {A: bus(A), B: bus(B, "warning")}) == [(NEWS, ("a",))]
    assert orders(again, {A: bus(A), B: bus(B)}) == [(NEWS, ("b",))]


def test_what_is_over_meanwhile_is_not_played_again():
    for today, news in ((dt.date(2026, 11, 26), (ITEM,)), (dt.date(2026, 12, 1), ())):
        again = NewsAgain()
        again.note([heard(A, 0)], KNOWN)
        assert orders(again, {A: bus(A)}, news, today) == []
        assert orders(again, {A: bus(A)}) == []


def test_music_and_what_was_whole_is_not_played_again():
    again = NewsAgain()
    music = recording(1)
    again.note([heard(A, 20 * RATE), heard(A, 0, by=()), heard(A, 0, of=music)], KNOWN)
    again.note([heard(A, 0, of=music)], {music.pcm: music})
    assert orders(again, {A: bus(A)}) == []
