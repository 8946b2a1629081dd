"""The bus, against an oracle that knows nothing of edges, windows or ranks: it steps."""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import QUIET, ZONE, buses, claims
from zones.bus import (
    NEWEST_WINS,
    Claim,
    ClaimId,
    ComesBack,
    Kind,
    Turn,
    pruned,
    stamped,
    turns,
    withdrawn,
)
from zones.sound import PcmId, Segment, Sequence, Silence, Timeline

MUSIC = PcmId("a" * 64)
DAWN, DUSK = -20, 130
"""Nothing the strategies make begins before DAWN; at DUSK every finite thing has had its time."""

MOMENTS = st.integers(-15, 100)
ENDING = st.lists(QUIET, min_size=1, max_size=3).map(lambda once: Sequence(tuple(once)))
FEWER = settings(max_examples=40)
"""For what the oracle already implies: kept for the sentence it says when it fails."""

WINDOWS = st.tuples(MOMENTS, st.integers(0, 40)).map(lambda w: (w[0], w[0] + w[1]))


def stepped(bus, begin=DAWN, end=DUSK):
    """Who is heard at each sample, best first, as (id, origin): walked from the first one on."""
    played_whole = set()
    stays: dict[ClaimId, int] = {}
    rows = {}
    for sample in range(DAWN, end):
        asking = [claim for claim in bus if claim.id not in played_whole and asks(claim, sample)]
        heard = []
        while asking:
            best = asking[0]
            for other in asking[1:]:
                best = other if beats(other, best) else best
            heard.append(best)
            asking = [] if best.duck_db is None else [c for c in asking if c is not best]
        stays = {c.id: stays.get(c.id, sample) for c in heard if starts_again(c)}
        row = tuple((c.id, stays.get(c.id, c.start)) for c in heard)
        if sample >= begin:
            rows[sample] = row
        for claim in heard:
            if starts_again(claim) and claim.source.length == sample + 1 - stays[claim.id]:
                played_whole.add(claim.id)
    return rows


def asks(claim, sample):
    """Whether the claim wants this sample, overriding aside."""
    if claim.start is None or sample < claim.start:
        return False
    if claim.until is not None and sample >= claim.until:
        return False
    if isinstance(claim.source, Timeline):
        return any(0 <= sample - at < segment.length for at, segment in claim.source.items)
    if isinstance(claim.source, Sequence) and not claim.source.loop and not starts_again(claim):
        return sample - claim.start < sum(segment.length for segment in claim.source.once)
    return True


def starts_again(claim):
    return claim.comes_back is ComesBack.AGAIN and isinstance(claim.source, Sequence)


def beats(one, other):
    if one.priority != other.priority:
        return one.priority > other.priority
    if one.start != other.start:
        return (one.start > other.start) == (one.priority == 255)
    return one.id < other.id


def told(found, begin, end):
    """The turns as the oracle tells them: a row a sample."""
    rows: dict[int, tuple[object, ...]] = dict.fromkeys(range(begin, end), ())
    for turn in found:
        for sample in range(turn.start, turn.until):
            assert rows[sample] == (), "two turns at once"
            rows[sample] = tuple((layer.claim.id, layer.origin) for layer in layers(turn))
    return rows


def layers(turn):
    """The turn and all that is ducked below it, from the top."""
    while turn is not None:
        yield turn
        turn = turn.under


def clipped(turn, begin, end):
    under = None if turn.under is None else clipped(turn.under, begin, end)
    start, until = max(turn.start, begin), min(turn.until, end)
    return Turn(start, until, turn.claim, turn.origin, under)


def cut(found, begin, end):
    """Those of the turns that touch [begin, end), clipped to it."""
    inside = [clipped(turn, begin, end) for turn in found]
    return tuple(turn for turn in inside if turn.start < turn.until)


def losers(bus):
    """The ids of claims that are never heard."""
    return {claim.id for claim in bus} - {id for row in stepped(bus).values() for id, _ in row}


def music(length=100):
    return Segment(MUSIC, 0, length)


def claim(name, priority, source, start=0, **fields):
    return Claim(ClaimId(name), ZONE, Kind.NOTICE, priority, source, start, **fields)


def moved(some, by):
    until = None if some.until is None else some.until + by
    return replace(some, start=some.start + by, until=until)


def lines_run(function, *arguments):
    """How many lines of Python a call executes: its work, on however slow a machine."""
    count = 0

    def trace(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


def summary(found):
    return [(turn.claim.id, turn.start, turn.until, turn.origin) for turn in found]


class TestTurns:
    @settings(max_examples=200)
    @given(buses(), WINDOWS)
    def test_are_what_stepping_from_the_first_sample_finds(self, bus, window):
        assert told(turns(bus, *window), *window) == stepped(bus, *window)

    @given(buses(), WINDOWS)
    def test_come_in_order_inside_the_window_and_as_few_as_can_be(self, bus, window):
        begin, end = window
        found = turns(bus, begin, end)
        for turn in found:
            assert begin <= turn.start < turn.until <= end
            for layer in layers(turn):
                assert (layer.start, layer.until) == (turn.start, turn.until)
        for before, after in pairwise(found):
            assert before.until <= after.start
            same = [(x.claim.id, x.origin) for x in layers(before)] == [
                (x.claim.id, x.origin) for x in layers(after)
            ]
            assert not (same and before.until == after.start)

    @given(buses(), WINDOWS, st.integers(0, 30), st.integers(0, 30))
    def test_do_not_depend_on_the_window(self, bus, window, sooner, later):
        begin, end = window
        wide = turns(bus, begin - sooner, end + later)
        assert turns(bus, begin, end) == cut(wide, begin, end)

    @FEWER
    @given(buses(), WINDOWS, st.randoms(use_true_random=False))
    def test_do_not_depend_on_the_order_of_the_claims(self, bus, window, chance):
        shuffled = chance.sample(bus, len(bus))
        assert turns(shuffled, *window) == turns(bus, *window)

    @given(buses(), claims("extra"), WINDOWS)
    def test_a_claim_added_that_is_never_heard_changes_nothing(self, bus, extra, window):
        if extra.id in losers([*bus, extra]):
            assert turns([*bus, extra], *window) == turns(bus, *window)

    @given(buses(), WINDOWS)
    def test_claims_taken_away_that_are_never_heard_change_nothing(self, bus, window):
        silent = losers(bus)
        heard = [claim for claim in bus if claim.id not in silent]
        assert turns(heard, *window) == turns(bus, *window)

    @FEWER
    @given(buses(), WINDOWS)
    def test_a_claim_without_a_start_is_on_no_bus(self, bus, window):
        assert turns(bus, *window) == turns([c for c in bus if c.start is not None], *window)

    @FEWER
    @given(buses(), MOMENTS, st.integers(0, 40))
    def test_of_an_empty_or_backward_window_are_none(self, bus, begin, back):
        assert turns(bus, begin, begin - back) == ()

    def test_of_no_claims_are_none(self):
        assert turns([], 0, 100) == ()


class TestScale:
    @staticmethod
    def crowd(count):
        """Messages that come and go all over a second, some ducking, half starting again."""
        return [
            claim(
                f"message {i}",
                (i * 37) % 224,
                Sequence(once=(music(2_000 + i),)),
                start=(i * 7_919) % 48_000,
                comes_back=ComesBack.AGAIN if i % 2 else ComesBack.LIVE,
                duck_db=-12.0 if i % 5 == 0 else None,
            )
            for i in range(count)
        ]

    def test_two_thousand_claims_cost_twenty_times_what_a_hundred_do(self):
        few = lines_run(turns, self.crowd(100), 0, 48_000)
        many = lines_run(turns, self.crowd(2_000), 0, 48_000)
        assert many < 2 * 20 * few

    def test_a_year_of_programme_costs_what_its_window_holds(self):
        def year(days):
            items = tuple((day * 1_000, music(900)) for day in range(days))
            return claim("schedule", 20, Timeline(items))

        turns([week := year(7)], 0, 1), turns([whole := year(365)], 0, 1)  # joined once, kept
        late = lines_run(turns, [whole], 362_000, 364_000)
        assert late == lines_run(turns, [week], 3_000, 5_000)


class TestTheRule:
    def test_the_higher_priority_is_on_air_and_the_lower_returns(self):
        bus = [
            claim("music", 20, Sequence(loop=(music(),))),
            claim("message", 100, Sequence(once=(music(30),)), start=50),
        ]
        assert summary(turns(bus, 0, 200)) == [
            ("music", 0, 50, 0),
            ("message", 50, 80, 50),
            ("music", 80, 200, 0),
        ]

    @pytest.mark.parametrize("priority", [0, 20, 240, 254])
    def test_among_equals_the_earliest_start_keeps_the_bus(self, priority):
        bus = [claim("a", priority, Silence(), start=10), claim("b", priority, Silence(), start=5)]
        assert summary(turns(bus, 0, 20)) == [("b", 5, 20, 5)]

    def test_among_equals_at_the_top_the_latest_start_takes_the_bus(self):
        bus = [claim(name, NEWEST_WINS, Silence(), start=at) for name, at in (("b", 5), ("a", 10))]
        assert summary(turns(bus, 0, 20)) == [("b", 5, 10, 5), ("a", 10, 20, 10)]

    def test_at_one_start_the_id_decides(self):
        for priority in (100, NEWEST_WINS):
            bus = [claim("b", priority, Silence()), claim("a", priority, Silence())]
            assert summary(turns(bus, 0, 20)) == [("a", 0, 20, 0)]

    def test_the_same_claim_from_two_writers_is_heard_and_not_an_error(self):
        # The local part of a plan still holds what control has just adopted.
        local = claim("message", 100, Sequence(once=(music(30),)))
        adopted = withdrawn(local, 20)
        assert summary(turns([local, adopted], 0, 100)) == [("message", 0, 30, 0)]
        assert summary(turns([adopted, local], 0, 25)) == [
            ("message", 0, 20, 0),
            ("message", 20, 25, 0),
        ]


class TestHoles:
    PROGRAMME = Timeline(((0, music(50)), (60, music(40))))
    BELOW = claim("below", 10, Silence())

    def test_a_hole_in_a_programme_claims_nothing(self):
        bus = [claim("programme", 20, self.PROGRAMME), self.BELOW]
        assert summary(turns(bus, 0, 120)) == [
            ("programme", 0, 50, 0),
            ("below", 50, 60, 0),
            ("programme", 60, 100, 0),
            ("below", 100, 120, 0),
        ]

    def test_a_programme_is_joined_where_its_claim_starts_and_left_where_it_ends(self):
        bus = [claim("programme", 20, self.PROGRAMME, start=20, until=70), self.BELOW]
        assert summary(turns(bus, 0, 120)) == [
            ("below", 0, 20, 0),
            ("programme", 20, 50, 20),
            ("below", 50, 60, 0),
            ("programme", 60, 70, 20),
            ("below", 70, 120, 0),
        ]


class TestComingBack:
    MESSAGE = Sequence(once=(music(30),))
    OVER_IT = claim("over it", 200, Silence(), start=10, until=40)

    def test_live_returns_where_it_would_have_been(self):
        live = claim("live", 100, Sequence(loop=(music(),)))
        assert summary(turns([live, self.OVER_IT], 0, 100)) == [
            ("live", 0, 10, 0),
            ("over it", 10, 40, 10),
            ("live", 40, 100, 0),
        ]

    def test_a_message_half_heard_starts_again_and_ends_when_heard_whole(self):
        message = claim("message", 100, self.MESSAGE, comes_back=ComesBack.AGAIN)
        assert summary(turns([message, self.OVER_IT], 0, 200)) == [
            ("message", 0, 10, 0),
            ("over it", 10, 40, 10),
            ("message", 40, 70, 40),
        ]

    def test_a_message_that_found_the_bus_taken_waits_for_it(self):
        message = claim("message", 100, self.MESSAGE, start=20, comes_back=ComesBack.AGAIN)
        assert summary(turns([message, self.OVER_IT], 0, 200)) == [
            ("over it", 10, 40, 10),
            ("message", 40, 70, 40),
        ]

    def test_a_message_heard_below_a_duck_has_been_heard(self):
        message = claim("message", 100, self.MESSAGE, comes_back=ComesBack.AGAIN)
        voice = replace(self.OVER_IT, duck_db=-12.0)
        found = turns([message, voice], 0, 200)
        assert summary(found) == [
            ("message", 0, 10, 0),
            ("over it", 10, 30, 10),
            ("over it", 30, 40, 10),
        ]
        assert [turn.under is None for turn in found] == [True, False, True]

    def test_an_endless_warning_starts_with_its_tone_each_time(self):
        warning = claim(
            "warning", 230, Sequence((music(5),), (music(7),)), comes_back=ComesBack.AGAIN
        )
        higher = claim("higher", 240, Silence(), start=50, until=60)
        assert summary(turns([warning, higher], 55, 1000)) == [
            ("higher", 55, 60, 50),
            ("warning", 60, 1000, 60),
        ]


class TestClaim:
    @pytest.mark.parametrize(
        ("wrong", "sentence"),
        [
            ({"priority": -1}, "outside 0 .. 255"),
            ({"priority": 256}, "outside 0 .. 255"),
            ({"start": 10, "until": 9}, "ends before it starts"),
            ({"duck_db": 0.5}, "outside -120 .. 0 dB"),
            ({"duck_db": float("nan")}, "outside -120 .. 0 dB"),
            ({"duck_db": -6.0, "priority": 224}, "leaves nothing audible below it"),
        ],
    )
    def test_what_no_bus_can_rank_is_refused_by_name(self, wrong, sentence):
        with pytest.raises(ValueError, match=f"claim evening.*{sentence}"):
            replace(claim("evening", 20, Silence()), **wrong)


class TestStamped:
    def test_gives_a_start_and_keeps_one_that_is_there(self):
        assert stamped(claim("a", 20, Silence(), start=None), 7).start == 7
        assert stamped(claim("a", 20, Silence(), start=3), 7).start == 3

    @given(claims(), MOMENTS)
    def test_a_claim_withdrawn_before_it_was_stamped_is_never_heard(self, waiting, at):
        waiting = withdrawn(replace(waiting, start=None, until=None), at)
        assert turns([stamped(waiting, at + 5)], at - 50, at + 50) == ()


class TestWithdrawn:
    @given(buses(), st.integers(0, 5), MOMENTS)
    def test_changes_nothing_before_and_is_never_heard_after(self, bus, which, at):
        named = ClaimId(f"c{which}")
        ended = [withdrawn(c, at) if c.id == named else c for c in bus]
        before, after = told(turns(bus, DAWN, at), DAWN, at), told(turns(ended, DAWN, at), DAWN, at)
        assert after == before
        assert all(c.claim.id != named for t in turns(ended, at, DUSK) for c in layers(t))

    @FEWER
    @given(claims(), MOMENTS)
    def test_never_moves_an_end_later(self, ending, at):
        ended = withdrawn(ending, at)
        assert ended.until is not None
        assert ending.until is None or ended.until <= ending.until

    @FEWER
    @given(claims(), MOMENTS, MOMENTS)
    def test_twice_is_the_earlier_of_the_two(self, ending, one, other):
        both = withdrawn(withdrawn(ending, one), other)
        assert both == withdrawn(ending, min(one, other))


class TestPruned:
    @given(buses(), st.integers(-10, 60), WINDOWS)
    def test_changes_no_turn_from_now_on(self, bus, now, window):
        begin, end = (now + 15 + moment for moment in window)
        assert turns(pruned(bus, now), begin, end) == turns(bus, begin, end)

    @given(
        buses(),
        st.integers(-10, 40),
        st.integers(0, 30),
        buses(most=3, prefix="new", starts=st.integers(0, 30)),
        st.sets(st.integers(0, 5)),
    )
    def test_nor_after_claims_that_come_or_are_withdrawn_later(self, bus, now, wait, new, ending):
        new = [moved(c, now) for c in new]
        ids = {ClaimId(f"c{i}") for i in ending}

        def later(claims_left):
            return [
                *(withdrawn(c, now + wait) if c.id in ids else c for c in claims_left),
                *new,
            ]

        whole, rest = later(bus), later(pruned(bus, now))
        assert turns(rest, now, now + DUSK) == turns(whole, now, now + DUSK)

    @given(
        buses(starts=st.none()), st.integers(-10, 40), st.integers(0, 20), buses(most=3, prefix="d")
    )
    def test_nor_for_claims_still_waiting_for_their_stamp(self, waiting, now, wait, bus):
        def later(claims_left):
            return [stamped(c, now + wait) for c in claims_left]

        whole, rest = later([*waiting, *bus]), later(pruned([*waiting, *bus], now))
        assert turns(rest, now, now + DUSK) == turns(whole, now, now + DUSK)

    @FEWER
    @given(buses(), st.integers(-10, 60))
    def test_twice_is_once_and_keeps_the_order(self, bus, now):
        once = pruned(bus, now)
        assert pruned(once, now) == once
        assert [c for c in bus if c in once] == list(once)

    @FEWER
    @given(buses(starts=MOMENTS, plays=ENDING))
    def test_of_messages_that_end_nothing_is_left_when_all_have_been_said(self, messages):
        assert pruned(messages, 400) == ()

    def test_a_message_played_whole_is_dropped_though_nobody_withdrew_it(self):
        message = claim("m", 100, Sequence(once=(music(30),)), comes_back=ComesBack.AGAIN)
        assert pruned([message], 29) == (message,)
        assert pruned([message], 30) == ()

    def test_what_once_delayed_a_message_is_kept_as_long_as_the_message(self):
        first = claim("first", 200, Silence(), until=50)
        message = claim("m", 100, Sequence(once=(music(30),)), comes_back=ComesBack.AGAIN)
        assert pruned([first, message], 79) == (first, message)
        assert pruned([first, message], 80) == ()

    def test_what_delayed_a_message_that_delayed_another_is_kept_as_well(self):
        first = claim("first", 200, Silence(), until=50)
        delayed = claim(
            "d", 150, Sequence(once=(music(50),)), until=110, comes_back=ComesBack.AGAIN
        )
        warning = claim("w", 100, Sequence(loop=(music(9),)), 60, comes_back=ComesBack.AGAIN)
        bus = (first, delayed, warning)
        assert pruned(bus, 120) == bus
        assert summary(turns(pruned(bus, 120), 120, 130)) == [("w", 120, 130, 100)]
