"""What tests must not leave behind: processes, threads, shared memory, temporary files."""

import contextlib
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

# Every process started under a worker inherits this, orphans included.
MARK = "SORIGIL_TEST_WORKER"
_GRACE = 5.0
"""Seconds that what is already on its way out may take."""


@dataclass
class Census:
    """What there was before the first test, to be compared with what there is after the last."""

    places: tuple[Path, ...]
    """Directories that must be empty again at the end."""
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    threads: frozenset[threading.Thread] = field(
        default_factory=lambda: frozenset(threading.enumerate())
    )
    shared_memory: frozenset[Path] = field(default_factory=lambda: frozenset(_shared_memory()))

    def __post_init__(self) -> None:
        os.environ[MARK] = self.mark

    def leftovers(self) -> list[str]:
        """Return one sentence for each thing left, after a short grace."""
        end = time.monotonic() + _GRACE
        while (found := self._found()) and time.monotonic() < end:
            time.sleep(0.05)
        return found

    def end_processes(self) -> None:
        """Kill the processes left, so that they do not disturb the next run."""
        for process in self._left_processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

    def _found(self) -> list[str]:
        return [*self._processes(), *self._threads(), *self._memory(), *self._files()]

    def _processes(self) -> Iterator[str]:
        for process in self._left_processes():
            test = process.environment.get("PYTEST_CURRENT_TEST", "unknown")
            yield f"process {process.pid} ({process.command}), started in {test}"

    def _left_processes(self) -> Iterator["_Process"]:
        for process in _processes():
            if process.pid == os.getpid() or process.is_pythons_own:
                continue
            if process.parent == os.getpid() or process.environment.get(MARK) == self.mark:
                yield process

    def _threads(self) -> Iterator[str]:
        for thread in threading.enumerate():
            if not thread.daemon and thread not in self.threads:
                yield f"thread {thread.name!r}"

    def _memory(self) -> Iterator[str]:
        # Others on this machine use shared memory too; what a living process holds is theirs,
        # and a living process of ours is named as such.
        for path in _shared_memory():
            if path not in self.shared_memory and _is_ours(path) and not _is_held(path):
                yield f"shared memory {path}"

    def _files(self) -> Iterator[str]:
        for place in self.places:
            yield from (f"file {path}" for path in sorted(place.iterdir()))


@dataclass(frozen=True)
class _Process:
    pid: int
    parent: int
    command: str
    environment: dict[str, str]

    @property
    def is_pythons_own(self) -> bool:
        """Whether this is multiprocessing's tracker, which lives as long as the interpreter."""
        return "multiprocessing.resource_tracker" in self.command


def _processes() -> Iterator[_Process]:
    """Every process of the machine that we may look at, the dead but not yet reaped left out."""
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (directory / "stat").read_text().rpartition(")")[2].split()[:2]
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
            environment = (directory / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if state not in "ZX":
            pairs = (entry.partition("=") for entry in environment.split("\0"))
            variables = {name: value for name, _, value in pairs}
            yield _Process(int(directory.name), int(parent), command, variables)


def _shared_memory() -> list[Path]:
    place = Path("/dev/shm")  # noqa: S108 - where POSIX shared memory lies, not a file of ours
    return [path for path in place.rglob("*") if path.is_file()] if place.is_dir() else []


def _is_ours(path: Path) -> bool:
    try:
        return path.stat().st_uid == os.getuid()
    except FileNotFoundError:
        return False


def _is_held(path: Path) -> bool:
    return any(holds(path) for holds in (_is_mapped, _is_open))


def _is_mapped(path: Path) -> bool:
    return _any_process(lambda directory: str(path) in (directory / "maps").read_text())


def _is_open(path: Path) -> bool:
    return _any_process(
        lambda directory: any(
            link.readlink() == path for link in (directory / "fd").iterdir() if link.is_symlink()
        )
    )


def _any_process(is_true: Callable[[Path], bool]) -> bool:
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            if is_true(directory):
                return True
        except OSError:
            continue
    return False
