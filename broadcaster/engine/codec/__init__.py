"""Samples to payload bytes and back, for every format a stream may carry.

Linear and companded formats keep no state between packets: their bytes are the same in every
engine and in the ear, however a stretch is cut. G.722 and Opus do keep state; they are encoded by
`stateful.Encoder`, one for each stream.
"""

from __future__ import annotations

from broadcaster.engine.codec.companded import A_LAW, MU_LAW, Law
from broadcaster.engine.codec.linear import Octets, Samples, from_l16, from_l24, l16, l24
from broadcaster.engine.codec.rate import TELEPHONE, WIDEBAND, RateFilter
from zones.media_time import RATE, Sample
from zones.stream_format import FORMATS, StreamFormat

__all__ = [
    "A_LAW", "G722", "L16", "L24", "MU_LAW", "OPUS", "PCMA", "PCMU", "SPOKEN", "STATELESS", "Law",
    "Octets", "Samples", "decode", "encode", "lead", "lowered", "packet_times", "rate_filter",
    "sampling_hz",
]  # fmt: skip

L16 = FORMATS["L16/48000"]
L24 = FORMATS["L24/48000"]
PCMU = FORMATS["PCMU/8000"]
PCMA = FORMATS["PCMA/8000"]
G722 = FORMATS["G722/8000"]
OPUS = FORMATS["opus/48000/2"]

STATELESS = (L16, L24, PCMU, PCMA)
"""Encoded by `encode`, for all streams that sound alike at once."""
SPOKEN = (*STATELESS, G722, OPUS)
"""The formats this engine encodes."""

_ENGINE_TIMES = (48, 240, 480, 960)
_FILTERS: dict[str, RateFilter] = {
    PCMU.name: TELEPHONE,
    PCMA.name: TELEPHONE,
    G722.name: WIDEBAND,
}
_LAWS = {PCMU.name: MU_LAW, PCMA.name: A_LAW}


def packet_times(payload_format: StreamFormat) -> tuple[Sample, ...]:
    """The packet times this engine sends in a format: 1 (linear only), 5, 10 and 20 ms."""
    return tuple(time for time in _ENGINE_TIMES if time in payload_format.packet_times)


def rate_filter(payload_format: StreamFormat) -> RateFilter | None:
    """What brings sound to the format's sampling rate; None when that is 48 000 Hz."""
    return _FILTERS.get(payload_format.name)


def sampling_hz(payload_format: StreamFormat) -> int:
    """The rate a format samples at, which for G.722 is not the rate of its RTP clock."""
    needed = rate_filter(payload_format)
    return RATE if needed is None else needed.rate_hz


def lead(payload_format: StreamFormat) -> Sample:
    """Samples at 48 000 Hz that encoding needs from before the first packet."""
    needed = rate_filter(payload_format)
    return 0 if needed is None else needed.lead


def lowered(payload_format: StreamFormat, samples: Samples) -> Samples:
    """The sound at the format's sampling rate; `samples` begin `lead` before the stretch."""
    needed = rate_filter(payload_format)
    return samples if needed is None else needed.lowered(samples)


def encode(payload_format: StreamFormat, samples: Samples) -> Octets:
    """Payload bytes of consecutive packets of a stateless format, without headers.

    `samples` are at 48 000 Hz and begin `lead` samples before the first packet.
    """
    if payload_format is L16:
        return l16(samples)
    if payload_format is L24:
        return l24(samples)
    return _LAWS[payload_format.name].encode(lowered(payload_format, samples))


def decode(payload_format: StreamFormat, payload: Octets) -> Samples:
    """The samples in the payload of a stateless format, at the format's own sampling rate."""
    if payload_format is L16:
        return from_l16(payload)
    if payload_format is L24:
        return from_l24(payload)
    return _LAWS[payload_format.name].decode(payload)
