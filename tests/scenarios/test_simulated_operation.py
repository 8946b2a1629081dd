"""A station in virtual time on one seed, with everything that can befall it, breaks no rule."""

from dataclasses import replace
from functools import cache

import pytest

from alerts.alert import LastWord
from alerts.commands import AllClear, Person
from alerts.detection import Admitted, DetectionEvent
from alerts.detection.event import EventId, Kind, Phase, SourceId
from alerts.hazard import Level
from alerts.life_cycle import State
from broadcaster.operation.judge import Judge, lines
from broadcaster.operation.premises import premises
from broadcaster.operation.station import Station
from broadcaster.operation.truth import Truth
from broadcaster.operation.year import BEGIN, operate
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


class Ground:
    """A station in virtual time that is told what happens, and its judge."""

    def __init__(self, **changes):
        there, _ = stage()
        there = replace(there, **changes)
        self.truth = Truth(there.site)
        self.judge = Judge(there.site, self.truth)
        self.station = Station(there, BEGIN, self.judge)
        self.number = 0
        self.until(1.0)

    def until(self, now):
        while self.station.step(now):
            pass

    def give(self, at, source, kind, phase, **fields):
        self.until(at)
        self.number += 1
        name = EventId(fields.pop("name", f"e{self.number}"))
        utc = self.station.true_utc
        event = DetectionEvent(name, SourceId(source), Kind(kind), Phase(phase), utc, **fields)
        self.truth.take([event], at)
        self.station.detect([Admitted(event, utc, via=f"key-{source}")])

    def level(self, at, value, source="hongje-level"):
        self.give(at, source, "water_level", "reading", value=value, unit="m")

    def act(self, at, kind, **fields):
        """What a person does about the one alert there is."""
        self.until(at)
        (alert,) = self.living
        self.number += 1
        given = {"key": f"p{self.number}", "who": Person("kim", frozenset({"operator"}))}
        self.station.order("act", kind(**given, reason="seen", alert=alert.id, **fields))

    @property
    def living(self):
        return self.station.book.living

    @property
    def rules(self):
        return [one.rule for one in self.judge.broken]


def test_water_that_falls_is_not_evacuated_again_by_itself_and_is_when_it_rises_again():
    ground = Ground()
    ground.level(10, 1.7)
    ground.level(1_800, 0.7)
    ground.act(1_900, AllClear, word=LastWord.BOTH)
    ground.until(2_600)
    (alert,) = ground.living
    assert (alert.state, alert.level) == (State.SUSTAINED, Level.CAUTION)
    ground.level(3_600, 1.7)
    (alert,) = ground.living
    assert alert.level is Level.EVACUATE
    assert not ground.judge.broken


def test_smoke_whose_end_is_lost_has_no_all_clear_proposed():
    ground = Ground()
    ground.give(10, "cam-031", "smoke", "start", confidence=0.85)
    ground.give(40, "cam-033", "smoke", "start", confidence=0.7, name="there")
    ground.give(90, "cam-033", "smoke", "end", name="there")
    ground.until(5_000)
    (alert,) = ground.living
    assert (alert.state, len(alert.going)) == (State.SUSTAINED, 1)
    assert any("lost:" in sentence for sentence in alert.evidence)
    assert not ground.judge.broken


def test_what_comes_while_control_is_away_for_long_waits_for_it():
    ground = Ground()
    ground.station.faults.away_s = 300.0
    ground.station.die()
    ground.level(20, 1.7)
    ground.until(330)
    assert [alert.level for alert in ground.living] == [Level.EVACUATE]
    assert not ground.judge.broken


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_days_break_no_rule():
    outcome = operated(20, 2, 1)
    assert_kept(outcome)
    assert outcome.happenings > 48
