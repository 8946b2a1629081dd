"""Tokens with which programs ask: random, with roles of their own, revocable."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from broadcaster.console.identity import Identity
from broadcaster.console.people_database import PeopleDatabase, PeopleError
from broadcaster.rights import Role, roles_named

PREFIX: Final = "sorigil_"
"""What every token begins with, so that one is recognised in a log or a repository."""
_NAME: Final = re.compile(r"[\w][\w .-]{0,59}")


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token; the secret was shown once. Times are UTC seconds."""

    id: str
    name: str
    roles: frozenset[Role]
    zones: frozenset[str] | None
    made_by: str
    created: float
    expires: float | None


class Tokens:
    """The tokens in the database, of which only SHA-256 sums are kept."""

    def __init__(self, database: PeopleDatabase) -> None:
        """`database` is shared with `People`."""
        self._database = database

    def add(
        self,
        name: str,
        roles: Iterable[str],
        *,
        made_by: str,
        now: float,
        lasts: float | None = None,
        zones: Iterable[str] | None = None,
    ) -> tuple[Token, str]:
        """Make a token that lasts so many seconds, None for ever; it and its secret of 256 bits.

        With `zones` it may act on those only.

        Raises:
            PeopleError: the name or a role is not accepted, or there is a token of that name.
        """
        if not _NAME.fullmatch(name):
            raise PeopleError(f"{name!r} is not a name for a token: use letters, digits, . - _")
        try:
            given = roles_named(roles)
        except ValueError as error:
            raise PeopleError(str(error)) from None
        if not given:
            raise PeopleError(f"name at least one role: {', '.join(Role)}")
        secret = PREFIX + secrets.token_urlsafe(32)
        token = Token(
            id=secrets.token_hex(4),
            name=name,
            roles=given,
            zones=None if zones is None else frozenset(zones),
            made_by=made_by,
            created=now,
            expires=None if lasts is None else now + lasts,
        )
        kept = None if token.zones is None else json.dumps(sorted(token.zones))
        with self._database.writing() as database:
            try:
                database.execute(
                    "INSERT INTO token (id, digest, name, roles, zones, made_by, created, expires)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        *(token.id, _digest(secret), name, json.dumps(sorted(given)), kept),
                        *(made_by, now, token.expires),
                    ),
                )
            except sqlite3.IntegrityError:
                raise PeopleError(f"there is a token called {name} already") from None
        return token, secret

    def all(self) -> list[Token]:
        """Every token, expired ones too, oldest first."""
        return [_token(row) for row in self._database.rows("SELECT * FROM token ORDER BY created")]

    def of_secret(self, secret: str, now: float) -> Identity | None:
        """Whose token a secret is; None when it has expired or never was."""
        return _identity(
            self._database.rows("SELECT * FROM token WHERE digest = ?", _digest(secret)), now
        )

    def of_id(self, token: str, now: float) -> Identity | None:
        """What a token still allows; None when it has expired or was revoked."""
        return _identity(self._database.rows("SELECT * FROM token WHERE id = ?", token), now)

    def revoke(self, which: str) -> Token:
        """Revoke the token of that id or name.

        Raises:
            PeopleError: there is none.
        """
        with self._database.writing() as database:
            row = database.execute(
                "SELECT * FROM token WHERE id = ? OR name = ?", (which, which)
            ).fetchone()
            if row is None:
                raise PeopleError(f"there is no token {which}")
            database.execute("DELETE FROM token WHERE id = ?", (row["id"],))
        return _token(row)


def _token(row: sqlite3.Row) -> Token:
    zones = row["zones"]
    return Token(
        id=row["id"],
        name=row["name"],
        roles=frozenset(Role(role) for role in json.loads(row["roles"])),
        zones=None if zones is None else frozenset(json.loads(zones)),
        made_by=row["made_by"],
        created=row["created"],
        expires=row["expires"],
    )


def _identity(rows: list[sqlite3.Row], now: float) -> Identity | None:
    if not rows:
        return None
    token = _token(rows[0])
    if token.expires is not None and token.expires <= now:
        return None
    return Identity(
        name=f"token {token.name}",
        shown=token.name,
        roles=token.roles,
        token=token.id,
        zones=token.zones,
        expires=token.expires,
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
