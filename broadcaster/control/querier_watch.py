"""Listens for IGMP queries on the interfaces the station sends by, where the system allows it."""

from __future__ import annotations

import asyncio
import logging
import socket
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from broadcaster.control.queriers import LIMIT, Queriers, is_query
from broadcaster.interfaces import interfaces
from zones.site import Network

_LOOK_EVERY: Final = 1.0
_IP_PKTINFO: Final = 8
"""<linux/in.h>; the socket module does not name it."""
_PKTINFO: Final = struct.Struct("=i8x")
_MOST: Final = 64
"""Datagrams taken in one go: a flood must not hold up the process."""

log = logging.getLogger(__name__)


class QuerierWatch:
    """`faults` are what is wrong at the moment, one sentence for each network."""

    def __init__(self, wanted: Iterable[str], limit: float = LIMIT) -> None:
        """`wanted` are the names or own addresses of interfaces, `limit` the seconds to wait."""
        self.faults: tuple[str, ...] = ()
        self._heard: dict[str, bool | None] = {}
        self._wanted = frozenset(wanted)
        self._limit = limit

    async def run(self) -> None:
        """Listen until cancelled; where that needs a right we lack, say so once and return."""
        if not self._wanted - _loopback():
            return
        try:
            listening = _open()
        except PermissionError:
            log.warning(
                "IGMP queriers are not watched: that needs CAP_NET_RAW (in the service unit: "
                "AmbientCapabilities=CAP_NET_RAW)"
            )
            return
        loop = asyncio.get_running_loop()
        queriers = Queriers(self._wanted, loop.time(), self._limit)
        with listening:
            loop.add_reader(listening, _hear, listening, queriers, loop)
            try:
                while True:
                    self._look(queriers, loop.time())
                    await asyncio.sleep(min(_LOOK_EVERY, self._limit / 4))
            finally:
                loop.remove_reader(listening)

    def by_network(self, networks: Iterable[Network]) -> dict[str, bool | None]:
        """Whether queries come by each network; None: nobody knows."""
        return {each.id: self._heard.get(each.interface) for each in networks}

    def _look(self, queriers: Queriers, now: float) -> None:
        there = interfaces()
        heard, faults = queriers.heard(there, now), queriers.look(there, now)
        self._heard = {
            name: heard[one.name]
            for one in there
            if one.name in heard
            for name in (one.name, *one.addresses)
        }
        for sentence in set(faults) - set(self.faults):
            log.warning("%s", sentence)
        if self.faults and not faults:
            log.info("every network has an IGMP querier again")
        self.faults = faults


def _loopback() -> frozenset[str]:
    """The names and addresses that never leave this machine."""
    return frozenset(
        name
        for interface in interfaces()
        if interface.is_loopback
        for name in (interface.name, *interface.addresses)
    )


def _open() -> socket.socket:
    listening = socket.socket(
        socket.AF_INET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.IPPROTO_IGMP
    )
    listening.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    return listening


def _hear(listening: socket.socket, queriers: Queriers, loop: asyncio.AbstractEventLoop) -> None:
    for _ in range(_MOST):
        try:
            datagram, beside, _, _ = listening.recvmsg(2048, socket.CMSG_SPACE(_PKTINFO.size))
        except OSError:
            return
        if not is_query(datagram):
            continue
        for level, kind, value in beside:
            if (level, kind) == (socket.IPPROTO_IP, _IP_PKTINFO) and len(value) >= _PKTINFO.size:
                with suppress(OSError):  # the interface has gone since
                    queriers.hear(
                        socket.if_indextoname(_PKTINFO.unpack_from(value)[0]), loop.time()
                    )
