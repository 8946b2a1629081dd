"""What evidence does: windows, escalation, merging, proposals, and what it never does."""

import pytest

from alerts.alert import Why
from alerts.commands import (
    AllClear,
    Cancelled,
    Confirm,
    Correct,
    Escalate,
    Hold,
    Quieted,
    Reject,
    SensorLost,
    StepDown,
    Updated,
)
from alerts.hazard import Level
from alerts.life_cycle import Event, OnTimeout, State
from alerts.moving import AlertRefusedError
from tests.alerts.few_messages import FLOOD, RULE, A, B, C, Desk


@pytest.fixture
def desk():
    return Desk()


def now(desk, alert):
    return desk.book.alert(alert.id)


def evacuate(desk, **fields):
    return desk.detected(level=Level.EVACUATE, window=0.0, **fields)


def test_a_pending_alert_nobody_answers_sounds(desk):
    alert = desk.seen(window=60.0)
    assert alert.state is State.PENDING
    desk.wait(59.9)
    assert now(desk, alert).state is State.PENDING
    desk.wait(0.1)
    assert now(desk, alert).state is State.AIRING


def test_one_whose_rule_says_so_is_dropped_and_shown(desk):
    alert = desk.seen(window=60.0, on_timeout=OnTimeout.DROP)
    moves = desk.wait(60)
    assert now(desk, alert).state is State.EXPIRED_UNAIRED
    assert moves[-1].called.why is Why.UNAIRED


def test_without_a_window_it_sounds_at_once_and_people_are_called(desk):
    [move] = desk.detected(window=0.0)
    assert move.after.state is State.AIRING
    assert (move.called.why, move.called.step) == (Why.SOUNDS, 0)


def test_what_has_not_lasted_waits_and_is_dropped_or_asked(desk):
    alert = desk.seen(has_lasted=False)
    assert alert.state is State.DETECTED
    assert desk.detected(has_lasted=False) == ()
    desk.detected(window=60.0)
    assert now(desk, alert).state is State.PENDING
    other = desk.seen(incident="i2", has_lasted=False, zones=(C,))
    desk.do(Quieted, incident="i2", who=RULE)
    assert now(desk, other).state is State.DROPPED


def test_people_are_called_at_once_then_at_half_the_window_then_when_it_sounds(desk):
    desk.detected(window=60.0)
    desk.wait(60 + 120)
    calls = [(m.called.why, m.called.step, m.called.at) for m in desk.moves if m.called]
    begin = calls[0][2]
    assert [(why, step, (at - begin).total_seconds()) for why, step, at in calls] == [
        (Why.PENDING, 0, 0),
        (Why.PENDING, 1, 30),
        (Why.SOUNDS, 2, 60),
        (Why.SOUNDS, 3, 120),
        (Why.SOUNDS, 4, 180),
    ]


def test_what_changes_nothing_does_nothing(desk):
    desk.detected(evidence=("camera 214",))
    assert desk.detected(evidence=("camera 214",)) == ()


def test_new_words_about_known_evidence_are_not_recorded_each_time(desk):
    desk.detected(evidence=("1 detection",))
    written = [bool(desk.detected(evidence=(f"{n} detections",))) for n in range(2, 30)]
    assert written == [True] + [False] * 27
    desk.wait(10)
    assert desk.detected(evidence=("30 detections",))


def test_new_zones_are_added_without_a_restart(desk):
    alert = desk.seen(window=0.0, zones=(A,))
    desk.wait(300)
    desk.detected(window=0.0, zones=(B,))
    after = now(desk, alert)
    assert (after.zones, after.state, after.restarts) == ((A, B), State.SUSTAINED, 0)


# --- escalation ---


@pytest.mark.parametrize(
    "stands",
    ["pending", "held", "rejected", "sustained", "clear_proposed", "clearing", "correcting"],
)
def test_a_stronger_event_opens_it_wherever_it_stands(desk, stands):
    alert = desk.seen(window=60.0)
    if stands == "held":
        desk.do(Hold, alert=alert.id)
    elif stands == "rejected":
        desk.do(Reject, alert=alert.id, reason="fog")
    elif stands != "pending":
        desk.do(Confirm, alert=alert.id)
        desk.wait(300)
    if stands == "clear_proposed":
        desk.do(Quieted, incident="i1", who=RULE)
    elif stands == "clearing":
        desk.do(AllClear, alert=alert.id, reason="looks fine")
    elif stands == "correcting":
        desk.do(Correct, alert=alert.id, reason="fog")
    assert now(desk, alert).state.value == stands
    evacuate(desk)
    after = now(desk, alert)
    assert (after.state, after.level) == (State.AIRING, Level.EVACUATE)
    assert after.parting is None


def test_at_most_one_restart_for_one_escalation(desk):
    alert = desk.seen(window=0.0)
    for zone in (A, B, C):
        evacuate(desk, zones=(zone,))
    assert now(desk, alert).restarts == 1
    assert now(desk, alert).zones == (A, B, C)


def test_weaker_evidence_never_lowers_a_warning(desk):
    evacuate(desk)
    desk.detected(level=Level.CAUTION, window=0.0)
    [alert] = desk.book.living
    assert alert.level is Level.EVACUATE


def test_an_escalation_with_a_window_waits_and_then_is_made(desk):
    alert = desk.seen(window=0.0)
    [move] = desk.detected(level=Level.EVACUATE, window=60.0)
    assert move.called.why is Why.ESCALATION_PENDING
    assert now(desk, alert).level is Level.CAUTION
    desk.wait(60)
    assert now(desk, alert).level is Level.EVACUATE
    assert now(desk, alert).restarts == 1


def test_a_waiting_escalation_is_confirmed_or_rejected_by_a_person(desk):
    alert = desk.seen(window=0.0)
    desk.detected(level=Level.EVACUATE, window=60.0)
    desk.do(Reject, alert=alert.id, reason="a hot roof")
    desk.detected(level=Level.EVACUATE, window=60.0)
    desk.wait(200)
    assert now(desk, alert).level is Level.CAUTION
    desk.wait(100)
    assert now(desk, alert).has_open_rise
    desk.do(Confirm, alert=alert.id)
    assert now(desk, alert).level is Level.EVACUATE


def test_a_second_kind_of_evidence_is_not_held_up_by_a_rejection_of_the_first(desk):
    alert = desk.seen(window=0.0)
    desk.detected(level=Level.EVACUATE, window=60.0)
    desk.do(Reject, alert=alert.id, reason="a hot roof")
    evacuate(desk)
    assert now(desk, alert).level is Level.EVACUATE


def test_confirming_a_pending_alert_takes_the_stronger_evidence_that_waits(desk):
    alert = desk.seen(window=60.0)
    desk.detected(level=Level.EVACUATE, window=60.0)
    desk.do(Confirm, alert=alert.id)
    assert now(desk, alert).level is Level.EVACUATE


def test_stepping_down_over_evidence_holds_until_it_is_asked_again(desk):
    [move] = evacuate(desk)
    alert = move.after
    desk.do(StepDown, alert=alert.id, level=Level.CAUTION)
    evacuate(desk)
    evacuate(desk, zones=(B,))
    assert now(desk, alert).level is Level.CAUTION
    desk.wait(300)
    assert now(desk, alert).has_open_rise
    desk.wait(60)
    assert now(desk, alert).level is Level.EVACUATE


# --- rejected, corrected, and still going on ---


def test_a_rejected_incident_that_goes_on_is_asked_again_after_five_minutes(desk):
    alert = desk.seen(window=60.0)
    desk.do(Reject, alert=alert.id, reason="barbecue")
    desk.wait(299)
    assert desk.detected(window=60.0) == ()
    assert now(desk, alert).state is State.REJECTED
    moves = desk.wait(1)
    assert now(desk, alert).state is State.PENDING
    assert moves[-1].called.why is Why.PENDING


def test_a_rejected_incident_that_went_quiet_is_not_asked_again(desk):
    alert = desk.seen(window=60.0)
    desk.do(Reject, alert=alert.id, reason="barbecue")
    desk.do(Quieted, incident="i1", who=RULE)
    desk.wait(4000)
    assert now(desk, alert).state is State.REJECTED
    desk.detected(window=60.0)
    desk.wait(0)
    assert now(desk, alert).state is State.PENDING


def test_what_goes_on_does_not_evacuate_by_itself_because_a_person_once_did(desk):
    alert = desk.seen(window=60.0)
    desk.wait(60)
    desk.do(Escalate, alert=alert.id, level=Level.EVACUATE)
    desk.do(Correct, alert=alert.id, reason="nothing there")
    desk.book.spoken(alert.id, desk.now, desk.utc)
    (_, follower) = desk.wait(300)[-2:]
    assert follower.after.origin.follows == alert.id
    assert follower.after.level is Level.CAUTION
    desk.wait(60)
    assert desk.book.alert(follower.after.id).state is State.AIRING
    assert desk.book.alert(follower.after.id).level is Level.CAUTION


def test_what_goes_on_does_not_evacuate_by_itself_once_it_asks_for_less(desk):
    [move] = evacuate(desk)
    desk.do(Correct, alert=move.after.id, reason="it falls")
    desk.book.spoken(move.after.id, desk.now, desk.utc)
    desk.book.ask_evidence(lambda _: Level.CAUTION)
    desk.wait(360)
    [follower] = desk.book.living
    assert (follower.state, follower.level) == (State.AIRING, Level.CAUTION)
    evacuate(desk)
    assert now(desk, follower).level is Level.EVACUATE, "nobody judged that it would rise again"


def test_a_rejected_one_is_asked_again_for_no_more_than_its_evidence_asks_for(desk):
    alert = desk.seen(level=Level.EVACUATE, window=60.0)
    desk.do(Reject, alert=alert.id, reason="steam")
    desk.book.ask_evidence(lambda _: Level.CAUTION)
    desk.wait(300)
    assert (now(desk, alert).state, now(desk, alert).level) == (State.PENDING, Level.CAUTION)


@pytest.mark.parametrize("asks", [Level.CAUTION, Level.WARNING])
def test_after_a_step_down_evidence_that_fell_too_escalates_no_further_than_it_shows(desk, asks):
    [move] = evacuate(desk)
    desk.do(StepDown, alert=move.after.id, level=Level.CAUTION)
    desk.book.ask_evidence(lambda _: asks)
    desk.wait(360)
    assert now(desk, move.after).level is asks
    evacuate(desk)
    assert now(desk, move.after).level is Level.EVACUATE


def test_a_corrected_incident_that_goes_on_is_asked_about_anew(desk):
    [move] = evacuate(desk)
    desk.do(Correct, alert=move.after.id, reason="the gauge lies")
    desk.book.spoken(move.after.id, desk.now, desk.utc)
    evacuate(desk)
    assert desk.book.living == ()
    desk.wait(300)
    [follower] = desk.book.living
    assert (follower.state, follower.origin.follows) == (State.PENDING, move.after.id)
    evacuate(desk)
    assert now(desk, follower).state is State.PENDING, "the same evidence was judged"
    desk.wait(60)
    assert now(desk, follower).state is State.AIRING


def test_what_is_stronger_than_what_a_person_ended_is_a_new_alert_at_once(desk):
    alert = desk.seen(window=0.0)
    desk.do(Correct, alert=alert.id, reason="fog")
    desk.book.spoken(alert.id, desk.now, desk.utc)
    evacuate(desk)
    [new] = desk.book.living
    assert (new.state, new.level, new.origin.follows) == (State.AIRING, Level.EVACUATE, alert.id)


def test_stronger_evidence_that_waited_through_the_last_word_is_not_lost(desk):
    alert = desk.seen(window=0.0)
    desk.do(Correct, alert=alert.id, reason="fog")
    desk.detected(level=Level.EVACUATE, window=60.0)
    desk.wait(20)
    desk.book.spoken(alert.id, desk.now, desk.utc)
    [follower] = desk.book.living
    assert (follower.state, follower.level) == (State.PENDING, Level.EVACUATE)
    desk.wait(40)
    assert desk.book.living[0].state is State.AIRING


def test_a_stronger_alert_of_an_incident_asks_for_the_one_that_ended_before(desk):
    alert = desk.seen(window=0.0)
    desk.do(Correct, alert=alert.id, reason="fog")
    desk.book.spoken(alert.id, desk.now, desk.utc)
    evacuate(desk)
    desk.wait(400)
    [living] = desk.book.living
    assert living.origin.follows == alert.id


# --- merging ---


def test_equal_warnings_of_one_hazard_become_one_when_the_second_sounds(desk):
    first = desk.seen(window=0.0, zones=(A,))
    second = desk.seen(incident="i2", window=60.0, zones=(A, B))
    assert second.state is State.PENDING
    desk.do(Confirm, alert=second.id)
    assert now(desk, second).merged_into == first.id
    assert now(desk, first).zones == (A, B)
    assert now(desk, first).incidents == ("i1", "i2")
    assert now(desk, first).restarts == 0
    assert len(desk.book.living) == 1


def test_an_incident_that_joined_is_that_alert_from_then_on(desk):
    first = desk.seen(window=0.0, zones=(A,))
    desk.detected(incident="i2", window=0.0, zones=(A, B))
    assert [alert.id for alert in desk.book.living] == [first.id]
    desk.do(Quieted, incident="i1", who=RULE)
    assert now(desk, first).state is State.AIRING, "the other incident goes on"
    desk.do(Quieted, incident="i2", who=RULE)
    assert now(desk, first).state is State.CLEAR_PROPOSED


def test_other_hazards_stay_apart(desk):
    desk.detected(window=0.0)
    desk.detected(window=0.0, hazard=FLOOD, incident="i2")
    assert len(desk.book.living) == 2


# --- the end is proposed, never given ---


def test_quiet_only_proposes_and_people_are_called_again_and_again(desk):
    [move] = evacuate(desk, needs_person_to_clear=False)
    alert = move.after
    moves = desk.do(Quieted, incident="i1", who=RULE, reason="15 min below")
    assert now(desk, alert).state is State.CLEAR_PROPOSED
    moves = [*moves, *desk.wait(1500)]
    assert [m.called.step for m in moves if m.called] == [0, 1, 2, 3, 4, 5]
    assert now(desk, alert).state is State.CLEAR_PROPOSED


def test_at_caution_a_rule_may_have_it_said_without_a_person(desk):
    alert = desk.seen(window=0.0, needs_person_to_clear=False)
    desk.do(Quieted, incident="i1", who=RULE)
    assert now(desk, alert).state is State.CLEARING
    desk.detected(window=0.0)
    assert now(desk, alert).state is State.AIRING, "it is back before anybody heard that it is over"


def test_evidence_that_is_back_takes_the_proposal_away(desk):
    [move] = evacuate(desk)
    desk.do(Quieted, incident="i1", who=RULE)
    evacuate(desk)
    assert now(desk, move.after).state is State.SUSTAINED


def test_a_lost_sensor_is_no_all_clear(desk):
    [move] = evacuate(desk)
    [lost] = desk.do(SensorLost, incident="i1", who=RULE, reason="gauge hongje")
    assert lost.after.state is State.AIRING
    assert lost.after.going == ("i1",)
    assert "no all-clear" in lost.after.evidence[-1]
    desk.wait(3600)
    assert now(desk, move.after).state is State.SUSTAINED


def test_evidence_blocks_the_proposal_of_a_limit_and_people_are_called(desk):
    [move] = evacuate(desk)
    moves = desk.wait(4 * 3600)
    assert now(desk, move.after).state is State.SUSTAINED
    assert Event.BLOCK_PROPOSAL in [m.event for m in moves]
    desk.do(Quieted, incident="i1", who=RULE)
    assert now(desk, move.after).state is State.CLEAR_PROPOSED


def test_an_expiry_only_proposes(desk):
    alert = desk.raised("flood-evacuate", (C,))
    [move] = evacuate(desk, expires_in=600.0)
    desk.wait(600)
    assert now(desk, move.after).state is State.SUSTAINED, "its own evidence goes on"
    assert now(desk, alert).state is State.SUSTAINED


# --- the authority that sent it ---


def test_a_cancel_only_proposes(desk):
    [move] = evacuate(desk)
    desk.do(Cancelled, incident="i1", who=RULE)
    assert now(desk, move.after).state is State.CLEAR_PROPOSED


def test_a_cancel_is_blocked_by_local_evidence(desk):
    first = desk.seen(window=0.0, zones=(A,))
    desk.detected(incident="cap", window=0.0, zones=(A,))
    desk.do(Cancelled, incident="cap", who=RULE)
    assert now(desk, first).state is State.AIRING


def test_what_is_withdrawn_before_it_sounded_is_dropped(desk):
    alert = desk.seen(window=60.0)
    desk.do(Cancelled, incident="i1", who=RULE)
    assert now(desk, alert).state is State.DROPPED


def test_an_update_brings_new_words_and_no_new_limit(desk):
    [move] = desk.detected(level=Level.WARNING, hazard=FLOOD, window=0.0)
    limit = move.after.limit
    desk.wait(300)
    [update] = desk.do(Updated, incident="i1", level=Level.WARNING, zones=(B,), who=RULE)
    assert (update.after.state, update.after.zones) == (State.AIRING, (A, B))
    assert update.after.limit == limit
    with pytest.raises(AlertRefusedError, match="does not escalate"):
        desk.do(Updated, incident="i1", level=Level.EVACUATE, who=RULE)
    with pytest.raises(AlertRefusedError, match="no alert of incident"):
        desk.do(Updated, incident="i9", level=Level.EVACUATE, who=RULE)
    desk.do(Updated, incident="i1", level=Level.CAUTION, who=RULE)
    after = now(desk, move.after)
    assert (after.state, after.level) == (State.CLEAR_PROPOSED, Level.WARNING)


def test_a_message_nobody_knows_does_not_stop_a_warning(desk):
    alert = desk.seen(window=0.0, message="gone")
    assert alert.message == "fire-caution"
