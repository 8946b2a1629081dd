"""The SNMP agent of a virtual amplifier: v2c and v3, with keys and an engine id of its own.

It answers reads only. What is broken on purpose may be the agent itself: silent, slow, talking
nonsense, losing requests or answering twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pyasn1.type.univ import OctetString  # type: ignore[import-untyped]
from pysnmp.carrier.asyncio.dgram import udp  # type: ignore[import-untyped]
from pysnmp.entity import config  # type: ignore[import-untyped]
from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from pysnmp.entity.rfc3413 import cmdrsp, context  # type: ignore[import-untyped]
from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]
    CommunityData,
    ContextData,
    NotificationType,
    ObjectIdentity,
    UdpTransportTarget,
    UsmUserData,
    send_notification,
    usmAesCfb128Protocol,
    usmHMAC192SHA256AuthProtocol,
)
from pysnmp.proto import rfc1902  # type: ignore[import-untyped]
from pysnmp.proto.rfc1905 import endOfMibView, noSuchInstance  # type: ignore[import-untyped]
from pysnmp.smi.error import TooBigError  # type: ignore[import-untyped]
from pysnmp.smi.instrum import AbstractMibInstrumController  # type: ignore[import-untyped]

from broadcaster.simulator.device_state import OWN, DeviceState, Typed, next_after
from firmware_profiles.oid import Oid

SLOW: Final = 3.0
"""Seconds a slow agent takes: longer than anybody waits."""
LOSS: Final = 0.3
MOST_AT_ONCE: Final = 3
"""Objects in one request of which an agent that is too small says tooBig."""
USER: Final = "watch"
_MODEL_V2C: Final = 2
_MODEL_V3: Final = 3
_TYPES: Final[dict[str, Callable[[Any], Any]]] = {
    "integer": rfc1902.Integer32,
    "gauge": rfc1902.Gauge32,
    "counter64": rfc1902.Counter64,
    "ticks": rfc1902.TimeTicks,
    "text": rfc1902.OctetString,
    "oid": rfc1902.ObjectIdentifier,
    "address": rfc1902.IpAddress,
}


@dataclass(frozen=True, slots=True)
class AgentKeys:
    """What an agent must be asked with; all derived from one secret and the device's name."""

    community: str
    authentication_key: str
    privacy_key: str
    engine_id: str

    @classmethod
    def of(cls, secret: bytes, name: str, engine: int = 0) -> AgentKeys:
        """The keys of a device; another `engine` is another device in its place."""

        def derived(what: str) -> str:
            return hashlib.sha256(secret + f"{name}/{what}".encode()).hexdigest()[:20]

        # RFC 3411 section 5: enterprise number with the high bit set, 5 = octets of one's own.
        octets = (0x8000_0000 | 32473).to_bytes(4, "big").hex() + "05"
        return cls(
            derived("community"), derived("authentication"), derived("privacy"),
            octets + derived(f"engine {engine}")[:16],
        )  # fmt: skip


class SnmpAgent:
    """One agent in the running event loop, at an address and a port the kernel chose."""

    def __init__(
        self,
        state: DeviceState,
        keys: AgentKeys,
        address: str,
        now: Callable[[], float],
        port: int = 0,
        engine: SnmpEngine | None = None,
    ) -> None:
        """Take a port, 0 any, and make an engine if none is given; raises OSError.

        An engine takes some 60 ms to make; it may be made in another thread.
        """
        self.state, self.keys = state, keys
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.bind((address, port))
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self.address, self.port = self._socket.getsockname()
        self._engine = SnmpEngine() if engine is None else engine
        self._set_id(keys.engine_id)
        self._set_boots()
        transport = _Unreliable(state).open_server_mode(sock=self._socket)
        config.add_transport(self._engine, udp.DOMAIN_NAME, transport)
        self._allow()
        own = context.SnmpContext(self._engine)
        own.unregister_context_name(b"")
        own.register_context_name(b"", _Objects(state, now))
        for responder in (
            cmdrsp.GetCommandResponder,
            cmdrsp.NextCommandResponder,
            cmdrsp.BulkCommandResponder,
        ):
            responder(self._engine, own)

    def close(self) -> None:
        """Give the port back."""
        self._engine.close_dispatcher()
        self._socket.close()

    def note_restart(self) -> None:
        """The device began anew, or lost its clock: its boots are others, by which v3 knows."""
        self._set_boots()

    async def trap(self, target: tuple[str, int], number: int, version: str = "v3") -> None:
        """Send one of the device's own traps."""
        where = await UdpTransportTarget.create(target, timeout=1, retries=0)
        keys = self.keys
        user = (
            CommunityData(f"t-{keys.community}", keys.community, mpModel=1)  # noqa: S508 - old devices do
            if version == "v2c"
            else UsmUserData(
                USER, keys.authentication_key, keys.privacy_key,
                authProtocol=usmHMAC192SHA256AuthProtocol, privProtocol=usmAesCfb128Protocol,
            )
        )  # fmt: skip
        said = NotificationType(ObjectIdentity((*OWN, 2, number)))
        await send_notification(
            self._engine, user, where, ContextData(), "trap", said, lookupMib=False
        )

    def _set_id(self, engine_id: str) -> None:
        """Give the engine its id; handed to its maker, it would leave files in /tmp."""
        builder = self._engine.get_mib_builder()
        (own,) = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineID")
        own.syntax = own.syntax.clone(OctetString(hexValue=engine_id))
        self._engine.snmpEngineID = own.syntax

    def _set_boots(self) -> None:
        builder = self._engine.get_mib_builder()
        (boots,) = builder.import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineBoots")
        boots.syntax = boots.syntax.clone(self.state.boots)

    def _allow(self) -> None:
        """One community and one user may read everything."""
        config.add_v1_system(self._engine, "reader", self.keys.community)
        config.add_v3_user(
            self._engine, USER,
            usmHMAC192SHA256AuthProtocol, self.keys.authentication_key,
            usmAesCfb128Protocol, self.keys.privacy_key,
        )  # fmt: skip
        for model, name, level in (
            (_MODEL_V2C, "reader", "noAuthNoPriv"),
            (_MODEL_V3, USER, "authPriv"),
        ):
            config.add_vacm_user(self._engine, model, name, level, (1,), (), (1,))


class _Objects(AbstractMibInstrumController):  # type: ignore[misc] # pysnmp has no types
    """The device's objects for pysnmp's responders."""

    def __init__(self, state: DeviceState, now: Callable[[], float]) -> None:
        self._state, self._now = state, now

    def read_variables(self, *bindings: Any, **_: Any) -> list[Any]:  # noqa: ANN401
        """Answer GET."""
        if "toobig" in self._state.broken and len(bindings) > MOST_AT_ONCE:
            raise TooBigError(idx=0)
        objects = self._state.objects(self._now())
        return [(oid, _value(objects.get(tuple(oid)))) for oid, _ in bindings]

    def read_next_variables(self, *bindings: Any, **_: Any) -> list[Any]:  # noqa: ANN401
        """Answer GETNEXT."""
        objects = self._state.objects(self._now())
        return [self._next(objects, oid) for oid, _ in bindings]

    def _next(self, objects: dict[Oid, Typed], oid: Iterable[int]) -> tuple[Any, Any]:
        found = next_after(objects, tuple(oid))
        if found is None:
            return oid, endOfMibView
        return rfc1902.ObjectName(found), _value(objects[found])


class _Unreliable(udp.UdpAsyncioTransport):  # type: ignore[misc] # pysnmp has no types
    """A transport that fails as the device's state says."""

    def __init__(self, state: DeviceState) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self._state = state
        self._chance = random.Random(state.name)  # the same loss in every run

    def datagram_received(self, datagram: bytes, address: Any) -> None:  # noqa: ANN401
        """A request came in."""
        broken = self._state.broken
        if broken.keys() & {"deaf", "unplugged"} or (
            "loss" in broken and self._chance.random() < LOSS
        ):
            return
        if "garbage" in broken:
            self.transport.sendto(self._chance.randbytes(60), address)
            return
        if "slow" in broken:
            self.loop.call_later(SLOW, super().datagram_received, datagram, address)
            return
        super().datagram_received(datagram, address)

    def send_message(self, octets: bytes, address: Any) -> None:  # noqa: ANN401
        """An answer goes out."""
        if "elsewhere" in self._state.broken:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.bind((self._state.address, 0))
                other.sendto(octets, address)
            return
        super().send_message(octets, address)
        if "twice" in self._state.broken:
            super().send_message(octets, address)

    def error_received(self, error: Exception) -> None:
        """Who asked has gone."""


def _value(typed: Typed | None) -> Any:  # noqa: ANN401
    if typed is None:
        return noSuchInstance
    return _TYPES[typed[0]](typed[1])
