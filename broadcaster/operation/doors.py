"""The doors of a simulated station: what waits for control, and how far their clock is right. Pure.

As in life, what came while control was away waits for as long as it takes, and a new control is
handed once more what the one before took in its last two minutes.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from alerts.detection import Admitted
from broadcaster.doors.lanes import Lately

DOUBTED_FOR_S: Final = 600.0
"""A step of the wall clock is doubted for so long; then it is taken for right."""
STEP_S: Final = 2.0
BELIEVED_S: Final = 120.0
"""A signature is believed while its time differs from ours by no more."""


class Doors:
    """Moments are monotonic seconds."""

    def __init__(self) -> None:
        self._lately = Lately()
        self._waiting: list[Admitted] = []
        self._wall_s = 0.0
        self._offset_s = 0.0
        self.settles_at: float | None = None
        """When a step that stays is taken for right; None while no step is doubted."""

    # --- events ---

    def keep(self, events: Iterable[Admitted]) -> None:
        """Let events wait: control is away."""
        self._waiting += events

    def took(self, events: Iterable[Admitted], now: float) -> None:
        """Note what control was handed."""
        self._lately.took(events, now)

    def lost(self, now: float) -> None:
        """Control died."""
        self._lately.lost(now)

    def hand_over(self, now: float) -> tuple[Admitted, ...]:
        """What a new control gets."""
        events = (*self._lately.again(), *self._waiting)
        self._waiting.clear()
        self._lately.took(events, now)
        return events

    # --- the clock ---

    @property
    def error(self) -> timedelta:
        """How far their clock is ahead of what every other clock says."""
        return timedelta(seconds=self._offset_s)

    @property
    def doubt(self) -> str:
        """Why our clock is in doubt, empty if it isn't."""
        return "" if self.settles_at is None else "our clock was stepped"

    @property
    def is_suspect(self) -> bool:
        """Whether signatures do not fit our clock, and many agree that it is the one at fault."""
        return abs(self._offset_s) > BELIEVED_S

    def step(self, offset_s: float, now: float) -> None:
        """The wall clock is so far ahead of the others now."""
        self._wall_s = offset_s
        is_off = abs(offset_s - self._offset_s) > STEP_S
        self.settles_at = (self.settles_at or now + DOUBTED_FOR_S) if is_off else None

    def settle(self) -> None:
        """Take the wall clock for right."""
        self._offset_s, self.settles_at = self._wall_s, None
