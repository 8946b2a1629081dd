"""Receives notifications: traps and informs of SNMP v1, v2c and v3, on a socket of its own.

The socket's callback only queues (a plain receiver kept 256 of a burst of 1,000); taking apart and
answering informs is done a few at a time, so that polling goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pyasn1.type.univ import OctetString  # type: ignore[import-untyped]
from pysnmp.carrier.asyncio.dgram import udp  # type: ignore[import-untyped]
from pysnmp.entity import config  # type: ignore[import-untyped]
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from pysnmp.entity.rfc3413 import ntfrcv  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]

from broadcaster.watch.access import Credentials
from broadcaster.watch.notified import Notification
from broadcaster.watch.snmp_client import AUTHENTICATION, PRIVACY
from broadcaster.watch.trap_gate import TrapGate
from firmware_profiles.oid import Oid

log = logging.getLogger(__name__)

ROOM: Final = 4 << 20
"""Octets the kernel keeps for us; the default holds 256 notifications."""
AT_ONCE: Final = 8
"""Notifications taken apart before other work of this process has its turn."""
PAUSE: Final = 0.01
_TRAP_OID: Final[Oid] = (1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)
_TRAP_ADDRESS: Final[Oid] = (1, 3, 6, 1, 6, 3, 18, 1, 3, 0)
"""snmpTrapAddress: the agent's own address, which a v1 trap carries (RFC 3584 section 3.1)."""


class TrapListener:
    """Listens at an address and port and hands over each notification that is authentic."""

    def __init__(
        self,
        place: tuple[str, int],
        users: Iterable[tuple[Credentials, str]],
        known: Iterable[str],
        notify: Callable[[Notification], None],
    ) -> None:
        """Take the port; `users` come with the engine id of each v3 sender, "" for none.

        Raises:
            OSError: the port is taken, or this user may not have it.
        """
        self.gate = TrapGate(known)
        self.accepted = 0
        self._notify = notify
        self._news = asyncio.Event()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            for option in (socket.SO_RCVBUF, _SO_RCVBUFFORCE):
                try:
                    self._socket.setsockopt(socket.SOL_SOCKET, option, ROOM)
                except PermissionError:
                    log.info("the kernel keeps fewer notifications than wished for this user")
            self._socket.bind(place)
        except OSError:
            self._socket.close()
            raise
        self._engine = SnmpEngine()
        self._transport = _Inward(self._socket)
        config.add_transport(self._engine, udp.DOMAIN_NAME, self._transport)
        self._known_users: dict[tuple[str, str], Credentials] = {}
        for credentials, engine_id in users:
            self.know(credentials, engine_id)
        self._receiver = ntfrcv.NotificationReceiver(self._engine, self._heard)

    @property
    def port(self) -> int:
        """The port it listens at."""
        return int(self._socket.getsockname()[1])

    @property
    def refused(self) -> int:
        """How many came in whole and were not authentic, or nothing we can read."""
        return self.gate.received - self.gate.dropped - len(self.gate) - self.accepted

    def know(self, own: Credentials, engine_id: str = "") -> None:
        """Believe notifications with these credentials; traps of v3 only of that engine.

        An inform of v3 is made for *our* engine (RFC 3414 section 1.5.1), and there a user has one
        key: of amplifiers whose user has one name and different keys, the first may send informs.
        """
        if own.version != "v3":
            if self._is_new(own.community, "", own):
                config.add_v1_system(self._engine, f"c-{own.community}", own.community)
            return
        for engine in dict.fromkeys((engine_id, "")):
            if self._is_new(own.user, engine, own):
                self._add_user(own, engine)

    def _is_new(self, name: str, engine_id: str, own: Credentials) -> bool:
        return self._known_users.setdefault((name, engine_id), own) is own

    def _add_user(self, own: Credentials, engine_id: str) -> None:
        keys: dict[str, Any] = {}
        if own.authentication:
            keys |= {
                "authProtocol": AUTHENTICATION[own.authentication],
                "authKey": own.authentication_key,
            }
        if own.privacy:
            keys |= {"privProtocol": PRIVACY[own.privacy], "privKey": own.privacy_key}
        if engine_id:
            keys["securityEngineId"] = OctetString(hexValue=engine_id)
        config.add_v3_user(self._engine, own.user, **keys)

    async def run(self) -> None:
        """Listen until cancelled, then give the port back."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._socket, self._receive)
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while len(self.gate):
                    for _ in range(AT_ONCE):
                        self._take_apart()
                    await asyncio.sleep(PAUSE)
        finally:
            loop.remove_reader(self._socket)
            self._receiver.close(self._engine)
            self._engine.close_dispatcher()
            self._socket.close()

    def _receive(self) -> None:
        """Take in what is there, without looking at it."""
        for _ in range(512):
            try:
                octets, source = self._socket.recvfrom(65_536)
            except (BlockingIOError, ConnectionError):
                break
            self.gate.offer(source, octets)
        self._news.set()

    def _take_apart(self) -> None:
        waiting = self.gate.take()
        if waiting is None:
            return
        try:
            self._transport.hand_in(*waiting)
        except (PySnmpError, PyAsn1Error, ValueError, TypeError, IndexError, KeyError) as error:
            log.debug("a notification from %s cannot be read: %s", waiting[0][0], error)

    def _heard(
        self,
        engine: object,
        reference: object,
        context_id: object,
        context_name: object,
        bindings: Iterable[tuple[Iterable[int], object]],
        context: object,
    ) -> None:
        """What pysnmp calls for an authentic notification."""
        self.accepted += 1
        values = [(tuple(oid), value) for oid, value in bindings]
        by_oid: Mapping[Oid, Any] = dict(values)
        source = self._transport.source
        told = by_oid.get(_TRAP_ADDRESS)
        trap = by_oid.get(_TRAP_OID)
        self._notify(
            Notification(
                source=source,
                agent=source if told is None else str(told.prettyPrint()),
                oid=() if trap is None else tuple(int(part) for part in trap),
                values=tuple((oid, str(value)[:120]) for oid, value in values[:32]),
            )
        )


_SO_RCVBUFFORCE: Final = 33
"""<asm-generic/socket.h>; with CAP_NET_ADMIN more than net.core.rmem_max."""


class _Inward(udp.UdpAsyncioTransport):  # type: ignore[misc] # pysnmp has no types
    """A transport that is handed what was received elsewhere, and answers by that socket."""

    def __init__(self, answering: socket.socket) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._answering = answering
        self.source = ""

    def hand_in(self, source: tuple[str, int], octets: bytes) -> None:
        """Have one message processed, now."""
        self.source = source[0]
        if self._callback_function is not None:
            self._callback_function(self, source, octets)

    def send_message(self, octets: bytes, address: tuple[str, int]) -> None:
        """Answer an inform."""
        try:
            self._answering.sendto(octets, tuple(address))
        except OSError as error:
            log.info("an inform of %s cannot be answered: %s", address[0], error)
