"""What a source plays, checked sample by sample against an oracle that only ever steps."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import segments, sequences, sources, timelines
from zones.sound import (
    PcmId,
    Piece,
    Ring,
    Segment,
    Sequence,
    Silence,
    Timeline,
    pieces,
    silence,
)

MUSIC = PcmId("a" * 64)

ORIGINS = st.integers(-20, 20)
WINDOWS = st.tuples(st.integers(-30, 80), st.integers(0, 40)).map(lambda w: (w[0], w[0] + w[1]))


def stepped(source, origin, sample):
    """The (segment, offset) pairs that sound at one sample, found by walking there."""
    if isinstance(source, Timeline):
        return [(seg, sample - at) for at, seg in source.items if 0 <= sample - at < seg.length]
    if not isinstance(source, Sequence) or sample < origin:
        return []
    tape = [(seg, i) for seg in source.once for i in range(seg.length)]
    cycle = [(seg, i) for seg in source.loop for i in range(seg.length)]
    while cycle and len(tape) <= sample - origin:
        tape += cycle
    return tape[sample - origin : sample - origin + 1]


def spread(found):
    """Every sample of some pieces as (media time, segment, offset), counted."""
    return Counter(
        (piece.at + i, piece.segment, piece.offset + i)
        for piece in found
        for i in range(piece.length)
    )


class TestPieces:
    @given(sources(), ORIGINS, WINDOWS)
    def test_are_what_stepping_through_the_source_finds(self, source, origin, window):
        expected = Counter(
            (sample, segment, offset)
            for sample in range(*window)
            for segment, offset in stepped(source, origin, sample)
        )
        assert spread(pieces(source, origin, *window)) == expected

    @given(sources(), ORIGINS, WINDOWS)
    def test_lie_inside_the_window_and_inside_their_segment(self, source, origin, window):
        begin, end = window
        for piece in pieces(source, origin, begin, end):
            assert piece.length > 0
            assert begin <= piece.at
            assert piece.at + piece.length <= end
            assert piece.offset >= 0
            assert piece.offset + piece.length <= piece.segment.length

    @given(sources(), ORIGINS, WINDOWS, st.integers(0, 40))
    def test_do_not_depend_on_how_the_window_is_cut(self, source, origin, window, cut):
        begin, end = window
        middle = min(begin + cut, end)
        halves = [*pieces(source, origin, begin, middle), *pieces(source, origin, middle, end)]
        assert spread(halves) == spread(pieces(source, origin, begin, end))

    @given(sequences(), ORIGINS, WINDOWS)
    def test_of_a_message_follow_one_another_without_gap_or_overlap(self, source, origin, window):
        found = list(pieces(source, origin, *window))
        for before, after in pairwise(found):
            assert after.at == before.at + before.length

    @given(timelines(), ORIGINS, ORIGINS, WINDOWS)
    def test_of_a_timeline_do_not_move_with_its_origin(self, source, one, other, window):
        assert list(pieces(source, one, *window)) == list(pieces(source, other, *window))

    @given(sources(), ORIGINS, st.integers(-30, 80), st.integers(0, 40))
    def test_of_an_empty_or_backward_window_are_none(self, source, origin, begin, back):
        assert list(pieces(source, origin, begin, begin - back)) == []

    @given(sequences(), ORIGINS, WINDOWS, st.integers(0, 2**33))
    def test_of_a_loop_come_round_the_same_after_years(self, source, origin, window, cycles):
        if not source.loop:
            return
        begin, end = (origin + source.once_length + abs(x) for x in sorted(window, key=abs))
        later = cycles * source.loop_length
        moved = pieces(source, origin, begin + later, end + later)
        back = [Piece(p.at - later, p.segment, p.offset, p.length) for p in moved]
        assert back == list(pieces(source, origin, begin, end))

    def test_of_a_crossfade_are_both_neighbours_each_with_its_own_fade(self):
        leaving = Segment(MUSIC, 0, 100, fade_out=20)
        coming = Segment(MUSIC, 5, 100, fade_in=20)
        programme = Timeline(((0, leaving), (80, coming)))
        assert list(pieces(programme, 0, 70, 110)) == [
            Piece(70, leaving, 70, 30),
            Piece(80, coming, 0, 30),
        ]

    @given(st.sampled_from([Ring("desk"), Silence()]), ORIGINS, WINDOWS)
    def test_of_rings_and_silence_there_are_none(self, source, origin, window):
        assert list(pieces(source, origin, *window)) == []


class TestSegment:
    @given(segments())
    def test_fades_lie_inside_the_length(self, segment):
        assert segment.fade_in + segment.fade_out <= segment.length

    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"length": 0}, "at least 1 sample"),
            ({"length": -5}, "at least 1 sample"),
            ({"cue_in": -1}, "cannot be negative"),
            ({"fade_in": -1}, "cannot be negative"),
            ({"fade_out": -1}, "cannot be negative"),
            ({"fade_in": 6, "fade_out": 5}, "longer than the segment"),
            ({"gain_db": -121.0}, "outside -120"),
            ({"gain_db": 41.0}, "outside -120"),
            ({"gain_db": float("nan")}, "outside -120"),
        ],
    )
    def test_what_cannot_be_played_is_refused(self, wrong, sentence):
        fields = {"pcm": MUSIC, "cue_in": 0, "length": 10}
        with pytest.raises(ValueError, match=sentence):
            Segment(**(fields | wrong))

    def test_silence_is_a_segment_without_sound(self):
        assert silence(480) == Segment(None, 0, 480)


class TestSequence:
    @given(sequences())
    def test_its_length_is_that_of_what_it_plays(self, source):
        assert source.once_length == sum(segment.length for segment in source.once)
        assert source.loop_length == sum(segment.length for segment in source.loop)
        assert source.length == (None if source.loop else source.once_length)

    def test_a_message_without_sound_is_refused(self):
        with pytest.raises(ValueError, match="at least one segment"):
            Sequence()


class TestTimeline:
    @given(timelines())
    def test_its_stretches_are_the_samples_something_is_planned_for(self, source):
        planned = {at + i for at, segment in source.items for i in range(segment.length)}
        assert {s for a, b in source.stretches for s in range(a, b)} == planned
        edges = [edge for stretch in source.stretches for edge in stretch]
        assert edges == sorted(set(edges)), "stretches are joined, in order and not empty"

    @given(timelines(), st.integers(-30, 80), st.integers(-5, 40))
    def test_what_touches_a_window_is_found_whole(self, source, begin, length):
        window = range(begin, begin + length)

        def touches(start, end):
            return any(start <= sample < end for sample in window)

        assert list(source.covering(begin, begin + length)) == [
            (at, segment) for at, segment in source.items if touches(at, at + segment.length)
        ]
        assert list(source.stretches_in(begin, begin + length)) == [
            stretch for stretch in source.stretches if touches(*stretch)
        ]

    def test_an_empty_programme_plans_nothing(self):
        assert Timeline(()).stretches == ()
        assert list(pieces(Timeline(()), 0, -100, 100)) == []

    @pytest.mark.parametrize(
        "items",
        [
            ((10, silence(5)), (9, silence(10))),
            ((0, silence(10)), (5, silence(4))),
        ],
        ids=["starts before the one before", "ends before the one before"],
    )
    def test_items_out_of_order_are_refused(self, items):
        with pytest.raises(ValueError, match="in order"):
            Timeline(items)

    def test_a_crossfade_of_equal_ends_or_equal_starts_is_in_order(self):
        assert Timeline(((0, silence(10)), (5, silence(5)))).stretches == ((0, 10),)
        assert Timeline(((0, silence(5)), (0, silence(10)))).stretches == ((0, 10),)
