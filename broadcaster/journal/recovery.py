"""Opening the journal after whatever happened to it: a clean end, kill -9, a power cut, damage.

Warnings wait for nobody: only what was added since the head was last kept is checked here, and
pages only in a file so small that it costs nothing. `broadcaster journal verify` checks everything.
A file that cannot be continued is kept aside, whole, and a new one goes on from the last row that
was found good.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from broadcaster.journal.anchor_file import read_anchor
from broadcaster.journal.chain import Head, Origin
from broadcaster.journal.database import Connect, DamagedError, Database, make, opened
from broadcaster.journal.entry import utc_text
from broadcaster.journal.place import JournalPlace

SOON_CHECKED = 16 * 1024 * 1024
"""Bytes of a file whose pages are checked at every start; some 50 ms."""
_NOTHING = Head(0, b"")


@dataclass(frozen=True, slots=True)
class Opened:
    """A journal ready for rows.

    `unvouched` is how many rows lie behind the head that was kept, `damage` a sentence on what was
    wrong with the file before this one.
    """

    database: Database
    unvouched: int = 0
    damage: str = ""


def recovered(place: JournalPlace, connect: Connect) -> Opened:
    """Open the journal of a state directory; the caller holds its lock.

    Raises:
        JournalError: it was written by a later version.
        sqlite3.Error: the disk refuses now; the journal may be as it should.
        OSError: the same.
    """
    anchor = read_anchor(place.head)
    if place.is_empty and anchor is None:
        make(place, _origin())
        return Opened(_open(place, connect))
    try:
        if not place.database.exists():
            raise DamagedError(f"{place.database} is gone")
        database = _open(place, connect)
        try:
            _check(database, anchor)
        except BaseException:
            database.close()
            raise
    except DamagedError as error:
        return _continued(place, connect, error, anchor or _NOTHING)
    return Opened(database, database.head.sequence - (anchor or _NOTHING).sequence)


def _open(place: JournalPlace, connect: Connect) -> Database:
    """The file in this version's form."""
    database = opened(place.database, connect)
    try:
        database.migrate()
    except BaseException:
        database.close()
        raise
    return database


def _check(database: Database, anchor: Head | None) -> None:
    """Follow the file from the anchor to its end; raises DamagedError."""
    reached, broken = database.check(anchor, wholly=False)
    if broken is not None:
        raise DamagedError(str(broken), reached)
    is_small = database.path.stat().st_size <= SOON_CHECKED
    if is_small and not database.is_sound():
        raise DamagedError("SQLite finds its pages out of order", reached)


def _continued(place: JournalPlace, connect: Connect, damage: DamagedError, anchor: Head) -> Opened:
    """A new file behind the damaged one; a number that was given once is not given again."""
    good = damage.head or anchor
    aside = "" if place.is_empty else place.set_aside(utc_text(datetime.now(UTC))).name
    make(place, _origin(aside, max(good.sequence, anchor.sequence), good.digest))
    kept = f"; what is left of it is kept as {aside}" if aside else ""
    sentence = f"the journal was damaged ({damage}){kept}; a new file continues it"
    return Opened(_open(place, connect), damage=sentence)


def _origin(previous_file: str = "", sequence: int = 0, digest: bytes = b"") -> Origin:
    now = utc_text(datetime.now(UTC))
    return Origin(uuid.uuid4().hex, now, previous_file, sequence, digest)
