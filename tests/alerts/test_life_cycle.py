"""The table of moves: every row that is wanted, and nothing but the table."""

import itertools
from dataclasses import replace

import pytest

from alerts.alert import Alert, AlertId, Content, Instant, Origin, Purpose, Window
from alerts.hazard import Level, Response
from alerts.life_cycle import (
    ENDED,
    ENDING,
    FINAL,
    LIVING,
    MOVES,
    SOUNDING,
    WARNING,
    Event,
    State,
    Who,
)
from alerts.moving import ACTS, AlertRefusedError, Cause, begun, may, moved
from alerts.spoken import MessageId
from tests.alerts.few_messages import BEGIN, FLOOD, A
from zones.bus import ZoneId

AT = Instant(1000.0, BEGIN)
S, E, W = State, Event, Who

# The rows a duty officer would name: from, event, to, who; None for a state that stays.
WANTED = [
    (None, E.DETECT, S.DETECTED, W.ENGINE),
    (S.DETECTED, E.ASK, S.PENDING, W.ENGINE),
    (S.DETECTED, E.AIR, S.AIRING, W.ENGINE),
    (S.DETECTED, E.LOSE, S.DROPPED, W.ENGINE),
    (S.PENDING, E.CONFIRM, S.AIRING, W.OPERATOR),
    (S.PENDING, E.TIME_OUT_AIR, S.AIRING, W.ENGINE),
    (S.PENDING, E.TIME_OUT_DROP, S.EXPIRED_UNAIRED, W.ENGINE),
    (S.PENDING, E.REJECT, S.REJECTED, W.OPERATOR),
    (S.PENDING, E.HOLD, S.HELD, W.OPERATOR),
    (S.HELD, E.TIME_OUT_AIR, S.AIRING, W.ENGINE),
    (S.HELD, E.CONFIRM, S.AIRING, W.OPERATOR),
    (S.HELD, E.REJECT, S.REJECTED, W.OPERATOR),
    (S.PENDING, E.ESCALATE, S.AIRING, W.ENGINE),
    (S.HELD, E.ESCALATE, S.AIRING, W.ENGINE),
    (S.REJECTED, E.ESCALATE, S.AIRING, W.ENGINE),
    (S.SUSTAINED, E.ESCALATE, S.AIRING, W.ENGINE),
    (S.CLEAR_PROPOSED, E.ESCALATE, S.AIRING, W.ENGINE),
    (S.CLEARING, E.ESCALATE, S.AIRING, W.ENGINE),
    (S.CORRECTING, E.ESCALATE, S.AIRING, W.ENGINE),
    (S.SUSTAINED, E.ESCALATE, S.AIRING, W.OPERATOR),
    (S.AIRING, E.SETTLE, S.SUSTAINED, W.ENGINE),
    (S.AIRING, E.OVERRIDE, None, W.ENGINE),
    (S.SUSTAINED, E.DEGRADE, None, W.HEALTH),
    (S.AIRING, E.PROPOSE_CLEAR, S.CLEAR_PROPOSED, W.ENGINE),
    (S.SUSTAINED, E.PROPOSE_CLEAR, S.CLEAR_PROPOSED, W.SOURCE),
    (S.CLEAR_PROPOSED, E.ALL_CLEAR, S.CLEARING, W.OPERATOR),
    (S.CLEAR_PROPOSED, E.RECONFIRM, S.SUSTAINED, W.OPERATOR),
    (S.SUSTAINED, E.ALL_CLEAR, S.CLEARING, W.ENGINE),
    (S.SUSTAINED, E.UPDATE, S.AIRING, W.SOURCE),
    (S.AIRING, E.CORRECT, S.CORRECTING, W.OPERATOR),
    (S.CORRECTING, E.SPOKEN, S.CLOSED, W.ENGINE),
    (S.CLEARING, E.SPOKEN, S.CLOSED, W.ENGINE),
    (S.SUSTAINED, E.RESTART, None, W.RECOVERY),
    (S.REJECTED, E.ASK_AGAIN, S.PENDING, W.ENGINE),
    (S.SUSTAINED, E.STEP_DOWN, S.AIRING, W.OPERATOR),
]

REFUSED = [
    (S.CLEAR_PROPOSED, E.ALL_CLEAR, W.ENGINE, "only a person answers a proposal"),
    (S.CLEAR_PROPOSED, E.ALL_CLEAR, W.SOURCE, "a cancel only proposes"),
    (S.SUSTAINED, E.ALL_CLEAR, W.SOURCE, "a cancel only proposes"),
    (S.SUSTAINED, E.CORRECT, W.ENGINE, "only a person takes a warning back"),
    (S.PENDING, E.REJECT, W.ENGINE, "the engine rejects nothing"),
    (S.HELD, E.HOLD, W.OPERATOR, "a hold is given once"),
    (S.PENDING, E.ALL_CLEAR, W.OPERATOR, "what has not sounded is rejected"),
    (S.AIRING, E.REJECT, W.OPERATOR, "what sounds is corrected or cleared"),
    (S.AIRING, E.SPOKEN, W.OPERATOR, "only the ear of composition says what was spoken"),
]


def alert(state):
    """An alert in a state, with what belongs to it there."""
    waits = state in (S.PENDING, S.HELD)
    return Alert(
        id=AlertId("a1"),
        order=1,
        hazard=FLOOD,
        content=Content(MessageId("flood-leave"), Level.WARNING, Response.AVOID),
        zones=(ZoneId(A),),
        state=state,
        origin=Origin("rule", True, BEGIN),
        window=Window(Purpose.CONFIRM, 60, AT.after(60)) if waits else None,
    )


@pytest.mark.parametrize(("before", "event", "to", "who"), WANTED)
def test_the_wanted_rows_are_there(before, event, to, who):
    row = MOVES[before, event]
    assert row.to is to
    assert who in row.who


@pytest.mark.parametrize(("state", "event", "who", "why"), REFUSED)
def test_what_must_not_happen_is_no_row(state, event, who, why):
    with pytest.raises(AlertRefusedError):
        moved(alert(state), event, Cause(who, "somebody"), AT)


@pytest.mark.parametrize("state", State)
def test_every_event_by_everybody_moves_as_the_table_says_or_is_refused(state):
    for event, who in itertools.product(Event, Who):
        row = MOVES.get((state, event))
        before = alert(state)
        if row is None or who not in row.who:
            with pytest.raises(AlertRefusedError) as refused:
                moved(before, event, Cause(who, "Kim"), AT)
            said = str(refused.value)
            assert state.value.replace("_", " ") in said
            assert all(act in said for act in may(before))
            continue
        after = moved(before, event, Cause(who, "Kim", "k", "why"), AT)
        assert after.state is (row.to or state)
        assert after.revision == before.revision + 1
        assert (after.last.event, after.last.by, after.last.key) == (event, "Kim", "k")
        if after.state in ENDED:
            assert (after.window, after.rise, after.limit, after.parting) == (None,) * 4


@pytest.mark.parametrize("event", Event)
def test_an_alert_begins_only_as_the_table_says(event):
    row = MOVES.get((None, event))
    for state, who in itertools.product(State, Who):
        if row and row.to is state and who in row.who:
            assert begun(alert(state), event, Cause(who, "Kim"), AT).revision == 1
        elif row:
            with pytest.raises(ValueError, match="no alert begins"):
                begun(alert(state), event, Cause(who, "Kim"), AT)


def test_no_move_leads_out_of_an_end():
    for (state, _), row in MOVES.items():
        if state in FINAL:
            assert row.to is None


def test_sound_ends_only_by_a_last_word_or_in_an_equal_warning():
    ways = {
        event
        for (state, event), row in MOVES.items()
        if state in SOUNDING and row.to is not None and row.to not in SOUNDING
    }
    assert ways == {E.SPOKEN, E.MERGE}
    assert all(
        MOVES[state, E.SPOKEN].to is (S.CLOSED if state in ENDING else None) for state in SOUNDING
    )


def test_what_waits_ends_in_sound_unless_a_named_cause_says_otherwise():
    ways = {
        (event, who)
        for (state, event), row in MOVES.items()
        if state in (S.PENDING, S.HELD) and row.to in ENDED
        for who in row.who
    }
    assert ways == {
        (E.REJECT, W.OPERATOR),
        (E.TIME_OUT_DROP, W.ENGINE),
        (E.LOSE, W.SOURCE),
    }


def test_escalation_is_possible_wherever_an_alert_lives():
    assert all((state, E.ESCALATE) in MOVES for state in LIVING | {S.REJECTED})


def test_the_states_are_twelve_and_each_is_of_one_kind():
    assert len(State) == 12
    assert set(State) == LIVING | ENDED
    assert not LIVING & ENDED
    assert SOUNDING == WARNING | ENDING


def test_acts_are_what_an_operator_may_cause():
    begins = {E.RAISE, E.RAISE_FOR_SECOND, E.REJECT_ESCALATION}
    by_people = {event for (_, event), row in MOVES.items() if W.OPERATOR in row.who}
    assert by_people - begins == set(ACTS)


@pytest.mark.parametrize("state", State)
def test_what_a_screen_offers_is_never_refused_by_the_table(state):
    here = alert(state)
    for event, name in ACTS.items():
        if name in may(here):
            moved(here, event, Cause(W.OPERATOR, "Kim"), AT)


def test_a_screen_offers_what_the_alert_allows():
    assert may(alert(S.PENDING)) == ("confirm", "reject", "hold", "escalate", "add-zones")
    assert may(replace(alert(S.PENDING), was_held=True)) == (
        "confirm",
        "reject",
        "escalate",
        "add-zones",
    )
    assert may(alert(S.SUSTAINED)) == (
        "escalate",
        "add-zones",
        "step-down",
        "correct",
        "all-clear",
        "reconfirm",
    )
    assert may(alert(S.CORRECTING)) == ("escalate",)
    assert may(alert(S.CLOSED)) == ()
