"""Rounds are written into plans and found again in them; zones join and leave between words."""

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.rounds import (
    GAP,
    Course,
    Score,
    changed,
    is_same_loop,
    joined,
    score,
    spoken_times,
    written,
)
from tests.alerts.warned_zones import A, B, cycle, pcm
from zones.media_time import RATE, samples
from zones.sound import Segment, Sequence, silence

ONE = ((cycle("m", A),),)
ROTATING = ((cycle("m", A, "ko en"), cycle("m", A, "ko zh"), cycle("m", A, "ko ja vi")),)
TWO = (ROTATING[0], (cycle("n", A, "ko", 9),))
MINUTE = 60 * RATE
TONE = samples(4.54)
PART = 7 * RATE
CYCLE = TONE + 2 * PART

voices = st.sampled_from((ONE, ROTATING, TWO))
moments = st.integers(0, 400 * RATE)


def course(voices, spacing=MINUTE, origin=0):
    return Course(written(score(voices, spacing), voices), origin, voices)


@given(voices)
def test_what_was_written_is_found_again(voices):
    rounds = score(voices, MINUTE)
    found = course(voices)
    assert Score(tuple(p.round for p in found.once), tuple(p.round for p in found.loop)) == rounds


def test_three_rounds_are_close_and_the_others_spaced():
    begins = [placed.begin for placed in islice(course(ONE).rounds_from(0), 6)]
    close = CYCLE + GAP
    assert begins == [0, close, 2 * close, *(3 * close + n * MINUTE for n in range(3))]


def test_a_message_longer_than_its_spacing_comes_again_as_soon_as_it_can():
    begins = [placed.begin for placed in islice(course(ONE, 0).rounds_from(0), 5)]
    assert begins == [n * (CYCLE + GAP) for n in range(5)]


@given(voices, moments)
def test_rounds_follow_one_another(voices, at):
    found = list(islice(course(voices).rounds_from(at), 8))
    assert found[0].begin >= at
    for before, after in pairwise(found):
        assert before.until == after.begin
    around = course(voices).round_at(at)
    assert around is not None
    assert around.begin <= at < around.until
    assert around.begin == at or around.until == found[0].begin


@given(voices, moments)
def test_a_part_is_left_at_its_end_within_fifteen_seconds(voices, at):
    here = course(voices)
    end = here.part_end(at)
    around = here.round_at(at)
    assert at <= end <= at + 15 * RATE
    is_quiet = at == around.begin or at >= around.spoken_until
    assert end == at if is_quiet else end in around.ends[1:]
    assert end <= here.cycle_end(at) <= here.current_cycle_end(at)


def test_a_cycle_that_begins_now_may_be_left_or_awaited():
    here = course(ONE)
    assert here.cycle_end(CYCLE + GAP) == CYCLE + GAP
    assert here.current_cycle_end(CYCLE + GAP) == 2 * CYCLE + GAP


@given(voices, moments)
def test_who_joins_is_in_phase_from_a_begin_of_the_others_on(voices, at):
    others = course(voices)
    mine = Course(joined(others, at, voices), at, voices)
    first = next(mine.rounds_from(at))
    assert first.begin == at
    assert mine.phase == others.phase
    begins = [placed.begin for placed in islice(others.rounds_from(at), 3)]
    joins = next(begin for begin in begins if begin - at >= TONE or begin == at)
    assert list(islice(mine.rounds_from(joins), 12)) == list(islice(others.rounds_from(joins), 12))


def test_what_fits_is_said_before_the_others_begin():
    others = course(ONE)
    begin = CYCLE + GAP
    for room, parts in ((TONE, 0), (TONE + PART, 1), (CYCLE, 2), (CYCLE + RATE, 2)):
        filling = Course(joined(others, begin - room, ONE), begin - room, ONE).once[0]
        assert (filling.round.parts, filling.until) == (parts, begin)


def test_a_long_wait_is_filled_with_three_close_rounds():
    others = course(ONE, 300 * RATE)
    at = 3 * (CYCLE + GAP) + 50 * RATE
    filling = [placed.begin - at for placed in Course(joined(others, at, ONE), at, ONE).once]
    assert filling == [n * (CYCLE + GAP) for n in range(3)]


def test_unknown_words_are_passed_over():
    strange = (
        Segment(pcm("strange"), 0, 4 * RATE),
        silence(RATE),
        Segment(pcm("more"), 0, 4 * RATE),
    )
    here = Course(Sequence((*strange, silence(GAP)), (*strange, silence(6 * RATE))), 100, ONE)
    assert here.once == here.loop == ()
    assert here.round_at(150) is None
    assert here.part_end(150) == 100 + 9 * RATE
    assert here.cycle_end(100 + 10 * RATE) == 100 + 14 * RATE + 9 * RATE
    assert next(here.rounds_from(0), None) is None


def test_what_has_no_pause_is_left_at_its_end():
    endless = Course(Sequence(loop=(Segment(pcm("strange"), 0, 4 * RATE),)), 0, ())
    assert endless.part_end(5 * RATE) == 8 * RATE


def test_other_words_begin_with_a_round_and_keep_the_place_in_the_rotation():
    before = course(ROTATING)
    after = score(((*ROTATING[0][:2], cycle("m", A, "ko ru")),), MINUTE)
    at, to_come = changed(before, 10 * RATE, after)
    assert at == CYCLE + GAP
    assert to_come == Score(after.once[1:], after.loop)
    later = before.loop[1].begin
    at, to_come = changed(before, later - RATE, after)
    assert at == later
    assert to_come.once == ()
    assert [one.cycle for one in to_come.loop] == [1, 2, 0]


@pytest.mark.parametrize(
    ("spacing", "begins"), [(300, 60), (40, 40), (20, 30)], ids=["wider", "closer", "overdue"]
)
def test_another_spacing_begins_with_the_next_round_or_in_the_quiet(spacing, begins):
    before = course(ONE)
    last = before.loop[0].begin
    at, _ = changed(before, last + 30 * RATE, score(ONE, spacing * RATE))
    assert at - last == begins * RATE


def test_loops_are_the_same_wherever_they_begin():
    whole = written(score(ROTATING, MINUTE), ROTATING)
    rounds = score(ROTATING, MINUTE)
    turned = written(Score((), (*rounds.loop[1:], *rounds.loop[:1])), ROTATING)
    assert is_same_loop(whole, turned)
    assert not is_same_loop(whole, written(score(ROTATING, 2 * MINUTE), ROTATING))
    assert not is_same_loop(whole, written(rounds, ((cycle("m", B),) * 3,)))


def test_an_ending_is_spoken_so_often_and_then_quiet():
    sequence = spoken_times(ROTATING[0], 2, 10 * RATE)
    assert sequence.loop == ()
    assert sequence.length == 2 * CYCLE + GAP + 10 * RATE
    assert spoken_times(ONE[0], 1, 0).length == CYCLE
