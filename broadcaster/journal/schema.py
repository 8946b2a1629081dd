"""The form of a journal file, as numbered steps from nothing to the present one.

One table for all kinds: there is one chain, in one order, and an inquiry asks what happened, not in
which table. What is asked of every row (kind, time, subject) has columns; the rest is JSON, so that
a new fact needs no migration. A step is never changed once a station runs with it; a new one is
added behind it.
"""

from __future__ import annotations

APPLICATION_ID = 0x53_4F_52_31
"""SQLite's application_id: "SOR1"."""

STEPS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE origin (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            journal TEXT NOT NULL,
            created TEXT NOT NULL,
            previous_file TEXT NOT NULL,
            previous_sequence INTEGER NOT NULL,
            previous_digest BLOB NOT NULL
        ) STRICT""",
        """CREATE TABLE entries (
            sequence INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            utc TEXT NOT NULL,
            at INTEGER,
            subject TEXT NOT NULL,
            facts TEXT NOT NULL,
            digest BLOB NOT NULL
        ) STRICT""",
        "CREATE INDEX entries_by_kind ON entries (kind)",
        "CREATE INDEX entries_by_subject ON entries (subject)",
        # Against a slip of the hand; against intent there is the chain.
        """CREATE TRIGGER entries_are_never_changed BEFORE UPDATE ON entries
            BEGIN SELECT RAISE(ABORT, 'what is recorded is never changed'); END""",
        """CREATE TRIGGER entries_are_never_removed BEFORE DELETE ON entries
            BEGIN SELECT RAISE(ABORT, 'what is recorded is never removed'); END""",
    ),
)
"""The statements of each step; a file's user_version is the number of steps it has been through."""

VERSION = len(STEPS)
