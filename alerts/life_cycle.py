"""The life of an alert as a table: its states, what moves it, and who may.

Safe failure is a row: a pending alert that nobody answers *sounds* when its window ends. What is
not in the table is refused. Beside the table only details narrow it further (a hold is given once,
a second person is not the first), never widen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final


class State(Enum):
    """Where an alert stands."""

    DETECTED = "detected"
    """Something was seen, not yet long or often enough."""
    PENDING = "pending"
    """A window runs: a person may decide before it ends."""
    HELD = "held"
    """Somebody asked for more time, once."""
    AIRING = "airing"
    """The warning repeats without a break."""
    SUSTAINED = "sustained"
    """The warning repeats, spaced."""
    CLEAR_PROPOSED = "clear_proposed"
    """It repeats, spaced, and a person is asked for the all-clear."""
    CLEARING = "clearing"
    """The all-clear is being spoken."""
    CORRECTING = "correcting"
    """The correction of a false alarm is being spoken."""
    CLOSED = "closed"
    DROPPED = "dropped"
    """The signal was lost before it had lasted, or withdrawn before it sounded."""
    REJECTED = "rejected"
    """A person said it is none; stronger evidence opens it again."""
    EXPIRED_UNAIRED = "expired_unaired"
    """Nobody answered, and its rule says that it then doesn't sound."""


UNHEARD: Final = frozenset({State.DETECTED, State.PENDING, State.HELD})
"""Not decided yet: nothing sounds."""
WARNING: Final = frozenset({State.AIRING, State.SUSTAINED, State.CLEAR_PROPOSED})
"""Its warning sounds."""
ENDING: Final = frozenset({State.CLEARING, State.CORRECTING})
"""Its last word sounds."""
SOUNDING: Final = WARNING | ENDING
"""Its zones are claimed."""
LIVING: Final = UNHEARD | SOUNDING
ENDED: Final = frozenset(State) - LIVING
FINAL: Final = ENDED - {State.REJECTED}
"""No move leads out of these."""


class Who(Enum):
    """Who can cause a move."""

    ENGINE = "engine"
    """Rules, windows and limits."""
    OPERATOR = "operator"
    SOURCE = "source"
    """The authority that sent the alert, by an update or a cancel of it."""
    HEALTH = "health"
    RECOVERY = "recovery"
    """Control, come back after a restart."""


class Event(Enum):
    """What moves an alert. An operator's events are the acts a screen can offer."""

    DETECT = "detect"
    """Something passed the gate and has not lasted yet."""
    ASK = "ask"
    """It lasted; its rule gives people a window."""
    AIR = "air"
    """It lasted, and sounds at once."""
    LOSE = "lose"
    """The signal went before it had lasted, or its source withdrew it before it sounded."""
    RAISE = "raise"
    RAISE_FOR_SECOND = "raise for a second person"
    CONFIRM = "confirm"
    BREAK_GLASS = "break-glass"
    REJECT = "reject"
    HOLD = "hold"
    TIME_OUT_AIR = "window over, sounds"
    TIME_OUT_DROP = "window over, dropped"
    ASK_AGAIN = "ask again"
    """What a person ended goes on."""
    ESCALATE = "escalate"
    ASK_TO_ESCALATE = "ask to escalate"
    """Stronger evidence, whose rule gives people a window first."""
    REJECT_ESCALATION = "reject escalation"
    DROP_ESCALATION = "escalation dropped"
    STRENGTHEN = "strengthen"
    """More evidence or zones of the same strength."""
    REOPEN = "reopen"
    """Evidence is back while an all-clear nobody gave is spoken."""
    TIME = "time"
    """How long the message is became known."""
    SETTLE = "settle"
    """The first cycles are over."""
    OVERRIDE = "override"
    """Which zones are lost to something higher."""
    DEGRADE = "degrade"
    """Which zones have a fault."""
    SOUND = "sound"
    """Which zones heard any of it."""
    CONFLICT = "conflict"
    """In which zones another warning sends people the other way."""
    QUIET = "quiet"
    """Evidence ended where no all-clear can follow from it."""
    LOSE_SENSOR = "lose sensor"
    """Never an all-clear."""
    PROPOSE_CLEAR = "propose all-clear"
    BLOCK_PROPOSAL = "proposal blocked"
    """A limit is over, but evidence is still above its threshold."""
    RECONFIRM = "reconfirm"
    """It goes on: the answer no to an all-clear, and a new hard limit."""
    ALL_CLEAR = "all-clear"
    UPDATE = "update"
    CORRECT = "correct"
    STEP_DOWN = "step-down"
    ADD_ZONES = "add-zones"
    SPOKEN = "ending spoken"
    MERGE = "merge"
    """Became part of an equal warning of its hazard."""
    ABSORB = "absorb"
    """Took in an equal warning of its hazard."""
    CALL = "call"
    """The next person is called."""
    ACKNOWLEDGE = "acknowledge"
    RESTART = "restart"


class OnTimeout(Enum):
    """What becomes of a window nobody answered in."""

    AIR = "air"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Row:
    """One move: where it leads (None: the state stays) and who may cause it."""

    to: State | None
    who: frozenset[Who]


_S, _E = State, Event
_ENGINE = frozenset({Who.ENGINE})
_OPERATOR = frozenset({Who.OPERATOR})
_SOURCE = frozenset({Who.SOURCE})
_HEALTH = frozenset({Who.HEALTH})
_BEFORE = (None,)
_ASKED = (_S.PENDING, _S.HELD)
_ON = (_S.AIRING, _S.SUSTAINED)
_PROPOSED = (_S.CLEAR_PROPOSED,)
_LAST_WORD = (_S.CLEARING, _S.CORRECTING)
_HEARD = (*_ON, *_PROPOSED, *_LAST_WORD)
_ALIVE = (_S.DETECTED, *_ASKED, *_HEARD)
_ASK_ANEW = (_S.CLOSED, _S.EXPIRED_UNAIRED)

# From which states, by what, to which state, by whom.
_ROWS: tuple[tuple[tuple[State | None, ...], Event, State | None, frozenset[Who]], ...] = (
    # How it begins.
    (_BEFORE, _E.DETECT, _S.DETECTED, _ENGINE),
    ((None, _S.DETECTED), _E.ASK, _S.PENDING, _ENGINE),
    ((None, _S.DETECTED), _E.AIR, _S.AIRING, _ENGINE),
    ((_S.DETECTED,), _E.LOSE, _S.DROPPED, _ENGINE),
    (_ASKED, _E.LOSE, _S.DROPPED, _SOURCE),
    (_BEFORE, _E.RAISE, _S.AIRING, _OPERATOR),
    (_BEFORE, _E.RAISE_FOR_SECOND, _S.PENDING, _OPERATOR),
    # The window, and what people make of it.
    (_ASKED, _E.CONFIRM, _S.AIRING, _OPERATOR),
    ((_S.PENDING,), _E.BREAK_GLASS, _S.AIRING, _OPERATOR),
    (_BEFORE, _E.BREAK_GLASS, _S.AIRING, _OPERATOR),
    (_ASKED, _E.REJECT, _S.REJECTED, _OPERATOR),
    ((_S.PENDING,), _E.HOLD, _S.HELD, _OPERATOR),
    (_ASKED, _E.TIME_OUT_AIR, _S.AIRING, _ENGINE),
    (_ASKED, _E.TIME_OUT_DROP, _S.EXPIRED_UNAIRED, _ENGINE),
    ((None, _S.REJECTED), _E.ASK_AGAIN, _S.PENDING, _ENGINE),
    (_ASK_ANEW, _E.ASK_AGAIN, None, _ENGINE),
    # Escalation: never blocked.
    ((*_ALIVE, _S.REJECTED), _E.ESCALATE, _S.AIRING, _ENGINE | _OPERATOR),
    ((*_ASKED, *_HEARD), _E.ASK_TO_ESCALATE, None, _ENGINE),
    (_HEARD, _E.REJECT_ESCALATION, None, _OPERATOR),
    ((*_ASKED, *_HEARD), _E.DROP_ESCALATION, None, _ENGINE),
    ((*_ASKED, *_ON, *_LAST_WORD), _E.STRENGTHEN, None, _ENGINE),
    ((_S.REJECTED, *_ASK_ANEW), _E.STRENGTHEN, None, _ENGINE),
    (_PROPOSED, _E.STRENGTHEN, _S.SUSTAINED, _ENGINE),
    ((_S.CLEARING,), _E.REOPEN, _S.AIRING, _ENGINE),
    # While it sounds.
    ((_S.AIRING,), _E.TIME, None, _ENGINE),
    ((_S.AIRING,), _E.SETTLE, _S.SUSTAINED, _ENGINE),
    (_HEARD, _E.OVERRIDE, None, _ENGINE),
    (_HEARD, _E.DEGRADE, None, _HEALTH),
    (_HEARD, _E.SOUND, None, _ENGINE),
    (_HEARD, _E.CONFLICT, None, _ENGINE),
    ((*_ASKED, *_ON), _E.ADD_ZONES, None, _OPERATOR),
    (_PROPOSED, _E.ADD_ZONES, _S.SUSTAINED, _OPERATOR),
    ((*_ON, *_PROPOSED), _E.UPDATE, _S.AIRING, _SOURCE),
    ((*_ON, *_PROPOSED), _E.STEP_DOWN, _S.AIRING, _OPERATOR),
    ((*_ON, *_PROPOSED), _E.MERGE, _S.CLOSED, _ENGINE),
    (_ON, _E.ABSORB, None, _ENGINE),
    (_PROPOSED, _E.ABSORB, _S.SUSTAINED, _ENGINE),
    (_ALIVE, _E.LOSE_SENSOR, None, _ENGINE),
    # How it ends: never silently.
    ((*_ASKED, *_HEARD, _S.REJECTED, *_ASK_ANEW), _E.QUIET, None, _ENGINE | _SOURCE),
    (_ON, _E.PROPOSE_CLEAR, _S.CLEAR_PROPOSED, _ENGINE | _SOURCE),
    (_ON, _E.BLOCK_PROPOSAL, None, _ENGINE | _SOURCE),
    (_ON, _E.RECONFIRM, None, _OPERATOR),
    (_PROPOSED, _E.RECONFIRM, _S.SUSTAINED, _OPERATOR),
    (_ON, _E.ALL_CLEAR, _S.CLEARING, _OPERATOR | _ENGINE),
    (_PROPOSED, _E.ALL_CLEAR, _S.CLEARING, _OPERATOR),
    ((*_ON, *_PROPOSED), _E.CORRECT, _S.CORRECTING, _OPERATOR),
    (_LAST_WORD, _E.SPOKEN, _S.CLOSED, _ENGINE),
    ((*_ON, *_PROPOSED), _E.SPOKEN, None, _ENGINE),
    # People, and restarts.
    (_ALIVE, _E.CALL, None, _ENGINE),
    (_ALIVE, _E.ACKNOWLEDGE, None, _OPERATOR),
    (_ALIVE, _E.RESTART, None, frozenset({Who.RECOVERY})),
)


def _table() -> Mapping[tuple[State | None, Event], Row]:
    table: dict[tuple[State | None, Event], Row] = {}
    for states, event, to, who in _ROWS:
        for state in states:
            if (state, event) in table:
                raise ValueError(f"two rows for {event.value!r} in {state}")
            table[state, event] = Row(to, who)
    return MappingProxyType(table)


MOVES: Final = _table()
"""Every move there is: (state, event) to its row. The state None is an alert not there yet."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds (and counts) that bound the life of an alert."""

    second_wait: float = 30.0
    """How long the second person has; then the warning sounds (SAFETY E1)."""
    longest_hold: float = 120.0
    hard_limit: float = 4 * 3600.0
    """After so long an all-clear is proposed, never given."""
    asks_again: float = 300.0
    """After a person ended what goes on (SAFETY C4)."""
    asked_window: float = 60.0
    """The window of such a question when its rule has none."""
    cycles: int = 3
    """So many without a break, then spaced."""
    spoken: int = 2
    """How many times a last word is spoken."""
    calls_every: float = 60.0
    """Until somebody acknowledges, the next person is called."""
    proposal_calls_every: float = 300.0
    after_acknowledged: float = 900.0
    """An acknowledged proposal that is still not answered calls again."""
    evidence_every: float = 10.0
    """New words about known evidence are recorded no more often."""
    self_test: float = 1.0
    """A self-test not heard by then has failed (SAFETY I4)."""
