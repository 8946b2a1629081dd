"""A live ring: sound that is spoken now, in a file of the run directory that two processes map.

The sound for media time s lies at s modulo the ring's size; the head says up to where it has been
written. A reader needs nothing else: it asks nobody, and what it gets depends on the ring alone.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import re
from pathlib import Path

import numpy as np

from broadcaster.engine.codec import Samples
from zones.media_time import RATE, Sample

SIZE: Sample = 1 << 19
"""10.9 s: more than the longest delay of a stream."""
LEAD: Sample = 2_400
"""50 ms: how long before it is heard a sample must be in the ring, so that packets of 20 ms are
whole when they are made."""
FADE: Sample = 480
"""10 ms: how fast a voice that breaks off, or comes back, fades."""
STALE: Sample = 3 * RATE // 10
"""300 ms: a ring that is further behind does not claim."""
_MAGIC = 0x31_47_4E_52_47_52_53
_HEAD_BYTES = 4_096
_FILE_BYTES = _HEAD_BYTES + 2 * SIZE
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


class RingError(Exception):
    """A ring that cannot be used; the text says why."""


def ring_path(run: Path, name: str) -> Path:
    """Where the ring called `name` lies in the run directory.

    Raises:
        RingError: the name has other characters than a-z, 0-9 and hyphens, or more than 63.
    """
    if not _NAME.fullmatch(name):
        raise RingError(f"{name!r} is no name of a ring: use up to 63 of a-z, 0-9 and hyphens")
    return run / f"ring-{name}"


class _Head(ctypes.Structure):
    """Aligned words; each is stored at once."""

    _fields_ = (
        ("magic", ctypes.c_uint64),
        ("begun", ctypes.c_int64),
        ("written_to", ctypes.c_int64),
    )


class MappedRing:
    """The file, mapped. The writer makes it; readers only look.

    Raises:
        RingError: the file holds something else.
        OSError: it is not there, or cannot be mapped.
    """

    def __init__(self, path: Path, *, is_writer: bool = False) -> None:
        """Map the ring at `path`; its one writer makes it when it is not there."""
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if is_writer else 0)
        self.descriptor = os.open(path, flags, 0o600)
        try:
            size = os.fstat(self.descriptor).st_size
            if size not in ((0, _FILE_BYTES) if is_writer else (_FILE_BYTES,)):
                raise RingError(f"{path} is no ring of this version: remove it")
            if is_writer:
                os.posix_fallocate(self.descriptor, 0, _FILE_BYTES)
            self._map = mmap.mmap(self.descriptor, _FILE_BYTES)
        except BaseException:
            os.close(self.descriptor)
            raise
        self.head = _Head.from_buffer(self._map)
        if self.head.magic != _MAGIC and not (is_writer and self.head.magic == 0):
            self.close()
            raise RingError(f"{path} is no ring of this version: remove it")
        if is_writer:
            self.head.magic = _MAGIC
        self.samples: Samples = np.frombuffer(self._map, np.dtype("<i2"), SIZE, _HEAD_BYTES)

    def close(self) -> None:
        """Let go of the file; it stays, so that a reader finds it silent and not gone."""
        self.samples = np.zeros(0, np.int16)
        del self.head
        os.close(self.descriptor)
        # Unmapped when the last array that looks at it is gone.
        del self._map

    @property
    def written_to(self) -> Sample:
        """The first sample that has not been written."""
        return int(self.head.written_to)

    def read(self, begin: Sample, end: Sample) -> Samples | None:
        """The sound of media time [begin, end); None when its writer is not keeping up.

        What is not there yet is silence, into which the last sound fades, mirrored in time, so that
        a voice that breaks off makes no click.
        """
        written = self.written_to
        if begin - written > STALE:
            return None
        sound = np.zeros(end - begin, np.int16)
        oldest = max(begin, int(self.head.begun), written - SIZE + RATE // 10)
        until = min(end, written)
        if oldest < until:
            sound[oldest - begin : until - begin] = self._at(np.arange(oldest, until))
        first, last = max(begin, written), min(end, written + FADE)
        if first < last and written - FADE >= self.head.begun:
            after = np.arange(first, last) - written
            gain = 1.0 - after.astype(np.float32) / np.float32(FADE)
            tail = self._at(written - 1 - after) * gain
            sound[first - begin : last - begin] = tail.astype(np.int16)
        return sound

    def _at(self, places: np.typing.NDArray[np.int64]) -> Samples:
        found: Samples = self.samples[places % SIZE]
        return found
