"""The audio formats a stream may carry, and how large their packets are.

Time is counted in samples at 48 000 Hz everywhere, also where the RTP clock runs slower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NewType

from zones.media_time import RATE, Sample, samples

StreamId = NewType("StreamId", str)

RTP_HEADER_BYTES: Final = 12
"""The fixed RTP header without CSRCs or extension (RFC 3550 section 5.1)."""
IP_UDP_HEADER_BYTES: Final = 28
"""An IPv4 header without options, and a UDP header."""


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """One RTP payload format, mono.

    `bytes_per_second` is the payload rate; for Opus the greatest rate we encode at.
    `static_payload_type` is the number RFC 3551 section 6 gives it, None if it is dynamic.
    """

    name: str
    clock_hz: int
    bytes_per_second: int
    static_payload_type: int | None
    packet_times: tuple[Sample, ...]
    """The packet times that make sense for it, in samples at 48 000 Hz."""

    def payload_bytes(self, packet_time: Sample) -> int:
        """The payload of one packet of `packet_time` samples at 48 000 Hz, rounded up."""
        return -(-self.bytes_per_second * packet_time // RATE)

    def datagram_bytes(self, packet_time: Sample) -> int:
        """The whole IPv4 datagram of one packet, in bytes, to be compared with an MTU."""
        return self.payload_bytes(packet_time) + RTP_HEADER_BYTES + IP_UDP_HEADER_BYTES


def _samples(*milliseconds: float) -> tuple[Sample, ...]:
    return tuple(samples(ms / 1000) for ms in milliseconds)


_LINEAR_TIMES: Final = _samples(0.125, 0.25, 1, 2, 4, 5, 10, 15, 20)
_TELEPHONE_TIMES: Final = _samples(5, 10, 20, 30, 40, 60)

FORMATS: Final[dict[str, StreamFormat]] = {
    stream_format.name: stream_format
    for stream_format in (
        StreamFormat("L16/48000", 48_000, 96_000, None, _LINEAR_TIMES),
        StreamFormat("L24/48000", 48_000, 144_000, None, _LINEAR_TIMES),
        StreamFormat("PCMU/8000", 8_000, 8_000, 0, _TELEPHONE_TIMES),
        StreamFormat("PCMA/8000", 8_000, 8_000, 8, _TELEPHONE_TIMES),
        # The RTP clock of G.722 is 8 000 Hz though it samples at 16 000 (RFC 3551 section 4.5.2).
        StreamFormat("G722/8000", 8_000, 8_000, 9, _TELEPHONE_TIMES),
        # Opus is always written 48000/2, mono or not (RFC 7587 section 7); 64 kbit/s at most.
        StreamFormat("opus/48000/2", 48_000, 8_000, None, _samples(5, 10, 20, 40, 60)),
    )
}
"""The formats by name, as written in SDP (RFC 8866 section 6.6)."""
