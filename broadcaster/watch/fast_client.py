"""Asks agents by gufo-snmp, for thousands of them: a thirtieth of pysnmp's processor time.

It only ever says "this is the answer". Whatever is not a plain answer (silence, an error, keys that
do not fit, nonsense) is asked again by `SnmpClient`, which says what is wrong; so that every fault
reads the same with the extra `thousands` and without.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from broadcaster.watch.snmp_client import LONGEST_VALUE, TIMEOUT, Agent, SnmpClient
from firmware_profiles.oid import MOST_ROWS, Oid, dotted, is_under
from firmware_profiles.reading import Raw

if TYPE_CHECKING:
    from gufo.snmp import User
    from gufo.snmp.aio import SnmpSession

CAREFUL_FOR: Final = 300.0
"""Seconds for which an agent that talked nonsense is asked by pysnmp alone."""
_FILES: Final = 65_536
"""Open files wished for: one socket for each agent."""
_IPV4_PARTS: Final = 4
_Found = TypeVar("_Found")
_Value = None | str | bytes | int | float


class _NonsenseError(Exception):
    """What came back is nothing the library can read."""


class FastClient:
    """Asks as `SnmpClient` does, with one socket for each agent; `close` it in the end."""

    def __init__(self, *, timeout: float = TIMEOUT) -> None:
        """Allow for as many open files as the system lets us.

        Raises:
            ImportError: gufo-snmp is not installed.
        """
        from gufo.snmp import SnmpAuthError, SnmpError
        from gufo.snmp.aio import SnmpSession

        self._open, self._refusal, self._error = SnmpSession, SnmpAuthError, SnmpError
        self._timeout = timeout
        self._careful = SnmpClient(timeout=timeout, retries=0)
        self._spoilt: dict[tuple[str, int], float] = {}
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))

    def close(self) -> None:
        """Let go of pysnmp's socket; the others go with their agents."""
        self._careful.close()

    async def fetch(self, agent: Agent, oids: Iterable[Oid]) -> dict[Oid, Raw | None]:
        """The values of some objects; None for those the agent does not have.

        Raises:
            NoAnswerError: nothing came back.
            RefusedError: the agent refuses us.
            SnmpError: it answered with an error of its own.
        """
        wanted = {dotted(oid): oid for oid in oids}
        if not wanted:
            return {}

        async def asked(session: SnmpSession) -> dict[Oid, Raw | None]:
            said = await session.get_many(wanted)
            if not said:
                # Nothing of all that, or an error such as tooBig: the library tells neither.
                raise LookupError
            return {oid: _raw(said.get(name)) for name, oid in wanted.items()}

        found = await self._tried(agent, asked)
        return await self._careful.fetch(agent, wanted.values()) if found is None else found

    async def rows(self, agent: Agent, column: Oid, most: int = MOST_ROWS) -> dict[int, Raw]:
        """The rows of a column by their last number, at most `most`; raises as `fetch` does."""

        async def asked(session: SnmpSession) -> dict[int, Raw]:
            found: dict[int, Raw] = {}
            at = column
            async for name, value in session.getnext(dotted(column)):
                oid, raw = tuple(int(part) for part in name.split(".")), _raw(value)
                # An agent that does not go forward would be walked for ever.
                if len(found) >= most or not is_under(oid, column) or oid <= at or raw is None:
                    break
                if len(oid) == len(column) + 1:
                    found[oid[-1]] = raw
                at = oid
            return found

        rows = await self._tried(agent, asked)
        return await self._careful.rows(agent, column, most) if rows is None else rows

    async def learn_engine_id(self, agent: Agent) -> str:
        """The engine id of a v3 agent, asked without a user; raises NoAnswerError."""
        return await self._careful.learn_engine_id(agent)

    async def _tried(
        self, agent: Agent, ask: Callable[[SnmpSession], Awaitable[_Found]]
    ) -> _Found | None:
        """What a session says; None when it says nothing that can be believed."""
        now = asyncio.get_running_loop().time()
        place = (agent.address, agent.port)
        if self._spoilt.get(place, now) > now:
            return None
        session = await self._session(agent)
        if session is None:
            return None
        try:
            # The first of a v3 agent, and the one after its restart, only brings its clock.
            for _ in range(2 if agent.credentials.version == "v3" else 1):
                try:
                    return await self._asked(session, ask)
                except self._refusal:
                    continue
        except _NonsenseError:
            self._spoilt[place] = now + CAREFUL_FOR
        except (self._error, OSError, ValueError, LookupError, RuntimeError):
            pass
        agent.session = None
        return None

    async def _asked(
        self, session: SnmpSession, ask: Callable[[SnmpSession], Awaitable[_Found]]
    ) -> _Found:
        try:
            async with asyncio.timeout(self._timeout):
                return await ask(session)
        except BaseException as error:
            # The library's Rust panics at some nonsense, and a panic is no Exception.
            if type(error).__name__ == "PanicException":
                raise _NonsenseError from None
            raise

    async def _session(self, agent: Agent) -> SnmpSession | None:
        """The agent's own session; None where gufo-snmp cannot ask it."""
        own = agent.credentials
        if own.version == "v1":
            # One missing object fails a whole request, and the library does not say which.
            return None
        session: SnmpSession | None = agent.session
        if session is not None:
            return session
        opened = partial(self._open, agent.address, agent.port, timeout=self._timeout)
        try:
            if own.version == "v2c":
                session = opened(community=own.community)
            elif (user := _user(agent)) is not None:
                if not agent.engine_id:
                    await self._careful.learn_engine_id(agent)
                session = opened(user=user, engine_id=bytes.fromhex(agent.engine_id))
        except (self._error, OSError, ValueError):
            return None
        agent.session = session
        return session


def _user(agent: Agent) -> User | None:
    """The user of a v3 agent; None when the library does not know its privacy."""
    from gufo.snmp import user as kinds

    own = agent.credentials
    authentications = {
        "md5": kinds.Md5Key, "sha": kinds.Sha1Key, "sha224": kinds.Sha224Key,
        "sha256": kinds.Sha256Key, "sha384": kinds.Sha384Key, "sha512": kinds.Sha512Key,
    }  # fmt: skip
    privacies = {
        "des": kinds.DesKey, "aes": kinds.Aes128Key,
        "aes192": kinds.Aes192Key, "aes256": kinds.Aes256Key,
    }  # fmt: skip
    kind, _, expansion = own.privacy.partition("-")
    if kind and kind not in privacies:
        return None
    return kinds.User(
        own.user,
        auth_key=authentications[own.authentication](own.authentication_key.encode())
        if own.authentication
        else None,
        priv_key=privacies[kind](own.privacy_key.encode()) if kind else None,
        key_expansion=kinds.KeyExpansion.Blumenthal if expansion else kinds.KeyExpansion.Cisco,
    )


def _raw(value: _Value) -> Raw | None:
    """A value as the profiles read it; the library gives identifiers and addresses as text."""
    if isinstance(value, str):
        parts = value.split(".")
        is_identifier = len(parts) != _IPV4_PARTS and all(part.isdigit() for part in parts)
        return tuple(int(part) for part in parts) if is_identifier else value
    if isinstance(value, bytes):
        return value[:LONGEST_VALUE]
    return int(value) if isinstance(value, int | float) else None
