"""Which networks have an IGMP querier? Pure: queries and interfaces in, sentences out.

Switches that snoop send a group only where somebody asked for it, and forget who asked unless a
querier has the question repeated. Without one they cut the sound after some minutes, or flood it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from broadcaster.interfaces import Interface

LIMIT: Final = 260.0
"""Seconds without a query: two intervals of 125 s and the 10 s for answering (RFC 3376, 8.2, 8.3).
"""
_QUERY: Final = 0x11
"""Membership query of every version (RFC 3376 section 4.1)."""
_SHORTEST: Final = 8


class Queriers:
    """When a query was heard last, for every interface the station sends by."""

    def __init__(self, wanted: Iterable[str], now: float, limit: float = LIMIT) -> None:
        """`wanted` are names or own addresses; times are monotonic seconds."""
        self._wanted = frozenset(wanted)
        self._limit = limit
        self._begun = now
        self._heard: dict[str, float] = {}
        self._up_since: dict[str, float] = {}

    def hear(self, interface: str, now: float) -> None:
        """A query came in by this interface (its name)."""
        self._heard[interface] = now

    def look(self, there: Iterable[Interface], now: float) -> tuple[str, ...]:
        """One sentence for each interface by which no query came for too long.

        Loopback has no switches. One that is down is not waited for before it is up again.
        """
        missing = [name for name, is_heard in self.heard(there, now).items() if is_heard is False]
        return tuple(
            f"no IGMP querier on {name}: switches will flood or cut the sound; "
            "enable an IGMP querier"
            for name in missing
        )

    def heard(self, there: Iterable[Interface], now: float) -> dict[str, bool | None]:
        """Whether queries come by each interface that is sent by; None: it is too soon to tell.

        One on loopback, or one that is down, is not in it.
        """
        found: dict[str, bool | None] = {}
        for interface in there:
            if interface.is_loopback or self._wanted.isdisjoint(
                (interface.name, *interface.addresses)
            ):
                continue
            if not interface.is_up:
                self._heard.pop(interface.name, None)
                self._up_since[interface.name] = now
                continue
            heard = self._heard.get(interface.name)
            since = self._up_since.get(interface.name, self._begun) if heard is None else heard
            is_silent = now - since > self._limit
            found[interface.name] = False if is_silent else None if heard is None else True
        return found


def is_query(datagram: bytes) -> bool:
    """Whether an IPv4 datagram, header included, is a sound IGMP membership query."""
    if len(datagram) < 20 or datagram[0] >> 4 != 4:
        return False
    message = datagram[(datagram[0] & 0xF) * 4 :]
    return len(message) >= _SHORTEST and message[0] == _QUERY and checksum(message) == 0


def checksum(octets: bytes) -> int:
    """The Internet checksum (RFC 1071); 0 over octets that contain their own."""
    padded = octets + bytes(len(octets) % 2)
    total = sum(int.from_bytes(padded[at : at + 2], "big") for at in range(0, len(padded), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF
