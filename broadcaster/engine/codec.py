"""Samples to payload bytes, for formats that keep no state between packets.

Stateless encoding is bit-exact across engines: the ear and a successor produce the same bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zones.stream_format import FORMATS, StreamFormat

Samples = NDArray[np.int16]
Octets = NDArray[np.uint8]

L16 = FORMATS["L16/48000"]
L24 = FORMATS["L24/48000"]
SPOKEN = (L16, L24)
"""The formats this engine encodes."""


def encode(payload_format: StreamFormat, samples: Samples) -> Octets:
    """Payload bytes of consecutive packets, one after the other, without headers.

    L16 is 16-bit network byte order (RFC 3551 section 4.5.11); L24 the same in 24 bits (RFC 3190
    section 4), the low eight bits zero.
    """
    if payload_format is L16:
        return samples.astype(">i2").view(np.uint8)
    wide = np.zeros((len(samples), 3), np.uint8)
    wide[:, :2] = samples.astype(">i2").view(np.uint8).reshape(-1, 2)
    return wide.reshape(-1)


def decode(payload_format: StreamFormat, payload: Octets) -> Samples:
    """The samples in payload bytes made by `encode`; L24 is cut to 16 bits."""
    if payload_format is L16:
        return payload.view(">i2").astype(np.int16)
    wide = payload.reshape(-1, 3)[:, :2]
    return np.ascontiguousarray(wide).reshape(-1).view(">i2").astype(np.int16)
