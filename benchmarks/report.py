"""`build/bench.json`: merged, written whole or not at all, and shown as a table."""

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.goals import Goals

Row = dict[str, Any]


def read_rows(path: Path) -> list[Row]:
    """The rows of an earlier run; none if there is no file or it can't be read as one."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        return [row for row in document["rows"] if isinstance(row["id"], str)]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return []


def merged(before: Iterable[Row], fresh: Sequence[Row], part: str, goals: Goals) -> list[Row]:
    """The rows with one part measured anew, in the order of the goals.

    Rows that are no longer among the goals go.
    """
    kept = {row["id"]: row for row in before if row.get("part") != part}
    kept.update({row["id"]: row for row in fresh})
    return [kept[goal.id] for goal in goals.rows if goal.id in kept]


def write_rows(path: Path, rows: Sequence[Row]) -> None:
    """Replace the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps({"rows": list(rows)}, indent=1, ensure_ascii=False, allow_nan=False)
    unfinished.write_text(text + "\n", encoding="utf-8")
    unfinished.replace(path)


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the rows as a table: what was found, what was promised, and why a row is missing."""
    table = Table("row", "value", "goal", "unit", "met", "why not measured or not met", box=None)
    for row in rows:
        met = {True: "yes", False: "NO", None: "-"}[row["met"]]
        value = "-" if row["value"] is None else f"{row['value']:.4g}"
        goal = f"{row['comparison']} {row['goal']:.4g}"
        table.add_row(
            row["id"], value, goal, row["unit"], met, row["skipped"] or row.get("broken") or ""
        )
    console.print(table)
