"""The sending loop: one real-time thread, one sendmmsg per socket and tick.

Everything a tick needs is prepared before it sleeps: headers, payload pointers, the next blocks of
encoded sound. After waking it looks at one attribute (has a new plan been handed over?), sends, and
prepares the next tick. It opens nothing, hashes nothing and waits for no page.
"""

from __future__ import annotations

import ctypes
import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.codec import SPOKEN, Octets, Samples, encode
from broadcaster.engine.libc import AbsoluteSleep, libc
from broadcaster.engine.pace import Due, next_due
from broadcaster.engine.packet import HEADER, VERSION_2, sequence_number, timestamp
from broadcaster.engine.plan import Part, Plan, PlanError, Stream
from broadcaster.engine.render import Mix, Pcm, is_at_hand, mixes
from broadcaster.engine.shared_block import Adoption, SharedBlock, leg_key
from zones.bus import ClaimId
from zones.media_time import MediaClock, Sample
from zones.site import StreamId
from zones.sound import Silence
from zones.stream_format import StreamFormat

BLOCK_PACKETS = 20
"""Packets encoded at once while nothing changes."""
_PUBLISH_TICKS = 20
_ALIGNMENT: Sample = 960
"""Every packet time divides it, so all cadences meet there."""
_MESSAGE = np.dtype(
    [
        ("name", "<u8"), ("name_length", "<u4"), ("", "<u4"), ("vectors", "<u8"),
        ("vector_count", "<u8"), ("control", "<u8"), ("control_length", "<u8"),
        ("flags", "<i4"), ("", "<u4"), ("sent", "<u4"), ("", "<u4"),
    ]
)  # fmt: skip
_VECTOR = np.dtype([("base", "<u8"), ("length", "<u8")])
_ADDRESS = np.dtype([("family", "<u2"), ("port", ">u2"), ("address", ">u4"), ("", "V8")])
_AT_ONCE = 1024
"""UIO_MAXIOV: the most messages one sendmmsg takes."""


class _Line:
    """One run of encoded packets, shared by all streams that sound and encode alike."""

    def __init__(self, mix: Mix, payload_format: StreamFormat, packet_time: Sample) -> None:
        self.mix = mix
        self._format = payload_format
        self._packet_time = packet_time
        self._packet_bytes = payload_format.payload_bytes(packet_time)
        self._octets: Octets = np.zeros(0, np.uint8)
        self._address = 0
        self._begin: Sample = 0
        self._end: Sample = 0
        self.fault = ""

    def play(self, mix: Mix) -> None:
        """Play another mix from the next packet on."""
        self.mix = mix
        self._end = self._begin

    def pointer(self, pcm: Pcm, sample: Sample, packets: int) -> int:
        """Address of the payload that begins at `sample`; encodes `packets` more when needed."""
        if not self._begin <= sample < self._end:
            length = (packets if self.mix.is_whole else 1) * self._packet_time
            self._octets = encode(self._format, self._rendered(pcm, sample, length))
            self._address = self._octets.ctypes.data
            self._begin, self._end = sample, sample + length
            if not self.mix.is_whole:  # what is missing may be there for the next packet
                self._end = sample + self._packet_time
        return self._address + (sample - self._begin) // self._packet_time * self._packet_bytes

    def _rendered(self, pcm: Pcm, sample: Sample, length: Sample) -> Samples:
        """The line's sound; a claim that cannot be rendered is passed over, the others go on."""
        for _ in range(len(self.mix.claims) + 1):
            try:
                return self.mix.render(pcm, sample, length)
            except Exception as error:  # noqa: BLE001 - one bad claim must not stop every stream
                poison = self.mix.on_air(sample)
                self.fault = f"{poison.id if poison else 'nothing'} cannot be rendered: {error!r}"
                if poison is None or isinstance(poison.source, Silence):
                    break
                self.mix = self.mix.passing_over(poison)
        return np.zeros(length, np.int16)


class _Cadence:
    """All legs of streams with one packet time, laid out for sendmmsg, one batch a socket."""

    def __init__(
        self,
        streams: list[Stream],
        lines: Mapping[StreamId, _Line],
        sockets: Mapping[str, socket.socket],
        block: SharedBlock,
    ) -> None:
        self.packet_time = streams[0].packet_time
        self.lines = list(dict.fromkeys(lines[stream.id] for stream in streams))
        index = {id(line): at for at, line in enumerate(self.lines)}
        legs = [
            (leg.socket, number, stream, leg)
            for stream in streams
            for number, leg in enumerate(stream.legs)
        ]
        legs.sort(key=lambda leg: leg[0])
        count = len(legs)
        self.headers = np.zeros(count, HEADER)
        self.headers["flags"] = VERSION_2
        self.headers["type"] = [stream.payload_type for _, _, stream, _ in legs]
        self.headers["ssrc"] = [stream.ssrc for _, _, stream, _ in legs]
        self._rates = np.array([stream.format.clock_hz for _, _, stream, _ in legs])
        self._one_rate = int(self._rates[0]) if len(set(self._rates.tolist())) == 1 else 0
        self._line_of = np.array([index[id(lines[s.id])] for _, _, s, _ in legs])
        self._pointers = np.zeros(len(self.lines), np.uint64)
        self._addresses = np.zeros(count, _ADDRESS)
        self._addresses["family"] = socket.AF_INET
        self._addresses["port"] = [leg.port for _, _, _, leg in legs]
        self._addresses["address"] = [
            int.from_bytes(socket.inet_aton(leg.address), "big") for _, _, _, leg in legs
        ]
        self._vectors = np.zeros((count, 2), _VECTOR)
        self._vectors["base"][:, 0] = _rows(self.headers)
        self._vectors["length"][:, 0] = HEADER.itemsize
        self._vectors["length"][:, 1] = [
            stream.format.payload_bytes(stream.packet_time) for _, _, stream, _ in legs
        ]
        self._bases = self._vectors["base"][:, 1]
        self._messages = np.zeros(count, _MESSAGE)
        self._messages["name"] = _rows(self._addresses)
        self._messages["name_length"] = _ADDRESS.itemsize
        self._messages["vectors"] = _rows(self._vectors)
        self._messages["vector_count"] = 2
        self._batches = _batches([name for name, _, _, _ in legs], sockets)
        rows = block.leg_rows([leg_key(stream.id, number) for _, number, stream, _ in legs])
        self._table = block.fields["legs"]
        self._rows = np.array(rows)
        self._packets = self._refused = self._errors = np.zeros(count, np.uint64)

    def take_over(self) -> None:
        """Count on from what the shared block holds."""
        self._packets = self._table["packets"][self._rows]
        self._refused = self._table["refused"][self._rows]
        self._errors = self._table["errno"][self._rows]

    def prepare(self, pcm: Pcm, sample: Sample, packets: int) -> None:
        """Lay out the packets that begin at `sample`."""
        for at, line in enumerate(self.lines):
            self._pointers[at] = line.pointer(pcm, sample, packets)
        self._bases[:] = self._pointers[self._line_of]
        self.headers["sequence"] = sequence_number(sample, self.packet_time)
        if self._one_rate:
            self.headers["timestamp"] = timestamp(sample, self._one_rate)
        else:
            self.headers["timestamp"] = [timestamp(sample, int(rate)) for rate in self._rates]

    def send(self) -> None:
        """Send what is laid out; a destination that is refused is counted and stepped over."""
        size = _MESSAGE.itemsize
        base = int(self._messages.ctypes.data)
        for descriptor, first, last in self._batches:
            at = first
            while at < last:
                count = min(last - at, _AT_ONCE)
                sent = libc.sendmmsg(descriptor, base + at * size, count, 0)
                if sent > 0:
                    self._packets[at : at + sent] += np.uint64(1)
                    at += sent
                elif ctypes.get_errno() != errno.EINTR:
                    self._refused[at] += np.uint64(1)
                    self._errors[at] = ctypes.get_errno()
                    at += 1

    def send_nothing(self) -> None:
        """Make the system call without a message in it."""
        for descriptor, _, _ in self._batches:
            libc.sendmmsg(descriptor, int(self._messages.ctypes.data), 0, 0)

    def publish(self) -> None:
        """Write the counts into the shared block."""
        self._table["packets"][self._rows] = self._packets
        self._table["refused"][self._rows] = self._refused
        self._table["errno"][self._rows] = self._errors


def _rows(array: NDArray[Any]) -> NDArray[np.uint64]:
    """The address of every row of a packed array."""
    step = array.strides[0]
    return np.arange(len(array), dtype=np.uint64) * np.uint64(step) + np.uint64(array.ctypes.data)


def _batches(names: list[str], sockets: Mapping[str, socket.socket]) -> list[tuple[int, int, int]]:
    """(file descriptor, first leg, leg after the last) for each run of one socket."""
    found: list[tuple[int, int, int]] = []
    for at, name in enumerate(names):
        descriptor = sockets[name].fileno()
        if found and found[-1][0] == descriptor:
            found[-1] = (descriptor, found[-1][1], at + 1)
        else:
            found.append((descriptor, at, at + 1))
    return found


@dataclass(frozen=True, slots=True)
class Score:
    """The plan parts in force, laid out for sending; made beside the sender, adopted at a tick."""

    parts: Mapping[Part, Plan]
    cadences: tuple[_Cadence, ...]
    lines: tuple[_Line, ...]
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
    lines: dict[object, _Line] = {}
    line_of: dict[StreamId, _Line] = {}
    by_packet_time: dict[Sample, list[Stream]] = {}
    for stream in streams.values():
        key = (id(mix_of[stream.id]), stream.format.name, stream.packet_time)
        if key not in lines:
            lines[key] = _Line(mix_of[stream.id], stream.format, stream.packet_time)
        line_of[stream.id] = lines[key]
        by_packet_time.setdefault(stream.packet_time, []).append(stream)
    waiting = frozenset(claim.id for line in lines.values() for claim in line.mix.unstamped)
    return Score(
        dict(parts),
        tuple(_Cadence(group, line_of, sockets, block) for group in by_packet_time.values()),
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
        self._cadences: tuple[_Cadence, ...] = ()
        self._waiting: list[_Line] = []
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
            due = next_due(sample, self._now(), self._tick)
            if due.skipped:
                sample = self._skip(sample, due)
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
                cadence.send()
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
        fields["skipped_packets"] += due.skipped
        for cadence in self._cadences:
            begins = -(-planned // cadence.packet_time) * cadence.packet_time
            if cadence.packet_time > self._tick and begins < due.sample:
                cadence.prepare(self._pcm, begins, 1)
                cadence.send()
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
        self._waiting = [line for line in self._waiting if line.mix.unstamped]

    def _publish(self) -> None:
        for cadence in self._cadences:
            cadence.publish()
            for line in cadence.lines:
                if line.fault:
                    self._block.fields["fault"] = line.fault.encode()[:255]
