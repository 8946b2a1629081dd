"""What administrators do with people, sessions and tokens. Every change goes on record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from broadcaster.console.people import Person
from broadcaster.console.people_database import PeopleError
from broadcaster.console.problem import ProblemError
from broadcaster.console.routes import Call
from broadcaster.console.station import Station
from broadcaster.console.tokens import Token

_T = TypeVar("_T")
_DAY = 86_400.0


class KeepingPeople:
    """The routes below /api/v1/people, /api/v1/sessions and /api/v1/tokens."""

    def __init__(self, station: Station) -> None:
        """`station` holds the accounts."""
        self._station = station

    async def people(self, call: Call) -> Mapping[str, Any]:
        """Everybody who may sign in."""
        return {"people": [shown_person(person) for person in self._station.people.all()]}

    async def add(self, call: Call) -> Mapping[str, Any]:
        """Add somebody."""
        asked = call.body
        async with self._station.hashing:
            person = await _done(
                lambda: self._station.people.add(
                    asked.name, asked.shown, asked.roles, asked.password, self._station.clock()
                )
            )
        self._audit("person added", call, person=person.name, roles=sorted(person.roles))
        return shown_person(person)

    async def change(self, call: Call) -> Mapping[str, Any]:
        """Give somebody other roles or another password, bar them, or take their codes away."""
        people, asked = self._station.people, call.body
        name = call.request.match_info["person"]
        if asked.roles is not None:
            await _done(lambda: people.give_roles(name, asked.roles))
            self._audit("roles changed", call, person=name, roles=sorted(asked.roles))
        if asked.password is not None:
            async with self._station.hashing:
                await _done(lambda: people.set_password(name, asked.password))
            self._audit("password reset", call, person=name)
        if asked.barred is not None:
            await _done(lambda: people.bar(name, is_barred=asked.barred))
            self._audit("person barred" if asked.barred else "person let in", call, person=name)
        if asked.totp is not None:
            await _done(lambda: people.set_totp(name, None))
            self._audit("codes ended", call, person=name)
        person = people.named(name)
        if person is None:
            raise _no(f"there is nobody called {name}")
        return shown_person(person)

    async def remove(self, call: Call) -> Mapping[str, Any]:
        """Remove somebody; their sessions end at once."""
        name = call.request.match_info["person"]
        await _done(lambda: self._station.people.remove(name))
        self._audit("person removed", call, person=name)
        return {"done": True}

    async def sessions(self, call: Call) -> Mapping[str, Any]:
        """Who is signed in where."""
        found = self._station.sessions.all(self._station.clock())
        fields = ("id", "person", "peer", "created", "expires")
        return {"sessions": [{f: getattr(one, f) for f in fields} for one in found]}

    async def end_session(self, call: Call) -> Mapping[str, Any]:
        """End somebody's session."""
        session = call.request.match_info["session"]
        if not await asyncio.to_thread(self._station.sessions.end, session):
            raise _no(f"there is no session {session}")
        self._audit("session ended", call, session=session)
        return {"done": True}

    async def tokens(self, call: Call) -> Mapping[str, Any]:
        """Every token, without its secret."""
        return {"tokens": [shown_token(token) for token in self._station.tokens.all()]}

    async def add_token(self, call: Call) -> Mapping[str, Any]:
        """Make a token; its secret is in this answer and nowhere else."""
        asked = call.body
        token, secret = await _done(
            lambda: self._station.tokens.add(
                asked.name,
                asked.roles,
                made_by=call.by.name,
                now=self._station.clock(),
                lasts=None if asked.days is None else asked.days * _DAY,
                zones=asked.zones,
            )
        )
        self._audit("token made", call, token=token.name, roles=sorted(token.roles))
        return {**shown_token(token), "secret": secret}

    async def revoke_token(self, call: Call) -> Mapping[str, Any]:
        """Revoke a token."""
        which = call.request.match_info["token"]
        token = await _done(lambda: self._station.tokens.revoke(which))
        self._audit("token revoked", call, token=token.name)
        return {"done": True}

    def _audit(self, action: str, call: Call, **facts: object) -> None:
        self._station.line.audit(action, call.by.name, peer=call.peer, **facts)


def shown_person(person: Person) -> dict[str, Any]:
    """An account, without what proves it."""
    return {
        "name": person.name,
        "shown": person.shown,
        "roles": sorted(person.roles),
        "totp": person.has_totp,
        "barred": person.is_barred,
    }


def shown_token(token: Token) -> dict[str, Any]:
    """A token, without its secret."""
    return {
        "id": token.id,
        "name": token.name,
        "roles": sorted(token.roles),
        "zones": None if token.zones is None else sorted(token.zones),
        "made_by": token.made_by,
        "created": token.created,
        "expires": token.expires,
    }


async def _done(change: Callable[[], _T]) -> _T:
    """Do it in a thread: the disk may take its time."""
    try:
        return await asyncio.to_thread(change)
    except PeopleError as error:
        raise ProblemError(422, "refused", str(error)) from None


def _no(sentence: str) -> ProblemError:
    return ProblemError(404, "not-found", sentence)
