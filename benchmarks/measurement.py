"""What a part hands back, and the row it becomes in `build/bench.json`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchmarks.goals import Goal


class MeasurementError(Exception):
    """Something could not be measured here; the message says why, for the row's `skipped`."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured row, or why it was not measured. `detail` is anything JSON can hold.

    With `broken` the goal counts as missed whatever the value: what was measured broke a condition
    that belongs to the goal, and this says which.
    """

    id: str
    value: float | None
    skipped: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    broken: str | None = None

    def __post_init__(self) -> None:
        if (self.value is None) == (self.skipped is None):
            raise ValueError(f"{self.id}: a measurement has a value or a reason, not both")
        if self.value is not None and not math.isfinite(self.value):
            raise ValueError(f"{self.id}: {self.value} is no measured value")


def skipped(name: str, why: str, detail: Mapping[str, Any] | None = None) -> Measurement:
    """A row that was not measured, and the reason, with what was found out on the way."""
    return Measurement(name, None, why, detail or {})


def row(
    goal: Goal, measurement: Measurement, measured_at: str, machine: Mapping[str, Any]
) -> dict[str, Any]:
    """The row as it stands in the file; `met` is None unless there is a value to judge."""
    value, broken = measurement.value, measurement.broken
    return {
        "id": goal.id,
        "part": goal.part,
        "unit": goal.unit,
        "comparison": goal.comparison,
        "goal": goal.goal,
        "value": value,
        "met": None if value is None else broken is None and goal.is_met_by(value),
        "skipped": measurement.skipped,
        "broken": broken,
        "means": goal.means,
        "detail": dict(measurement.detail),
        "measured_at": measured_at,
        "machine": dict(machine),
    }
