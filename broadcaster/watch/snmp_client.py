"""Asks SNMP agents, and only ever asks: there is no way to write here.

One pysnmp engine for the process. A target and its user are made once for each device and kept:
new ones for every request cost memory and 18 ms each. For v3 every device has its own engine id;
one user name with different keys works only so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from pyasn1.type.univ import ObjectIdentifier, OctetString  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.hlapi.v3arch.asyncio import (  # type: ignore[import-untyped]
    CommunityData,
    ContextData,
    ObjectIdentity,
    ObjectType,
    SnmpEngine,
    UdpTransportTarget,
    UsmUserData,
    get_cmd,
    next_cmd,
    usm3DESEDEPrivProtocol,
    usmAesBlumenthalCfb192Protocol,
    usmAesBlumenthalCfb256Protocol,
    usmAesCfb128Protocol,
    usmAesCfb192Protocol,
    usmAesCfb256Protocol,
    usmDESPrivProtocol,
    usmHMAC128SHA224AuthProtocol,
    usmHMAC192SHA256AuthProtocol,
    usmHMAC256SHA384AuthProtocol,
    usmHMAC384SHA512AuthProtocol,
    usmHMACMD5AuthProtocol,
    usmHMACSHAAuthProtocol,
)
from pysnmp.proto import rfc1902, rfc1905  # type: ignore[import-untyped]
from pysnmp.proto.errind import RequestTimedOut  # type: ignore[import-untyped]

from broadcaster.watch.access import Credentials
from broadcaster.watch.engine_id import EngineIdError, ask_engine_id
from firmware_profiles.oid import MOST_ROWS, Oid, is_under
from firmware_profiles.reading import Raw

TIMEOUT: Final = 1.0
RETRIES: Final = 1
LONGEST_VALUE: Final = 4096
"""Octets of one value that are kept."""

AUTHENTICATION: Final = {
    "md5": usmHMACMD5AuthProtocol,
    "sha": usmHMACSHAAuthProtocol,
    "sha224": usmHMAC128SHA224AuthProtocol,
    "sha256": usmHMAC192SHA256AuthProtocol,
    "sha384": usmHMAC256SHA384AuthProtocol,
    "sha512": usmHMAC384SHA512AuthProtocol,
}
PRIVACY: Final = {
    "des": usmDESPrivProtocol,
    "3des": usm3DESEDEPrivProtocol,
    "aes": usmAesCfb128Protocol,
    "aes192": usmAesCfb192Protocol,
    "aes256": usmAesCfb256Protocol,
    "aes192-blumenthal": usmAesBlumenthalCfb192Protocol,
    "aes256-blumenthal": usmAesBlumenthalCfb256Protocol,
}


class SnmpError(Exception):
    """An agent could not be asked; the text says why."""


class NoAnswerError(SnmpError):
    """Nothing came back in time: off, not reachable, or a community that it does not take."""


class RefusedError(SnmpError):
    """The agent answered and refuses the user, the keys or the engine id."""


@dataclass(slots=True)
class Agent:
    """One agent as it is asked: where it is, with what, and what is kept for it."""

    address: str
    port: int
    credentials: Credentials
    engine_id: str = ""
    missing: set[Oid] = field(default_factory=set)
    """What a v1 agent said it does not have; asked again only after a restart."""
    session: Any = None
    """What another client keeps for it; None when anything here has changed."""
    _target: UdpTransportTarget | None = None
    _user: CommunityData | UsmUserData | None = None

    def forget_engine(self) -> None:
        """Learn the engine id anew at the next question."""
        self.engine_id, self._user, self.session = "", None, None

    def move(self, address: str) -> None:
        """It has another address now."""
        self.address, self._target, self.session = address, None, None


class SnmpClient:
    """One engine, in the running event loop; `close` it in the end."""

    def __init__(self, *, timeout: float = TIMEOUT, retries: int = RETRIES) -> None:
        """Make the engine, which takes some 60 ms of this process."""
        self._engine = SnmpEngine()
        self._timeout, self._retries = timeout, retries
        self._context = ContextData()

    def close(self) -> None:
        """Let go of the socket."""
        self._engine.close_dispatcher()

    async def fetch(self, agent: Agent, oids: Iterable[Oid]) -> dict[Oid, Raw | None]:
        """The values of some objects; None for those the agent does not have.

        What does not fit into one answer is asked for in halves.

        Raises:
            NoAnswerError: nothing came back.
            RefusedError: the agent refuses us.
            SnmpError: it answered with an error of its own.
        """
        wanted = [oid for oid in oids if oid not in agent.missing]
        found: dict[Oid, Raw | None] = dict.fromkeys(agent.missing)
        if wanted:
            found |= await self._fetch(agent, wanted)
        return found

    async def _fetch(self, agent: Agent, oids: list[Oid]) -> dict[Oid, Raw | None]:
        status, index, bindings = await self._ask(get_cmd, agent, oids)
        if status == 0:
            asked = set(oids)
            return {oid: raw for oid, raw in bindings if oid in asked}
        if status == _NO_SUCH_NAME and 1 <= index <= len(oids):
            # SNMPv1: one missing object fails the whole request (RFC 1157 section 4.1.2).
            lost = oids[index - 1]
            agent.missing.add(lost)
            rest = [oid for oid in oids if oid != lost]
            return {lost: None, **(await self._fetch(agent, rest) if rest else {})}
        if status in {_TOO_BIG, _GEN_ERR} and len(oids) > 1:
            half = len(oids) // 2
            first = await self._fetch(agent, oids[:half])
            return first | await self._fetch(agent, oids[half:])
        if status in {_TOO_BIG, _GEN_ERR}:
            return {oids[0]: None}
        raise SnmpError(f"the agent answers with error {status}")

    async def rows(self, agent: Agent, column: Oid, most: int = MOST_ROWS) -> dict[int, Raw]:
        """The rows of a column by their last number, at most `most`; raises as `fetch` does."""
        found: dict[int, Raw] = {}
        at = column
        while len(found) < most:
            status, _, bindings = await self._ask(next_cmd, agent, [at])
            if status != 0 or not bindings:
                break
            oid, raw = bindings[0]
            # An agent that does not go forward would be walked for ever.
            if not is_under(oid, column) or oid <= at or raw is None:
                break
            if len(oid) == len(column) + 1:
                found[oid[-1]] = raw
            at = oid
        return found

    async def learn_engine_id(self, agent: Agent) -> str:
        """The engine id of a v3 agent, asked without a user; raises NoAnswerError."""
        try:
            engine_id = await ask_engine_id(agent.address, agent.port, self._timeout)
        except EngineIdError as error:
            raise NoAnswerError(str(error)) from None
        if engine_id != agent.engine_id:
            agent.forget_engine()
            agent.engine_id = engine_id
            self._correct_engine(agent)
        return engine_id

    def _correct_engine(self, agent: Agent) -> None:
        """Let pysnmp forget which engine was at this address: it would ask that one for ever."""
        model = self._engine.message_processing_subsystems[3]
        known = getattr(model, "_SnmpV3MessageProcessingModel__engineIdCache", {})
        now = OctetString(hexValue=agent.engine_id)
        for (_, address), entry in known.items():
            if tuple(address)[:2] == (agent.address, agent.port):
                # Corrected in place: its own timer takes it away in the end.
                entry["securityEngineId"] = entry["contextEngineId"] = now

    async def _ask(
        self, command: Callable[..., Awaitable[Any]], agent: Agent, oids: list[Oid]
    ) -> tuple[int, int, list[tuple[Oid, Raw | None]]]:
        """One request: error status, error index, values in order."""
        if agent.credentials.version == "v3" and not agent.engine_id:
            await self.learn_engine_id(agent)
        target = agent._target
        if target is None:
            target = agent._target = await UdpTransportTarget.create(
                (agent.address, agent.port), timeout=self._timeout, retries=self._retries
            )
        user = agent._user = agent._user or user_of(agent)
        objects = [_object(oid) for oid in oids]
        try:
            async with asyncio.timeout((self._timeout + 0.5) * (self._retries + 1) + 1):
                indication, status, index, bindings = await command(
                    self._engine, user, target, self._context, *objects, lookupMib=False
                )
        except TimeoutError:
            raise NoAnswerError("no answer within the time") from None
        except PySnmpError as error:
            # An unknown user is raised instead of being returned.
            raise RefusedError(_shortened(error)) from None
        if indication is not None:
            raise _error(indication)
        return int(status), int(index), [(tuple(o), _raw(v)) for o, v in bindings]


@lru_cache(maxsize=4_096)
def _object(oid: Oid) -> ObjectType:
    """An object as pysnmp asks for it; looked up once, which is a quarter of a request's cost."""
    return ObjectType(ObjectIdentity(oid))


_NO_SUCH_NAME: Final = 2
_GEN_ERR: Final = 5
_TOO_BIG: Final = 1


def user_of(agent: Agent) -> CommunityData | UsmUserData:
    """What pysnmp asks an agent with."""
    own = agent.credentials
    if own.version != "v3":
        model = 0 if own.version == "v1" else 1
        # A name of its own for each community: pysnmp keeps one community for a name.
        return CommunityData(f"c-{own.community}-{model}", own.community, mpModel=model)
    keys: dict[str, Any] = {}
    if own.authentication:
        keys |= {
            "authKey": own.authentication_key,
            "authProtocol": AUTHENTICATION[own.authentication],
        }
    if own.privacy:
        keys |= {"privKey": own.privacy_key, "privProtocol": PRIVACY[own.privacy]}
    return UsmUserData(own.user, securityEngineId=OctetString(hexValue=agent.engine_id), **keys)


def _error(indication: object) -> SnmpError:
    if isinstance(indication, RequestTimedOut):
        return NoAnswerError("no answer")
    return RefusedError(_shortened(indication))


def _raw(value: object) -> Raw | None:
    """A value as the profiles read it; None for what is not there."""
    if isinstance(
        value,
        rfc1905.NoSuchObject | rfc1905.NoSuchInstance | rfc1905.EndOfMibView | rfc1905.UnSpecified,
    ):
        return None
    if isinstance(value, rfc1902.IpAddress):
        return str(value.prettyPrint())
    if isinstance(value, OctetString):
        return bytes(value)[:LONGEST_VALUE]
    if isinstance(value, ObjectIdentifier):
        return tuple(int(part) for part in value)
    with contextlib.suppress(ValueError, TypeError, PySnmpError):
        return int(value)  # type: ignore[call-overload,no-any-return] # every other type is a number
    return None


def _shortened(error: object) -> str:
    return " ".join(str(error).split())[:160]
