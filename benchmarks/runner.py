"""Runs a part in a process of its own, within its time, and turns what it says into rows."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.goals import Goals
from benchmarks.measurement import Measurement, row, skipped

PART_LIMIT_S: Final = 590.0
"""A part takes at most ten minutes; what it has measured by then stands, the rest is skipped."""

_ORDERLY_END_S: Final = 20.0
"""The part itself is told to end this much earlier, so that being killed stays the exception."""

_REPOSITORY: Final = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Said:
    """What a part said before it ended: the machine, its measurements, and how it ended."""

    machine: dict[str, Any]
    measurements: dict[str, Measurement]
    ending: str | None


def command(part: str, rounds: int, limit_s: float, build: Path, scratch: Path) -> list[str]:
    """How the process of a part is started; `scratch` is the caller's to make and remove."""
    seconds = max(limit_s - _ORDERLY_END_S, 0.0)
    return [
        sys.executable, "-m", "benchmarks.part_process", part, "--rounds", str(rounds),
        "--seconds", str(seconds), "--build", str(build), "--scratch", str(scratch),
    ]  # fmt: skip


def run_part(argv: list[str], limit_s: float) -> Said:
    """Start the process, listen until it ends, and end it with all its children at the limit."""
    deadline = time.monotonic() + limit_s
    machine: dict[str, Any] = {}
    measurements: dict[str, Measurement] = {}
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, cwd=_REPOSITORY,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            for line in _lines(process, deadline):
                spoken = json.loads(line, parse_constant=lambda _: None)
                if "machine" in spoken:
                    machine = spoken["machine"]
                else:
                    measurements[spoken["id"]] = Measurement(**spoken)
            process.wait(max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            return Said(
                machine, measurements, f"the part was ended at its limit of {limit_s:.0f} s"
            )
        finally:
            # The session is the part's own: whatever a measurement left behind ends with it.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    code = process.returncode
    return Said(
        machine, measurements, f"the part's process ended with code {code}" if code else None
    )


def _lines(process: subprocess.Popen[bytes], deadline: float) -> Iterator[str]:
    """The lines a process prints, until it closes its output or the deadline passes."""
    assert process.stdout is not None  # noqa: S101 - it was started with a pipe
    descriptor = process.stdout.fileno()
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while (remaining := deadline - time.monotonic()) > 0:
            if not selector.select(remaining):
                return
            received = os.read(descriptor, 65536)
            if not received:
                return
            *lines, pending = (pending + received).split(b"\n")
            yield from (line.decode() for line in lines)


def rows_of_part(
    goals: Goals, part: str, argv: list[str], limit_s: float, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Every row of the part, measured or with the reason why not."""
    wanted = goals.of_part(part)
    if not wanted:
        say(f"{part}: no rows yet ({goals.parts[part]})")
        return []
    say(f"{part}: measuring {len(wanted)} rows, at most {limit_s / 60:.0f} minutes")
    said = run_part(argv, limit_s)
    measured_at = datetime.now(UTC).isoformat(timespec="seconds")
    unsaid = said.ending or "the part ended without a word on this row"
    for name in said.measurements.keys() - {goal.id for goal in wanted}:
        say(f"{part}: {name} was measured but is no row of goals.yaml; left out")
    return [
        row(
            goal,
            said.measurements.get(goal.id) or skipped(goal.id, unsaid),
            measured_at,
            said.machine,
        )
        for goal in wanted
    ]
