"""Where the processes of one controller meet, and where it keeps what must outlive them.

The *run directory* holds what lasts as long as the machine is up: the shared block, the plan parts,
the sockets, the table of processes. The *state directory* holds what lasts longer: decoded sound,
the site's secret. Both belong to one user and are closed to everybody else.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from zones.media_time import BootId

LONGEST_PATH = 80
"""Bytes of the run directory's path: a Unix socket in it must fit into 108 (unix(7))."""
SECRET_BYTES = 32


class RunDirectoryError(Exception):
    """A directory that cannot be used; the text says which, why and what to do."""


class TakenError(RunDirectoryError):
    """Another controller holds the run directory."""


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The paths in a run directory."""

    path: Path

    @classmethod
    def default(cls) -> RunDirectory:
        """`$XDG_RUNTIME_DIR/sorigil`; without such a place `/tmp/sorigil-<uid>`.

        Where this user may not write to /tmp either, `~/.cache/sorigil-run`.
        """
        runtime = os.environ.get("XDG_RUNTIME_DIR")
        if runtime:
            return cls(Path(runtime) / "sorigil")
        if os.access("/tmp", os.W_OK | os.X_OK):  # noqa: S108 - `make` refuses another's
            return cls(Path(f"/tmp/sorigil-{os.getuid()}"))  # noqa: S108
        return cls(Path.home() / ".cache/sorigil-run")

    @property
    def engine(self) -> Path:
        """The engines' shared block."""
        return self.path / "engine"

    @property
    def lock(self) -> Path:
        """Locked by the supervisor for as long as it lives."""
        return self.path / "lock"

    @property
    def processes(self) -> Path:
        """What the supervisor runs: a `ProcessTable` as JSON."""
        return self.path / "processes.json"

    @property
    def control_socket(self) -> Path:
        """Control's link."""
        return self.path / "control.sock"

    @property
    def amplifiers_socket(self) -> Path:
        """The virtual amplifiers' link."""
        return self.path / "amplifiers.sock"

    @property
    def ear_socket(self) -> Path:
        """The link of the station's own ear."""
        return self.path / "ear.sock"

    @property
    def watch_socket(self) -> Path:
        """The link of the process that watches the amplifiers."""
        return self.path / "watch.sock"

    def make(self) -> None:
        """Make the directory when it is not there, and see that it is ours alone.

        Raises:
            RunDirectoryError: it cannot be made or written, is somebody else's, or its path is
                too long for a socket.
        """
        length = len(os.fsencode(self.path.absolute()))
        if length > LONGEST_PATH:
            raise RunDirectoryError(
                f"the path of run directory {self.path} has {length} bytes; sockets in it allow "
                f"{LONGEST_PATH}: give a shorter one with --run"
            )
        _make(self.path, "run directory", "--run")

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Be the one controller of this directory until the context ends.

        Raises:
            TakenError: another controller is, with its process id.
            RunDirectoryError: the lock cannot be made.
        """
        try:
            descriptor = os.open(self.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise RunDirectoryError(f"cannot open {self.lock}: {error.strerror}") from None
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
                raise TakenError(
                    f"a controller already runs in {self.path} (process {holder or 'unknown'}): "
                    "stop it, or give this one another run directory with --run"
                ) from None
            try:
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
            except OSError as error:
                raise RunDirectoryError(f"cannot write {self.lock}: {error.strerror}") from None
            yield
        finally:
            os.close(descriptor)

    def holder(self) -> int | None:
        """The process id of the controller that holds this directory, None without one.

        Looks without touching the lock, so that a controller which starts now is not disturbed.
        """
        try:
            inode = self.lock.stat().st_ino
            held = Path("/proc/locks").read_text().splitlines()
        except OSError:
            return None
        for line in held:
            # "1: FLOCK  ADVISORY  WRITE 4711 08:02:131 0 EOF", proc_locks(5)
            fields = line.split()
            if fields[1:2] == ["FLOCK"] and fields[5].endswith(f":{inode}"):
                return int(fields[4])
        return None


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """The paths in a state directory."""

    path: Path

    @classmethod
    def default(cls) -> StateDirectory:
        """`$XDG_STATE_HOME/sorigil`; `~/.local/state/sorigil` without such a place."""
        state = os.environ.get("XDG_STATE_HOME")
        return cls((Path(state) if state else Path.home() / ".local/state") / "sorigil")

    @property
    def pcm(self) -> Path:
        """The store of decoded sound."""
        return self.path / "pcm"

    def make(self) -> None:
        """Make the directory when it is not there, and see that it is ours alone.

        Raises:
            RunDirectoryError: it cannot be made or written, or is somebody else's.
        """
        _make(self.path, "state directory", "--state")

    def secret(self) -> bytes:
        """The site's secret, made when there is none; SSRCs are derived from it.

        Raises:
            RunDirectoryError: it cannot be read or made, or is damaged.
        """
        path = self.path / "secret"
        try:
            if not path.exists():
                write_whole(path, secrets.token_bytes(SECRET_BYTES))
            secret = path.read_bytes()
        except OSError as error:
            raise RunDirectoryError(f"the site's secret {path}: {error.strerror}") from None
        if len(secret) != SECRET_BYTES:
            raise RunDirectoryError(
                f"{path} has {len(secret)} bytes instead of {SECRET_BYTES}: remove it and start "
                "again; the streams then begin with new SSRCs"
            )
        return secret


@dataclass(frozen=True, slots=True)
class ProcessEntry:
    """A process as its supervisor sees it; `pid` is 0 while it is down.

    `started_ns` is CLOCK_MONOTONIC in ns, `restarts` counts the starts after the first. `birth` is
    the kernel's start time of the process: with `pid` it names one process of a boot.
    """

    role: str
    pid: int
    started_ns: int
    restarts: int
    birth: int = 0


@dataclass(frozen=True, slots=True)
class ProcessTable:
    """What the supervisor runs, from which site file, and in which boot of the machine.

    `sources` are the address and port each sending socket sends from, by the socket's name.
    """

    supervisor: int
    boot: BootId
    config: str
    state: str
    interface: str | None
    sources: Mapping[str, tuple[str, int]]
    processes: tuple[ProcessEntry, ...]

    def write(self, path: Path) -> None:
        """Put the table in place, whole or not at all; raises OSError."""
        write_whole(path, json.dumps(asdict(self), indent=1).encode(), durable=False)

    @classmethod
    def read(cls, path: Path) -> ProcessTable | None:
        """The table, None when there is none.

        Raises:
            RunDirectoryError: the file is no such table.
        """
        try:
            fields: dict[str, Any] = json.loads(path.read_bytes())
            entries = tuple(ProcessEntry(**entry) for entry in fields.pop("processes"))
            sources = {name: (str(at), int(port)) for name, (at, port) in fields["sources"].items()}
            return cls(**{**fields, "sources": sources}, processes=entries)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise RunDirectoryError(f"cannot read {path}: {error.strerror}") from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise RunDirectoryError(f"{path} is no table of processes of this version") from None


def birth_of(pid: int) -> int:
    """When a process was started, in clock ticks since the boot; 0 when there is none."""
    try:
        # proc_pid_stat(5), field 22; the name before it may hold blanks and brackets.
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return int(stat.rpartition(b")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def this_boot() -> BootId:
    """The kernel's name for the time since the machine started."""
    return BootId(Path("/proc/sys/kernel/random/boot_id").read_text().strip())


def write_whole(path: Path, octets: bytes, *, durable: bool = True) -> None:
    """Write a file of mode 0600 that a reader finds whole or not at all; raises OSError.

    A `durable` one is so after a power cut too, which takes a disk's time.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            if durable:
                file.flush()
                os.fsync(descriptor)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def _make(path: Path, what: str, option: str) -> None:
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = path.stat().st_uid
        trial = path / f"writable.{os.getpid()}.draft"
        if owner == os.geteuid():
            trial.write_bytes(bytes(4096))
            trial.unlink()
    except OSError as error:
        reason = error.strerror or str(error)
        raise RunDirectoryError(
            f"cannot use {what} {path}: {reason}; give another one with {option}"
        ) from None
    if owner != os.geteuid():
        raise RunDirectoryError(
            f"{what} {path} belongs to user {owner}: give one of your own with {option}"
        )
