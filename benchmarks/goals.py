"""The goals: what is measured, in which unit, and what it must come to."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

GOALS_FILE: Final = Path(__file__).with_name("goals.yaml")
COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
}
_FIELDS: Final = {"id", "unit", "comparison", "goal", "means"}


class GoalError(ValueError):
    """The goals file is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Goal:
    """One row: what `value` must come to."""

    id: str
    part: str
    unit: str
    comparison: str
    goal: float
    means: str

    def is_met_by(self, value: float) -> bool:
        """Whether a measured value, in the row's unit, satisfies the goal."""
        return COMPARISONS[self.comparison](value, self.goal)


@dataclass(frozen=True, slots=True)
class Goals:
    """All parts, with what they are about, and all rows in the order of the file."""

    parts: dict[str, str]
    rows: tuple[Goal, ...]

    def of_part(self, part: str) -> tuple[Goal, ...]:
        """The rows of one part; none while the part has nothing to measure."""
        return tuple(goal for goal in self.rows if goal.part == part)


def read_goals(text: str) -> Goals:
    """The goals in a YAML text; GoalError for a row that is not whole."""
    document = yaml.safe_load(text)
    if not isinstance(document, dict) or set(document) != {"parts", "rows"}:
        raise GoalError("the goals file needs `parts` and `rows`, and nothing else")
    parts = {str(name): str(about) for name, about in document["parts"].items()}
    rows = tuple(_goal(entry, parts) for entry in document["rows"])
    ids = [goal.id for goal in rows]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise GoalError(f"two rows have the same id: {', '.join(twice)}")
    return Goals(parts, rows)


def _goal(entry: object, parts: dict[str, str]) -> Goal:
    if not isinstance(entry, dict) or set(entry) != _FIELDS:
        raise GoalError(f"a row needs {', '.join(sorted(_FIELDS))}: {entry!r}")
    name, comparison, goal = entry["id"], entry["comparison"], entry["goal"]
    part = str(name).partition(".")[0]
    if part not in parts:
        raise GoalError(f"row {name!r}: there is no part {part!r}")
    if comparison not in COMPARISONS:
        raise GoalError(f"row {name!r}: a comparison is one of {', '.join(COMPARISONS)}")
    if isinstance(goal, bool) or not isinstance(goal, int | float):
        raise GoalError(f"row {name!r}: the goal must be a number, not {goal!r}")
    return Goal(
        id=str(name),
        part=part,
        unit=str(entry["unit"]),
        comparison=comparison,
        goal=float(goal),
        means=" ".join(str(entry["means"]).split()),
    )
