"""What was witnessed, and for how long it counts."""

from dataclasses import replace

import pytest

from broadcaster.control.witnesses import FRESH, MOST_WITNESSES, Witnesses, all_true
from broadcaster.witness import Fact, Witness
from zones.bus import ZoneId
from zones.media_time import RATE
from zones.site import StreamId

STREAM = StreamId("stream-1")


def witness(by="ear", value: bool | None = True, at=0):
    return Witness(by, ZoneId("stream-1"), STREAM, Fact.SENT, value, at)


def value_at(witnesses, now):
    return [seen.value for seen in witnesses.seen(STREAM, Fact.SENT, now)]


def test_a_witness_counts_for_two_seconds_and_then_nothing_is_known():
    witnesses = Witnesses()
    witnesses.take(witness(), 0)
    assert value_at(witnesses, FRESH) == [True]
    assert value_at(witnesses, FRESH + 1) == [None]


@pytest.mark.parametrize(("told", "holds"), [(23, 23), (1, 2), (3600, 30), (True, 2), ("x", 2)])
def test_one_that_looks_only_every_so_often_holds_until_it_looks_again(told, holds):
    witnesses = Witnesses()
    witnesses.take(replace(witness(), detail={"holds_s": told}), 0)
    assert value_at(witnesses, holds * RATE) == [True]
    assert value_at(witnesses, holds * RATE + 1) == [None]


def test_a_witness_from_the_future_is_no_fresher_than_its_receipt():
    witnesses = Witnesses()
    witnesses.take(witness(at=1000 * RATE), 0)
    assert value_at(witnesses, FRESH + 1) == [None]


def test_an_older_witness_does_not_replace_a_newer_one():
    witnesses = Witnesses()
    witnesses.take(witness(value=False, at=10), 20)
    witnesses.take(witness(value=True, at=5), 20)
    assert value_at(witnesses, 20) == [False]


def test_each_fact_is_kept_apart():
    witnesses = Witnesses()
    witnesses.take(witness(), 0)
    assert witnesses.seen(STREAM, Fact.ARRIVED, 0) == ()


def test_no_crowd_of_witnesses_fills_the_memory():
    witnesses = Witnesses()
    for number in range(MOST_WITNESSES + 10):
        witnesses.take(witness(by=f"w{number}", at=number), number)
    seen = witnesses.seen(STREAM, Fact.SENT, 0)
    assert len(seen) == MOST_WITNESSES
    assert "w0" not in {one.by for one in seen}


@pytest.mark.parametrize(
    ("values", "together"),
    [
        ([], None),
        ([None], None),
        ([True], True),
        ([True, None], None),
        ([True, True], True),
        ([True, False, None], False),
    ],
)
def test_nothing_is_assumed_of_those_who_say_nothing(values, together):
    assert all_true(values) is together
