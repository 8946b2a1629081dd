"""Sessions of people who signed in: revocable, and kept over a restart of the console."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from broadcaster.console.identity import Identity
from broadcaster.console.people_database import PeopleDatabase
from broadcaster.rights import Role

LASTS: Final = 12 * 3600.0
"""Seconds from signing in until one must do so again: the longest shift."""
MOST_OF_ONE: Final = 20
"""Sessions of one person; the oldest gives way to one more."""

# A person's roles are looked up anew each time; a session of single sign-on has its own.
_WITH_ROLES: Final = (
    "SELECT s.id, s.person, s.shown, s.peer, s.created, s.expires,"
    " coalesce(s.roles, p.roles) AS roles"
    " FROM session s LEFT JOIN person p ON p.name = s.person AND s.roles IS NULL"
)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser of one person. Times are UTC seconds."""

    id: str
    person: str
    peer: str
    created: float
    expires: float


class Sessions:
    """The sessions in the database. The cookie's secret itself is kept nowhere."""

    def __init__(self, database: PeopleDatabase) -> None:
        """`database` is shared with `People`."""
        self._database = database

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
        kept = None if roles is None else json.dumps(sorted(roles))
        with self._database.writing() as database:
            database.execute("DELETE FROM session WHERE expires <= ?", (now,))
            database.execute(
                "DELETE FROM session WHERE person = ? AND id NOT IN (SELECT id FROM session"
                " WHERE person = ? ORDER BY created DESC LIMIT ?)",
                (person, person, MOST_OF_ONE - 1),
            )
            database.execute(
                "INSERT INTO session (id, digest, person, shown, roles, peer, created, expires)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    secrets.token_hex(8),
                    _digest(secret),
                    *(person, shown, kept, peer, now, now + LASTS),
                ),
            )
        return secret

    def sign_over(self, session: str, person: str, shown: str, now: float) -> str | None:
        """Make a session somebody else's: its pages go on, its old cookie is worth nothing.

        The new cookie's secret; None when the session has ended.
        """
        secret = secrets.token_urlsafe(32)
        with self._database.writing() as database:
            changed = database.execute(
                "UPDATE session SET digest = ?, person = ?, shown = ?, roles = NULL, created = ?,"
                " expires = ? WHERE id = ? AND expires > ?",
                (_digest(secret), person, shown, now, now + LASTS, session, now),
            )
            return secret if changed.rowcount else None

    def of_secret(self, secret: str, now: float) -> Identity | None:
        """Whose session the cookie names; None when it has ended or never was."""
        rows = self._database.rows(f"{_WITH_ROLES} WHERE s.digest = ?", _digest(secret))
        return _identity(rows, now)

    def of_id(self, session: str, now: float) -> Identity | None:
        """Whose session this is now; None when it has ended."""
        return _identity(self._database.rows(f"{_WITH_ROLES} WHERE s.id = ?", session), now)

    def all(self, now: float) -> list[Session]:
        """Every session that has not ended, newest first."""
        rows = self._database.rows(
            "SELECT * FROM session WHERE expires > ? ORDER BY created DESC", now
        )
        fields = ("id", "person", "peer", "created", "expires")
        return [Session(*(row[field] for field in fields)) for row in rows]

    def end(self, session: str) -> bool:
        """End a session; False when there was none."""
        with self._database.writing() as database:
            ended = database.execute("DELETE FROM session WHERE id = ?", (session,))
            return ended.rowcount == 1


def _identity(rows: list[sqlite3.Row], now: float) -> Identity | None:
    if not rows or rows[0]["expires"] <= now or rows[0]["roles"] is None:
        return None
    row = rows[0]
    roles = frozenset(Role(role) for role in json.loads(row["roles"]))
    return Identity(row["person"], row["shown"], roles, session=row["id"], expires=row["expires"])


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
