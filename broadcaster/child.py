"""One process that the supervisor runs: started, watched for its end, stopped, started again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns
from typing import Final

from broadcaster.run_directory import ProcessEntry

STARTED_WELL: Final = 30.0
"""Seconds a process has to live for its next death to count as its first."""
_NS: Final = 1_000_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Duty:
    """What a process is for and how it is run.

    `delays` are the seconds before the first, second, ... restart in a row; the last one is used
    for all that follow, because nothing here is ever given up. `stop_limit` is how long it may
    take to end when asked.
    """

    role: str
    command: tuple[str, ...]
    delays: tuple[float, ...]
    descriptors: tuple[int, ...] = ()
    stop_limit: float = 2.0


class Child:
    """A duty and the process that has it now."""

    def __init__(self, duty: Duty, output: Path | None) -> None:
        """`output` is the file for what the process prints; None sends it where ours goes."""
        self.duty = duty
        self._output = output
        self._process: subprocess.Popen[bytes] | None = None
        self._started_ns = 0
        self._starts = 0
        self._deaths_in_a_row = 0
        self._ended = asyncio.Event()

    @property
    def pid(self) -> int:
        """The process id, 0 while it is down."""
        return self._process.pid if self._process is not None else 0

    @property
    def lived_s(self) -> float:
        """Seconds since it was started last."""
        return (monotonic_ns() - self._started_ns) / _NS

    @property
    def entry(self) -> ProcessEntry:
        """How it is now, for the table of processes."""
        return ProcessEntry(self.duty.role, self.pid, self._started_ns, max(0, self._starts - 1))

    def start(self) -> None:
        """Start the process; raises OSError when the system has no room for one more."""
        self._started_ns = monotonic_ns()
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
        self._starts += 1
        self._process = process
        self._ended.clear()
        asyncio.get_running_loop().add_reader(descriptor, self._reap, descriptor)

    async def ended(self) -> int:
        """Wait for the end of the process; its exit status, minus the signal that killed it."""
        process = self._process
        await self._ended.wait()
        return process.returncode if process is not None else 0

    def kill(self) -> None:
        """End the process at once; nothing happens when it has ended."""
        if self._process is not None:
            self._process.kill()

    async def stop(self) -> None:
        """End the process: by SIGTERM, after its limit by SIGKILL."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        # One that is stopped (SIGSTOP) takes no SIGTERM until it goes on.
        self._process.send_signal(signal.SIGCONT)
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

    def _reap(self, descriptor: int) -> None:
        asyncio.get_running_loop().remove_reader(descriptor)
        os.close(descriptor)
        if self._process is not None:
            self._process.wait()
            self._process = None
        self._ended.set()


def ending(status: int) -> str:
    """How a process ended, in words."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def python_module(module: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of ours with this interpreter."""
    return (sys.executable, "-m", module, *arguments)


def given(*options: tuple[str, str | Path | None]) -> tuple[str, ...]:
    """Command-line options with their values; those without a value are left out."""
    return tuple(
        word for name, value in options if value is not None for word in (name, str(value))
    )
