"""Runs the probe beside a sender and reads what it wrote down."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.arrivals import ARRIVAL, Arrivals
from benchmarks.child import Child, started
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.measurement import MeasurementError

JOIN_LIMIT_S: Final = 30.0
LONGEST_S: Final = 300.0
"""The probe ends by itself after this, whatever becomes of us."""

_WALL_STEP_NS: Final = 100_000


@dataclass(slots=True)
class Listening:
    """A probe at work; after `stop` the arrivals are there."""

    child: Child
    record: Path

    def wait_until_all_heard(self, limit_s: float, sender: Child) -> None:
        """Wait until every stream has sent at least one packet."""
        self.child.wait_for("ALL", limit_s, sender)

    def wait_until_all_have(self, tone: str, limit_s: float, sender: Child) -> None:
        """Wait until tone "A" or "B" has become the stronger one in the last of the streams."""
        self.child.wait_for(tone, limit_s, sender)

    def stop(self) -> Arrivals:
        """End the probe; refuse a record that misses packets through the probe's own fault."""
        summary = json.loads(self.child.end_and_hear_last_line())
        if summary["own_drops"] or summary["unrecorded"]:
            raise MeasurementError(
                f"the receiver could not keep up: {summary['own_drops']} packets dropped in its "
                f"sockets, {summary['unrecorded']} not recorded"
            )
        if abs(summary["wall_moved_ns"]) > _WALL_STEP_NS:
            raise MeasurementError(
                f"the wall clock moved by {summary['wall_moved_ns'] / 1e6:.3f} ms against the "
                "monotonic clock, and kernel receive times with it"
            )
        arrivals = np.fromfile(self.record, dtype=ARRIVAL)
        self.record.unlink()
        return arrivals


@contextmanager
def listening(
    context: Context, flow: Flow, *, sampled: int | None = None, tones: bool = True
) -> Iterator[Listening]:
    """Join the flow's groups, or `sampled` of them evenly spread, and record until stopped."""
    heard = min(sampled or flow.streams, flow.streams)
    record = context.scratch / "arrivals"
    argv = [
        str(context.program("probe")), "-g", flow.group, "-p", str(flow.port),
        "-i", context.interface[1], "-n", str(heard), "-k", str(flow.streams // heard),
        "-o", str(record), "-d", str(LONGEST_S), "-r", str(flow.rate_hz), "-m", "20000000",
    ]  # fmt: skip
    if not tones:
        argv.append("-q")
    with started(argv) as child:
        child.wait_for("READY", JOIN_LIMIT_S)
        yield Listening(child, record)
