"""Writes a live voice into a ring, for a process that has one: console, desk, line-in.

The writer does what needs memory: drift correction, limiting, alignment to media time. Then the
engine needs none. `written_to` is the heartbeat: a writer that has nothing to say writes silence.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from types import TracebackType

import numpy as np

from broadcaster.engine.codec import Samples
from broadcaster.engine.ring import FADE, LEAD, SIZE, MappedRing, RingError, ring_path
from zones.media_time import RATE, Sample

__all__ = ["LEAD", "RingError", "RingWriter"]


class RingWriter:
    """The one writer of the ring called `name` in the run directory `run`.

    Raises:
        RingError: the name is none, the file holds something else, or somebody else writes it.
        OSError: it cannot be made.
    """

    def __init__(self, run: Path, name: str) -> None:
        """Make the ring, or go on with the one that is there."""
        self._ring = MappedRing(ring_path(run, name), is_writer=True)
        try:
            fcntl.flock(self._ring.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._ring.close()
            raise RingError(f"ring {name!r} has a writer already") from None
        self._fade_left = FADE

    def __enter__(self) -> RingWriter:
        """Use as a context; the ring is let go of at its end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the ring."""
        self.close()

    def close(self) -> None:
        """Let go of the ring; withdraw the claim first, or it starves."""
        self._ring.close()

    @property
    def written_to(self) -> Sample:
        """The first sample not yet written; where the next `write` may begin without a gap."""
        return self._ring.written_to

    def write(self, samples: Samples, at: Sample) -> int:
        """Write mono `samples` at 48 000 Hz for media time `at` on; how many were taken.

        They should be `LEAD` ahead of the media clock, or packets leave without them. What lies
        before `written_to` may have been heard and is dropped. After a gap, which is silent, sound
        fades in. More than two seconds off, the ring begins anew.

        Raises:
            ValueError: more than a second at once.
        """
        if len(samples) > RATE:
            raise ValueError(f"{len(samples)} samples at once; write at most {RATE}")
        head = self._ring.head
        written = int(head.written_to)
        if head.begun == written or abs(at - written) > 2 * RATE:
            head.begun = head.written_to = written = at
            self._fade_left = FADE
        elif at > written:
            self._ring.samples[np.arange(written, at) % SIZE] = 0
            self._fade_left = FADE
        fresh = samples[max(0, written - at) :]
        if not len(fresh):
            return 0
        begin = max(at, written)
        self._ring.samples[np.arange(begin, begin + len(fresh)) % SIZE] = self._faded(fresh)
        # The last of all: whoever reads it finds the samples there.
        head.written_to = begin + len(fresh)
        return len(fresh)

    def _faded(self, samples: Samples) -> Samples:
        if not self._fade_left:
            return samples
        done = FADE - self._fade_left
        length = min(self._fade_left, len(samples))
        gain = np.arange(done, done + length, dtype=np.float32) / np.float32(FADE)
        faded = samples.copy()
        faded[:length] = (samples[:length] * gain).astype(np.int16)
        self._fade_left -= length
        return faded
