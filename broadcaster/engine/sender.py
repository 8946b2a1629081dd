"""The sending loop: one real-time thread, one sendmmsg per socket and tick.

Everything a tick needs is prepared before it sleeps: headers, payload pointers, the next blocks of
encoded sound. After waking it looks at one attribute (has a new plan been handed over?), sends, and
prepares the next tick. It opens nothing, hashes nothing and waits for no page.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic_ns

from broadcaster.engine.cadence import BLOCK_PACKETS, Cadence, Line
from broadcaster.engine.codec import SPOKEN
from broadcaster.engine.libc import AbsoluteSleep
from broadcaster.engine.pace import Due, next_due
from broadcaster.engine.plan import Part, Plan, PlanError, Stream
from broadcaster.engine.render import Pcm, is_at_hand, mixes
from broadcaster.engine.shared_block import Adoption, SharedBlock
from zones.bus import ClaimId
from zones.media_time import MediaClock, Sample
from zones.site import StreamId

_PUBLISH_TICKS = 20
_ALIGNMENT: Sample = 960
"""Every packet time divides it, so all cadences meet there."""


@dataclass(frozen=True, slots=True)
class Score:
    """The plan parts in force, laid out for sending; made beside the sender, adopted at a tick."""

    parts: Mapping[Part, Plan]
    cadences: tuple[Cadence, ...]
    lines: tuple[Line, ...]
    waiting: frozenset[ClaimId]
    """The claims of these parts that the engine has to give a start."""


def score(
    parts: Mapping[Part, Plan], sockets: Mapping[str, socket.socket], block: SharedBlock
) -> Score:
    """Unite the parts and lay their streams out.

    Raises:
        PlanError: a stream is in a format this engine does not encode, or needs a socket it was
            not given.
    """
    streams = {s.id: s for plan in reversed([*parts.values()]) for s in plan.streams}
    for stream in streams.values():
        _check(stream, sockets)
    mix_of = mixes(parts.values(), streams.values())
    lines: dict[object, Line] = {}
    line_of: dict[StreamId, Line] = {}
    by_packet_time: dict[Sample, list[Stream]] = {}
    for stream in streams.values():
        key = (id(mix_of[stream.id]), stream.format.name, stream.packet_time)
        if key not in lines:
            lines[key] = Line(mix_of[stream.id], stream.format, stream.packet_time)
        line_of[stream.id] = lines[key]
        by_packet_time.setdefault(stream.packet_time, []).append(stream)
    waiting = frozenset(claim.id for line in lines.values() for claim in line.mix.unstamped)
    return Score(
        dict(parts),
        tuple(Cadence(group, line_of, sockets, block) for group in by_packet_time.values()),
        tuple(lines.values()),
        waiting,
    )


def _check(stream: Stream, sockets: Mapping[str, socket.socket]) -> None:
    if stream.format not in SPOKEN:
        raise PlanError(f"stream {stream.id}: this engine does not encode {stream.format.name}")
    for leg in stream.legs:
        if leg.socket not in sockets:
            raise PlanError(f"stream {stream.id}: there is no socket {leg.socket!r}")


class Sender:
    """The one who speaks. `run` is the loop; `hand_over` may be called from another thread."""

    def __init__(
        self,
        clock: MediaClock,
        block: SharedBlock,
        pcm: Pcm,
        sockets: Mapping[str, socket.socket],
    ) -> None:
        """Sockets are named as in the plan's legs (`plan.socket_name`)."""
        self._clock = clock
        self._block = block
        self._pcm = pcm
        self._sockets = sockets
        self._cadences: tuple[Cadence, ...] = ()
        self._waiting: list[Line] = []
        self._stamps: dict[ClaimId, Sample] = {}
        self._in_force: Mapping[Part, Plan] = {}
        self._handed_over: Score | None = None
        self._tick: Sample = 240
        self._ticks = 0
        self.is_stopping = False

    def hand_over(self, parts: Mapping[Part, Plan]) -> None:
        """Let the next tick play these parts; for the staging thread.

        Raises:
            PlanError: the parts cannot be sent by this engine.
        """
        self._handed_over = score(parts, self._sockets, self._block)

    def rehearse(self) -> None:
        """Go through a tick without sending, so that a standby's first one is not its slowest."""
        score = self._handed_over
        if score is not None:
            sample = -(-self._now() // _ALIGNMENT) * _ALIGNMENT
            for line in score.lines:
                line.play(line.mix.with_stamps(self._block.stamps(score.waiting)))
            for cadence in score.cadences:
                cadence.prepare(self._pcm, sample, 1)
                cadence.send_nothing()

    def run(self) -> None:
        """Send until `is_stopping`; returns after a whole tick."""
        sleep = AbsoluteSleep()
        sample = -(-self._now() // _ALIGNMENT) * _ALIGNMENT
        while not self.is_stopping:
            self._prepare(sample, BLOCK_PACKETS)
            sleep.until(self._clock.monotonic_ns_at(sample))
            now = self._now()
            if now - sample >= self._tick:
                sample = self._skip(sample, next_due(sample, now, self._tick))
            if self._handed_over is not None or self._waiting:
                tick = self._tick
                self._adopt(sample)
                if tick != self._tick and sample % self._tick:
                    sample += -sample % self._tick
                    continue
                self._prepare(sample, 1)
            self._send(sample)
            sample += self._tick

    def _now(self) -> Sample:
        return self._clock.sample_at(monotonic_ns())

    def _prepare(self, sample: Sample, packets: int) -> None:
        for cadence in self._cadences:
            if sample % cadence.packet_time == 0:
                cadence.prepare(self._pcm, sample, packets)

    def _send(self, sample: Sample) -> None:
        for cadence in self._cadences:
            if sample % cadence.packet_time == 0:
                cadence.send(sample)
        fields = self._block.fields
        fields["sent_until"] = sample + self._tick
        fields["beat_ns"] = monotonic_ns()
        self._ticks += 1
        if self._ticks % _PUBLISH_TICKS == 0:
            self._publish()

    def _skip(self, planned: Sample, due: Due) -> Sample:
        """Give up ticks that are too late; packets of longer packet times are still sent."""
        fields = self._block.fields
        fields["late_ticks"] += 1
        if not due.skipped:
            return planned
        fields["skipped_packets"] += due.skipped
        for cadence in self._cadences:
            begins = -(-planned // cadence.packet_time) * cadence.packet_time
            if cadence.packet_time > self._tick and begins < due.sample:
                cadence.prepare(self._pcm, begins, 1)
                cadence.send(begins)
        self._prepare(due.sample, BLOCK_PACKETS)
        return due.sample

    def _adopt(self, sample: Sample) -> None:
        """Play what was handed over from `sample` on, and stamp the claims that wait for it."""
        score, self._handed_over = self._handed_over, None
        if score is not None:
            self._publish()
            adopted = [p for part, p in score.parts.items() if self._in_force.get(part) is not p]
            for plan in adopted:
                self._block.note_adopting(plan.part, plan.revision)
            self._in_force = score.parts
            self._cadences = score.cadences
            for cadence in self._cadences:
                cadence.take_over()
            if self._cadences:
                self._tick = min(cadence.packet_time for cadence in self._cadences)
            fresh = score.waiting - self._stamps.keys()
            known = {**self._block.stamps(fresh), **self._stamps} if fresh else self._stamps
            self._stamps = {name: at for name, at in known.items() if name in score.waiting}
            self._waiting = [line for line in score.lines if line.mix.unstamped]
            for plan in adopted:
                self._block.note_adopted(Adoption(plan.part, plan.revision, sample))
        if self._waiting:
            self._stamp(sample)

    def _stamp(self, sample: Sample) -> None:
        """Start every waiting claim whose sound is at hand: one sample for all its zones."""
        for line in self._waiting:
            for claim in line.mix.unstamped:
                if claim.id not in self._stamps and is_at_hand(self._pcm, claim, sample):
                    self._block.stamp(claim.id, sample, self._stamps)
                    self._stamps[claim.id] = sample
            mix = line.mix.with_stamps(self._stamps)
            if mix is not line.mix:
                line.play(mix)
                for cadence in self._cadences:
                    cadence.forget()
        self._waiting = [line for line in self._waiting if line.mix.unstamped]

    def _publish(self) -> None:
        for cadence in self._cadences:
            cadence.publish()
            for line in cadence.lines:
                if line.fault:
                    self._block.say_fault(line.fault)
