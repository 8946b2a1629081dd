"""Encode voices for keeping: lossless for a station's own, small for those that are shipped."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Literal

import av
import numpy as np
from numpy.typing import NDArray

from zones.media_time import RATE

OPUS_BIT_RATE = 24_000


def flac(samples: NDArray[np.int16]) -> bytes:
    """The samples as a FLAC file."""
    return _encoded(samples, "flac", "flac", None, {})


def opus(samples: NDArray[np.int16], tags: Mapping[str, str]) -> bytes:
    """The samples as an Ogg Opus file of about 3 kB a second."""
    return _encoded(samples, "ogg", "libopus", OPUS_BIT_RATE, tags)


def _encoded(
    samples: NDArray[np.int16],
    container_format: str,
    codec: Literal["flac", "libopus"],
    bit_rate: int | None,
    tags: Mapping[str, str],
) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_format) as container:
        stream = container.add_stream(codec, rate=RATE, layout="mono")
        if bit_rate is not None:
            stream.bit_rate = bit_rate
        stream.metadata.update(tags)
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return buffer.getvalue()
