"""Finds the engines of a controller that has died, and takes over them and their sockets.

Under systemd engines outlive their supervisor. Its successor holds the run directory's lock, so
whatever engine of this directory is there has nobody else to look after it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime_ns, monotonic_ns
from typing import Final

from broadcaster.engine.libc import libc
from broadcaster.run_directory import ProcessEntry, ProcessTable, RunDirectory, birth_of
from broadcaster.supervisor.systemd_notify import forget_descriptor, stored_descriptors

ENGINE_MODULE: Final = "broadcaster.engine.main"
_PIDFD_GETFD: Final = 438
"""pidfd_getfd(2), the same number on every architecture."""
_TICK_NS: Final = 1_000_000_000 // os.sysconf("SC_CLK_TCK")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Orphan:
    """An engine without a supervisor.

    `descriptor` is a pidfd: it names this very process, also when it has ended. `sockets` are the
    engine's own descriptor numbers by the names the plan gives them.
    """

    entry: ProcessEntry
    descriptor: int
    command: tuple[str, ...]
    sockets: Mapping[str, int]

    def is_run_like(self, command: Sequence[str]) -> bool:
        """Whether `command` would start just this engine, descriptor numbers aside."""
        return _without_numbers(self.command[1:]) == _without_numbers(command[1:])

    def end(self) -> None:
        """Kill it, and wait for nothing."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.descriptor, signal.SIGKILL)
        os.close(self.descriptor)


def orphans(run: RunDirectory, table: ProcessTable | None) -> tuple[Orphan, ...]:
    """The living engines of `run`, in the order of their age; only for the holder of its lock.

    `table` is what the supervisor before this one wrote; it tells how often an engine was started.
    An engine that is not in it, because that supervisor died between two lines, is found as well.
    """
    known = {(entry.pid, entry.birth): entry for entry in (table.processes if table else ())}
    found = []
    for pid in sorted(_own_processes()):
        command = _command(pid)
        if not _is_engine_of(run, command):
            continue
        with contextlib.suppress(OSError):
            descriptor = os.pidfd_open(pid)
            if _command(pid) != command:
                os.close(descriptor)  # it ended, and its number names another process now
                continue
            birth = birth_of(pid)
            before = known.get((pid, birth))
            restarts = before.restarts if before else 0
            entry = ProcessEntry("engine", pid, _started_ns(birth), restarts, birth)
            found.append(Orphan(entry, descriptor, command, _sockets_of(command)))
    return tuple(sorted(found, key=lambda orphan: orphan.entry.birth))


def kept_sockets(
    adopted: Sequence[Orphan], wanted: frozenset[str]
) -> tuple[dict[str, socket.socket], frozenset[str]]:
    """The sockets `wanted` that systemd or a living engine keeps; and those that systemd has.

    What systemd keeps and nobody wants any more is given back.
    """
    kept: dict[str, socket.socket] = {}
    for name, descriptor in stored_descriptors():
        one = _sending_socket(descriptor)
        if one is None or name not in wanted:
            forget_descriptor(name)
        if one is not None and kept.setdefault(name, one) is not one:
            one.close()
    for name in kept.keys() - wanted:
        kept.pop(name).close()
    stored = frozenset(kept)
    for orphan in adopted:
        for name in wanted & orphan.sockets.keys() - kept.keys():
            taken = _taken_from(orphan, orphan.sockets[name])
            if taken is not None:
                kept[name] = taken
    return kept, stored


def _own_processes() -> Iterator[int]:
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if place.stat().st_uid == os.geteuid():
                yield int(place.name)


def _command(pid: int) -> tuple[str, ...]:
    """The words a process was started with; none when it has ended."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return ()
    return tuple(os.fsdecode(word) for word in words.split(b"\0")[:-1])


def _is_engine_of(run: RunDirectory, command: Sequence[str]) -> bool:
    if list(command[1:3]) != ["-m", ENGINE_MODULE] or "--run" not in command:
        return False
    return command[command.index("--run") + 1 :][:1] == (str(run.path.absolute()),)


def _sockets_of(command: Sequence[str]) -> dict[str, int]:
    places = [place for place, word in enumerate(command) if word == "--socket"]
    pairs = (command[place + 1 : place + 3] for place in places)
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdecimal()}


def _without_numbers(command: Sequence[str]) -> list[str]:
    """A command without what differs from one start to the next: descriptors and the parent."""
    words = list(command)
    for option, at in (("--socket", 2), ("--parent", 1)):
        for place, word in enumerate(words[:-at]):
            if word == option:
                words[place + at] = ""
    return [word for word in words if word not in ("--parent", "")]


def _started_ns(birth: int) -> int:
    """Clock ticks since the boot as a time of CLOCK_MONOTONIC, which stands still in a suspend."""
    return birth * _TICK_NS - clock_gettime_ns(CLOCK_BOOTTIME) + monotonic_ns()


def _taken_from(orphan: Orphan, number: int) -> socket.socket | None:
    """A socket of an engine, shared with it; None where we may not (ptrace(2), access checks)."""
    descriptor = int(libc.syscall(_PIDFD_GETFD, orphan.descriptor, number, 0))
    return _sending_socket(descriptor) if descriptor >= 0 else None


def _sending_socket(descriptor: int) -> socket.socket | None:
    """What a descriptor is; None, and closed, when it is no UDP socket."""
    try:
        one = socket.socket(fileno=descriptor)
    except OSError:
        with contextlib.suppress(OSError):
            os.close(descriptor)
        return None
    if (one.family, one.type) != (socket.AF_INET, socket.SOCK_DGRAM):
        one.close()
        return None
    return one
