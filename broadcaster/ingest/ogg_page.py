"""Read Ogg page headers (RFC 3533 section 6), for the one thing FFmpeg gets wrong. Pure."""

from __future__ import annotations

import struct
from typing import Final

_HEADER: Final = struct.Struct("<4sBBqIII B")
_LAST: Final = 0x04
"""Header type flag: last page of the stream."""
ENOUGH: Final = 1 << 18
"""Bytes from the beginning of a file that hold all of a stream with a single page of sound."""


def length_of_single_page(data: bytes) -> int | None:
    """Return the samples of a stream whose whole sound lies on one page; None for any other.

    Of such a page FFmpeg cannot tell whether its granule position cuts the beginning or the end,
    and cuts the beginning; in a Vorbis file that is complete it is the end.

    Args:
        data: the first `ENOUGH` bytes of the file.
    """
    offset, serials = 0, set()
    while offset + _HEADER.size <= len(data):
        magic, version, flags, granule, serial, _, _, segments = _HEADER.unpack_from(data, offset)
        serials.add(serial)
        if magic != b"OggS" or version != 0 or len(serials) > 1:
            return None
        if granule > 0:
            return int(granule) if flags & _LAST else None
        table = data[offset + _HEADER.size : offset + _HEADER.size + segments]
        offset += _HEADER.size + segments + sum(table)
    return None
