"""Readings of amplifiers over time: least, mean and greatest of every hour, bounded, in SQLite.

Evidence for the day somebody asks since when it has been getting hotter. It is written once a
minute, and what cannot be written is lost without anybody waiting for it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

HOUR: Final = 3600
LONGEST: Final = 400 * 24 * HOUR
"""Seconds for which an hour is kept: a year and a bit, so that summers can be compared."""
MOST_ROWS: Final = 2_000_000
"""Hours of readings in the file, some 120 MB; the oldest go first."""
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS reading (
    hour INTEGER, amplifier TEXT, name TEXT, unit TEXT,
    least REAL, greatest REAL, total REAL, count INTEGER,
    PRIMARY KEY (hour, amplifier, name)
) WITHOUT ROWID
"""
_ADD: Final = """
INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (hour, amplifier, name) DO UPDATE SET
    least = min(least, excluded.least), greatest = max(greatest, excluded.greatest),
    total = total + excluded.total, count = count + excluded.count
"""


@dataclass(slots=True)
class Span:
    """The values of one reading within one hour, seconds of the Unix epoch at its begin."""

    hour: int
    amplifier: str
    name: str
    unit: str
    least: float
    greatest: float
    total: float
    count: int

    @property
    def mean(self) -> float:
        """The mean of all values."""
        return self.total / self.count


class Readings:
    """Values that were not written yet."""

    def __init__(self) -> None:
        """None so far."""
        self._spans: dict[tuple[int, str, str], Span] = {}

    def add(self, amplifier: str, name: str, unit: str, value: float, utc: float) -> None:
        """Take one value; `utc` in seconds of the Unix epoch."""
        hour = int(utc) // HOUR * HOUR
        span = self._spans.get((hour, amplifier, name))
        if span is None:
            found = Span(hour, amplifier, name, unit, value, value, value, 1)
            self._spans[hour, amplifier, name] = found
            return
        span.least, span.greatest = min(span.least, value), max(span.greatest, value)
        span.total, span.count = span.total + value, span.count + 1

    def take(self) -> list[Span]:
        """Everything that was not written yet; afterwards there is nothing."""
        spans, self._spans = list(self._spans.values()), {}
        return spans


class ReadingStore:
    """The file `readings.db`; each call opens it, so that a damaged one hinders nobody for long."""

    def __init__(self, folder: Path) -> None:
        """`folder` is the state directory."""
        self._path = folder / "readings.db"

    def write(self, spans: Iterable[Span], utc: float) -> None:
        """Add spans, and drop what is too old or too much.

        Raises:
            OSError, sqlite3.Error: they cannot be written, and are lost.
        """
        rows = [
            (s.hour, s.amplifier, s.name, s.unit, s.least, s.greatest, s.total, s.count)
            for s in spans
        ]
        with closing(self._opened()) as database, database:
            database.executemany(_ADD, rows)
            database.execute("DELETE FROM reading WHERE hour < ?", (int(utc) - LONGEST,))
            (count,) = database.execute("SELECT count(*) FROM reading").fetchone()
            if count > MOST_ROWS:
                (oldest,) = database.execute(
                    "SELECT hour FROM reading ORDER BY hour LIMIT 1 OFFSET ?", (count - MOST_ROWS,)
                ).fetchone()
                database.execute("DELETE FROM reading WHERE hour <= ?", (oldest,))

    def spans(self, amplifier: str, name: str, since: float) -> list[Span]:
        """The hours of one reading from `since` on, the oldest first; none when there are none.

        Raises:
            sqlite3.Error: they cannot be read.
        """
        if not self._path.exists():
            return []
        with closing(self._opened()) as database:
            rows = database.execute(
                "SELECT * FROM reading WHERE amplifier = ? AND name = ? AND hour >= ?"
                " ORDER BY hour",
                (amplifier, name, int(since) // HOUR * HOUR),
            )
            return [Span(*row) for row in rows]

    def _opened(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=5.0)
        try:
            self._path.chmod(0o600)
            database.execute(_SCHEMA)
        except BaseException:
            database.close()
            raise
        return database
