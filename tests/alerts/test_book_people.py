"""What a duty operator does with an alert, and what he is told when it can't be done."""

import pytest

from alerts.alert import LastWord, Move, Why
from alerts.commands import (
    Acknowledge,
    AddZones,
    AllClear,
    BreakGlass,
    Confirm,
    Correct,
    Escalate,
    Hold,
    Raise,
    Reconfirm,
    Reject,
    StepDown,
    Stop,
)
from alerts.hazard import Level
from alerts.life_cycle import Event, State, Who
from alerts.moving import AlertRefusedError, may
from tests.alerts.few_messages import KIM, LEE, A, B, C, D, Desk


@pytest.fixture
def desk():
    return Desk()


def refused(desk, kind, **fields):
    with pytest.raises(AlertRefusedError) as error:
        desk.do(kind, **fields)
    return str(error.value)


def state(desk, alert):
    return desk.book.alert(alert.id).state


# --- raise ---


def test_a_warning_by_hand_sounds_at_once_and_calls_nobody(desk):
    alert = desk.raised("flood-evacuate", (A, B))
    assert alert.state is State.AIRING
    assert alert.zones == (A, B)
    assert alert.call is None
    assert alert.origin.by == "Kim"


def test_a_hazard_and_a_level_find_their_message(desk):
    [move] = desk.do(Raise, hazard="flood", level=Level.WARNING, zones=(A,))
    assert move.after.message == "flood-leave"
    [move] = desk.do(Raise, hazard="dust", level=Level.WARNING, zones=(B,))
    assert (move.after.message, move.after.level) == ("caution", Level.WARNING)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"message": "flood-evacuate", "zones": ()}, "zone"),
        ({"message": "flod", "zones": (A,)}, "no message 'flod'"),
        ({"message": "correction", "zones": (A,)}, "no warning"),
        ({"hazard": "flood", "zones": (A,)}, "a hazard and a level"),
        ({"message": "fire-evacuate", "zones": (A,), "break_glass": True}, "say why"),
    ],
)
def test_a_warning_that_lacks_something_says_what(desk, fields, said):
    assert said in refused(desk, Raise, **fields)
    assert desk.book.alerts == ()


def test_the_second_person_confirms(desk):
    alert = desk.raised("fire-evacuate")
    assert alert.state is State.PENDING
    assert alert.call.why is Why.SECOND_PERSON
    said = refused(desk, Confirm, alert=alert.id)
    assert "second person" in said
    assert "30 s" in said
    desk.do(Confirm, alert=alert.id, who=LEE)
    assert state(desk, alert) is State.AIRING


def test_the_wait_for_a_second_person_ends_in_sound(desk):
    alert = desk.raised("fire-evacuate")
    desk.wait(29.9)
    assert state(desk, alert) is State.PENDING
    desk.wait(0.1)
    assert state(desk, alert) is State.AIRING


def test_a_broken_glass_sends_it_alone_and_is_told(desk):
    alert = desk.raised("fire-evacuate")
    assert "break-glass" in may(alert)
    assert "say why" in refused(desk, BreakGlass, alert=alert.id)
    [move] = desk.do(BreakGlass, alert=alert.id, reason="alone at night")
    assert move.after.state is State.AIRING
    assert (move.event, move.reason) == (Event.BREAK_GLASS, "alone at night")
    assert move.called.why is Why.BREAK_GLASS
    other = desk.raised("fire-evacuate", (D,), break_glass=True, reason="alone")
    assert other.state is State.AIRING


def test_a_second_person_can_be_gone_round_by_no_other_act(desk):
    alert = desk.raised("fire-evacuate")
    assert "hold is not possible" in refused(desk, Hold, alert=alert.id)
    desk.raised("fire-evacuate")
    assert state(desk, alert) is State.PENDING
    desk.do(AddZones, alert=alert.id, zones=(C,))
    assert state(desk, alert) is State.PENDING
    assert desk.book.alert(alert.id).call is not None


def test_a_second_raise_by_another_person_confirms_the_first(desk):
    alert = desk.raised("fire-evacuate", (A,))
    again = desk.raised("fire-evacuate", (A, B), who=LEE)
    assert again.id == alert.id
    assert again.state is State.AIRING
    assert again.zones == (A, B)


def test_raising_what_sounds_adds_its_zones_without_a_restart(desk):
    alert = desk.raised("flood-evacuate", (A,))
    desk.wait(200)
    again = desk.raised("flood-evacuate", (A, B))
    assert (again.id, again.state, again.zones) == (alert.id, State.SUSTAINED, (A, B))
    assert again.restarts == 0
    other = desk.raised("flood-evacuate", (C,))
    assert other.id != alert.id


def test_zones_that_meet_make_one_of_two_equal_warnings(desk):
    first, second = desk.raised(zones=(A,)), desk.raised(zones=(C,))
    desk.do(AddZones, alert=second.id, zones=(A,))
    assert desk.book.alert(first.id).zones == (A, C)
    merged = desk.book.alert(second.id)
    assert (merged.state, merged.merged_into) == (State.CLOSED, first.id)
    said = refused(desk, Correct, alert=second.id, reason="wrong")
    assert "became part of another by engine at 01:02:03 UTC" in said
    assert first.id in said


# --- decide ---


def test_confirm_makes_it_sound_and_stops_the_calls(desk):
    alert = desk.seen(window=60.0)
    desk.do(Confirm, alert=alert.id)
    after = desk.book.alert(alert.id)
    assert (after.state, after.call, after.window) == (State.AIRING, None, None)


def test_a_rejection_needs_a_reason(desk):
    alert = desk.seen(window=60.0)
    assert "say why" in refused(desk, Reject, alert=alert.id)
    desk.do(Reject, alert=alert.id, reason="barbecue")
    assert state(desk, alert) is State.REJECTED


def test_a_hold_is_given_once_for_at_most_two_minutes(desk):
    alert = desk.seen(window=60.0)
    assert "up to 120 s" in refused(desk, Hold, alert=alert.id, seconds=121)
    desk.wait(50)
    desk.do(Hold, alert=alert.id, seconds=120)
    assert "hold is not possible" in refused(desk, Hold, alert=alert.id)
    desk.wait(119)
    assert state(desk, alert) is State.HELD
    desk.wait(1)
    assert state(desk, alert) is State.AIRING


def test_a_short_hold_never_makes_a_window_shorter(desk):
    alert = desk.seen(window=60.0)
    desk.do(Hold, alert=alert.id, seconds=5)
    desk.wait(59)
    assert state(desk, alert) is State.HELD


@pytest.mark.parametrize(("first", "second"), [(Confirm, Reject), (Reject, Confirm)])
def test_of_two_operators_in_the_same_ten_milliseconds_the_first_one_decides(desk, first, second):
    alert = desk.seen(window=60.0)
    desk.do(first, alert=alert.id, who=KIM, reason="seen by eye")
    decided = state(desk, alert)
    desk.now += 0.01
    said = refused(desk, second, alert=alert.id, who=LEE, reason="looked elsewhere")
    assert "by Kim at 01:02:03 UTC (seen by eye)" in said
    assert decided.value in said
    assert state(desk, alert) is decided


def test_the_same_key_has_the_same_answer_and_no_second_effect(desk):
    alert = desk.raised("flood-evacuate", (A,), key="k1")
    answer = desk.book.answer("k1")
    desk.do(StepDown, alert=alert.id, level=Level.CAUTION)
    assert desk.do(Raise, key="k1", message="flood-evacuate", zones=(A,)) == ()
    assert desk.book.answer("k1") == answer
    said = refused(desk, Reject, key="k2", alert=alert.id, reason="no")
    assert refused(desk, Reject, key="k2", alert=alert.id, reason="no") == said


def test_what_falls_due_before_an_act_is_done_before_it(desk):
    alert = desk.seen(window=60.0)
    desk.now += 60
    with pytest.raises(AlertRefusedError, match="sounded when its window ended") as error:
        desk.do(Reject, alert=alert.id, reason="too late")
    due = [move.event for move in error.value.moves if isinstance(move, Move)]
    assert due == [Event.CALL, Event.TIME_OUT_AIR]
    assert state(desk, alert) is State.AIRING


def test_an_unknown_alert_is_told_with_those_that_live(desk):
    alert = desk.raised()
    assert f"living: {alert.id}" in refused(desk, Confirm, alert="nonsense")


# --- change ---


def test_a_person_escalates_wherever_it_stands_and_it_restarts_once(desk):
    alert = desk.raised("flood-close")
    desk.wait(200)
    desk.do(Escalate, alert=alert.id, level=Level.EVACUATE, zones=(C,))
    after = desk.book.alert(alert.id)
    assert (after.message, after.restarts, after.state) == ("flood-evacuate", 1, State.AIRING)
    assert after.zones == (A, B, C)
    said = refused(desk, Escalate, alert=alert.id, level=Level.WARNING)
    assert "no escalation" in said
    desk.do(Correct, alert=alert.id, reason="false")
    assert "no escalation" in refused(desk, Escalate, alert=alert.id, level=Level.CAUTION)


def test_added_zones_do_not_restart_the_others(desk):
    alert = desk.raised(zones=(A,))
    desk.wait(500)
    desk.do(AddZones, alert=alert.id, zones=(B,))
    after = desk.book.alert(alert.id)
    assert (after.zones, after.restarts, after.state) == ((A, B), 0, State.SUSTAINED)
    assert "already" in refused(desk, AddZones, alert=alert.id, zones=(B,))


def test_a_step_down_has_words_of_its_own_and_then_goes_on_lower(desk):
    alert = desk.raised("flood-evacuate")
    assert "no step down" in refused(desk, StepDown, alert=alert.id, level=Level.EVACUATE)
    assert "name the level" in refused(desk, StepDown, alert=alert.id)
    desk.do(StepDown, alert=alert.id, message="flood-close")
    after = desk.book.alert(alert.id)
    assert (after.state, after.level, after.message) == (State.AIRING, Level.CAUTION, "flood-close")
    assert (after.parting.word, after.parting.level) == (LastWord.STEP_DOWN, Level.EVACUATE)
    desk.book.spoken(alert.id, desk.now, desk.utc)
    after = desk.book.alert(alert.id)
    assert (after.state, after.parting) == (State.AIRING, None)


# --- end ---


def test_stop_asks_which(desk):
    alert = desk.raised()
    said = refused(desk, Stop, alert=alert.id)
    assert said.startswith("which stop is it")
    assert all(word in said for word in ("correct", "all-clear", "step-down"))
    assert state(desk, alert) is State.AIRING


def test_a_correction_ends_when_it_was_spoken(desk):
    alert = desk.raised()
    assert "say why" in refused(desk, Correct, alert=alert.id)
    desk.do(Correct, alert=alert.id, reason="wrong button")
    after = desk.book.alert(alert.id)
    assert after.state is State.CORRECTING
    assert (after.parting.word, after.parting.level) == (LastWord.CORRECTION, Level.EVACUATE)
    assert "correcting" in refused(desk, AllClear, alert=alert.id)
    desk.book.spoken(alert.id, desk.now, desk.utc)
    assert state(desk, alert) is State.CLOSED
    said = refused(desk, Correct, alert=alert.id, reason="again")
    assert "was corrected by Kim at 01:02:03 UTC (wrong button)" in said
    assert "raise a warning" in said


@pytest.mark.parametrize("word", [LastWord.HAZARD_OVER, LastWord.PATH_OPEN, LastWord.BOTH])
def test_the_all_clear_says_which(desk, word):
    alert = desk.raised()
    desk.do(AllClear, alert=alert.id, word=word)
    assert desk.book.alert(alert.id).parting.word is word
    desk.wait(10_000)
    assert state(desk, alert) is State.CLEARING
    desk.book.spoken(alert.id, desk.now, desk.utc)
    assert state(desk, alert) is State.CLOSED


def test_a_correction_is_no_all_clear(desk):
    alert = desk.raised()
    assert "no all-clear" in refused(desk, AllClear, alert=alert.id, word=LastWord.CORRECTION)


def test_an_all_clear_over_evidence_needs_a_reason(desk):
    alert = desk.seen(window=0.0)
    assert "still above" in refused(desk, AllClear, alert=alert.id)
    desk.do(AllClear, alert=alert.id, reason="fire brigade says so")
    assert state(desk, alert) is State.CLEARING


def test_the_last_word_of_a_stepped_down_warning_ranks_above_what_it_was(desk):
    alert = desk.raised("flood-evacuate")
    desk.do(StepDown, alert=alert.id, level=Level.CAUTION)
    desk.do(AllClear, alert=alert.id)
    assert desk.book.alert(alert.id).parting.level is Level.EVACUATE


def test_the_last_word_goes_where_it_sounded_and_nowhere_else(desk):
    alert = desk.raised(zones=(A, B, C))
    desk.book.observed(alert.id, desk.now, desk.utc, sounded=(A, B), overridden=(C,))
    desk.book.observed(alert.id, desk.now, desk.utc, sounded=(A,))
    after = desk.book.alert(alert.id)
    assert after.ending_zones == (A, B)
    assert after.overridden == (C,)


def test_a_reconfirmed_warning_goes_on_and_its_limit_begins_anew(desk):
    alert = desk.raised()
    desk.wait(4 * 3600)
    assert state(desk, alert) is State.CLEAR_PROPOSED
    desk.do(Reconfirm, alert=alert.id)
    after = desk.book.alert(alert.id)
    assert after.state is State.SUSTAINED
    desk.wait(4 * 3600 - 1)
    assert state(desk, alert) is State.SUSTAINED
    desk.wait(1)
    assert state(desk, alert) is State.CLEAR_PROPOSED


def test_an_acknowledged_call_stops(desk):
    alert = desk.seen(window=0.0)
    assert alert.call.why is Why.SOUNDS
    desk.do(Acknowledge, alert=alert.id)
    assert not [move for move in desk.wait(3600) if move.called]
    assert "nobody is being called" in refused(desk, Acknowledge, alert=alert.id)


def test_every_move_by_a_person_names_him(desk):
    alert = desk.seen(window=60.0)
    [move] = desk.do(Confirm, alert=alert.id, who=LEE)
    assert (move.who, move.by, move.event) == (Who.OPERATOR, "Lee", Event.CONFIRM)
