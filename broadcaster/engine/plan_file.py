"""A plan part on disk: two slots, so that a reader finds a whole plan at any moment.

The writer fills the older slot and then publishes its revision with one aligned 8-byte store. A
reader takes the newer slot, copies it and checks length and CRC; if the writer was faster, it
simply looks again later. The revision word is also a futex: readers sleep on it in the kernel.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import zlib
from pathlib import Path
from types import TracebackType

from broadcaster.engine.libc import futex_wait, futex_wake
from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_lines import PlanDecoder, PlanEncoder

MAGIC = 0x31_4E_4C_50_47_52_53  # "SRGPLN1", read as a little-endian number
SLOT_BYTES = 8 << 20
"""The longest plan of a part; the file is sparse."""
_HEAD_BYTES = 4096
_RESERVED_AT_ONCE = 64 << 10


_WORDS = 8
_MAGIC, _BELL, _SLOTS = 0, 1, (2, 5)
"""Places of the head's 64-bit words; the bell is the low half of its word.

Plain words and no numpy: after idle milliseconds its first call alone costs 50 us.
"""
_REVISION, _LENGTH, _CRC = 0, 1, 2
"""Places of a slot's words from its first one on."""


def plan_path(run: Path, part: Part) -> Path:
    """Where a part lies in the run directory."""
    return run / f"plan-{part.value}"


class PlanFile:
    """One part's file, opened for reading or for writing by its one writer.

    Raises:
        PlanError: the file is no plan file.
        OSError: it cannot be made or opened.
    """

    def __init__(self, path: Path) -> None:
        """Map the file; make it when it is not there."""
        self._path = path
        self._decoder = PlanDecoder()
        self._encoder = PlanEncoder()
        self._reserved = [0, 0]
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = _HEAD_BYTES + 2 * SLOT_BYTES
            if os.fstat(descriptor).st_size not in (0, size):
                raise PlanError(f"{path} is no plan file: remove it and start again")
            os.ftruncate(descriptor, size)
            os.posix_fallocate(descriptor, 0, _HEAD_BYTES)
            self._map = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        self._words = (ctypes.c_uint64 * _WORDS).from_buffer(self._map)
        self._bell = ctypes.c_uint32.from_buffer(self._map, 8 * _BELL)
        if self._words[_MAGIC] not in (0, MAGIC):
            raise PlanError(f"{path} is no plan file: remove it and start again")
        self._words[_MAGIC] = MAGIC

    def __enter__(self) -> PlanFile:
        """Use as a context; the mapping is released at its end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Release the mapping."""
        self.close()

    def close(self) -> None:
        """Release the mapping; the file stays."""
        del self._words, self._bell
        self._map.close()

    @property
    def revision(self) -> int:
        """The newest revision written; 0 before the first."""
        return max(self._words[slot + _REVISION] for slot in _SLOTS)

    def write(self, plan: Plan) -> None:
        """Publish `plan` and wake the engines.

        Raises:
            PlanError: it is too long, or its revision does not rise.
            OSError: the disk is full.
        """
        if plan.revision <= self.revision:
            raise PlanError(
                f"revision {plan.revision} does not rise above {self.revision} in {self._path}"
            )
        text = self._encoder.encode(plan)
        if len(text) > SLOT_BYTES:
            raise PlanError(f"a plan of {len(text)} bytes; the most is {SLOT_BYTES}")
        number = 1 - self._newest()
        slot = _SLOTS[number]
        self._words[slot + _REVISION] = 0
        start = _HEAD_BYTES + number * SLOT_BYTES
        self._reserve(number, len(text))
        self._map[start : start + len(text)] = text
        self._words[slot + _LENGTH] = len(text)
        self._words[slot + _CRC] = zlib.crc32(text)
        self._words[slot + _REVISION] = plan.revision
        self.ring()

    def ring(self) -> None:
        """Wake the engines that sleep on this file."""
        self._bell.value += 1
        futex_wake(ctypes.addressof(self._bell))

    def read(self, *, older: bool = False) -> Plan | None:
        """The newest plan; None when there is none or it is being replaced right now.

        With `older` the other slot: the plan before the newest, for a successor that finds the
        newest one to be poison.

        Raises:
            PlanError: the bytes are whole but are no plan.
        """
        number = 1 - self._newest() if older else self._newest()
        slot = _SLOTS[number]
        revision, length, crc = self._words[slot : slot + 3]
        if revision == 0 or length > SLOT_BYTES:
            return None
        start = _HEAD_BYTES + number * SLOT_BYTES
        text = self._map[start : start + length]
        if self._words[slot + _REVISION] != revision or zlib.crc32(text) != crc:
            return None
        return self._decoder.decode(text)

    def _newest(self) -> int:
        first, second = _SLOTS
        return int(self._words[second + _REVISION] > self._words[first + _REVISION])

    @property
    def bell(self) -> int:
        """How often the file was rung; read it before looking at revisions, then `wait` with it."""
        return self._bell.value

    def wait(self, bell: int, timeout: float) -> bool:
        """Sleep until the file is rung beyond `bell`, at most `timeout` seconds; whether it was."""
        futex_wait(ctypes.addressof(self._bell), bell, timeout)
        return self.bell != bell

    def _reserve(self, number: int, length: int) -> None:
        """Get the blocks before touching them: a full disk must raise, not kill by SIGBUS."""
        if length <= self._reserved[number]:
            return
        length = -(-length // _RESERVED_AT_ONCE) * _RESERVED_AT_ONCE
        descriptor = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        try:
            os.posix_fallocate(descriptor, _HEAD_BYTES + number * SLOT_BYTES, length)
        finally:
            os.close(descriptor)
        self._reserved[number] = length
