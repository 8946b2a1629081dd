"""A station in virtual time on one seed, with everything that can befall it, breaks no rule."""

from dataclasses import replace
from functools import cache

import pytest

from alerts.alert import LastWord
from alerts.commands import AddZones, AllClear, Person, StepDown
from alerts.detection import Admitted, DetectionEvent
from alerts.detection.event import EventId, Kind, Phase, SourceId
from alerts.hazard import Level
from alerts.life_cycle import Event, State
from broadcaster.operation.judge import Judge, lines
from broadcaster.operation.premises import premises
from broadcaster.operation.station import Station
from broadcaster.operation.truth import Truth
from broadcaster.operation.year import BEGIN, operate
from broadcaster.simulator.scenario_settings import read_settings
from broadcaster.site_reader import read_site
from tests.broadcaster.control.bench import messages, rules, site
from tests.house.checkout import ROOT
from zones.bus import Claim, ClaimId, ZoneId
from zones.bus import Kind as ClaimKind
from zones.media_time import RATE
from zones.sound import PcmId, Segment, Sequence


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

    def __init__(self, judged_by=Judge, site=site):
        there, _ = stage()
        there = premises(site(), there.rules, there.messages)
        self.truth = Truth(there.site)
        self.judge = judged_by(there, self.truth)
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
        self.judge.owed.take([event], at)
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
    def core(self):
        assert self.station.core is not None
        return self.station.core

    @property
    def living(self):
        return self.core.warnings.book.living

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


def test_a_zone_added_a_moment_before_the_end_may_hear_the_last_word_and_no_more():
    ground = warned()
    ground.act(60, AddZones, zones=(ZoneId("hill-1"),))
    ground.act(60.001, AllClear, word=LastWord.BOTH)
    ground.until(300)
    assert not ground.living
    assert not ground.judge.broken


def test_it_finds_a_last_word_where_nothing_sounded():
    ground = warned()
    (alert,) = ground.living
    ground.act(60, AllClear, word=LastWord.HAZARD_OVER)
    elsewhere = loud(f"alert {alert.id} 9 ending flood-over", 241, ClaimKind.WARNING)
    played(ground, replace(elsewhere, zone=ZoneId("hill-2")))
    ground.until(300)
    assert [one.sentence for one in ground.judge.broken if one.rule == "D3"] == [
        f"{alert.id}: a last word in ['hill-2']"
    ]


def test_what_comes_while_control_is_away_for_long_waits_for_it():
    ground = Ground()
    ground.station.faults.away_s = 300.0
    ground.station.die()
    ground.level(20, 1.7)
    ground.until(330)
    assert [alert.level for alert in ground.living] == [Level.EVACUATE]
    assert not ground.judge.broken


# --- the judge finds what is broken ---


def played(ground, *claims, without=""):
    """Have the judge hear seconds of what the engine plays, with more claims and without some."""
    plan, at = ground.station.engine.plan, ground.core.sample(ground.station.now)
    kept = (one for one in plan.claims if not without or without not in one.id)
    ground.judge.played(replace(plan, claims=(*kept, *claims)), at + RATE, at + 4 * RATE)
    return ground.rules


def loud(name, priority, kind=ClaimKind.NOTICE, start=0):
    source = Sequence(loop=(Segment(PcmId("c" * 64), 0, RATE),))
    return Claim(ClaimId(name), ZoneId("stream-1"), kind, priority, source, start=start)


def warned(**changes):
    ground = Ground(**changes)
    ground.level(10, 1.7)
    ground.until(40)
    assert not ground.judge.broken
    return ground


def test_it_finds_a_mute_that_holds_up_a_warning():
    assert "A3" in played(warned(), loud("hold", 22, ClaimKind.PROGRAMME), without="message")


def test_it_finds_something_lower_above_a_warning():
    assert "B1" in played(warned(), loud("notice", 150), without="message")


@pytest.mark.parametrize("value", [1.6, 9.0])
def test_it_finds_evidence_believed_or_not_that_has_no_warning(value):
    ground = Ground()
    ground.level(10, 0.2)
    ground.level(60, value)
    ground.judge.look((), 0.0, 90.0)
    assert not ground.judge.broken, "it has not had its time"
    ground.judge.look(ground.core.warnings.book.alerts, 0.0, 100.0)
    assert not ground.judge.broken
    ground.judge.look((), 90.0, 100.0)
    assert not ground.judge.broken, "control is just back"
    ground.judge.look((), 0.0, 100.0)
    assert ground.rules == ["C1"]


def test_it_finds_that_two_who_are_sure_have_only_a_caution():
    ground = Ground()
    ground.give(10, "cam-031", "smoke", "start", confidence=0.7)
    ground.until(40)
    alerts = ground.core.warnings.book.alerts
    for camera in ("cam-031", "cam-033"):
        ground.give(50, camera, "smoke", "update", confidence=0.9)
    ground.judge.look(alerts, 0.0, 90.0)
    assert [one.sentence for one in ground.judge.broken] == [
        "cam-033 and cam-031 are sure of a fire and no evacuate lives for it"
    ]


class Overhearing(Judge):
    """A judge who hears other last words than are spoken, and keeps what was recorded."""

    instead = ("", "")

    def played(self, plan, begin, end):
        ours, theirs = self.instead
        claims = tuple(
            replace(one, id=ClaimId(one.id.replace(ours, theirs)))
            for one in plan.claims
            if not ours or theirs or ours not in one.id
        )
        super().played(replace(plan, claims=claims), begin, end)

    def recorded(self, facts, now):
        self.facts = facts
        super().recorded(facts, now)


@pytest.mark.parametrize(
    ("instead", "found"),
    [
        ((" ending ", ""), ["D2", "D3"]),
        (("ending flood-step-down", "ending path-open"), ["D2"]),
        (("ending flood-over", "ending path-open"), ["D3"]),
        (("nothing", "else"), []),
    ],
)
def test_it_finds_a_last_word_that_nobody_asked_for_or_nobody_heard(instead, found):
    ground = warned(judged_by=Overhearing)
    ground.judge.instead = instead
    ground.act(60, StepDown, level=Level.CAUTION)
    ground.act(200, AllClear, word=LastWord.BOTH)
    ground.until(500)
    assert [rule for rule in ground.rules if rule in ("D2", "D3", "D4")] == found


@pytest.mark.parametrize("event", [Event.PROPOSE_CLEAR, Event.ALL_CLEAR])
def test_it_finds_an_all_clear_while_evidence_goes_on(event):
    ground = warned(judged_by=Overhearing)
    facts = {**ground.judge.facts, "event": event.value, "who": "engine"}
    ground.judge.recorded(facts, 50.0)
    assert "C5" in ground.rules


def test_it_finds_an_evacuation_that_nothing_measured_asks_for():
    ground = warned(judged_by=Overhearing)
    ground.level(4_000, 0.7)
    facts = {**ground.judge.facts, "event": Event.TIME_OUT_AIR.value, "to": "airing"}
    ground.judge.recorded({**facts, "who": "engine"}, 8_000.0)
    assert "C4" in ground.rules


def test_it_finds_a_notice_and_music_in_quiet_hours():
    ground = Ground(site=lambda: read_site(ROOT / "config.yaml"))
    assert played(ground, loud("notice", 100, start=ground.core.sample(1.5))) == ["F4"]
    ground = Ground(site=lambda: read_site(ROOT / "config.yaml"))
    ground.until(5_000)
    ground.station.engine.plan = replace(ground.core.plan, revision=10_000)
    assert "F4" in played(ground, without="quiet-hours")


def test_it_finds_a_step_of_the_clock_that_cuts_what_runs():
    ground = Ground()
    ground.until(100)
    core, plan = ground.core, ground.core.plan
    ground.judge.stepped(core, (), plan, 100.0)
    assert not ground.judge.broken
    cut = replace(plan, claims=(*plan.claims, loud("schedule cut", 21, ClaimKind.PROGRAMME)))
    ground.judge.stepped(core, (), cut, 100.0)
    assert set(ground.rules) == {"H1"}


def test_it_finds_a_warning_of_which_no_record_tells():
    claim = loud("alert ghost 1 message flood-evacuate", 240, ClaimKind.WARNING)
    assert "I1" in played(Ground(), claim)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_days_break_no_rule():
    outcome = operated(20, 2, 1)
    assert_kept(outcome)
    assert outcome.happenings > 48
