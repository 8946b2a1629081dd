"""Linear formats: the samples themselves, in network byte order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Octets = NDArray[np.uint8]


def l16(samples: Samples) -> Octets:
    """16 bits a sample, high byte first (RFC 3551 section 4.5.11)."""
    return samples.astype(">i2").view(np.uint8)


def l24(samples: Samples) -> Octets:
    """24 bits a sample, high byte first (RFC 3190 section 4); the low eight bits are zero."""
    wide = np.zeros((len(samples), 3), np.uint8)
    wide[:, :2] = samples.astype(">i2").view(np.uint8).reshape(-1, 2)
    return wide.reshape(-1)


def from_l16(payload: Octets) -> Samples:
    """The samples in an L16 payload."""
    return payload.view(">i2").astype(np.int16)


def from_l24(payload: Octets) -> Samples:
    """The samples in an L24 payload, cut to 16 bits."""
    wide = payload.reshape(-1, 3)[:, :2]
    return np.ascontiguousarray(wide).reshape(-1).view(">i2").astype(np.int16)
