"""What a part is given to measure with, and how its steps are taken within the part's time."""

import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measurement import Measurement, MeasurementError, skipped

SOURCES: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Context:
    """The bed a part measures on.

    Attributes:
        rounds: interleaved rounds of each comparison.
        deadline: monotonic seconds by which the part should have ended.
        build: where compiled programs go.
        scratch: an empty directory that goes when the part ends.
        first_group: a multicast group; the 4,096 from it on are ours.
        interface: name and address of the interface to send and receive on; always loopback.
        has_own_network: whether nobody else sends or listens here.
        fifo_priority: the SCHED_FIFO priority every compared sender runs at; None where this
            account may not have real-time scheduling, and then nobody has it.
    """

    rounds: int
    deadline: float
    build: Path
    scratch: Path
    first_group: str
    interface: tuple[str, str]
    has_own_network: bool
    fifo_priority: int | None

    def remaining_s(self) -> float:
        """Seconds until the part should have ended."""
        return self.deadline - time.monotonic()

    def say(self, text: str) -> None:
        """Tell the person who waits what is being measured."""
        sys.stderr.write(f"  {text}\n")

    def program(self, name: str) -> Path:
        """One of our C programs, compiled now if its source is newer."""
        source, program = SOURCES / f"{name}.c", self.build / f"bench-{name}"
        if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
            return program
        self.build.mkdir(parents=True, exist_ok=True)
        unfinished = program.with_suffix(".unfinished")
        argv = ["gcc", "-O2", "-Wall", "-o", str(unfinished), str(source), "-lm"]
        try:
            done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        except FileNotFoundError:
            raise MeasurementError(
                f"{source.name} can't be built: gcc is not installed (make system installs it)"
            ) from None
        if done.returncode:
            raise MeasurementError(f"gcc refuses {source.name}: {done.stderr.strip()[-400:]}")
        unfinished.replace(program)
        return program


@dataclass(frozen=True, slots=True)
class Step:
    """Something measured in one go: the rows it answers, and about how long it takes."""

    rows: tuple[str, ...]
    seconds: float
    measure: Callable[[Context], Iterable[Measurement]]


def take(context: Context, steps: Sequence[Step]) -> Iterator[Measurement]:
    """Take the steps in order; a failed one, or one without time, skips only its own rows."""
    for step in steps:
        if context.remaining_s() < step.seconds:
            why = (
                f"needs about {step.seconds:.0f} s, and {max(context.remaining_s(), 0):.0f} s "
                "of the part's time were left"
            )
            yield from (skipped(name, why) for name in step.rows)
            continue
        answered = set()
        why = "the measurement ended without a word on this row"
        try:
            for measurement in step.measure(context):
                answered.add(measurement.id)
                yield measurement
        except MeasurementError as refusal:
            why = str(refusal)
        except Exception as error:  # noqa: BLE001 - the other rows must still be measured
            traceback.print_exc()
            why = f"the measurement failed: {type(error).__name__}: {error}"
        yield from (skipped(name, why) for name in step.rows if name not in answered)
