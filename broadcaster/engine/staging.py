"""Staging: audio is mapped, read and locked before anybody may put it on air.

The sender reads what is here and waits for nothing; what is not staged does not claim. Files are
brought in by system calls that drop the interpreter lock while they wait, so a slow disk never
makes a packet late.
"""

from __future__ import annotations

import ctypes
import os
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

import numpy as np

from broadcaster.engine.codec import Samples
from broadcaster.engine.libc import libc
from broadcaster.engine.ring import MappedRing, RingError, ring_path
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Ring, Segment, Sequence, Source, Timeline

AHEAD: Sample = 60 * RATE
"""How much of a timeline is staged ahead of air."""
CHUNK: Sample = 10 * RATE
_PROT_READ, _MAP_SHARED = 1, 1
_FAILED = ctypes.c_void_p(-1).value
_GRACE = 5.0
"""Seconds a mapping outlives its last use, so that no block being rendered loses its pages."""


class _Mapping:
    """One PCM file in memory; chunks become usable one by one."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self.bytes = os.fstat(descriptor).st_size // 2 * 2
            address = libc.mmap(None, self.bytes, _PROT_READ, _MAP_SHARED, descriptor, 0)
        finally:
            os.close(descriptor)
        if address in (None, _FAILED):
            raise OSError(ctypes.get_errno(), f"{path} cannot be mapped")
        self.address: int = address
        buffer = (ctypes.c_char * self.bytes).from_address(address)
        self._buffer = memoryview(buffer).cast("B")
        self.samples: Samples = np.frombuffer(self._buffer, np.dtype("<i2"))
        self.samples.flags.writeable = False
        self.ready = bytearray(-(-len(self.samples) // CHUNK))

    def bring_in(self, chunk: int) -> None:
        """Read a chunk from disk, lock it if allowed, and only then call it ready."""
        start = chunk * CHUNK * 2
        length = min(CHUNK * 2, self.bytes - start)
        libc.mlock(self.address + start, length)
        zlib.crc32(self._buffer[start : start + length])
        self.ready[chunk] = 1

    def release(self) -> None:
        """Unmap. Nobody may hold its samples any more."""
        libc.munmap(self.address, self.bytes)


def chunks(cue_in: Sample, length: Sample) -> range:
    """The chunks that `length` samples from `cue_in` touch."""
    return range(cue_in // CHUNK, (cue_in + length - 1) // CHUNK + 1)


def needed(sources: Iterable[Source], now: Sample) -> Iterator[tuple[PcmId, int]]:
    """What should be staged at `now`, most urgent first: messages whole, programmes a minute on.

    What sounds this very second comes before the messages, so that a restarted engine goes on at
    once.
    """
    listed = list(sources)
    yield from sounding(listed, now)
    for source in listed:
        if isinstance(source, Sequence):
            for segment in (*source.once, *source.loop):
                yield from _segment_chunks(segment, 0, segment.length)
    for source in listed:
        if isinstance(source, Timeline):
            yield from _timeline_chunks(source, now - RATE, now + AHEAD)


def sounding(sources: Iterable[Source], now: Sample) -> Iterator[tuple[PcmId, int]]:
    """The chunks of programmes that are heard within two seconds of `now`."""
    for source in sources:
        if isinstance(source, Timeline):
            yield from _timeline_chunks(source, now - RATE, now + 2 * RATE)


def _timeline_chunks(source: Timeline, begin: Sample, end: Sample) -> Iterator[tuple[PcmId, int]]:
    for start, segment in source.covering(begin, end):
        yield from _segment_chunks(segment, max(0, begin - start), min(segment.length, end - start))


def _segment_chunks(segment: Segment, begin: Sample, end: Sample) -> Iterator[tuple[PcmId, int]]:
    if segment.pcm is not None and end > begin:
        for chunk in chunks(segment.cue_in + begin, end - begin):
            yield segment.pcm, chunk


class Staging:
    """The PCM at hand; filled by the staging thread, read by the sending one."""

    def __init__(self, directory: Path, run: Path | None = None) -> None:
        """`directory` is the PCM store's; rings of live voices lie in the run directory."""
        self._directory = directory
        self._mappings: dict[PcmId, _Mapping] = {}
        self._released: list[tuple[float, _Mapping]] = []
        self.missing: set[PcmId] = set()
        self._run = run
        self._rings: dict[str, MappedRing] = {}

    def samples(self, pcm: PcmId, begin: Sample, end: Sample) -> Samples | None:
        """Samples [begin, end), or None unless every one of them is staged."""
        mapping = self._mappings.get(pcm)
        if mapping is None or begin < 0 or end > len(mapping.samples):
            return None
        ready = mapping.ready[begin // CHUNK : (end - 1) // CHUNK + 1]
        return mapping.samples[begin:end] if all(ready) else None

    def ring(self, name: str, begin: Sample, end: Sample) -> Samples | None:
        """Live samples [begin, end), or None when nobody keeps writing them."""
        ring = self._rings.get(name)
        return None if ring is None else ring.read(begin, end)

    def written_to(self, name: str) -> Sample | None:
        """Up to where a live voice has been written."""
        ring = self._rings.get(name)
        return None if ring is None else ring.written_to

    def connect(self, sources: Iterable[Source]) -> None:
        """Map the rings of live voices that are there and not mapped yet."""
        names = {source.name for source in sources if isinstance(source, Ring)}
        for name in names - self._rings.keys():
            with suppress(OSError, RingError):
                if self._run is not None:
                    ring = MappedRing(ring_path(self._run, name))
                    ring.samples.max()  # looks at every page, before the sender does
                    self._rings[name] = ring

    def bring_in(self, pcm: PcmId, chunk: int) -> None:
        """Stage one chunk; what cannot be staged is remembered in `missing`."""
        mapping = self._mappings.get(pcm)
        if mapping is None:
            try:
                mapping = _Mapping(self._directory / pcm[:2] / f"{pcm}.pcm")
            except (OSError, ValueError):
                self.missing.add(pcm)
                return
            self._mappings[pcm] = mapping
        if chunk < len(mapping.ready):
            if not mapping.ready[chunk]:
                mapping.bring_in(chunk)
            self.missing.discard(pcm)
        else:
            self.missing.add(pcm)

    def keep(self, wanted: set[PcmId]) -> None:
        """Let go of everything else, a little later."""
        now = monotonic()
        for pcm in [name for name in self._mappings if name not in wanted]:
            self._released.append((now, self._mappings.pop(pcm)))
        while self._released and self._released[0][0] < now - _GRACE:
            self._released.pop(0)[1].release()
        self.missing &= wanted
