"""The file `people.db` in the state directory: who may sign in, who has, which tokens there are.

It is the console's, and of the commands `broadcaster people` and `broadcaster tokens`, which may
write to it while the console runs: every look at a session is a look into the file.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

FILE: Final = "people.db"
_VERSION: Final = 2
_BUSY_LIMIT: Final = 5.0
"""Seconds to wait for another process that writes."""

_TABLES: Final = """
CREATE TABLE person (
    name TEXT PRIMARY KEY,
    shown TEXT NOT NULL,
    roles TEXT NOT NULL,
    password TEXT NOT NULL,
    totp TEXT,
    totp_used INTEGER NOT NULL DEFAULT 0,
    is_barred INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    person TEXT NOT NULL,
    shown TEXT NOT NULL,
    roles TEXT,
    peer TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_person ON session (person);
CREATE TABLE token (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    roles TEXT NOT NULL,
    zones TEXT,
    made_by TEXT NOT NULL,
    created REAL NOT NULL,
    expires REAL
) STRICT, WITHOUT ROWID;
"""

_FROM_1: Final = "ALTER TABLE person ADD COLUMN is_barred INTEGER NOT NULL DEFAULT 0;"
"""What turns a file of version 1 into one of this version."""


class PeopleError(Exception):
    """What cannot be done with people or tokens; the text says why and what to do."""


class PeopleDatabase:
    """The open file. Reading never waits for a disk; writing does, and belongs in a thread."""

    def __init__(self, state: Path) -> None:
        """Open the file in the state directory, made when it is not there, of mode 0600.

        Raises:
            PeopleError: it cannot be opened or is not of this version.
        """
        self.path = state / FILE
        self._lock = threading.Lock()
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.fchmod(descriptor, 0o600)
            os.close(descriptor)
            self._writer = self._connected()
            self._migrate()
            self._reader = self._connected()
        except OSError as error:
            raise PeopleError(f"cannot open {self.path}: {error.strerror}") from None
        except sqlite3.Error as error:
            raise PeopleError(
                f"{self.path} cannot be read: {error}; restore it from a backup, or move it away "
                "and set up the people anew"
            ) from None

    def close(self) -> None:
        """Close the file."""
        self._reader.close()
        with self._lock:
            self._writer.close()

    def rows(self, query: str, *values: str | float | bytes) -> list[sqlite3.Row]:
        """What a query finds. Only from the thread that opened the file."""
        return self._reader.execute(query, values).fetchall()

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One change, durable when the context ends, undone when it raises. From any thread.

        Raises:
            PeopleError: the disk refuses, or another process keeps the file too long.
        """
        with self._lock:
            try:
                self._writer.execute("BEGIN IMMEDIATE")
                try:
                    yield self._writer
                except BaseException:
                    self._writer.execute("ROLLBACK")
                    raise
                self._writer.execute("COMMIT")
            except sqlite3.Error as error:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise PeopleError(f"{self.path} cannot be written: {error}") from None

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path, timeout=_BUSY_LIMIT, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    def _migrate(self) -> None:
        (version,) = self._writer.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise PeopleError(
                f"{self.path} is of version {version}, this installation knows {_VERSION}: "
                "use the newer installation"
            )
        if version < _VERSION:
            change = _TABLES if version == 0 else _FROM_1
            self._writer.executescript(
                f"BEGIN IMMEDIATE; {change} PRAGMA user_version = {_VERSION}; COMMIT"
            )
