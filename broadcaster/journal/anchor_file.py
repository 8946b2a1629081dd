"""The head of the chain, kept in a small file beside the rows.

A chain alone doesn't show that its end was cut off; the head that is also kept here does. It is
written after the rows it names are durable, so it is never ahead of them: in two places by turns,
so that a power cut spoils at most the older one.
"""

from __future__ import annotations

import fcntl
import json
import os
import zlib
from pathlib import Path

from broadcaster.journal.chain import Head
from broadcaster.journal.entry import JournalError

_PLACE = 512
"""Bytes of one of the two places: a disk's sector."""


class AnchorFile:
    """The file of the newest head, open for writing and locked."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            JournalError: another process holds it, so it writes this journal.
            OSError: it cannot be made or opened.
        """
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._descriptor)
            raise JournalError(
                f"another process writes the journal in {path.parent}: give this controller a "
                "state directory of its own with --state"
            ) from None
        heads = _heads(os.pread(self._descriptor, 2 * _PLACE, 0))
        newest = max(range(2), key=lambda turn: _sequence(heads[turn]))
        self._turn = 1 - newest

    def write(self, head: Head) -> None:
        """Keep `head`, durably; raises OSError."""
        said = {"sequence": head.sequence, "hash": head.digest.hex()}
        text = json.dumps(said)
        line = f"{zlib.crc32(text.encode()):08x} {text}"
        os.pwrite(self._descriptor, f"{line:<{_PLACE - 1}}\n".encode(), self._turn * _PLACE)
        os.fdatasync(self._descriptor)
        self._turn = 1 - self._turn

    def close(self) -> None:
        """Let go of the file and its lock."""
        os.close(self._descriptor)


def read_anchor(path: Path) -> Head | None:
    """The newest head that was kept; None when none was. Raises OSError."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return None
    return max((head for head in _heads(octets) if head), key=_sequence, default=None)


def _heads(octets: bytes) -> tuple[Head | None, Head | None]:
    return _head(octets[:_PLACE]), _head(octets[_PLACE : 2 * _PLACE])


def _sequence(head: Head | None) -> int:
    return head.sequence if head else -1


def _head(octets: bytes) -> Head | None:
    """The head in one of the places; None when it is empty or spoilt."""
    checksum, _, text = octets.decode(errors="replace").strip().partition(" ")
    if f"{zlib.crc32(text.encode()):08x}" != checksum:
        return None
    try:
        said = json.loads(text)
        return Head(int(said["sequence"]), bytes.fromhex(said["hash"]))
    except (ValueError, TypeError, KeyError):
        return None
