"""Time and the alerts: settled after three cycles, blind to the wall clock, forward only."""

from datetime import timedelta

import pytest

from alerts.alert import Why
from alerts.commands import Confirm, EndExercise, HearSelfTest, RunSelfTest, StartExercise
from alerts.exercise import ExerciseState, SelfTestState
from alerts.hazard import Level
from alerts.life_cycle import State
from alerts.moving import AlertRefusedError
from tests.alerts.few_messages import KIM, A, B, D, Desk


@pytest.fixture
def desk():
    return Desk()


def test_a_warning_is_sustained_after_three_cycles_of_its_own_length(desk):
    alert = desk.raised()
    desk.book.timed(alert.id, 25.0, desk.now, desk.utc)
    desk.wait(74.9)
    assert desk.book.alert(alert.id).state is State.AIRING
    desk.wait(0.1)
    assert desk.book.alert(alert.id).state is State.SUSTAINED
    assert desk.book.timed(alert.id, 25.0, desk.now, desk.utc) == ()


@pytest.mark.parametrize("hours", [-25, -1, 1, 25])
def test_a_step_of_the_wall_clock_inside_a_window_moves_nothing(desk, hours):
    alert = desk.seen(window=60.0)
    desk.wait(30)
    desk.step = timedelta(hours=hours)
    desk.wait(29.9)
    assert desk.book.alert(alert.id).state is State.PENDING
    desk.wait(0.1)
    assert desk.book.alert(alert.id).state is State.AIRING
    desk.wait(3600)
    assert desk.book.alert(alert.id).state is State.SUSTAINED


def test_a_late_look_does_everything_in_order(desk):
    alert = desk.seen(window=60.0)
    desk.now += 100_000
    moves = desk.book.expire(desk.now, desk.utc)
    assert [move.after.state for move in moves][-1] is State.AIRING
    assert desk.book.expire(desk.now, desk.utc) == ()
    assert desk.book.alert(alert.id).limit.now == desk.now + 4 * 3600


def test_what_was_cannot_come_again(desk):
    alert = desk.seen(window=60.0)
    desk.wait(50)
    desk.book.expire(desk.now, desk.utc)
    confirm = Confirm(key="k", who=KIM, alert=alert.id)
    desk.book.handle(confirm, desk.now - 40, desk.utc)
    assert desk.book.alert(alert.id).limit.now == desk.now + 4 * 3600


def test_people_are_called_when_warnings_contradict_each_other_and_only_then(desk):
    alert = desk.raised()
    [move] = desk.book.observed(alert.id, desk.now, desk.utc, conflicting=(A,))
    assert move.called.why is Why.CONFLICT
    assert desk.book.observed(alert.id, desk.now, desk.utc, conflicting=(A,)) == ()
    [move] = desk.book.observed(alert.id, desk.now, desk.utc, conflicting=())
    assert move.called is None


def test_faults_are_flags_and_end_nothing(desk):
    alert = desk.raised(zones=(A, B))
    [move] = desk.book.observed(alert.id, desk.now, desk.utc, degraded=(B, D))
    assert (move.after.degraded, move.after.state) == ((B,), State.AIRING)


def test_nothing_is_seen_of_what_does_not_sound(desk):
    alert = desk.seen(window=60.0)
    assert desk.book.observed(alert.id, desk.now, desk.utc, sounded=(A,)) == ()
    assert desk.book.observed("nobody", desk.now, desk.utc, sounded=(A,)) == ()
    assert desk.book.spoken(alert.id, desk.now, desk.utc) == ()


def test_the_earlier_of_two_windows_is_the_earlier_warning(desk):
    late = desk.seen(window=60.0, zones=(A,))
    early = desk.seen(incident="i2", window=10.0, zones=(B,))
    desk.wait(60)
    orders = [desk.book.alert(alert.id).order for alert in (early, late)]
    assert orders == sorted(orders)


# --- exercises and self-tests ---


def start(desk, **fields):
    fields = {"message": "exercise", "zones": (A, B)} | fields
    [move] = desk.do(StartExercise, **fields)
    return move.after


def exercise(desk, one):
    return next(e for e in desk.book.exercises if e.id == one.id)


def test_an_exercise_ends_by_a_person_or_its_time_and_says_so_first(desk):
    one = start(desk)
    desk.do(EndExercise, exercise=one.id)
    assert exercise(desk, one).state is ExerciseState.ENDING
    desk.book.spoken(one.id, desk.now, desk.utc)
    assert exercise(desk, one).state is ExerciseState.ENDED
    other = start(desk, seconds=300)
    desk.wait(300)
    assert exercise(desk, other).state is ExerciseState.ENDING
    desk.wait(120)
    assert exercise(desk, other).state is ExerciseState.ENDED
    with pytest.raises(AlertRefusedError, match="ended already"):
        desk.do(EndExercise, exercise=other.id)
    with pytest.raises(AlertRefusedError, match="no exercise 'x'"):
        desk.do(EndExercise, exercise="x")


@pytest.mark.parametrize("how", ["by hand", "by a rule", "by a window"])
def test_a_real_alert_ends_every_exercise_in_all_zones(desk, how):
    one, other = start(desk), start(desk, zones=(D,))
    if how == "by hand":
        desk.raised(zones=(A,))
    else:
        desk.detected(window=0.0 if how == "by a rule" else 60.0, zones=(A,))
    if how == "by a window":
        assert exercise(desk, one).state is ExerciseState.RUNNING
        desk.wait(60)
    for practised in (one, other):
        after = exercise(desk, practised)
        assert (after.state, after.is_stopped) == (ExerciseState.ENDING, True)
        assert "real" in after.reason


def test_no_exercise_begins_beside_a_real_alert(desk):
    desk.detected(window=60.0)
    with pytest.raises(AlertRefusedError, match="beside a real alert"):
        start(desk)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"message": "flood-evacuate"}, "no exercise"),
        ({"message": "nothing"}, "no message"),
        ({"zones": ()}, "zone"),
        ({"seconds": 4000.0}, "3600"),
    ],
)
def test_an_exercise_is_never_a_warning(desk, fields, said):
    with pytest.raises(AlertRefusedError, match=said):
        start(desk, **fields)


def test_an_act_on_an_alert_never_finds_an_exercise(desk):
    one = start(desk)
    with pytest.raises(AlertRefusedError, match="no alert"):
        desk.do(Confirm, alert=one.id)


def test_a_self_test_is_heard_within_a_second_or_has_failed(desk):
    [move] = desk.do(RunSelfTest, stream="nobody")
    assert move.after.state is SelfTestState.RUNNING
    [move] = desk.do(HearSelfTest, test=move.after.id, seconds=0.009)
    assert (move.after.state, move.after.seconds) == (SelfTestState.HEARD, 0.009)
    [move] = desk.do(RunSelfTest, stream="nobody")
    desk.wait(1)
    assert desk.book.self_tests[-1].state is SelfTestState.FAILED
    with pytest.raises(AlertRefusedError, match="failed"):
        desk.do(HearSelfTest, test=move.after.id, seconds=2.0)
    assert desk.book.alerts == ()


def test_a_self_test_runs_beside_a_real_alert(desk):
    desk.detected(level=Level.EVACUATE, window=0.0)
    [move] = desk.do(RunSelfTest, stream="nobody")
    assert move.after.state is SelfTestState.RUNNING
