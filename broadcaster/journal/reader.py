"""Reading a journal: of a running station or of files on a desk, without changing anything.

A journal is the file `journal.db` and those it continues, damaged ones that were kept aside; they
are read oldest first. Rows come in chunks, so that a long export never holds up the writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from broadcaster.journal.anchor_file import read_anchor
from broadcaster.journal.chain import Break, Head, Row
from broadcaster.journal.database import DamagedError, connect_to_read, opened
from broadcaster.journal.entry import JournalError, Kind
from broadcaster.journal.place import JournalPlace

_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of one file: its rows from `first` to `head` hold; where it is broken."""

    file: str
    first: int
    head: Head | None
    broken: Break | None

    @property
    def rows(self) -> int:
        """How many rows hold."""
        return 0 if self.head is None else self.head.sequence - self.first + 1


class JournalReader:
    """The files of one journal."""

    def __init__(self, directory: Path) -> None:
        """Look at the journal in a state directory."""
        self._place = JournalPlace(directory)

    def rows(
        self, *, after: int = 0, kind: Kind | None = None, subject: str | None = None
    ) -> Iterator[Row]:
        """The rows after sequence `after`, oldest first; of a damaged file those it still has.

        Raises:
            JournalError: there is no journal, or the newest file can't be read.
        """
        for path in reversed(self._files()):
            if not path.exists():
                continue
            is_newest = path == self._place.database
            try:
                with closing(opened(path, connect_to_read)) as database:
                    yield from database.rows(after, kind=kind, subject=subject)
            except (sqlite3.Error, JournalError) as error:
                if is_newest:
                    raise _unreadable(path, error) from None

    def newest(self, *, kind: Kind | None = None, subject: str | None = None) -> Row | None:
        """The last row of a kind, of a subject, or of both, in whichever file it lies.

        Raises:
            JournalError: there is no journal, or the newest file can't be read.
        """
        for path in self._files():
            if not path.exists():
                continue
            try:
                with closing(opened(path, connect_to_read)) as database:
                    found = database.newest(kind=kind, subject=subject)
            except (sqlite3.Error, JournalError) as error:
                if path == self._place.database:
                    raise _unreadable(path, error) from None
                continue
            if found is not None:
                return found
        return None

    def verify(self) -> list[Verdict]:
        """Check every row of every file, oldest first.

        Raises:
            JournalError: there is no journal, or the disk refuses to be read.
        """
        # Read first: the file can only have grown since, never be behind.
        anchor = _refusing(self._place.head, lambda: read_anchor(self._place.head))
        verdicts: list[Verdict] = []
        for path in self._files():
            verdict, anchor = self._verdict(path, anchor)
            verdicts.insert(0, verdict)
        return verdicts

    def _verdict(self, path: Path, anchor: Head | None) -> tuple[Verdict, Head | None]:
        """What is found of a file, and the head that the file before it must have had."""
        if not path.exists():
            known = f"; it had rows up to {anchor.sequence}" if anchor is not None else ""
            return Verdict(path.name, 1, None, Break(1, f"the file is gone{known}")), None
        try:
            with closing(opened(path, connect_to_read)) as database:
                reached, broken = database.check(anchor, wholly=True)
                if broken is None and not database.is_sound():
                    broken = Break(reached.sequence, "SQLite finds its pages out of order")
                origin = database.origin
        except DamagedError as error:
            return Verdict(path.name, 1, None, Break(1, str(error))), None
        except sqlite3.Error as error:
            raise _unreadable(path, error) from None
        verdict = Verdict(path.name, origin.previous_sequence + 1, reached, broken)
        return verdict, Head(origin.previous_sequence, origin.previous_digest)

    def _files(self) -> list[Path]:
        """The journal's files, newest first, as each names the one before it.

        Raises:
            JournalError: there is none.
        """
        path = self._place.database
        if not path.exists() and read_anchor(self._place.head) is None:
            raise JournalError(
                f"there is no journal in {self._place.directory}; name the state directory "
                "with --state"
            )
        found = [path]
        while path.exists():
            try:
                with closing(opened(path, connect_to_read)) as database:
                    previous = database.origin.previous_file
            except (sqlite3.Error, JournalError):
                break
            path = self._place.directory / previous
            if not previous or Path(previous).name != previous or path in found:
                break
            found.append(path)
        return found


def _unreadable(path: Path, error: Exception) -> JournalError:
    return JournalError(f"{path} cannot be read: {error}")


def _refusing(path: Path, work: Callable[[], _Found]) -> _Found:
    try:
        return work()
    except OSError as error:
        raise JournalError(f"{path} cannot be read: {error.strerror}") from None
