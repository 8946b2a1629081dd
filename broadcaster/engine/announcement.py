"""Announcements of sessions, so that receivers find streams by name (SAP, RFC 2974).

Ready-made bytes: control puts them into the plan, and the engine repeats them whether control
lives or not.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence

from broadcaster.engine.session import MEDIA_TYPE
from zones.media_time import RATE, Sample

PORT = 9875
USUAL_INTERVAL: Sample = 30 * RATE
"""What AES67 and Dante receivers expect; RFC 2974 alone would say five minutes."""
LONGEST_BYTES = 1_024
"""RFC 2974 section 8: an announcement should not be longer than 1 kB."""

_LIMIT_BITS_PER_SECOND = 4_000
"""For all announcements of one scope together (RFC 2974 section 3.1)."""
_VERSION_1 = 0x20
_DELETION = 0x04
_GLOBAL = "224.2.127.254"
_LOCAL_SCOPE = "239.255.255.255"
_ORGANISATION_SCOPE = ipaddress.IPv4Network("239.192.0.0/14")
_ADMINISTRATIVE = ipaddress.IPv4Network("239.0.0.0/8")


def announcement(session: str, source: str) -> bytes:
    """The SAP message that announces the session description `session` from address `source`."""
    return _message(0, session, source)


def deletion(session: str, source: str) -> bytes:
    """The SAP message that takes the announcement of `session` back."""
    return _message(_DELETION, session, source)


def _message(flag: int, session: str, source: str) -> bytes:
    text = session.encode()
    return b"".join(
        (
            bytes((_VERSION_1 | flag, 0)),
            _message_id(text),
            ipaddress.IPv4Address(source).packed,
            MEDIA_TYPE.encode() + b"\0",
            text,
        )
    )


def _message_id(text: bytes) -> bytes:
    """Two bytes that change with the description; 0 is reserved (RFC 2974 section 3)."""
    digest = hashlib.blake2b(text, digest_size=2).digest()
    return digest if any(digest) else b"\0\1"


def announced_at(group: str) -> str:
    """Where sessions on `group` are announced: the highest address of its scope (RFC 2974 s. 3).

    Scopes of 239.0.0.0/8 that RFC 2365 leaves unassigned are announced in the local one.
    """
    address = ipaddress.IPv4Address(group)
    if address in _ORGANISATION_SCOPE:
        return str(_ORGANISATION_SCOPE.broadcast_address)
    return _LOCAL_SCOPE if address in _ADMINISTRATIVE else _GLOBAL


def interval(sizes: Sequence[int]) -> Sample:
    """How often announcements of these many bytes are repeated, in samples.

    Half a minute, or as long as RFC 2974 section 3.1 asks to stay within 4,000 bit/s.
    """
    return max(USUAL_INTERVAL, -(-8 * sum(sizes) * RATE // _LIMIT_BITS_PER_SECOND))
