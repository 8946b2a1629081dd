"""What systemd does for a service, for tests: takes notifications and keeps descriptors."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.broadcaster.station import PATIENCE

# Descriptors begin at 3, and the process they are meant for has to know its own number.
_LAUNCHER = """
import fcntl, os, sys
names, numbers = sys.argv[1], [int(word) for word in sys.argv[2].split()]
moved = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in numbers]
for place, number in enumerate(moved):
    os.dup2(number, 3 + place)
    os.close(number)
if moved:
    kept = {"LISTEN_FDS": str(len(moved)), "LISTEN_FDNAMES": names}
    os.environ.update(kept, LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[3:]])
"""


class FakeSystemd:
    """Listens at `path`; `words` are what it was told, `store` the descriptors by name.

    What its processes leave in `temporary` when they are killed is nobody's concern.
    """

    def __init__(self, path: Path, temporary: Path) -> None:
        self.words: list[str] = []
        self.store: dict[str, int] = {}
        self._environment = {"NOTIFY_SOCKET": str(path), "TMPDIR": str(temporary)}
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(PATIENCE)

    def start(self, *arguments: object) -> subprocess.Popen[bytes]:
        """Start `python ARGUMENTS` as the main process of a service."""
        names = ":".join(self.store)
        numbers = " ".join(map(str, self.store.values()))
        return subprocess.Popen(
            [sys.executable, "-S", "-c", _LAUNCHER, names, numbers, *map(str, arguments)],
            pass_fds=tuple(self.store.values()),
            env={**os.environ, **self._environment},
        )

    def listen(self, until: str) -> None:
        """Take messages up to and with the one that holds the word `until`."""
        while True:
            octets, rights, _, _ = socket.recv_fds(self._socket, 4096, 1)
            words = octets.decode().split("\n")
            self.words += words
            said = dict(word.split("=", 1) for word in words)
            if "FDSTORE" in said:
                (self.store[said["FDNAME"]],) = rights
            elif "FDSTOREREMOVE" in said:
                os.close(self.store.pop(said["FDNAME"]))
            if until in words:
                return

    def close(self) -> None:
        for descriptor in self.store.values():
            os.close(descriptor)
        self._socket.close()


@contextmanager
def fake_systemd(path: Path, temporary: Path) -> Iterator[FakeSystemd]:
    manager = FakeSystemd(path, temporary)
    try:
        yield manager
    finally:
        manager.close()
