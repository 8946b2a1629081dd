"""Staging: audio is mapped, read and locked before anybody may put it on air.

A thread beside the sender watches the plan parts, parses a new one, hands it over, and then brings
in what the plan will need: all messages, and the next minute of every programme. It uses only calls
that drop the interpreter lock while they wait, so a slow disk never makes a packet late. What is
not staged does not claim.
"""

from __future__ import annotations

import ctypes
import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic

import numpy as np

from broadcaster.engine.codec import Samples
from broadcaster.engine.libc import libc, real_time
from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.render import mixes
from broadcaster.engine.shared_block import SharedBlock
from zones.bus import Kind
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Segment, Sequence, Source, Timeline

AHEAD: Sample = 60 * RATE
"""How much of a timeline is staged ahead of air."""
CHUNK: Sample = 10 * RATE
_LEAD_SEGMENTS = 2
_PROT_READ, _MAP_SHARED = 1, 1
_FAILED = ctypes.c_void_p(-1).value
BUILT_IN = 0
"""The priority of the chime that is made by code, not read from a recording."""
_DEATHS = 2
_DEATHS_WITHIN_NS = 10_000_000_000
_GRACE = 5.0
"""Seconds a mapping outlives its last use, so that no block being rendered loses its pages."""
_ROUND = 0.5
"""Seconds between rounds of staging while the plan stays the same. Both parts ring one bell."""


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


def spared(plan: Plan) -> Plan:
    """The plan with nothing but warnings and the built-in chime."""
    kept = [c for c in plan.claims if c.kind is Kind.WARNING or c.priority == BUILT_IN]
    sources = [claim.source for claim in kept]
    named = {name: source for name, source in plan.sources.items() if source in sources}
    return replace(plan, claims=tuple(kept), sources=named)


def playing_at(plans: Iterable[Plan], sample: Sample) -> list[str]:
    """The claims, warnings aside, that were on air somewhere at `sample`."""
    listed = list(plans)
    streams = [stream for plan in listed for stream in plan.streams]
    on_air = (mix.on_air(sample) for mix in mixes(listed, streams).values())
    return sorted({claim.id for claim in on_air if claim and claim.kind is not Kind.WARNING})


class Staging:
    """The PCM at hand; filled by the staging thread, read by the sending one."""

    def __init__(self, directory: Path) -> None:
        """`directory` is the PCM store's."""
        self._directory = directory
        self._mappings: dict[PcmId, _Mapping] = {}
        self._released: list[tuple[float, _Mapping]] = []
        self.missing: set[PcmId] = set()

    def samples(self, pcm: PcmId, begin: Sample, end: Sample) -> Samples | None:
        """Samples [begin, end), or None unless every one of them is staged."""
        mapping = self._mappings.get(pcm)
        if mapping is None or begin < 0 or end > len(mapping.samples):
            return None
        ready = mapping.ready[begin // CHUNK : (end - 1) // CHUNK + 1]
        return mapping.samples[begin:end] if all(ready) else None

    def ring(self, name: str, begin: Sample, end: Sample) -> Samples | None:
        """No live voice is connected to this engine."""
        return None

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


class Stager(threading.Thread):
    """The thread that parses plans and stages what they name."""

    def __init__(
        self,
        run: Path,
        staging: Staging,
        now: Callable[[], Sample],
        hand_over: Callable[[Mapping[Part, Plan]], None],
        refused: Callable[[str], None],
    ) -> None:
        """`hand_over` gets the parts in force at each change, `refused` why one is not taken."""
        super().__init__(name="stager", daemon=True)
        self._files = {part: PlanFile(plan_path(run, part)) for part in Part}
        self._seen = dict.fromkeys(Part, 0)
        self._plans: dict[Part, Plan] = {}
        self._staging = staging
        self._now = now
        self._hand_over = hand_over
        self._refused = refused
        self._scheduling = 0

    def begin(self, scheduling: int) -> None:
        """Read the parts there are, stage what sounds now, then go on as a thread.

        `scheduling` is the thread's SCHED_FIFO priority when that is allowed, below the sender's.
        """
        self._scheduling = scheduling
        self.look()
        for pcm, chunk in sounding(self._sources(), self._now()):
            self._staging.bring_in(pcm, chunk)
        self.start()

    def run(self) -> None:
        """Watch the parts and stage, for ever."""
        if self._scheduling:
            real_time(self._scheduling)
        bell = 0
        while True:
            self._files[Part.CONTROL].wait(bell, _ROUND)
            bell = self._files[Part.CONTROL].bell
            self.look()
            while not self.stage():
                self.look()

    def look(self) -> bool:
        """Take up new revisions; whether there were any.

        The older plan stays in force when a new one is refused.
        """
        before = self._plans
        for part, file in self._files.items():
            revision = file.revision
            if revision > self._seen[part]:
                try:
                    plan = file.read()
                    if plan is not None:
                        self._seen[part] = max(revision, plan.revision)
                        self._take_up(part, plan)
                except PlanError as error:
                    self._seen[part] = revision
                    self._refused(f"{part.value} plan {revision} refused: {error}")
        return self._plans is not before

    def _take_up(self, part: Part, plan: Plan) -> None:
        if plan.part is not part or plan.revision <= self._revision(part):
            raise PlanError("it is not a newer plan of this part")
        plans = {**self._plans, part: plan}
        self._hand_over(plans)
        self._plans = plans

    def heed(self, block: SharedBlock, ns: int) -> None:
        """Learn from the engine that died before this one (SAFETY G5).

        A plan whose first tick was not survived gives way to the one before. After two deaths
        within ten seconds under the same plans, only warnings and the built-in chime are played
        until somebody writes a new plan.
        """
        block.note_death(ns)
        for part in Part:
            revision = block.adopting(part)
            if revision and revision == self._revision(part):
                self._refused(
                    f"{part.value} plan {revision} killed an engine; the one before plays"
                )
                self._take_older(part)
        revisions = {part: self._revision(part) for part in Part}
        recent = [death for death in block.deaths() if death.ns > ns - _DEATHS_WITHIN_NS]
        if len([death for death in recent if death.revisions == revisions]) >= _DEATHS:
            playing = ", ".join(playing_at(self._plans.values(), block.state().sent_until))
            self._refused(f"engines die while playing {playing}: only warnings and the chime play")
            self._hand_over({part: spared(plan) for part, plan in self._plans.items()})

    def _take_older(self, part: Part) -> None:
        plans = {other: plan for other, plan in self._plans.items() if other is not part}
        try:
            older = self._files[part].read(older=True)
        except PlanError:
            older = None
        if older is not None:
            plans[part] = older
        self._plans = plans
        self._hand_over(plans)

    def _revision(self, part: Part) -> int:
        plan = self._plans.get(part)
        return plan.revision if plan is not None else 0

    def stage(self) -> bool:
        """Bring in what is needed, chunk by chunk; False when a newer plan arrived meanwhile."""
        wanted: set[PcmId] = set()
        for pcm, chunk in needed(self._sources(), self._now()):
            wanted.add(pcm)
            if not self._is_ready(pcm, chunk):
                self._staging.bring_in(pcm, chunk)
                if self._is_rung():
                    return False
        self._staging.keep(wanted)
        return True

    def _sources(self) -> list[Source]:
        return [source for plan in self._plans.values() for source in plan.sources.values()]

    def _is_ready(self, pcm: PcmId, chunk: int) -> bool:
        at = chunk * CHUNK
        return self._staging.samples(pcm, at, at + 1) is not None

    def _is_rung(self) -> bool:
        return any(file.revision > self._seen[part] for part, file in self._files.items())
