"""The record of alerts: everything that is written comes back, and a restart loses nothing."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.answers import Answer
from alerts.commands import (
    Acknowledge,
    AllClear,
    Confirm,
    Correct,
    EndExercise,
    Hold,
    Quieted,
    Raise,
    Reject,
    RunSelfTest,
    StartExercise,
    StepDown,
)
from alerts.facts import FactsError
from alerts.hazard import Level
from alerts.life_cycle import State, Times
from alerts.moving import AlertRefusedError
from alerts.record import alert_facts, facts, open_ids, read_alert, recover, subject
from tests.alerts.few_messages import KIM, LEE, MESSAGES, RULE, A, B, Desk
from zones.bus import ZoneId
from zones.geometry import Point

LONGEST_FACTS = 65_536


class Recorded(Desk):
    """A desk that writes down every move, as a journal does: old to new."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def take(self, moves):
        for move in super().take(moves):
            said = facts(move, self.now, self.utc, self.book.kept_open)
            self.rows.append((subject(move), json.dumps(said, ensure_ascii=False)))
        return moves

    def newest(self):
        """The rows a recovery reads: the newest of each id that the newest of all names."""
        wanted = open_ids(json.loads(self.rows[-1][1]))
        last = dict(self.rows)
        return [json.loads(last[name]) for name in wanted]

    def recovered(self, rows=None):
        rows = [json.loads(said) for _, said in self.rows] if rows is None else rows
        found = recover(rows, self.now, self.utc, MESSAGES)
        assert found.problems == ()
        return found.book


def lives(desk):
    """A long life with everything in it, one act at a time."""
    alert = desk.seen(window=60.0, zones=(A,), evidence=("smoke",), place=Point(37.58, 126.93))
    yield
    desk.do(Hold, alert=alert.id)
    yield
    desk.do(Reject, alert=alert.id, reason="barbecue")
    yield
    desk.wait(300)
    yield
    desk.do(Confirm, alert=alert.id, who=LEE)
    yield
    desk.detected(level=Level.EVACUATE, window=60.0, zones=(A, B))
    yield
    desk.wait(60)
    yield
    desk.take(desk.book.observed(alert.id, desk.now, desk.utc, sounded=(B,), degraded=(A,)))
    yield
    desk.take(desk.book.timed(alert.id, 20.0, desk.now, desk.utc))
    desk.wait(61)
    yield
    desk.do(Acknowledge, alert=alert.id)
    yield
    desk.do(StepDown, alert=alert.id, level=Level.CAUTION)
    yield
    desk.do(Quieted, incident="i1", who=RULE)
    yield
    desk.do(AllClear, alert=alert.id)
    yield
    desk.take(desk.book.spoken(alert.id, desk.now, desk.utc))
    yield
    [move] = desk.do(StartExercise, message="exercise", zones=(A, B))
    yield
    desk.do(EndExercise, exercise=move.after.id)
    yield
    desk.do(RunSelfTest, stream="nobody")
    yield


def test_killed_after_any_move_the_same_goes_on():
    desk = Recorded()
    for _ in lives(desk):
        book = desk.recovered()
        assert book.alerts == desk.book.alerts
        assert book.exercises == desk.book.exercises
        assert book.self_tests == desk.book.self_tests
        assert book.deadline() == desk.book.deadline()


def test_the_newest_row_of_what_is_open_is_enough():
    desk = Recorded()
    for _ in lives(desk):
        book = desk.recovered(desk.newest())
        assert book.living == desk.book.living
        assert book.kept_open == desk.book.kept_open


def test_a_window_ends_when_it_would_have_ended():
    desk = Recorded()
    desk.seen(window=60.0)
    desk.now += 20
    desk.book = desk.recovered()
    desk.now = 1059.0
    assert desk.book.expire(desk.now, desk.utc)[-1].after.state is State.PENDING
    desk.now = 1060.0
    desk.book.expire(desk.now, desk.utc)
    assert desk.book.living[0].state is State.AIRING


@pytest.mark.parametrize(("hours", "left"), [(-30, 60.0), (0, 60.0), (30, 0.0)])
def test_after_a_restart_the_earlier_of_wall_and_remaining_time_counts(hours, left):
    desk = Recorded()
    desk.seen(window=60.0)
    # Another boot: the monotonic clock begins anew, the wall clock may be anything.
    desk.step = timedelta(seconds=desk.now - 5.0, hours=hours)
    desk.now = 5.0
    book = desk.recovered()
    [alert] = book.living
    assert min(max(alert.window.ends.now - desk.now, 0.0), 60.0) == left


def test_a_restart_is_a_move_and_changes_no_state():
    desk = Recorded()
    alert = desk.raised()
    desk.wait(300)
    desk.book = desk.recovered()
    [move] = desk.take(desk.book.restarted(desk.now, desk.utc))
    assert move.after.state is State.SUSTAINED
    assert move.after.id == alert.id
    assert desk.recovered().alerts == desk.book.alerts


def test_a_key_is_known_after_a_restart():
    desk = Recorded()
    alert = desk.raised(key="k1")
    desk.do(Correct, key="k2", alert=alert.id, reason="false")
    desk.book = desk.recovered()
    assert desk.do(Raise, key="k1", message="flood-evacuate", zones=(A, B)) == ()
    assert desk.do(Correct, key="k2", alert=alert.id, reason="false") == ()
    assert desk.book.answer("k2") == Answer(alert.id, "correcting", 3)
    assert desk.book.answer("k1") == Answer(alert.id, "airing", 1)


def test_what_closed_before_a_restart_still_says_what_happened():
    desk = Recorded()
    alert = desk.seen(window=60.0)
    desk.do(Reject, alert=alert.id, reason="barbecue")
    desk.book = desk.recovered()
    with pytest.raises(AlertRefusedError, match=r"rejected by Kim .*barbecue"):
        desk.do(Confirm, alert=alert.id, who=LEE)


def test_a_row_nobody_can_read_loses_no_other():
    desk = Recorded()
    alert, other = desk.raised(zones=(A,)), desk.raised("flood-close", (B,))
    rows = [json.loads(said) for _, said in desk.rows]
    for row in rows:
        if row["alert"]["id"] == other.id:
            row["alert"]["state"] = "nonsense"
    found = recover(rows, desk.now, desk.utc, MESSAGES)
    assert [one.id for one in found.book.alerts] == [alert.id]
    assert all("Alert.state: 'nonsense'" in problem for problem in found.problems)
    assert found.problems


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: said.pop("zones"),
        lambda said: said.update(zones=3),
        lambda said: said.update(sounded=[99]),
        lambda said: said.update(window={"purpose": "confirm"}),
        lambda said: said.update(order="first"),
        lambda said: said.update(revision=True),
        lambda said: said.update(limit={"left": "x", "utc": "y"}),
        lambda said: said.update(content=None),
    ],
)
def test_what_is_no_alert_is_refused_with_the_field(spoil):
    desk = Desk()
    said = alert_facts(desk.raised(), desk.now, desk.utc)
    spoil(said)
    with pytest.raises(FactsError, match=r"[a-z]"):
        read_alert(said, desk.now, desk.utc)


def test_a_field_from_a_newer_release_and_one_from_an_older_are_taken():
    desk = Desk()
    alert = desk.raised()
    said = alert_facts(alert, desk.now, desk.utc) | {"colour": "red"}
    del said["restarts"]
    assert read_alert(said, desk.now, desk.utc) == alert


def test_the_fullest_alert_fits_the_journal():
    desk = Recorded()
    zones = tuple(ZoneId(f"zone-with-a-long-name-{n:04}") for n in range(500))
    long = "아" * 5000
    alert = desk.seen(window=60.0, zones=zones, evidence=(long,))
    for n in range(40):
        evidence = tuple(f"{n} {line} {long}" for line in range(12))
        desk.detected(window=60.0, zones=zones, evidence=evidence)
        desk.wait(10)
        if n == 0:
            desk.do(Reject, alert=alert.id, reason=long)
    moves = desk.take(
        desk.book.observed(alert.id, desk.now, desk.utc, sounded=zones, degraded=zones)
    )
    assert moves
    assert max(len(said) for _, said in desk.rows) < LONGEST_FACTS


def test_only_so_many_ended_alerts_are_kept_and_the_newest_of_them(monkeypatch):
    monkeypatch.setattr("alerts.book.MOST_ENDED", 3)
    desk = Recorded()
    for _ in range(6):
        alert = desk.raised()
        desk.do(Correct, alert=alert.id, reason="false")
        desk.take(desk.book.spoken(alert.id, desk.now, desk.utc))
    assert [one.id for one in desk.book.alerts][-1] == alert.id
    assert len(desk.book.alerts) == 3
    assert desk.recovered().alerts == desk.book.alerts


def test_times_of_a_site_are_its_own():
    desk = Desk(replace(Times(), second_wait=10.0))
    desk.raised("fire-evacuate", who=KIM)
    desk.wait(10)
    assert desk.book.living[0].state is State.AIRING
