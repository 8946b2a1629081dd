"""RTP packets: the twelve header bytes and what follows from media time (RFC 3550 section 5.1).

Sequence number and timestamp are functions of the sample, never of what was sent before, so two
engines, a restart and a standby agree without speaking to each other.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from zones.media_time import RATE, BootId, Sample
from zones.stream_format import StreamFormat, StreamId

HEADER: Final = np.dtype(
    [("flags", "u1"), ("type", "u1"), ("sequence", ">u2"), ("timestamp", ">u4"), ("ssrc", ">u4")]
)
VERSION_2: Final = 0x80


def sequence_number(sample: Sample, packet_time: Sample) -> int:
    """The 16-bit sequence number of the packet that begins at `sample`."""
    return sample // packet_time & 0xFFFF


def timestamp(sample: Sample, clock_rate: int) -> int:
    """The 32-bit RTP timestamp of `sample` on a clock of `clock_rate` Hz."""
    return sample * clock_rate // RATE & 0xFFFF_FFFF


def sample_near(rtp_timestamp: int, clock_rate: int, expected: Sample) -> Sample:
    """The sample a 32-bit `rtp_timestamp` means, as close as possible to `expected`."""
    ahead = (rtp_timestamp - timestamp(expected, clock_rate) + (1 << 31)) % (1 << 32) - (1 << 31)
    ticks = expected * clock_rate // RATE + ahead
    return ticks * RATE // clock_rate


def samples_near(
    rtp_timestamps: NDArray[np.uint32], clock_rates: NDArray[np.int64], expected: Sample
) -> NDArray[np.int64]:
    """`sample_near` for many timestamps at once, each with its own clock rate."""
    ticks = expected * clock_rates // RATE
    ahead = (rtp_timestamps.astype(np.int64) - ticks % (1 << 32) + (1 << 31)) % (1 << 32)
    near: NDArray[np.int64] = (ticks + ahead - (1 << 31)) * RATE // clock_rates
    return near


def stream_ssrc(secret: bytes, stream: StreamId, payload_format: StreamFormat, boot: BootId) -> int:
    """The SSRC of a stream: the same all through a boot, another one after it (SAFETY G1)."""
    text = f"{stream}|{payload_format.name}|{boot}".encode()
    digest = hashlib.blake2b(text, key=secret[:64], digest_size=4).digest()
    return int.from_bytes(digest, "big")


@dataclass(frozen=True, slots=True)
class Packet:
    """A received RTP packet; `payload` excludes padding, CSRCs and the header extension."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse_packet(datagram: bytes) -> Packet | None:
    """The RTP packet in `datagram`, or None when it is none (RFC 3550 section 5.1 and A.1)."""
    if len(datagram) < 12 or datagram[0] >> 6 != 2:
        return None
    first, second, sequence, stamp, ssrc = struct.unpack_from("!BBHII", datagram)
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if len(datagram) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = len(datagram)
    if first & 0x20:
        padding = datagram[-1]
        if padding == 0:
            return None
        end -= padding
    if start > end:
        return None
    return Packet(
        second & 0x7F, bool(second & 0x80), sequence, stamp, ssrc, bytes(datagram[start:end])
    )
