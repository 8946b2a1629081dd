"""What was heard: whole tracks, interrupted ones, and what nobody saw."""

import pytest

from playlists.as_run import LATE, AsRunBook
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import RATE
from zones.sound import PcmId, Ring, Segment, Sequence, Timeline

ONE, TWO = (PcmId(digit * 64) for digit in "12")
A, B = ZoneId("a"), ZoneId("b")
MUSIC = Timeline(
    ((0, Segment(ONE, 0, 100 * RATE, fade_out=2 * RATE)), (98 * RATE, Segment(TWO, 0, 60 * RATE)))
)


def programme(zone, source=MUSIC, name="schedule", **fields):
    return Claim(ClaimId(name), zone, Kind.PROGRAMME, 20, source, start=0, **fields)


def warning(start, until):
    source = Sequence(loop=(Segment(PcmId("f" * 64), 0, RATE),))
    return Claim(ClaimId("alert 1"), A, Kind.WARNING, 240, source, start=start, until=until)


def watched(buses, until=200, seen=lambda zone, second: True, begin=0):
    book = AsRunBook()
    for second in range(begin, until):
        for zone, claims in buses.items():
            span = (second * RATE, (second + 1) * RATE)
            book.watch(zone, claims, *span, is_seen=seen(zone, second))
    return book.ended(until * RATE + LATE)


def test_tracks_that_two_zones_heard_alike_are_one_entry():
    first, second = watched({A: [programme(A)], B: [programme(B)]})
    assert (first.pcm, first.zones, first.planned, first.began) == (ONE, (A, B), 0, 0)
    assert (first.on_air, first.ended, first.is_verified) == (100 * RATE, "whole", True)
    assert (second.pcm, second.planned, second.length) == (TWO, 98 * RATE, 60 * RATE)


def test_a_warning_that_took_the_zone_is_named():
    buses = {A: [programme(A), warning(40 * RATE, 70 * RATE)], B: [programme(B)]}
    mine, other = sorted(watched(buses)[:2], key=lambda one: one.zones)
    assert (mine.zones, mine.ended, mine.by) == ((A,), "interrupted", ("alert 1",))
    assert mine.on_air == 70 * RATE
    assert (other.zones, other.ended) == ((B,), "whole")


def test_what_nobody_saw_is_not_verified():
    (first, *_) = watched({A: [programme(A)]}, seen=lambda zone, second: second < 50)
    assert (first.witnessed, first.is_verified) == (50 * RATE, False)


def test_who_begins_to_look_in_the_middle_says_so():
    (first, *_) = watched({A: [programme(A)]}, begin=30)
    assert (first.ended, first.began - first.planned) == ("joined late", 30 * RATE)


def test_a_track_is_told_only_when_it_is_over_and_only_once():
    book = AsRunBook()
    book.watch(A, [programme(A)], 0, 50 * RATE, is_seen=True)
    assert book.ended(50 * RATE) == ()
    assert [pcm for _, _, pcm, _ in book.playing()] == [ONE]
    book.watch(A, [programme(A)], 50 * RATE, 200 * RATE, is_seen=True)
    assert len(book.ended(200 * RATE)) == 2
    assert book.ended(300 * RATE) == ()


def test_a_track_that_never_had_the_zone_is_not_in_the_record():
    assert watched({A: [programme(A), warning(0, 200 * RATE)]}) == ()
    book = AsRunBook()
    book.watch(A, [programme(A), warning(0, 200 * RATE)], 0, 200 * RATE, is_seen=True)
    covered, _ = book.over(200 * RATE)
    assert (covered.pcm, covered.on_air, covered.by) == (ONE, 0, ("alert 1",))


@pytest.mark.parametrize("name", ["live line", "studio"])
def test_a_live_source_is_told_by_its_name(name):
    live = programme(A, Ring("line"), name, until=30 * RATE)
    (heard,) = watched({A: [live]})
    assert (heard.pcm, heard.source, heard.on_air, heard.ended) == (
        None, "line", 30 * RATE, "whole",
    )  # fmt: skip
