"""Storms are counted: the first at once, then one row a second for each key."""

from hypothesis import given
from hypothesis import strategies as st

from broadcaster.journal import Kind
from broadcaster.journal.storm import MOST_KEYS, Storms
from tests.broadcaster.journal.written import entry


def _like(number, storm="camera-214 smoke"):
    return entry(number, Kind.FAULT, storm=storm)


def test_an_entry_without_a_key_is_always_written():
    storms = Storms()
    assert all(storms.passes(_like(n, ""), 0.0) for n in range(100))
    assert storms.deadline() is None


def test_the_first_is_written_at_once_and_the_rest_counted():
    storms = Storms()
    assert [storms.passes(_like(n), 10.0) for n in range(5)] == [True] + [False] * 4
    assert storms.deadline() == 11.0
    assert storms.due(10.9) == []
    (summed,) = storms.due(11.0)
    assert summed.facts["counted"] == 4
    assert summed.facts["number"] == 4
    assert summed.storm == ""


def test_a_storm_that_goes_on_is_written_once_a_second():
    storms = Storms()
    written = counted = 0
    for millisecond in range(10_000):
        now = millisecond / 1000
        written += storms.passes(_like(millisecond), now)
        for summed in storms.due(now):
            written += 1
            counted += summed.facts["counted"]
    assert written == 10
    assert 1 + counted <= 10_000
    counted += sum(one.facts["counted"] for one in storms.due(20.0))
    assert 1 + counted == 10_000


def test_a_key_that_falls_silent_is_forgotten():
    storms = Storms()
    storms.passes(_like(1), 0.0)
    assert storms.due(1.0) == []
    assert storms.deadline() is None
    assert storms.passes(_like(2), 1.5)


def test_so_many_keys_are_counted_together():
    storms = Storms()
    passed = sum(storms.passes(_like(n, f"key {n}"), 0.0) for n in range(2 * MOST_KEYS))
    assert passed == MOST_KEYS + 1
    assert [one.facts["counted"] for one in storms.due(1.0)] == [MOST_KEYS - 1]


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 0.7)), max_size=60))
def test_nothing_is_lost_from_the_count(steps):
    storms, now, came, told = Storms(), 0.0, 0, 0
    for key, pause in steps:
        now += pause
        came += 1
        told += storms.passes(_like(came, str(key)), now)
        told += sum(one.facts["counted"] for one in storms.due(now))
    for _ in range(3):
        now += 1.0
        told += sum(one.facts["counted"] for one in storms.due(now))
    assert told == came
