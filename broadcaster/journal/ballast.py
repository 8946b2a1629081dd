"""Room that is kept on the disk for the day it is full.

The file holds real blocks. When the disk is full it is removed, and the journal goes on for some
160,000 rows (64 MiB) while somebody makes room; it is made again when there is plenty.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

USUAL = 64 * 1024 * 1024
"""Bytes."""
PLENTY = 3
"""It is made when the disk has this many times its size."""


class Ballast:
    """The file, and the room there is without it."""

    def __init__(self, path: Path, size: int = USUAL) -> None:
        """`size` in bytes; 0 keeps none."""
        self._path = path
        self.size = size

    @property
    def is_there(self) -> bool:
        """Whether the room is kept."""
        try:
            return self.size > 0 and self._path.stat().st_size >= self.size
        except OSError:
            return False

    def free(self) -> bool:
        """Give the room back to the disk; whether there was any."""
        try:
            was_there = self._path.stat().st_size > 0
            self._path.unlink()
        except OSError:
            return False
        return was_there

    def keep(self) -> bool:
        """Make the file when it is missing and the disk has plenty; whether it is there now."""
        if not self.size or self.is_there:
            return True
        try:
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize < PLENTY * self.size:
                return False
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self.size)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError:
            with contextlib.suppress(OSError):
                self._path.unlink()
            return False
        return True
