from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.detection import Absence, Admitted
from alerts.detection.gate import MOST_SEEN, Gate, Offsets, Standing
from tests.alerts.detection.ground import event, level, rules, utc

CAMERA, GAUGE = rules().sources.named("cam-031"), rules().sources.named("hongje-level")


def judged(each, late, gate=None, source=CAMERA, **admission):
    received = each.time + timedelta(seconds=late)
    return (gate or Gate()).judge(Admitted(each, received, **admission), source, late).standing


@settings(deadline=None)
@given(st.floats(-100_000, 100_000))
def test_every_event_passes_or_goes_to_the_operator(late):
    standing = judged(event(), late)
    assert standing in (Standing.FRESH, Standing.STALE, Standing.EARLY)
    assert (standing is Standing.FRESH) == (-30 <= round(late, 6) <= CAMERA.fresh_s)


def test_freshness_is_two_periods_and_the_delay():
    assert GAUGE.fresh_s == 130
    assert judged(level(1.0, 0), 130, source=GAUGE) is Standing.FRESH
    assert judged(level(1.0, 0), 131, source=GAUGE) is Standing.STALE


def test_the_same_event_comes_once():
    gate, start = Gate(), event()
    assert judged(start, 1, gate) is Standing.FRESH
    assert judged(start, 2, gate) is Standing.REPEATED


def test_an_update_may_bear_the_name_of_its_start():
    gate, start = Gate(), event(id="smoke-1")
    assert judged(start, 1, gate) is Standing.FRESH
    for at in (1, 2):
        later = event(id="smoke-1", phase="update", at=at)
        assert judged(later, 1, gate) is Standing.FRESH
        assert judged(later, 1, gate) is Standing.REPEATED
    assert judged(event(id="smoke-1", phase="end", at=3), 1, gate) is Standing.FRESH


def test_an_event_that_opened_an_alert_is_known_after_a_restart_and_a_day_of_others():
    gate, start = Gate(), event()
    judged(start, 1, gate)
    gate.keep(start, "incident", utc(0))
    again = Gate()
    again.recall(gate.kept())
    for _ in range(3):
        judged(event(), 1, again)
    assert judged(start, 1, again) is Standing.REPEATED
    assert again.answer(start) == "incident"


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr("alerts.detection.gate.MOST_SEEN", 10)
    gate = Gate()
    for _ in range(50):
        judged(event(), 1, gate)
    assert len(gate._seen) == 10
    assert MOST_SEEN == 100_000
    for hours in range(60):
        gate.keep(event(), "incident", utc(3_600 * hours))
    assert len(list(gate.kept())) <= 26


def test_a_state_that_began_while_we_were_away_is_evidence():
    away = Absence(utc(0), utc(600))
    began = event(at=100)
    assert judged(began, 700, Gate(away)) is Standing.FRESH
    assert judged(event(at=-1_000), 1_700, Gate(away)) is Standing.STALE
    assert judged(began, 700) is Standing.STALE
    assert judged(event(phase="end", at=100), 700, Gate(away)) is Standing.STALE


def test_a_state_sent_again_after_a_reconnect_counts_for_ten_minutes():
    assert judged(event(retained=True), 599) is Standing.FRESH
    assert judged(event(retained=True), 601) is Standing.STALE


@pytest.mark.parametrize("late", [86_400, -86_400])
def test_when_our_clock_is_in_doubt_events_pass_as_doubted(late):
    gate = Gate()
    gate.is_clock_doubted = True
    assert judged(event(), late, gate) is Standing.CLOCK_SUSPECT
    assert judged(event(), late, clock_suspect := Gate()) is not Standing.CLOCK_SUSPECT
    assert judged(event(), late, clock_suspect, is_clock_suspect=True) is Standing.CLOCK_SUSPECT


def test_three_sources_that_differ_by_the_same_put_our_clock_in_doubt():
    gate = Gate()
    standings = [
        gate.judge(Admitted(event(name), utc(3_600 + n)), rules().sources.named(name), n).standing
        for n, name in enumerate(("cam-031", "cam-032", "cam-033"))
    ]
    assert standings == [Standing.STALE, Standing.STALE, Standing.CLOCK_SUSPECT]


def test_sources_that_differ_by_something_else_each_do_not():
    offsets = Offsets()
    assert not any(offsets.disagrees(str(n), 100.0 * n, 0.0) for n in range(20))
    assert not any(offsets.disagrees("one", 5.0, float(n)) for n in range(20))
    assert not any(offsets.disagrees(str(n), 7.0, 1_000.0 * n) for n in range(20))
