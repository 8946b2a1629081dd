"""One journal file: making it, adding rows to it, reading them. SQLite, nothing in between."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

from broadcaster.journal.chain import Break, Head, Origin, Row, cut_off, follow, last
from broadcaster.journal.entry import JournalError
from broadcaster.journal.place import SIDES, JournalPlace, side
from broadcaster.journal.schema import APPLICATION_ID, STEPS, VERSION

BUSY = 1.0
"""Seconds to wait for another connection's lock; readers hold none that matters."""
CHUNK = 1000
"""Rows read at once."""

_COLUMNS = "sequence, kind, utc, at, subject, facts, digest"
_INSERT = f"INSERT INTO entries ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608

_ORIGIN = "SELECT journal, created, previous_file, previous_sequence, previous_digest FROM origin"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)

_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)

Connect = Callable[[Path], sqlite3.Connection]


class DamagedError(JournalError):
    """A file that is no journal any more; `head` is how far it could be followed."""

    def __init__(self, sentence: str, head: Head | None = None) -> None:
        super().__init__(sentence)
        self.head = head


def connect(path: Path) -> sqlite3.Connection:
    """Open an existing journal for writing: what is committed is on the disk. Raises sqlite3.Error.

    FULL syncs the write-ahead log at each commit; NORMAL would lose the last second at a power cut.
    """
    connection = _connection(path, "mode=rw")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Open a journal that somebody may be writing, without changing it. Raises sqlite3.Error."""
    try:
        connection = _connection(path, "mode=ro")
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        # A read-only place without a write-ahead log: nobody can be writing there.
        if side(path, "-wal").exists() or os.access(path.parent, os.W_OK):
            raise
        connection = _connection(path, "mode=ro&immutable=1")
    return connection


def make(place: JournalPlace, origin: Origin) -> None:
    """Put a new file in place, durable before it has its name. Raises sqlite3.Error, OSError.

    The conversion to WAL is undone by its own rollback journal if a power cut leaves that behind;
    so the file is made under another name, with EXTRA, and renamed when it is closed and synced.
    """
    for name in SIDES:
        side(place.draft, name).unlink(missing_ok=True)
    connection = _connection(place.draft, "mode=rwc")
    try:
        place.draft.chmod(0o600)
        connection.execute("PRAGMA synchronous = EXTRA")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA journal_mode = WAL")
        migrate(connection)
        connection.execute(
            "INSERT INTO origin VALUES (1, ?, ?, ?, ?, ?)",
            (
                origin.journal,
                origin.created,
                origin.previous_file,
                origin.previous_sequence,
                origin.previous_digest,
            ),
        )
    finally:
        connection.close()
    descriptor = os.open(place.draft, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    place.draft.rename(place.database)
    place.sync()


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to this version's form, one step after the other. Raises sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number, step in enumerate(STEPS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        for statement in step:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {number}")
        connection.execute("COMMIT")


def opened(path: Path, connect: Connect) -> Database:
    """Open a journal file.

    Raises:
        DamagedError: the file is no journal, or spoilt.
        JournalError: it is one of a later version.
        sqlite3.Error: the disk refuses now.
    """
    try:
        connection = connect(path)
        try:
            return Database(connection, path)
        except BaseException:
            connection.close()
            raise
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise DamagedError(f"{path.name}: {error}") from None
        raise


class Database:
    """An open journal file, its origin, and the head of its chain."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        """Take over a connection; raises as `opened` does, and sqlite3.Error for damage too."""
        self.path = path
        self._connection = connection
        self.origin = self._origin()
        self.head = self._head()

    def close(self) -> None:
        """Close the file; the last to do so empties its write-ahead log."""
        self._connection.close()

    def migrate(self) -> None:
        """Bring the file to this version's form; raises sqlite3.Error."""
        migrate(self._connection)

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows in one commit; they are durable when this returns. Raises sqlite3.Error."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(
                _INSERT,
                [(r.sequence, r.kind, r.utc, r.at, r.subject, r.facts, r.digest) for r in rows],
            )
            connection.execute("COMMIT")
        except sqlite3.Error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        self.head = last(self.head, rows)

    def settle(self) -> None:
        """Write everything into the file itself and sync it; raises sqlite3.Error.

        After a failed sync the kernel may believe pages clean that never reached the disk: what is
        found in the write-ahead log then counts only when it has been written a second time.
        """
        busy, *_ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("a reader holds the journal; it is tried again")

    def rows(
        self, after: int = 0, *, kind: str | None = None, subject: str | None = None
    ) -> Iterator[Row]:
        """The rows after sequence `after`, in order, read in chunks so that nothing is held up.

        Raises:
            sqlite3.Error: from where the file cannot be read.
        """
        while rows := self._chunk(after, CHUNK, kind, subject):
            yield from rows
            after = rows[-1].sequence

    def newest(self, *, kind: str | None = None, subject: str | None = None) -> Row | None:
        """The last row of a kind, of a subject, or of both; raises sqlite3.Error."""
        conditions, values = _conditions(kind, subject)
        query = (
            f"SELECT {_COLUMNS} FROM entries WHERE sequence > 0{conditions}"  # noqa: S608
            " ORDER BY sequence DESC LIMIT 1"
        )
        found = self._connection.execute(query, values).fetchone()
        return None if found is None else Row(*found)

    def _chunk(
        self, after: int, most: int, kind: str | None = None, subject: str | None = None
    ) -> list[Row]:
        conditions, values = _conditions(kind, subject)
        query = (
            f"SELECT {_COLUMNS} FROM entries WHERE sequence > ?{conditions}"  # noqa: S608
            " ORDER BY sequence LIMIT ?"
        )
        found = self._connection.execute(query, (after, *values, most)).fetchall()
        return [Row(*columns) for columns in found]

    def check(self, anchor: Head | None, *, wholly: bool) -> tuple[Head, Break | None]:
        """Follow the chain: how far it holds, and where it is broken.

        `anchor` is the head that was kept beside the file. Follows from there to the end, and from
        the origin if the anchor is not found, or if the file is to be checked `wholly`.

        Raises:
            sqlite3.Error: the disk refuses.
        """
        start, strange = self.origin.head, None
        if anchor is not None and anchor.sequence > start.sequence:
            stored = self._digest_of(anchor.sequence)
            if stored == anchor.digest and not wholly:
                start = anchor
            elif stored not in (None, anchor.digest):
                strange = Break(anchor.sequence, "its hash is not the one that was kept beside it")
        reached, broken = self._follow(start)
        if broken is None and anchor is not None:
            broken = cut_off(reached, anchor)
        return reached, broken or strange

    def _follow(self, head: Head) -> tuple[Head, Break | None]:
        reached = head
        # One by one where a thousand at once cannot be read: up to the very row that is spoilt.
        for most in (CHUNK, 1):
            try:
                while rows := self._chunk(reached.sequence, most):
                    reached, broken = follow(reached, rows)
                    if broken is not None:
                        return reached, broken
                return reached, None
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                reason = f"it cannot be read: {error}"
        return reached, Break(reached.sequence + 1, reason)

    def _digest_of(self, sequence: int) -> bytes | None:
        """The hash stored in a row; None when there is no such row, or it can't be read."""
        query = "SELECT digest FROM entries WHERE sequence = ?"
        try:
            found = self._connection.execute(query, (sequence,)).fetchone()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return None
            raise
        return found[0] if found else None

    def is_sound(self) -> bool:
        """Whether SQLite finds the file's pages in order; takes 1 s for some 500 MB."""
        try:
            (said,) = self._connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return False
            raise
        return bool(said == "ok")

    def _origin(self) -> Origin:
        connection = self._connection
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application != APPLICATION_ID:
            raise DamagedError(f"{self.path.name} is no journal")
        if version > VERSION:
            raise JournalError(
                f"{self.path} was written by a later version (form {version}, here {VERSION}): "
                "install that one, or give another --state"
            )
        found = connection.execute(_ORIGIN).fetchone()
        if found is None:
            raise DamagedError(f"{self.path.name} has no origin")
        return Origin(*found)

    def _head(self) -> Head:
        found = self._connection.execute(
            "SELECT sequence, digest FROM entries ORDER BY sequence DESC LIMIT 1"
        ).fetchone()
        return Head(*found) if found else self.origin.head


def is_damage(error: sqlite3.Error) -> bool:
    """Whether an error says that the file is spoilt, and not that the disk refuses just now."""
    if isinstance(error, sqlite3.OperationalError | sqlite3.ProgrammingError):
        # "no such table" is a file that lost its form
        return "no such table" in str(error) or "no such column" in str(error)
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def is_full(error: Exception) -> bool:
    """Whether an error says that the disk is full."""
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in _NO_ROOM


def _connection(path: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?{mode}",
        uri=True,
        isolation_level=None,
        timeout=BUSY,
        check_same_thread=False,
    )
    try:
        connection.execute("PRAGMA trusted_schema = OFF")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _conditions(kind: str | None, subject: str | None) -> tuple[str, list[str]]:
    """What a query asks beyond the sequence, and its values."""
    wanted = [("kind = ?", kind), ("subject = ?", subject)]
    conditions = "".join(f" AND {text}" for text, value in wanted if value is not None)
    return conditions, [value for _, value in wanted if value is not None]
