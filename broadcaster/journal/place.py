"""Where a journal lies in a state directory, and how its directory is made durable."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

SIDES = ("", "-wal", "-shm", "-journal")
"""What SQLite adds to a file's name for the files that belong to it."""


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """The paths of one journal."""

    directory: Path

    @property
    def database(self) -> Path:
        """The file rows are added to."""
        return self.directory / "journal.db"

    @property
    def draft(self) -> Path:
        """A file that is being made, and is renamed when it is whole."""
        return self.directory / "journal.db.draft"

    @property
    def head(self) -> Path:
        """The newest hash, kept beside the rows; locked by whoever writes them."""
        return self.directory / "journal.head"

    @property
    def ballast(self) -> Path:
        """Room that is kept for the day the disk is full."""
        return self.directory / "journal.ballast"

    def aside(self, stamp: str) -> Path:
        """A name that is free, for a damaged file that was found at `stamp`."""
        plain = stamp.replace(":", "").replace("-", "").partition(".")[0]
        number = 0
        while True:
            path = self.directory / f"journal.damaged-{plain}Z{f'-{number}' if number else ''}.db"
            if not any(side(path, name).exists() for name in SIDES):
                return path
            number += 1

    @property
    def is_empty(self) -> bool:
        """Whether neither a journal lies here nor a part of one."""
        return not any(side(self.database, name).exists() for name in SIDES)

    def set_aside(self, stamp: str) -> Path:
        """Rename the journal and all that belongs to it; the new name. Raises OSError.

        The database goes last: a write-ahead log left behind would be taken for the next one's.
        """
        aside = self.aside(stamp)
        for name in reversed(SIDES):
            path = side(self.database, name)
            if path.exists():
                path.rename(side(aside, name))
        self.sync()
        return aside

    def sync(self) -> None:
        """Make what was created, renamed and removed in the directory durable; raises OSError."""
        descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def side(path: Path, name: str) -> Path:
    """The file that belongs to a database: its write-ahead log, say."""
    return path.with_name(path.name + name)
