"""What the readings of one instrument say together: how fast, where to, and whether it lies."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

KEPT_S: Final = 3_600.0
MOST_READINGS: Final = 720
LATE_S: Final = 900.0
"""A reading older by more than this did not come late; its instrument's clock was set back."""
TREND_S: Final = 1_800.0
"""Readings of the last half hour make the trend."""
TREND_READINGS: Final = 3
LEAST_TREND: Final = 0.05
"""A smaller change over the readings of a trend is waves, not a trend."""
FASTEST_PER_S: Final = 0.2 / 60
"""Metres a second; water that seems to rise faster than 0.2 m a minute may be a wrong reading."""
LEAST_JUMP: Final = 0.1
"""Metres; a smaller change between two readings is waves, however short the time."""
FROZEN_S: Final = 1_800.0
MOVES: Final = 0.05
"""How much another instrument must have changed for a still one to be odd."""


class Readings:
    """The last hour of one instrument's readings, in the order of its own clock."""

    def __init__(self) -> None:
        self._readings: deque[tuple[float, float]] = deque(maxlen=MOST_READINGS)
        self._still_since: float | None = None

    def add(self, time: float, value: float) -> bool:
        """Take a reading, `time` in seconds; False if it came late, after a newer one."""
        if self._readings and time <= self._readings[-1][0]:
            if self._readings[-1][0] - time <= LATE_S:
                return False
            # Not late: its clock was set back. What it says from now on is in the new time.
            self._readings.clear()
        if not self._readings or self._readings[-1][1] != value:
            self._still_since = time
        self._readings.append((time, value))
        while self._readings[0][0] < time - KEPT_S:
            self._readings.popleft()
        return True

    @property
    def newest(self) -> float | None:
        """The newest value."""
        return self._readings[-1][1] if self._readings else None

    def _since(self, seconds: float) -> list[tuple[float, float]]:
        if not self._readings:
            return []
        begin = self._readings[-1][0] - seconds
        return [reading for reading in self._readings if reading[0] >= begin]

    def rise(self, within_s: float) -> float:
        """By how much the value rose to the newest within the last `within_s` seconds."""
        lately = self._since(within_s)
        if len(lately) > 1:
            return lately[-1][1] - min(value for _, value in lately)
        if len(self._readings) < 2:
            return 0.0
        # Readings come more seldom than that, or one was lost: as much as the last two say.
        (before_at, before), (at, value) = self._readings[-2], self._readings[-1]
        return (value - before) * within_s / (at - before_at)

    def reaches_in(self, value: float) -> float | None:
        """Seconds until `value` is reached if the trend of the last half hour goes on.

        0 if it is reached already; None while it falls, stands still, or too few readings came.
        """
        lately = self._since(TREND_S)
        if lately and lately[-1][1] >= value:
            return 0.0
        if len(lately) < TREND_READINGS or lately[-1][1] - lately[0][1] < LEAST_TREND:
            return None
        middle = sum(time for time, _ in lately) / len(lately)
        mean = sum(reading for _, reading in lately) / len(lately)
        spread = sum((time - middle) ** 2 for time, _ in lately)
        slope = sum((time - middle) * (reading - mean) for time, reading in lately) / spread
        return (value - lately[-1][1]) / slope if slope > 0 else None

    def jumped(self) -> bool:
        """Whether the newest reading is further from the one before than water can move."""
        if len(self._readings) < 2:
            return False
        (before_at, before), (at, value) = self._readings[-2], self._readings[-1]
        change = abs(value - before)
        return change >= LEAST_JUMP and change > FASTEST_PER_S * (at - before_at)

    def is_frozen_beside(self, others: Iterable[Readings]) -> bool:
        """Whether the value has stood still for half an hour while another one moved."""
        if not self._readings or self._still_since is None:
            return False
        newest = self._readings[-1][0]
        if newest - self._still_since < FROZEN_S:
            return False
        return any(other.moved_between(self._still_since, newest) for other in others)

    def moved_between(self, begin: float, end: float) -> bool:
        """Whether the value changed noticeably in a stretch of time."""
        values = [value for time, value in self._readings if begin <= time <= end]
        return bool(values) and max(values) - min(values) >= MOVES
