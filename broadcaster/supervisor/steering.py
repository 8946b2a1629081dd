"""Keeps the sending sockets pointed at their interfaces, also when one goes and comes back.

An interface that is removed and made again (a driver reloaded, a bridge or VLAN set up anew) has
another index, and a socket pointed at the old one sends nowhere. Pointing it anew helps every
engine at once, because they share the socket.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Iterable, Mapping
from typing import Final

from broadcaster.engine.site_streams import SendingSocket
from broadcaster.interfaces import Interface, InterfaceError, found, interfaces, news
from broadcaster.supervisor.sending_sockets import ANY_ADDRESS, source_of, steer

_LOOK_EVERY: Final = 5.0
"""Seconds between looks when there is no news; news can be lost (rtnetlink(7), ENOBUFS)."""
_NEWS_BYTES: Final = 1 << 16

log = logging.getLogger(__name__)


class Steering:
    """The sending sockets and the index of the interface each of them is pointed at."""

    def __init__(
        self, wanted: Iterable[SendingSocket], sockets: Mapping[str, socket.socket]
    ) -> None:
        """What `sockets` are pointed at is not known before the first look."""
        self._wanted = tuple(wanted)
        self._sockets = sockets
        self._indexes: dict[str, int] = {}
        self._away: dict[str, str] = {}

    def look(self, there: Iterable[Interface]) -> list[str]:
        """Point every socket at its interface as it is now; sentences about what changed."""
        there = tuple(there)
        said: dict[str, str] = {}
        away: dict[str, str] = {}
        for wanted in self._wanted:
            try:
                interface, address = found(wanted.interface, there)
                if self._indexes.get(wanted.name) != interface.index:
                    steer(self._sockets[wanted.name], interface, address)
                    self._indexes[wanted.name] = interface.index
            except InterfaceError as error:
                away[wanted.interface] = f"{error}: nothing is sent there until it is back"
                continue
            except OSError as error:
                reason = error.strerror or str(error)
                away[wanted.interface] = f"cannot send by interface {wanted.interface}: {reason}"
                continue
            if wanted.interface in self._away:
                said[wanted.interface] = self._returned(wanted, interface)
        fresh = [text for name, text in away.items() if name not in self._away]
        self._away = away
        return [*said.values(), *fresh]

    def _returned(self, wanted: SendingSocket, interface: Interface) -> str:
        source = source_of(self._sockets[wanted.name])[0]
        if source in (ANY_ADDRESS, *interface.addresses):
            return f"interface {wanted.interface} is back and is sent by again"
        return (
            f"interface {wanted.interface} came back without address {source}, which packets "
            "still carry as their source: give it that address, or stop and start the station"
        )


async def keep_steered(steering: Steering) -> None:
    """Look at every change of an interface, until cancelled."""
    loop = asyncio.get_running_loop()
    with news() as changes:
        while True:
            for sentence in steering.look(interfaces()):
                log.warning("%s", sentence)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await _heard(loop, changes)


async def _heard(loop: asyncio.AbstractEventLoop, changes: socket.socket) -> None:
    try:
        await loop.sock_recv(changes, _NEWS_BYTES)
    except OSError as error:
        if error.errno != errno.ENOBUFS:
            raise
