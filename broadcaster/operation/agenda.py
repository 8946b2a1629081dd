"""What is to happen, in order of time. Pure."""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from itertools import count

Happening = Callable[[], None]


class Agenda:
    """Happenings by their time in monotonic seconds; those of one moment in the order given."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, str, Happening]] = []
        self._numbers = count()

    def add(self, at: float, title: str, happening: Happening) -> None:
        """Have something happen."""
        heapq.heappush(self._heap, (at, next(self._numbers), title, happening))

    @property
    def next_at(self) -> float:
        """When the next happens; infinite when there is none."""
        return self._heap[0][0] if self._heap else math.inf

    def pop(self) -> tuple[str, Happening]:
        """Take off the next."""
        _, _, title, happening = heapq.heappop(self._heap)
        return title, happening
