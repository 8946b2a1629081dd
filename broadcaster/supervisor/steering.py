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
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from broadcaster.engine.site_streams import SendingSocket
from broadcaster.interfaces import Interface, InterfaceError, found, interfaces, news
from broadcaster.supervisor.sending_sockets import ANY_ADDRESS, renew, source_of, steer

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
        self.renewed: list[str] = []
        """Sockets that send from another address than before; engines have not got them yet."""
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
                moved = self._followed(wanted, interface, there)
            except InterfaceError as error:
                away[wanted.interface] = f"{error}: nothing is sent there until it is back"
                continue
            except OSError as error:
                reason = error.strerror or str(error)
                away[wanted.interface] = f"cannot send by interface {wanted.interface}: {reason}"
                continue
            if wanted.interface in self._away:
                said[wanted.interface] = (
                    f"interface {wanted.interface} is back and is sent by again"
                )
            if moved:
                said[wanted.interface] = moved
        fresh = [text for name, text in away.items() if name not in self._away]
        self._away = away
        return [*said.values(), *fresh]

    def _followed(
        self, wanted: SendingSocket, interface: Interface, there: tuple[Interface, ...]
    ) -> str:
        """Send from the interface's present address; a sentence when it is another one."""
        sending = self._sockets[wanted.name]
        before = source_of(sending)[0]
        if before in (ANY_ADDRESS, *interface.addresses):
            return ""
        renew(sending, wanted, there)
        self.renewed.append(wanted.name)
        after = source_of(sending)[0]
        return (
            f"interface {wanted.interface} has address {after} instead of {before}: "
            "the engines are replaced, and receivers that know the sender by its address must "
            "learn it anew"
        )


async def keep_steered(steering: Steering, renewed: Callable[[list[str]], Awaitable[None]]) -> None:
    """Look at every change of an interface, until cancelled.

    `renewed` is told the names of sockets that the engines must be given anew.
    """
    loop = asyncio.get_running_loop()
    with news() as changes:
        while True:
            for sentence in steering.look(interfaces()):
                log.warning("%s", sentence)
            if steering.renewed:
                names, steering.renewed = steering.renewed, []
                await renewed(names)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_EVERY):
                    await _heard(loop, changes)


async def _heard(loop: asyncio.AbstractEventLoop, changes: socket.socket) -> None:
    try:
        await loop.sock_recv(changes, _NEWS_BYTES)
    except OSError as error:
        if error.errno != errno.ENOBUFS:
            raise
