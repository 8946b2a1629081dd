"""One thing that may be wrong: how many looks, over how long, until it is believed.

Pure. A condition is raised after enough bad looks in a row and recovers after enough good ones, so
that a lost packet or a value at its limit does not ring anybody out of bed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from firmware_profiles.fault_kind import Character

CONFIRM_AFTER: Final = 0.8
"""Seconds until a suspicion is looked at again."""
TRAP_HOLDS: Final = 30.0
"""Seconds for which a trap speaks for what a poll then finds."""
FLAPS: Final = 4
FLAP_SPAN: Final = 600.0
"""Raised so often within so many seconds it flaps, and recovers only after as long in order."""


class State(Enum):
    """How a condition stands."""

    UNKNOWN = "unknown"
    OK = "ok"
    PENDING = "pending"
    FAULT = "fault"
    CLEARING = "clearing"


@dataclass(slots=True)
class Condition:
    """The state of one kind of fault in one place. Times are monotonic seconds."""

    character: Character
    state: State = State.UNKNOWN
    text: str = ""
    """What was last seen of it, for people."""
    by: str = ""
    """Which witness saw it last."""
    seen_at: float | None = None
    _looks: int = 0
    _since: float = 0.0
    _trap_at: float | None = None
    _raised_at: deque[float] = field(default_factory=lambda: deque(maxlen=FLAPS))

    @property
    def is_raised(self) -> bool:
        """Whether it is believed to be there."""
        return self.state in {State.FAULT, State.CLEARING}

    def is_flapping(self, now: float) -> bool:
        """Whether it comes and goes too often to be believed gone."""
        return len(self._raised_at) == FLAPS and now - self._raised_at[0] < FLAP_SPAN

    def announce(self, now: float) -> None:
        """A trap was about this; alone it changes nothing."""
        self._trap_at = now

    def assume(self, now: float, text: str) -> None:
        """It was there before a restart: believed until a look says otherwise."""
        self.state, self.text, self._since = State.FAULT, text, now
        self._raised_at.append(now)

    def see(self, is_bad: bool | None, now: float, text: str = "", by: str = "") -> bool:
        """Take one look; True when it has just been raised or has recovered.

        None is a look that could not tell: it changes nothing.
        """
        if is_bad is None:
            return False
        self.seen_at, self.by = now, by
        before = self.is_raised
        if is_bad:
            self.text = text or self.text
            self._see_bad(now)
        else:
            self._see_good(now)
        return before != self.is_raised

    def _see_bad(self, now: float) -> None:
        if self.is_raised:
            self.state = State.FAULT
            return
        if self.state is not State.PENDING:
            self.state, self._looks, self._since = State.PENDING, 0, now
        self._looks += 1
        was_announced = self._trap_at is not None and now - self._trap_at <= TRAP_HOLDS
        is_long = now - self._since >= self.character.raise_after
        if was_announced or (self._looks >= self.character.samples and is_long):
            self.state = State.FAULT
            self._trap_at = None
            self._raised_at.append(now)

    def _see_good(self, now: float) -> None:
        if not self.is_raised:
            self.state = State.OK
            return
        if self.state is State.FAULT:
            self.state, self._looks, self._since = State.CLEARING, 0, now
        self._looks += 1
        span = FLAP_SPAN if self.is_flapping(now) else self.character.clear_after
        if self._looks >= self.character.good and now - self._since >= span:
            self.state = State.OK

    def next_look(self, now: float) -> float | None:
        """When it wants to be looked at out of turn: while it is suspected; None else."""
        if self.state is State.PENDING:
            if self._looks >= self.character.samples:
                return max(now, self._since + self.character.raise_after)
            return (now if self.seen_at is None else self.seen_at) + CONFIRM_AFTER
        return None
