"""One process that the supervisor runs: started, watched for its end, stopped, started again.

It may also be adopted: started by a supervisor that has died since, and so no child of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic_ns
from typing import Final

from broadcaster.run_directory import ProcessEntry, birth_of

STARTED_WELL: Final = 30.0
"""Seconds a process has to live for its next death to count as its first."""
_NS: Final = 1_000_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """What a process is for and how it is run.

    `delays` are the seconds before the first, second, ... restart in a row; the last one is used
    for all that follow, because nothing here is ever given up. `stop_limit` is how long it may
    take to end when asked. One that `waits_its_turn` is started once an engine speaks and control
    takes commands.
    """

    role: str
    command: tuple[str, ...]
    delays: tuple[float, ...]
    descriptors: tuple[int, ...] = ()
    stop_limit: float = 2.0
    waits_its_turn: bool = False


class Child:
    """A duty and the process that has it now."""

    def __init__(self, duty: Duty, output: Path | None) -> None:
        """`output` is the file for what the process prints; None sends it where ours goes."""
        self.duty = duty
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self._entry = ProcessEntry(duty.role, 0, 0, 0)
        self._descriptor = -1
        self._starts = 0
        self._deaths_in_a_row = 0
        self._status: int | None = 0
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int:
        """The process id, 0 while it is down."""
        return self._entry.pid

    @property
    def lived_s(self) -> float:
        """Seconds since it was started last."""
        return (monotonic_ns() - self._entry.started_ns) / _NS

    @property
    def entry(self) -> ProcessEntry:
        """How it is now, for the table of processes."""
        return self._entry

    def start(self) -> None:
        """Start the process; raises OSError when the system has no room for one more."""
        started_ns = monotonic_ns()
        self._entry = replace(self._entry, started_ns=started_ns)
        with contextlib.ExitStack() as files:
            output = files.enter_context(self._output.open("ab")) if self._output else None
            # A process group of its own: Ctrl-C reaches the supervisor alone, which stops all
            # others in their order.
            process = subprocess.Popen(
                self.duty.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=self.duty.descriptors,
                process_group=0,
            )
        try:
            descriptor = os.pidfd_open(process.pid)
        except OSError:
            # Too many files are open. Nobody would notice the end of this one, so it may not run.
            process.kill()
            process.wait()
            raise
        self._process = process
        self._starts += 1
        restarts = self._starts - 1
        birth = birth_of(process.pid)
        self._watch(
            ProcessEntry(self.duty.role, process.pid, started_ns, restarts, birth), descriptor
        )

    def adopt(self, entry: ProcessEntry, descriptor: int) -> None:
        """Look after a process that runs already; `descriptor` is its pidfd, ours from now on."""
        self._starts = entry.restarts + 1
        self._watch(replace(entry, role=self.duty.role), descriptor)

    def _watch(self, entry: ProcessEntry, descriptor: int) -> None:
        self._entry, self._descriptor = entry, descriptor
        self._ended.clear()
        asyncio.get_running_loop().add_reader(descriptor, self._reap)

    async def ended(self) -> int | None:
        """Wait for the end; the exit status, minus the signal that killed it, None if not told."""
        await self._ended.wait()
        return self._status

    def kill(self) -> None:
        """End the process at once; nothing happens when it has ended."""
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """End the process: by SIGTERM, after its limit by SIGKILL."""
        if not self.pid:
            return
        self._signal(signal.SIGTERM)
        # One that is stopped (SIGSTOP) takes no SIGTERM until it goes on.
        self._signal(signal.SIGCONT)
        try:
            async with asyncio.timeout(self.duty.stop_limit):
                await self._ended.wait()
        except TimeoutError:
            log.warning("%s did not end within %g s and is killed", self, self.duty.stop_limit)
            self.kill()
            await self._ended.wait()

    def delay(self) -> float:
        """Seconds to wait before the next start, after one more death."""
        if self.lived_s >= STARTED_WELL:
            self._deaths_in_a_row = 0
        delays = self.duty.delays
        self._deaths_in_a_row += 1
        return delays[min(self._deaths_in_a_row, len(delays)) - 1]

    def __str__(self) -> str:
        """As the log names it."""
        return f"{self.duty.role} (process {self.pid})" if self.pid else self.duty.role

    def leave(self) -> None:
        """Look after it no more; it goes on."""
        self._release()

    def _signal(self, number: signal.Signals) -> None:
        if self.pid:
            # By its descriptor: the number of one that has ended may name somebody else.
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def _reap(self) -> None:
        # Who adopted a process is not told how it ended.
        self._status = None if self._process is None else self._process.wait()
        self._release()
        self._ended.set()

    def _release(self) -> None:
        if self.pid:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._process, self._entry = None, replace(self._entry, pid=0, birth=0)


def ending(status: int | None) -> str:
    """How a process ended, in words."""
    if status is None:
        return "ended"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


@dataclass(frozen=True, slots=True)
class Processing:
    """What a process has had of the processors; nothing where the kernel does not say.

    `waited_ns` is its main thread's, `ran_ns` that of all its threads together; `is_queued`: one of
    them is ready to run now.
    """

    waited_ns: int
    ran_ns: int
    is_queued: bool


def processing_of(pid: int) -> Processing:
    """What the process has had of the processors until now."""
    tasks = Path(f"/proc/{pid}/task")
    threads: list[Path] = []
    with contextlib.suppress(OSError):
        threads = list(tasks.iterdir())
    return Processing(
        _schedstat(Path(f"/proc/{pid}"))[1],
        sum(_schedstat(thread)[0] for thread in threads),
        any(_is_ready(thread) for thread in threads),
    )


def turns_of(pid: int) -> int:
    """How often the main thread of a process was given a processor; 0 when not known."""
    return _schedstat(Path(f"/proc/{pid}"))[2]


def _schedstat(place: Path) -> tuple[int, int, int]:
    """Nanoseconds run, nanoseconds waited, turns (the kernel's scheduler/sched-stats)."""
    with contextlib.suppress(OSError, ValueError):
        ran, waited, turns = (place / "schedstat").read_text().split()
        return int(ran), int(waited), int(turns)
    return 0, 0, 0


def _is_ready(thread: Path) -> bool:
    """Whether a thread runs or waits for a processor (state R, proc_pid_stat(5))."""
    with contextlib.suppress(OSError):
        return (thread / "stat").read_text().rpartition(") ")[2].startswith("R")
    return False


def python_module(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of ours with this interpreter."""
    return (sys.executable, "-m", module, *arguments)


def given(*options: tuple[str, str | Path | None]) -> tuple[str, ...]:
    """Command-line options with their values; those without a value are left out."""
    return tuple(
        word for name, value in options if value is not None for word in (name, str(value))
    )
