"""When an engine counts as hanging: two looks, both on time, no work between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.supervisor.heartbeat import INTERVAL, Heartbeat, Look, Stillness

MS = 1_000_000
STEP = int(INTERVAL * 1e9)


def look(number, *, beat=7, pid=1, late_ms=0, waited_ms=0, ran_ms=0, is_queued=False):
    due = number * STEP
    return Look(
        *(due, due + late_ms * MS, pid, beat, beat * 240),
        *(waited_ms * MS, ran_ms * MS, is_queued),
    )


def verdicts(*looks):
    heartbeat = Heartbeat()
    return [heartbeat.is_stale(one) for one in looks]


def test_an_engine_that_sends_is_not_stale():
    assert verdicts(*(look(n, beat=n) for n in range(50))) == [False] * 50


def test_an_engine_that_stops_is_stale_at_the_second_look_without_work():
    assert verdicts(look(0, beat=1), look(1, beat=2), look(2, beat=2)) == [False, False, True]


@pytest.mark.parametrize("late", [0, 1])
def test_a_late_watcher_does_not_judge(late):
    looks = [look(0), look(1)]
    looks[late] = look(late, late_ms=21)
    assert verdicts(*looks) == [False, False]


def test_a_successor_gets_its_own_two_looks():
    assert verdicts(look(0), look(1), look(2, pid=2), look(3, pid=2)) == [False, True, False, True]


def test_an_engine_that_waits_for_a_processor_is_spared_for_a_second():
    looks = [look(n, waited_ms=95 * n) for n in range(12)]
    assert verdicts(*looks) == [False] * 10 + [True, True]


def test_an_engine_still_waiting_for_a_processor_is_spared_too():
    """The kernel tells a wait only when it is over; until then only the queue shows it."""
    looks = [look(n, is_queued=True) for n in range(12)]
    assert verdicts(*looks) == [False] * 10 + [True, True]


def test_an_engine_that_spins_or_is_stopped_is_not_spared():
    spinning = [look(n, ran_ms=100 * n, is_queued=True) for n in range(3)]
    assert verdicts(*spinning) == [False, True, True]
    assert verdicts(look(0), look(1)) == [False, True]


def test_work_in_between_ends_the_count():
    looks = [look(n, waited_ms=95 * n, beat=n // 8) for n in range(40)]
    assert not any(verdicts(*looks))


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=60))
def test_only_an_interval_without_work_and_with_punctual_looks_condemns(steps):
    beat, looks = 0, []
    for number, (works, late_ms) in enumerate(steps):
        beat += works
        looks.append(look(number, beat=beat, late_ms=late_ms))
    for number, stale in enumerate(verdicts(*looks)):
        idle = number > 0 and not steps[number][0]
        assert stale == (idle and steps[number][1] <= 20 and steps[number - 1][1] <= 20)


def test_a_process_without_a_turn_in_two_looks_hangs():
    stillness = Stillness()
    assert stillness.look({1: 10, 2: 20, 3: 0}) == []
    assert stillness.look({1: 11, 2: 20, 3: 0}) == []
    assert stillness.look({1: 11, 2: 20, 3: 0}) == [2]


def test_a_late_look_begins_anew():
    stillness = Stillness()
    for turns in ({1: 10}, {1: 10}, {}, {1: 10}, {1: 10}):
        assert stillness.look(turns) == []
    assert stillness.look({1: 10}) == [1]
