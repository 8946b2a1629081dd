"""A process we started: its words, its CPU, its scheduling, and its end."""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.measurement import MeasurementError

_PR_SET_PDEATHSIG: Final = 1
_END_LIMIT_S: Final = 10.0
_LOOK_S: Final = 0.2
_LIBC: Final = ctypes.CDLL(None)


@dataclass(slots=True)
class Child:
    """One process, ended by its id and never by its name."""

    process: subprocess.Popen[bytes]
    name: str
    unread: bytes = b""

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def cpu_ns(self) -> int:
        """CPU used by all its threads so far, also those that have ended."""
        return cpu_ns_of(self.pid)

    def scheduling(self) -> str:
        """The scheduling classes of its threads, as "FIFO 50 x1, OTHER x3"."""
        names = {os.SCHED_FIFO: "FIFO", os.SCHED_RR: "RR", os.SCHED_OTHER: "OTHER"}
        counts: dict[str, int] = {}
        for thread in Path(f"/proc/{self.pid}/task").iterdir():
            with contextlib.suppress(ProcessLookupError):
                tid = int(thread.name)
                policy = os.sched_getscheduler(tid) & ~os.SCHED_RESET_ON_FORK
                priority = os.sched_getparam(tid).sched_priority
                label = names.get(policy, str(policy)) + (f" {priority}" if priority else "")
                counts[label] = counts.get(label, 0) + 1
        return ", ".join(f"{label} x{count}" for label, count in sorted(counts.items()))

    def wait_for(self, line: str, limit_s: float, because_of: "Child | None" = None) -> None:
        """Read its output until this line stands there.

        `because_of` is the process whose work it waits for; when that one has ended there is
        nothing to wait for, and the refusal says so.
        """
        wanted = line.encode()
        deadline = time.monotonic() + limit_s
        while True:
            before, newline, rest = self.unread.partition(b"\n")
            if newline:
                self.unread = rest
                if before == wanted:
                    return
            elif not self._read_more(min(deadline - time.monotonic(), _LOOK_S)):
                if because_of is not None and because_of.ending():
                    raise MeasurementError(f"{because_of.name} does not send{because_of.ending()}")
                if self.ending() or time.monotonic() > deadline:
                    raise MeasurementError(
                        f"{self.name} did not say {line} within {limit_s:.0f} s{self.ending()}"
                    )

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def end_softly(self) -> None:
        """Ask it to end, and wait until it has; who doesn't is ended when its block ends."""
        self.signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_END_LIMIT_S)

    def end_and_hear_last_line(self) -> str:
        """Ask it to end and give back the last line it printed."""
        self.signal(signal.SIGTERM)
        deadline = time.monotonic() + _END_LIMIT_S
        while self._read_more(deadline - time.monotonic()):
            pass
        lines = self.unread.decode().split("\n")
        if len(lines) < 2 or not lines[-2]:
            raise MeasurementError(f"{self.name} ended without its last line{self.ending()}")
        return lines[-2]

    def _read_more(self, limit_s: float) -> bool:
        assert self.process.stdout is not None  # noqa: S101 - it was started with a pipe
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if limit_s <= 0 or not selector.select(limit_s):
                return False
        received = os.read(self.process.stdout.fileno(), 65536)
        self.unread += received
        return bool(received)

    def ending(self) -> str:
        """How it ended, for a sentence; empty while it runs."""
        code = self.process.poll()
        return "" if code is None else f" (it ended with code {code})"


def cpu_ns_of(pid: int) -> int:
    """CPU used by all threads of a process so far, also those that have ended.

    Linux offers the CPU clock of another process as a clock id made of its process id
    (clock_getcpuclockid(3)); unlike /proc it counts nanoseconds.
    """
    try:
        return time.clock_gettime_ns((~pid << 3) | 2)
    except OSError:
        raise MeasurementError(f"process {pid} ended while it was measured") from None


@contextmanager
def started(
    argv: Sequence[str],
    *,
    fifo_priority: int | None = None,
    pass_fds: Sequence[int] = (),
    errors: Path | None = None,
) -> Iterator[Child]:
    """Start a process that dies with us, and end it when the block ends.

    Args:
        argv: program and arguments.
        fifo_priority: run it in SCHED_FIFO from its first instruction, as `chrt -f` does.
        pass_fds: descriptors it inherits under the same numbers.
        errors: a file for what it says on its standard error; ours if None.
    """

    def before_program() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if fifo_priority is not None:
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(fifo_priority))

    name = " ".join([Path(argv[0]).name, *argv[1:3]]) if "-m" in argv[:2] else Path(argv[0]).name
    with errors.open("wb") if errors else nullcontext() as said:
        try:
            process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
                pass_fds=pass_fds, preexec_fn=before_program,
            )  # fmt: skip
        except FileNotFoundError:
            raise MeasurementError(f"{name} is not installed") from None
    child = Child(process, name)
    try:
        yield child
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
