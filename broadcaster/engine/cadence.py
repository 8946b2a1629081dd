"""Packets laid out for the kernel: what one sendmmsg takes, several ticks ahead.

A cadence is all legs of streams with one packet time. Headers, payload pointers and message
headers of the coming ticks are written in one go, so that a tick itself is a system call and hardly
any Python: what is not touched need not be fetched into a cold cache.
"""

from __future__ import annotations

import ctypes
import errno
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.libc import libc
from broadcaster.engine.packet import HEADER, VERSION_2, sequence_number, timestamp
from broadcaster.engine.plan import Stream
from broadcaster.engine.shared_block import SharedBlock, leg_key
from broadcaster.engine.sounding import Pcm
from zones.media_time import RATE, Sample
from zones.stream_format import StreamId

BLOCK_PACKETS = 50
"""Packets encoded and laid out at once while nothing changes."""
_MADE_AT_ONCE = 160
"""Packets encoded at once, all lines together; blocks that follow are made ahead."""
_LAYOUT_ROWS = 1024
"""The most packets laid out ahead, all legs together; beyond it the caches would not hold them."""
_MESSAGE = np.dtype(
    [
        ("name", "<u8"), ("name_length", "<u4"), ("", "<u4"), ("vectors", "<u8"),
        ("vector_count", "<u8"), ("control", "<u8"), ("control_length", "<u8"),
        ("flags", "<i4"), ("", "<u4"), ("sent", "<u4"), ("", "<u4"),
    ]
)  # fmt: skip
"""`struct mmsghdr` on 64-bit Linux."""
_VECTOR = np.dtype([("base", "<u8"), ("length", "<u8")])
_ADDRESS = np.dtype([("family", "<u2"), ("port", ">u2"), ("address", ">u4"), ("", "V8")])
_AT_ONCE = 1024
"""UIO_MAXIOV: the most messages one sendmmsg takes."""


class Payloads(Protocol):
    """Where a cadence gets the payloads of a stream from."""

    @property
    def end(self) -> Sample:
        """The first sample not yet encoded."""

    def pointer(self, pcm: Pcm, sample: Sample, packets: int) -> int:
        """Address of the payload that begins at `sample`; encodes up to `packets` when needed."""


@dataclass(frozen=True, slots=True)
class Casting:
    """Who plays on a cadence: its lines, each once, and the place of each leg's among them."""

    lines: tuple[Payloads, ...]
    line_of: NDArray[np.intp]


class Cadence:
    """All legs of streams with one packet time, one batch a socket.

    It outlives the plans, as long as they send the same streams.
    """

    def __init__(
        self,
        streams: list[Stream],
        sockets: Mapping[str, socket.socket],
        rows: Mapping[int, int],
        block: SharedBlock,
    ) -> None:
        """`sockets` are the descriptors that the streams' legs name.

        `rows` are those of the legs' counts in `block`, by `leg_key`.
        """
        self.packet_time = streams[0].packet_time
        legs = [
            (leg.socket, number, stream, leg)
            for stream in streams
            for number, leg in enumerate(stream.legs)
        ]
        legs.sort(key=lambda leg: (leg[0], _is_copy(leg[2], leg[1])))
        of_stream = [stream for _, _, stream, _ in legs]
        self._names = [stream.id for stream in of_stream]
        self._lines: tuple[Payloads, ...] = ()
        self._line_of: NDArray[np.intp] = np.zeros(0, np.intp)
        self._count = len(legs)
        self._rates = list(dict.fromkeys(stream.format.clock_hz for stream in of_stream))
        self._rate_of = np.array(
            [self._rates.index(stream.format.clock_hz) for stream in of_stream]
        )
        self._payload_bytes = np.array(
            [stream.format.payload_bytes(stream.packet_time) for stream in of_stream], np.uint64
        )
        self._addresses = np.zeros(self._count, _ADDRESS)
        self._addresses["family"] = socket.AF_INET
        self._addresses["port"] = [leg.port for _, _, _, leg in legs]
        self._addresses["address"] = [
            int.from_bytes(socket.inet_aton(leg.address), "big") for _, _, _, leg in legs
        ]
        self._make_layout(of_stream)
        self._batches = _batches([name for name, _, _, _ in legs], sockets)
        self._table = block.fields["legs"]
        self._rows = np.array([rows[leg_key(stream.id, number)] for _, number, stream, _ in legs])
        self._sent_whole = 0
        self._packets = self._refused = self._errors = np.zeros(self._count, np.uint64)

    def _make_layout(self, of_stream: list[Stream]) -> None:
        """Everything that stays the same from tick to tick."""
        self._depth = max(1, min(BLOCK_PACKETS, _LAYOUT_ROWS // self._count))
        shape = (self._depth, self._count)
        self._headers = np.zeros(shape, HEADER)
        self._headers["flags"] = VERSION_2
        self._headers["type"] = [stream.payload_type for stream in of_stream]
        self._headers["ssrc"] = [stream.ssrc for stream in of_stream]
        self._vectors = np.zeros((*shape, 2), _VECTOR)
        self._vectors["base"][:, :, 0] = _addresses(self._headers)
        self._vectors["length"][:, :, 0] = HEADER.itemsize
        self._vectors["length"][:, :, 1] = self._payload_bytes
        self._messages = np.zeros(shape, _MESSAGE)
        self._messages["name"] = _addresses(self._addresses)
        self._messages["name_length"] = _ADDRESS.itemsize
        self._messages["vectors"] = _addresses(self._vectors[:, :, 0])
        self._messages["vector_count"] = 2
        self._base = int(self._messages.ctypes.data)
        self._row_bytes = self._count * _MESSAGE.itemsize
        self._begin: Sample = 0
        self._end: Sample = 0

    def casting(self, lines: Mapping[StreamId, Payloads]) -> Casting:
        """What `play` takes when these lines give the streams their sound."""
        own = [lines[name] for name in self._names]
        places = {line: place for place, line in enumerate(dict.fromkeys(own))}
        return Casting(tuple(places), np.array([places[line] for line in own], np.intp))

    def play(self, casting: Casting) -> None:
        """Send the sound of other lines from the next packets on."""
        self._lines, self._line_of = casting.lines, casting.line_of
        self.forget()

    def take_over(self) -> None:
        """Count on from what the shared block holds."""
        self._packets = self._table["packets"][self._rows]
        self._refused = self._table["refused"][self._rows]
        self._errors = self._table["errno"][self._rows]

    def forget(self) -> None:
        """Lay out anew: a line plays something else."""
        self._end = self._begin

    def prepare(self, pcm: Pcm, sample: Sample, packets: int) -> None:
        """Have the packets that begin at `sample` laid out, and up to `packets` ticks more."""
        if self._begin <= sample < self._end:
            return
        most = max(1, min(packets, _MADE_AT_ONCE // len(self._lines)))
        pointers = np.array([line.pointer(pcm, sample, most) for line in self._lines], np.uint64)
        encoded = min(line.end for line in self._lines) - sample
        ticks = min(self._depth, packets, encoded // self.packet_time)
        ahead = np.arange(ticks, dtype=np.uint64)[:, np.newaxis]
        self._vectors["base"][:ticks, :, 1] = pointers[self._line_of] + ahead * self._payload_bytes
        self._headers["sequence"][:ticks] = (
            sequence_number(sample, self.packet_time) + ahead
        ) & np.uint64(0xFFFF)
        first = np.array([timestamp(sample, rate) for rate in self._rates], np.uint64)
        step = np.array([self.packet_time * rate // RATE for rate in self._rates], np.uint64)
        stamps = (first + ahead * step) & np.uint64(0xFFFF_FFFF)
        self._headers["timestamp"][:ticks] = stamps[:, self._rate_of]
        self._begin, self._end = sample, sample + ticks * self.packet_time

    def send(self, sample: Sample) -> None:
        """Send the packets that begin at `sample`, which `prepare` has laid out."""
        base = self._base + (sample - self._begin) // self.packet_time * self._row_bytes
        for descriptor, first, last in self._batches:
            sent = libc.sendmmsg(descriptor, base + first * _MESSAGE.itemsize, last - first, 0)
            if sent != last - first:
                self._send_rest(descriptor, base, first, last, sent)
                return
        self._sent_whole += 1

    def laid_out(self, sample: Sample) -> tuple[int, int, int, int, Sample]:
        """What is laid out from `sample` on, for a loop that sends it itself.

        Descriptor, address of the tick's messages, bytes to the next tick's, messages a tick, and
        the first sample not laid out. With more than one socket nothing is: `send` it.
        """
        descriptor, _, legs = self._batches[0]
        end = self._end if len(self._batches) == 1 and legs <= _AT_ONCE else sample
        into = (sample - self._begin) // self.packet_time
        return descriptor, self._base + into * self._row_bytes, self._row_bytes, legs, end

    def count_whole(self, ticks: int) -> None:
        """Count ticks that were sent whole by somebody who asked for `laid_out`."""
        self._sent_whole += ticks

    def finish(self, sample: Sample, sent: int) -> None:
        """Send what is left of a tick of which the kernel took only `sent` messages."""
        descriptor, first, last = self._batches[0]
        base = self._base + (sample - self._begin) // self.packet_time * self._row_bytes
        self._send_rest(descriptor, base, first, last, sent)

    def _send_rest(self, descriptor: int, base: int, first: int, last: int, sent: int) -> None:
        """Finish a tick that did not go out at once.

        A destination that is refused is counted and stepped over; those after it are sent in the
        same tick (SAFETY G3).
        """
        error = ctypes.get_errno()
        for batch, begin, end in self._batches:
            at = begin
            if end <= first:  # went out whole before
                self._packets[begin:end] += np.uint64(1)
                continue
            if batch == descriptor and begin == first:
                at = self._account(at, sent, error)
            while at < end:
                count = min(end - at, _AT_ONCE)
                sent = libc.sendmmsg(batch, base + at * _MESSAGE.itemsize, count, 0)
                at = self._account(at, sent, ctypes.get_errno())

    def _account(self, at: int, sent: int, error: int) -> int:
        """Count what a call sent from leg `at` on, or whom it refused; the leg to go on with."""
        if sent > 0:
            self._packets[at : at + sent] += np.uint64(1)
            return at + sent
        if error == errno.EINTR:
            return at
        self._refused[at] += np.uint64(1)
        self._errors[at] = error
        return at + 1

    def send_nothing(self) -> None:
        """Make the system call without a message in it."""
        for descriptor, _, _ in self._batches:
            libc.sendmmsg(descriptor, self._base, 0, 0)

    def publish(self) -> None:
        """Write the counts into the shared block."""
        self._packets += np.uint64(self._sent_whole)
        self._sent_whole = 0
        self._table["packets"][self._rows] = self._packets
        self._table["refused"][self._rows] = self._refused
        self._table["errno"][self._rows] = self._errors


def _is_copy(stream: Stream, number: int) -> bool:
    """Whether a leg repeats one before it: copies leave apart, so that one loss takes only one."""
    return stream.legs[number] in stream.legs[:number]


def _addresses(array: NDArray[Any]) -> NDArray[np.uint64]:
    """The memory address of every element of an array."""
    found = np.full(array.shape, array.ctypes.data, np.uint64)
    for axis, (length, step) in enumerate(zip(array.shape, array.strides, strict=True)):
        offsets = np.arange(length, dtype=np.uint64) * np.uint64(step)
        found += offsets.reshape([-1 if n == axis else 1 for n in range(array.ndim)])
    return found


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
