"""How long an MP3 file is by its own account: the Xing or Info header LAME writes. Pure.

Files without it are common (old encoders, recordings cut out of a stream). Their length is
nowhere, and what FFmpeg then announces is a guess from the bit rate that may be far off.
"""

from __future__ import annotations

from typing import Final

ID3_HEADER: Final = 10
"""Bytes that tell how long the ID3v2 tag before the sound is."""
FIRST_FRAME: Final = 4_096
"""Bytes of the sound that hold its first frame."""
_SAMPLES: Final = {3: 1152, 2: 576, 0: 576}
"""Samples in a layer III frame by the header's version bits: MPEG-1, -2, -2.5."""


def id3_length(data: bytes) -> int:
    """Return the bytes of the ID3v2 tag at the beginning of a file; 0 without one.

    Args:
        data: the first `ID3_HEADER` bytes.
    """
    if len(data) < ID3_HEADER or data[:3] != b"ID3":
        return 0
    size = 0
    for byte in data[6:10]:  # seven bits each (ID3v2.4 section 6.2)
        size = size << 7 | byte & 0x7F
    return ID3_HEADER + size


def announced_samples(data: bytes) -> int | None:
    """Return the samples in all frames, at the file's own rate; None if the file does not say.

    Args:
        data: `FIRST_FRAME` bytes from behind the ID3v2 tag.
    """
    found = [at for mark in (b"Xing", b"Info") if (at := data.find(mark)) >= 4]
    if not found:
        return None
    mark = min(found)
    sync = data.rfind(b"\xff", 0, mark - 3)
    if sync < 0 or mark + 12 > len(data) or not data[mark + 7] & 1:
        return None
    samples = _SAMPLES.get(data[sync + 1] >> 3 & 3)
    frames = int.from_bytes(data[mark + 8 : mark + 12], "big")
    return frames * samples if samples else None
