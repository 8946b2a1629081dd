"""The door's clock: wall time that a step of the wall clock does not move (SAFETY C6)."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

STEP_S: Final = 2.0
"""A difference between both clocks that is a step and not drift."""
DOUBTED_FOR_S: Final = 600.0
"""How long after a step our clock is in doubt."""
_STA_UNSYNC: Final = 0x0040
_ERROR: Final = 5  # adjtimex(2): TIME_ERROR


def is_synchronised() -> bool:
    """Whether the kernel's clock is kept by somebody who knows the time (adjtimex(2))."""
    timex = (ctypes.c_char * 512)()  # longer than struct timex everywhere; modes 0 only reads
    try:
        state = ctypes.CDLL(None).adjtimex(timex)
    except (OSError, AttributeError):
        return False
    return 0 <= int(state) < _ERROR


class DoorClock:
    """Wall time anchored to the monotonic clock when the door opened."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        synchronised: Callable[[], bool] = is_synchronised,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._synchronised = synchronised
        self._anchor = wall() - monotonic()
        self._stepped_at: float | None = None
        self._is_synchronised = synchronised()
        self._looked = monotonic()

    def now(self) -> float:
        """Seconds of the Unix epoch."""
        return self._anchor + self._monotonic()

    def utc(self) -> datetime:
        """The same as a time."""
        return datetime.fromtimestamp(self.now(), UTC)

    def behind(self, timestamp: float) -> float:
        """How many seconds ago a timestamp was, by whichever of our two clocks is nearer to it."""
        anchored, wall = self.now() - timestamp, self._wall() - timestamp
        return anchored if abs(anchored) <= abs(wall) else wall

    def doubt(self) -> str:
        """Why our clock is in doubt, empty if it isn't; a step that stays is taken over."""
        now = self._monotonic()
        if now - self._looked >= 1.0:
            self._looked = now
            self._is_synchronised = self._synchronised()
        step = self._wall() - self.now()
        if abs(step) <= STEP_S:
            self._stepped_at = None
        elif self._stepped_at is None:
            self._stepped_at = now
        elif now - self._stepped_at >= DOUBTED_FOR_S:
            self._anchor += step
            self._stepped_at = None
        if self._stepped_at is not None:
            return f"our clock was stepped by {step:+.0f} s"
        return "" if self._is_synchronised else "our clock is not synchronised"
