"""The monthly audible test: when, once, never where it is quiet, and ended by what is real."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.commands import Person, Raise, StartExercise
from alerts.exercise import ExerciseState
from alerts.spoken import MessageId
from broadcaster.control.acts import Alerting
from broadcaster.control.audible_tests import LATE, AudibleTests
from tests.broadcaster.control.bench import (
    adopt,
    answers,
    messages,
    site,
    started,
)
from tests.zones.small_site import SMALL_SITE, complaints, parsed
from zones.audible_test import DAYS, AudibleTest
from zones.bus import Claim, ClaimId, Kind, ZoneId

TEST = AudibleTest(1, 2, dt.time(11), tuple(zone.id for zone in site().zones))
TESTED = replace(site(), audible_test=TEST)
SEOUL = dt.timezone(dt.timedelta(hours=9))
WEDNESDAY = dt.datetime(2026, 12, 2, 11, tzinfo=SEOUL)


def due(tests, at, where=TESTED):
    return list(tests.due(where, messages(), at.astimezone(dt.UTC)))


# --- when ---


@given(st.sampled_from(sorted(DAYS)), st.integers(2024, 2040), st.integers(1, 12))
def test_each_day_of_the_month_falls_once_in_every_month(name, year, month):
    which, weekday = DAYS[name]
    test = replace(TEST, which=which, weekday=weekday)
    days = [dt.date(year, month, 1) + dt.timedelta(days=n) for n in range(31)]
    found = [day for day in days if day.month == month and test.falls_on(day)]
    assert len(found) == 1
    assert found[0].weekday() == weekday


def test_it_is_due_at_its_time_once():
    tests = AudibleTests()
    assert due(tests, WEDNESDAY - dt.timedelta(seconds=1)) == []
    (order,) = due(tests, WEDNESDAY)
    assert order.order.message == "audible-test"
    assert order.order.zones == TEST.zones
    assert due(tests, WEDNESDAY + dt.timedelta(seconds=1)) == []
    assert len(due(tests, WEDNESDAY + dt.timedelta(days=35))) == 1


def test_a_control_that_was_away_plays_it_late_or_not_at_all():
    assert len(due(AudibleTests(), WEDNESDAY + LATE - dt.timedelta(seconds=1))) == 1
    assert due(AudibleTests(), WEDNESDAY + LATE) == []
    assert due(AudibleTests(), WEDNESDAY + dt.timedelta(days=7)) == []
    assert due(AudibleTests(), WEDNESDAY, site()) == []


def test_after_a_restart_it_is_the_same_order():
    first, second = due(AudibleTests(), WEDNESDAY), due(AudibleTests(), WEDNESDAY)
    assert [one.key for one in first] == [one.key for one in second] == ["audible-test 2026-12-02"]


# --- what sounds ---


def order(zones=("stream-1", "hill-1"), key="t", message="audible-test"):
    start = StartExercise(
        key=key, who=Person("kim", frozenset({"operator"})), message=MessageId(message),
        zones=tuple(map(ZoneId, zones)),
    )  # fmt: skip
    return Alerting(key=key, who="kim", name="exercise", order=start)


def loud(core):
    return {claim.zone: claim for claim in core.plan.claims if claim.kind is Kind.EXERCISE}


def test_it_is_spoken_once_and_over_by_itself():
    core = started()
    core.handle(order(), 1.0)
    adopt(core, 1.1)
    assert sorted(loud(core)) == ["hill-1", "stream-1"]
    (exercise,) = core.warnings.book.exercises
    now = 1.1
    while exercise.state is not ExerciseState.ENDED:
        now = max(now + 0.5, core.deadline())
        assert now < 120
        core.expire(now)
        adopt(core, now)
        (exercise,) = core.warnings.book.exercises
    core.expire(now + 11)
    assert loud(core) == {}
    core.handle(order(), now + 5)
    assert len(core.warnings.book.exercises) == 1


def test_what_is_real_ends_it_everywhere():
    core = started()
    core.handle(order(), 1.0)
    adopt(core, 1.1)
    person = Person("kim", frozenset({"operator", "administrator"}))
    warn = Raise(
        key="w", who=person, message=MessageId("generic-caution"), zones=(ZoneId("hill-2"),)
    )
    core.handle(Alerting(key="w", who="kim", name="raise", order=warn), 2.0)
    (exercise,) = core.warnings.book.exercises
    assert exercise.is_stopped


@pytest.mark.parametrize("message", ["audible-test", "exercise"])
@pytest.mark.parametrize("zones", [("stream-1",), ("hill-1", "stream-1")])
def test_it_is_refused_where_it_is_quiet_and_so_is_an_exercise(zones, message):
    core = started()
    quiet = Claim(
        ClaimId("quiet-hours 1"), ZoneId("stream-1"), Kind.PROGRAMME, 21,
        core.plan.claims[0].source, start=0,
    )  # fmt: skip
    core.plan = replace(core.plan, claims=(*core.plan.claims, quiet))
    (answer,) = answers(core.handle(order(zones, message=message), 1.0))
    assert "quiet hours in stream-1" in answer.error
    assert loud(core) == {}
    assert core.warnings.book.exercises == ()


# --- the site file ---

WHEN = "warnings:\n  audible_test: {{day: {day}, at: {at}{more}}}\n"


def said(day="first wednesday", at="11:00", more=""):
    return SMALL_SITE + WHEN.format(day=day, at=at, more=more)


def test_the_site_file_says_when_and_where():
    test = parsed(said()).audible_test
    assert test == AudibleTest(1, 2, dt.time(11), (ZoneId("upper"), ZoneId("lower")))
    assert parsed(said(more=", zones: lower")).audible_test.zones == ("lower",)
    assert parsed(SMALL_SITE).audible_test is None


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"day": "wednesday"}, "day of the month"),
        ({"at": "23:00"}, "23:00 lies in the quiet hours of lower"),
        ({"at": "25:00"}, "not a time of day"),
        ({"more": ", zones: pond"}, "pond"),
    ],
)
def test_what_is_wrong_about_it(changes, complaint):
    assert any(complaint in each for each in complaints(said(**changes))), complaints(
        said(**changes)
    )


def test_a_zone_without_quiet_hours_may_be_tested_at_night():
    assert parsed(said(at="23:00", more=", zones: upper")).audible_test.at == dt.time(23)
