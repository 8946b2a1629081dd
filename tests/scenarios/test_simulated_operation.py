"""A station in virtual time on one seed, with everything that can befall it, breaks no rule."""

from functools import cache

import pytest

from broadcaster.operation.judge import lines
from broadcaster.operation.premises import premises
from broadcaster.operation.year import operate
from broadcaster.simulator.scenario_settings import read_settings
from tests.broadcaster.control.bench import messages, rules, site


@cache
def stage():
    return premises(site(), rules(), messages()), read_settings()


def operated(seed, days, busy):
    there, settings = stage()
    return operate(there, settings, seed, days, busy)


def assert_kept(outcome):
    again = (
        f"broadcaster simulate-operation --seed {outcome.seed} --days {outcome.days:g} "
        f"--busy {outcome.busy:g}"
    )
    told = "\n".join((*outcome.events, *lines(list(outcome.broken)), again))
    assert not outcome.broken, told


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_crowded_hours_break_no_rule(seed):
    outcome = operated(seed, 0.04, 120)
    assert_kept(outcome)
    assert outcome.happenings


def test_the_same_seed_is_the_same_days():
    assert operated(5, 0.015, 150).message() == operated(5, 0.015, 150).message()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_days_break_no_rule():
    outcome = operated(20, 2, 1)
    assert_kept(outcome)
    assert outcome.happenings > 48
