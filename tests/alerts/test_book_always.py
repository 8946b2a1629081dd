"""What holds for the book of alerts whatever people, rules, sources and time do to it."""

import json
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.alert import LastWord, Move
from alerts.book import Book
from alerts.commands import (
    Acknowledge,
    AddZones,
    AllClear,
    BreakGlass,
    Cancelled,
    Confirm,
    Correct,
    Detected,
    EndExercise,
    Escalate,
    Hold,
    Person,
    Quieted,
    Raise,
    Reconfirm,
    Reject,
    SensorLost,
    StartExercise,
    StepDown,
    Stop,
    Updated,
)
from alerts.exercise import ExerciseState
from alerts.hazard import Level
from alerts.life_cycle import (
    ENDED,
    ENDING,
    FINAL,
    MOVES,
    SOUNDING,
    WARNING,
    Event,
    OnTimeout,
    State,
    Who,
)
from alerts.moving import AlertRefusedError, may
from alerts.record import facts, recover, subject
from tests.alerts.few_messages import BEGIN, FIRE, FLOOD, MESSAGES, A, B, C, D

# Sixty-fourths of a second are whole microseconds and exact in both kinds of number.
SECONDS = st.integers(0, 64 * 400).map(lambda n: n / 64)
ZONES = st.lists(st.sampled_from([A, B, C, D]), min_size=1, max_size=3, unique=True).map(tuple)
LEVELS = st.sampled_from(Level)
PEOPLE = st.sampled_from([Person("Kim"), Person("Lee")])
INCIDENTS = st.sampled_from(["i1", "i2", "i3"])
WARNINGS = st.sampled_from(["flood-close", "flood-leave", "flood-evacuate", "fire-evacuate"])
SEEN = ["sounded", "overridden", "degraded", "conflicting"]
OFFERED = {
    "confirm": Confirm,
    "break-glass": BreakGlass,
    "reject": Reject,
    "hold": Hold,
    "correct": Correct,
    "all-clear": AllClear,
    "reconfirm": Reconfirm,
    "acknowledge": Acknowledge,
}
REASONS = st.sampled_from(["", "seen by eye"])
SIMPLE = [Acknowledge, BreakGlass, Confirm, Correct, Reconfirm, Reject, Stop]

_PEOPLE_END = {Event.CORRECT, Event.ALL_CLEAR}


class AnyLife(RuleBasedStateMachine):
    """Random commands and time; every move is recorded, and the record always makes the book."""

    def __init__(self):
        super().__init__()
        self.book = Book(MESSAGES)
        self.now, self.count = 1000.0, 0
        self.rows = {}

    @property
    def utc(self):
        return BEGIN + timedelta(seconds=self.now - 1000.0)

    @initialize()
    def begin(self):
        self.deadline = None

    # --- what happens ---

    def take(self, moves):
        for move in moves:
            row = facts(move, self.now, self.utc, self.book.kept_open)
            # The newest of each is all that a recovery reads.
            self.rows[subject(move)] = json.loads(json.dumps(row))
            self.check(move)

    def give(self, kind, who, **fields):
        self.count += 1
        command = kind(key=f"key {self.count}", who=who, **fields)
        lives = self.book.alerts
        moves, refusal = self.tried(command)
        self.take(moves)
        if refusal is not None:
            assert len(refusal) > 10
            assert self.tried(command) == ((), refusal), "the same key, the same answer"
            return
        answer = self.book.answer(command.key)
        assert answer is not None
        assert self.book.handle(command, self.now, self.utc) == ()
        assert self.book.answer(command.key) == answer
        if isinstance(command, StartExercise | EndExercise):
            assert self.book.alerts == lives, "an exercise never changes a live alert"

    def tried(self, command):
        try:
            return self.book.handle(command, self.now, self.utc), None
        except AlertRefusedError as refusal:
            return refusal.moves, str(refusal)

    def some_alert(self, data):
        alerts = self.book.alerts
        return data.draw(st.sampled_from(alerts)).id if alerts else "none"

    @rule(who=PEOPLE, zones=ZONES, message=WARNINGS, glass=st.booleans(), reason=REASONS)
    def raise_by_hand(self, who, zones, message, glass, reason):
        self.give(Raise, who, zones=zones, message=message, break_glass=glass, reason=reason)

    @rule(
        seen=st.fixed_dictionaries(
            {
                "incident": INCIDENTS,
                "level": LEVELS,
                "zones": ZONES,
                "hazard": st.sampled_from([FLOOD, FIRE]),
                "window": st.sampled_from([0.0, 60.0]),
                "on_timeout": st.sampled_from(OnTimeout),
                "has_lasted": st.sampled_from([True, True, True, False]),
                "needs_person_to_clear": st.booleans(),
                "expires_in": st.sampled_from([None, None, 30.0, 900.0]),
                "evidence": st.sampled_from([(), ("a",), ("a", "b")]),
            }
        )
    )
    def detect(self, seen):
        self.give(Detected, Person("rule one"), rule="one", **seen)

    @rule(incident=INCIDENTS, kind=st.sampled_from([Quieted, SensorLost, Cancelled]))
    def hear_of(self, incident, kind):
        self.give(kind, Person("rule one"), incident=incident)

    @rule(incident=INCIDENTS, level=LEVELS)
    def update(self, incident, level):
        self.give(Updated, Person("KMA"), incident=incident, level=level)

    @rule(data=st.data(), kind=st.sampled_from(SIMPLE), who=PEOPLE, reason=REASONS)
    def act(self, data, kind, who, reason):
        self.give(kind, who, alert=self.some_alert(data), reason=reason)

    @rule(data=st.data(), who=PEOPLE)
    def act_as_offered(self, data, who):
        """What a screen offers: refused only when it lacks a level, or a second person."""
        offers = [(a, act) for a in self.book.living for act in may(a) if act in OFFERED]
        if offers:
            alert, act = data.draw(st.sampled_from(offers))
            self.give(OFFERED[act], who, alert=alert.id, reason="seen by eye")

    @rule(data=st.data(), who=PEOPLE, seconds=st.sampled_from([30.0, 120.0, 200.0]))
    def hold(self, data, who, seconds):
        self.give(Hold, who, alert=self.some_alert(data), seconds=seconds)

    @rule(data=st.data(), who=PEOPLE, kind=st.sampled_from([Escalate, StepDown]), level=LEVELS)
    def change_level(self, data, who, kind, level):
        self.give(kind, who, alert=self.some_alert(data), level=level)

    @rule(data=st.data(), who=PEOPLE, zones=ZONES)
    def add_zones(self, data, who, zones):
        self.give(AddZones, who, alert=self.some_alert(data), zones=zones)

    @rule(data=st.data(), who=PEOPLE, word=st.sampled_from(LastWord), reason=REASONS)
    def all_clear(self, data, who, word, reason):
        self.give(AllClear, who, alert=self.some_alert(data), word=word, reason=reason)

    @rule(who=PEOPLE, zones=ZONES)
    def start_exercise(self, who, zones):
        self.give(StartExercise, who, message="exercise", zones=zones)

    @rule(data=st.data(), who=PEOPLE)
    def end_exercise(self, data, who):
        if self.book.exercises:
            name = data.draw(st.sampled_from(self.book.exercises)).id
            self.give(EndExercise, who, exercise=name)

    @rule(data=st.data())
    def spoken(self, data):
        names = [alert.id for alert in self.book.alerts] + [e.id for e in self.book.exercises]
        if names:
            name = data.draw(st.sampled_from(names))
            self.take(self.book.spoken(name, self.now, self.utc))

    @rule(data=st.data(), zones=ZONES, seen=st.sampled_from(SEEN))
    def observe(self, data, zones, seen):
        name = self.some_alert(data)
        self.take(self.book.observed(name, self.now, self.utc, **{seen: zones}))

    @rule(data=st.data())
    def time(self, data):
        self.take(self.book.timed(self.some_alert(data), 20.0, self.now, self.utc))

    @rule(seconds=SECONDS)
    def pass_time(self, seconds):
        self.now += seconds
        self.take(self.book.expire(self.now, self.utc))
        due = self.book.deadline()
        assert due is None or due > self.now
        assert self.book.expire(self.now, self.utc) == (), "twice is once"
        assert self.book.expire(self.now - 500, self.utc) == (), "time goes forward only"

    @rule()
    def pass_to_deadline(self):
        due = self.book.deadline()
        if due is not None and due > self.now:
            self.take(self.book.expire(due - 1 / 64, self.utc))
            self.now = due
            moves = self.book.expire(self.now, self.utc)
            assert moves, "the deadline is exact"
            self.take(moves)

    @rule()
    def restart(self):
        """Control dies; what it recorded goes on."""
        found = recover(self.rows.values(), self.now, self.utc, MESSAGES)
        assert found.problems == ()
        self.book = found.book
        self.take(self.book.restarted(self.now, self.utc))

    # --- what always holds ---

    def check(self, move):
        if not isinstance(move, Move):
            return
        earlier = move.before
        before = None if earlier is None else earlier.state
        row = MOVES[before, move.event]
        assert move.who in row.who
        assert move.after.state is (row.to or before)
        assert move.after.revision == (earlier.revision if earlier else 0) + 1
        if before is not None:
            assert before not in FINAL or row.to is None
        if before in SOUNDING and move.after.state in ENDED:
            merged = move.after.merged_into
            assert merged or before in ENDING, "nothing ends unspoken"
        if move.event in _PEOPLE_END and move.who is Who.ENGINE:
            assert move.after.level is Level.CAUTION, "above caution only a person"
        if earlier is not None and move.after.restarts > earlier.restarts:
            higher = move.after.content.rank > earlier.content.rank
            assert higher or move.event is Event.UPDATE

    @invariant()
    def the_record_is_the_book(self):
        found = recover(self.rows.values(), self.now, self.utc, MESSAGES)
        assert found.problems == ()
        assert found.book.alerts == self.book.alerts
        assert found.book.exercises == self.book.exercises
        assert found.book.deadline() == self.book.deadline()
        assert found.book.kept_open == self.book.kept_open

    @invariant()
    def one_living_alert_an_incident(self):
        living = [incident for alert in self.book.living for incident in alert.incidents]
        assert len(living) == len(set(living))

    @invariant()
    def equal_warnings_of_a_hazard_are_one(self):
        warnings = [a for a in self.book.living if a.state in WARNING and a.parting is None]
        for one in warnings:
            for other in warnings:
                if one.id < other.id and one.hazard == other.hazard:
                    equal = one.content.rank == other.content.rank
                    assert not (equal and set(one.zones) & set(other.zones))

    @invariant()
    def what_lives_can_be_ended_and_what_ended_says_how(self):
        for alert in self.book.alerts:
            if alert.state in (State.PENDING, State.HELD):
                assert alert.window is not None, "no window, no end of waiting"
                assert "reject" in may(alert)
            if alert.state in WARNING:
                assert {"correct", "all-clear"} <= set(may(alert))
                assert alert.limit is not None
            if alert.state in ENDED:
                assert alert.window is None
                assert alert.parting is None
                assert alert.last.reason or alert.last.event is not Event.REJECT

    @invariant()
    def nothing_real_sounds_beside_an_exercise(self):
        if any(alert.sounds for alert in self.book.living):
            running = [e for e in self.book.exercises if e.state is ExerciseState.RUNNING]
            assert running == []


AnyLife.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestAnyLife = AnyLife.TestCase
