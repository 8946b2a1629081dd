"""The people who may sign in, with their roles, passwords and authenticator apps."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from broadcaster.console.passwords import password_hash, weakness
from broadcaster.console.people_database import PeopleDatabase, PeopleError
from broadcaster.rights import Role, roles_named

log = logging.getLogger(__name__)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
_LONGEST_SHOWN: Final = 80
MOST_PEOPLE: Final = 1000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may sign in. `name` is typed, `shown` is what others read."""

    name: str
    shown: str
    roles: frozenset[Role]
    password: str
    totp: str | None
    totp_used: int
    is_barred: bool = False
    """Whether they may not sign in for now; what they did stays under their name."""

    @property
    def has_totp(self) -> bool:
        """Whether a code is asked for besides the password."""
        return self.totp is not None


class People:
    """The accounts in the database. What changes them takes a disk's time."""

    def __init__(self, database: PeopleDatabase) -> None:
        """`database` is shared with `Sessions` and `Tokens`."""
        self._database = database
        self._used: dict[str, int] = {}

    def all(self) -> list[Person]:
        """Everybody, by name."""
        return [_person(row) for row in self._database.rows("SELECT * FROM person ORDER BY name")]

    def named(self, name: str) -> Person | None:
        """The person of that name; None when there is none."""
        rows = self._database.rows("SELECT * FROM person WHERE name = ?", name)
        return _person(rows[0]) if rows else None

    @property
    def has_administrator(self) -> bool:
        """Whether anybody could give rights."""
        return any(Role.ADMINISTRATOR in person.roles for person in self.all())

    def add(
        self,
        name: str,
        shown: str,
        roles: Iterable[str],
        password: str,
        now: float,
        *,
        is_first: bool = False,
    ) -> Person:
        """Add somebody; with `is_first` only while there is no administrator.

        Raises:
            PeopleError: the name, the roles or the password are not accepted, there is such a
                person already, or there is an administrator.
        """
        if not _NAME.fullmatch(name):
            raise PeopleError(
                f"{name!r} is not a name to sign in with: use a-z, 0-9 and . _ -, at most 40"
            )
        person = Person(name, _shown(shown or name), _roles(roles), "", None, 0)
        hashed = _hash(password, name)
        with self._database.writing() as database:
            if is_first and _administrators(database):
                raise PeopleError("there is an administrator already; ask them for an account")
            (count,) = database.execute("SELECT count(*) FROM person").fetchone()
            if count >= MOST_PEOPLE:
                raise PeopleError(f"{MOST_PEOPLE} people are the most")
            try:
                database.execute(
                    "INSERT INTO person (name, shown, roles, password, created)"
                    " VALUES (?, ?, ?, ?, ?)",
                    (name, person.shown, _roles_text(person.roles), hashed, now),
                )
            except sqlite3.IntegrityError:
                raise PeopleError(f"there is somebody called {name} already") from None
        return person

    def give_roles(self, name: str, roles: Iterable[str]) -> None:
        """Put these roles in place of those somebody has; their sessions follow at once.

        Raises:
            PeopleError: there is no such person or role, or no administrator would be left.
        """
        given = _roles(roles)
        with self._database.writing() as database:
            _must_exist(database, name)
            if Role.ADMINISTRATOR not in given:
                _must_not_be_last(database, name)
            database.execute(
                "UPDATE person SET roles = ? WHERE name = ?", (_roles_text(given), name)
            )

    def remove(self, name: str) -> None:
        """Remove somebody and end their sessions.

        Raises:
            PeopleError: there is no such person, or no administrator would be left.
        """
        with self._database.writing() as database:
            _must_exist(database, name)
            _must_not_be_last(database, name)
            database.execute("DELETE FROM session WHERE person = ?", (name,))
            database.execute("DELETE FROM person WHERE name = ?", (name,))

    def bar(self, name: str, *, is_barred: bool) -> None:
        """Keep somebody out and end their sessions, or let them in again.

        Raises:
            PeopleError: there is no such person, or no administrator would be left.
        """
        with self._database.writing() as database:
            _must_exist(database, name)
            if is_barred:
                _must_not_be_last(database, name)
                database.execute("DELETE FROM session WHERE person = ?", (name,))
            database.execute("UPDATE person SET is_barred = ? WHERE name = ?", (is_barred, name))

    def set_password(self, name: str, password: str, *, but: str = "") -> None:
        """Give somebody another password and end their sessions, except the session `but`.

        Raises:
            PeopleError: there is no such person, or the password is not accepted.
        """
        hashed = _hash(password, name)
        with self._database.writing() as database:
            _must_exist(database, name)
            database.execute("DELETE FROM session WHERE person = ? AND id <> ?", (name, but))
            database.execute("UPDATE person SET password = ? WHERE name = ?", (hashed, name))

    def set_totp(self, name: str, secret: str | None) -> None:
        """Ask somebody for codes of this secret from now on; with None for none.

        Raises:
            PeopleError: there is no such person.
        """
        with self._database.writing() as database:
            _must_exist(database, name)
            database.execute(
                "UPDATE person SET totp = ?, totp_used = 0 WHERE name = ?", (secret, name)
            )

    def use_code(self, name: str, step: int) -> bool:
        """Note that the code of a step was used; False when it was used before.

        On a disk that cannot be written it is noted in memory: that must keep nobody out.
        """
        if step <= self._used.get(name, 0):
            return False
        self._used[name] = step
        try:
            with self._database.writing() as database:
                changed = database.execute(
                    "UPDATE person SET totp_used = ? WHERE name = ? AND totp_used < ?",
                    (step, name, step),
                )
                return changed.rowcount == 1
        except PeopleError as error:
            log.error("the code that %s used is noted in memory only: %s", name, error)
            return True


def _person(row: sqlite3.Row) -> Person:
    roles = frozenset(Role(role) for role in json.loads(row["roles"]))
    return Person(
        *(row["name"], row["shown"], roles, row["password"], row["totp"], row["totp_used"]),
        is_barred=bool(row["is_barred"]),
    )


def _must_exist(database: sqlite3.Connection, name: str) -> None:
    if not database.execute("SELECT 1 FROM person WHERE name = ?", (name,)).fetchone():
        raise PeopleError(f"there is nobody called {name}")


def _administrators(database: sqlite3.Connection) -> set[str]:
    rows = database.execute("SELECT name, roles FROM person WHERE NOT is_barred").fetchall()
    return {row["name"] for row in rows if Role.ADMINISTRATOR in json.loads(row["roles"])}


def _must_not_be_last(database: sqlite3.Connection, name: str) -> None:
    """Refuse to take the last administrator away: nobody could ever give a right again."""
    if _administrators(database) == {name}:
        raise PeopleError(f"{name} is the only administrator: make somebody else one first")


def _roles(names: Iterable[str]) -> frozenset[Role]:
    try:
        roles = roles_named(names)
    except ValueError as error:
        raise PeopleError(str(error)) from None
    if not roles:
        raise PeopleError(f"name at least one role: {', '.join(Role)}")
    return roles


def _roles_text(roles: frozenset[Role]) -> str:
    return json.dumps(sorted(roles))


def _shown(text: str) -> str:
    shown = " ".join(text.split())
    if len(shown) > _LONGEST_SHOWN or not shown.isprintable():
        raise PeopleError(f"a shown name is plain text of at most {_LONGEST_SHOWN} characters")
    return shown


def _hash(password: str, name: str) -> str:
    if sentence := weakness(password, name):
        raise PeopleError(sentence)
    return password_hash(password)
