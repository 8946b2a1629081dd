"""The chain of rows: each carries the hash of itself and of the row before it. Pure.

What the hash covers is the text as it is stored, so that a row can be checked in a hundred years
without knowing what it means:

    hash(row) = SHA-256( hash(row before) + UTF-8 of the JSON array
                         [sequence, kind, utc, at, subject, facts] )      facts being a JSON text

written without spaces and with no character escaped that need not be. Before the first row stands
the file's *origin*, hashed alike: which journal this is and what it continues. Whoever changes,
removes or inserts a row would have to write all later hashes anew, and the *head* (the newest hash)
is also kept elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from broadcaster.journal.entry import Entry, facts_text, storable, utc_text

_ORIGIN = b"sorigil journal 1\n"


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry in its stored form, not yet in the chain."""

    kind: str
    utc: str
    at: int | None
    subject: str
    facts: str


@dataclass(frozen=True, slots=True)
class Row:
    """A link of the chain; `sequence` counts from 1 over all files of a journal."""

    sequence: int
    kind: str
    utc: str
    at: int | None
    subject: str
    facts: str
    digest: bytes

    @property
    def draft(self) -> Draft:
        """What the row says, without its place in the chain."""
        return Draft(self.kind, self.utc, self.at, self.subject, self.facts)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain ends: its last row's sequence and hash."""

    sequence: int
    digest: bytes

    def __str__(self) -> str:
        return f"row {self.sequence}, {self.digest.hex()[:16]}"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a journal file begins with.

    `journal` is an id, chosen when the file was made at `created`. Its first row is number
    `previous_sequence` + 1. A file that continues another names it in `previous_file`, and in
    `previous_digest` the hash of the last row that was found good there.
    """

    journal: str
    created: str
    previous_file: str = ""
    previous_sequence: int = 0
    previous_digest: bytes = b""

    @property
    def head(self) -> Head:
        """Where the chain stands before the first row."""
        said = [
            self.journal,
            self.created,
            self.previous_file,
            self.previous_sequence,
            self.previous_digest.hex(),
        ]
        return Head(self.previous_sequence, sha256(_ORIGIN + _octets(said)).digest())


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain is broken: the first row that is missing or is not what it was."""

    sequence: int
    reason: str

    def __str__(self) -> str:
        return f"row {self.sequence}: {self.reason}"


def draft(entry: Entry) -> Draft:
    """An entry in its stored form; raises EntryError."""
    return Draft(
        entry.kind.value,
        utc_text(entry.utc),
        entry.at,
        storable(entry.subject),
        facts_text(entry),
    )


def linked(head: Head, drafts: Iterable[Draft]) -> list[Row]:
    """The drafts as rows that follow `head`."""
    rows: list[Row] = []
    sequence, digest = head.sequence, head.digest
    for one in drafts:
        sequence += 1
        digest = _digest(digest, sequence, one)
        rows.append(Row(sequence, one.kind, one.utc, one.at, one.subject, one.facts, digest))
    return rows


def follow(head: Head, rows: Iterable[Row]) -> tuple[Head, Break | None]:
    """Follow a chain from `head` through `rows`: how far it holds, and where it is broken."""
    for row in rows:
        expected = head.sequence + 1
        if row.sequence != expected:
            return head, Break(expected, _misplaced(expected, row.sequence))
        if row.digest != _digest(head.digest, row.sequence, row.draft):
            return head, Break(expected, "it is not what was written, or the row before it is not")
        head = Head(row.sequence, row.digest)
    return head, None


def cut_off(head: Head, anchor: Head) -> Break | None:
    """Whether rows are missing at the end: an anchor is known beyond the head that was found."""
    if anchor.sequence > head.sequence:
        return Break(head.sequence + 1, f"all rows up to {anchor.sequence} are missing at the end")
    return None


def last(head: Head, rows: Sequence[Row]) -> Head:
    """The head after `rows`."""
    return Head(rows[-1].sequence, rows[-1].digest) if rows else head


def _misplaced(expected: int, found: int) -> str:
    if found < expected:
        return f"row {found} stands in its place"
    if found == expected + 1:
        return "it is missing"
    return f"it is missing, with all up to {found - 1}"


def _digest(before: bytes, sequence: int, one: Draft) -> bytes:
    said = [sequence, one.kind, one.utc, one.at, one.subject, one.facts]
    return sha256(before + _octets(said)).digest()


def _octets(said: list[object]) -> bytes:
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
