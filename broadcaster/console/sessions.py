"""Sessions of people who signed in: revocable, and kept over a restart of the console.

On a disk that cannot be written sessions begin all the same and are kept in memory: a full disk
must not keep the duty operator out.
"""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from broadcaster.console.identity import Identity
from broadcaster.console.people_database import PeopleDatabase, PeopleError
from broadcaster.rights import Role

LASTS: Final = 12 * 3600.0
"""Seconds from signing in until one must do so again: the longest shift."""
MOST_OF_ONE: Final = 20
"""Sessions of one person; the oldest gives way to one more."""
MOST_HELD: Final = 200
"""Sessions kept in memory while the disk refuses; the oldest gives way to one more."""

_COLUMNS: Final = ("id", "digest", "person", "shown", "roles", "peer", "created", "expires")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of one person. Times are UTC seconds.

    `roles` is JSON: those of single sign-on, None for those that the person has by now.
    """

    id: str
    digest: bytes
    person: str
    shown: str
    roles: str | None
    peer: str
    created: float
    expires: float


class Sessions:
    """The sessions there are. The secret of a cookie itself is kept nowhere."""

    def __init__(self, database: PeopleDatabase) -> None:
        """`database` is shared with `People`."""
        self._database = database
        self._held: dict[str, Session] = {}

    def begin(
        self,
        person: str,
        shown: str,
        peer: str,
        now: float,
        *,
        roles: Iterable[Role] | None = None,
    ) -> str:
        """Begin a session; the secret for its cookie. With `roles` it has those, not a person's."""
        secret = secrets.token_urlsafe(32)
        session = Session(
            id=secrets.token_hex(8),
            digest=_digest(secret),
            person=person,
            shown=shown,
            roles=None if roles is None else json.dumps(sorted(roles)),
            peer=peer,
            created=now,
            expires=now + LASTS,
        )
        try:
            self._write(session, now)
        except PeopleError as error:
            log.error("a session of %s is kept in memory only: %s", person, error)
            self._hold(session)
        return secret

    def sign_over(self, session: str, person: str, shown: str, now: float) -> str | None:
        """Make a session somebody else's: its pages go on, its old cookie is worth nothing.

        The new cookie's secret; None when the session has ended.
        """
        secret = secrets.token_urlsafe(32)
        before = self._of("id", session)
        if before is None or before.expires <= now:
            return None
        after = replace(
            before,
            digest=_digest(secret),
            person=person,
            shown=shown,
            roles=None,
            created=now,
            expires=now + LASTS,
        )
        try:
            with self._database.writing() as database:
                database.execute("DELETE FROM session WHERE id = ?", (session,))
                database.execute(_INSERT, _values(after))
            self._held.pop(session, None)
        except PeopleError as error:
            log.error("that %s took a session over is kept in memory only: %s", person, error)
            self._hold(after)
        return secret

    def of_secret(self, secret: str, now: float) -> Identity | None:
        """Whose session the cookie names; None when it has ended or never was."""
        return self._identity(self._of("digest", _digest(secret)), now)

    def of_id(self, session: str, now: float) -> Identity | None:
        """Whose session this is now; None when it has ended."""
        return self._identity(self._of("id", session), now)

    def all(self, now: float) -> list[Session]:
        """Every session that has not ended, newest first."""
        rows = self._database.rows("SELECT * FROM session WHERE expires > ?", now)
        kept = {row["id"]: Session(*(row[name] for name in _COLUMNS)) for row in rows}
        found = {**kept, **{s.id: s for s in self._held.values() if s.expires > now}}
        return sorted(found.values(), key=lambda session: -session.created)

    def end(self, session: str) -> bool:
        """End a session; False when there was none.

        Raises:
            PeopleError: the disk refuses, so that it would be there again after a restart.
        """
        was_held = self._held.pop(session, None) is not None
        with self._database.writing() as database:
            ended = database.execute("DELETE FROM session WHERE id = ?", (session,))
            return ended.rowcount == 1 or was_held

    def _write(self, session: Session, now: float) -> None:
        person = session.person
        with self._database.writing() as database:
            database.execute("DELETE FROM session WHERE expires <= ?", (now,))
            database.execute(
                "DELETE FROM session WHERE person = ? AND id NOT IN (SELECT id FROM session"
                " WHERE person = ? ORDER BY created DESC LIMIT ?)",
                (person, person, MOST_OF_ONE - 1),
            )
            database.execute(_INSERT, _values(session))

    def _hold(self, session: Session) -> None:
        self._held[session.id] = session
        while len(self._held) > MOST_HELD:
            del self._held[next(iter(self._held))]

    def _of(self, column: str, value: str | bytes) -> Session | None:
        """A session by its id or digest; what is held in memory is newer than what is written."""
        for session in self._held.values():
            if getattr(session, column) == value:
                return session
        rows = self._database.rows(f"SELECT * FROM session WHERE {column} = ?", value)  # noqa: S608
        if not rows or rows[0]["id"] in self._held:
            return None
        return Session(*(rows[0][name] for name in _COLUMNS))

    def _identity(self, session: Session | None, now: float) -> Identity | None:
        """Who it is, with the roles they have by now; None when it or the person is gone."""
        if session is None or session.expires <= now:
            return None
        roles = session.roles
        if roles is None:
            rows = self._database.rows("SELECT roles FROM person WHERE name = ?", session.person)
            if not rows:
                return None
            roles = rows[0]["roles"]
        return Identity(
            session.person,
            session.shown,
            frozenset(Role(role) for role in json.loads(roles)),
            session=session.id,
            expires=session.expires,
        )


_INSERT: Final = (
    f"INSERT INTO session ({', '.join(_COLUMNS)})"  # noqa: S608
    f" VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def _values(session: Session) -> tuple[object, ...]:
    return tuple(getattr(session, name) for name in _COLUMNS)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
