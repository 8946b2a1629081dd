"""Alerts over a restart of control: noted in the run directory, found there or in the journal.

The note is written before the plan that makes a warning sound, so that a control that was killed
between plan and journal is not forgotten. It lies in memory and dies with the machine; the journal
does not.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from alerts.book import Book
from alerts.message_book import MessageBook
from alerts.record import open_ids, recover
from broadcaster.journal.entry import Entry, JournalError, Kind
from broadcaster.journal.reader import JournalReader
from broadcaster.run_directory import RunDirectory, StateDirectory, this_boot, write_whole

log = logging.getLogger(__name__)

ALERTS_FILE: Final = "alerts.json"
"""In the run directory."""
_Facts = Mapping[str, Any]


class AlertNotes:
    """The newest facts of every alert that lives, in the run directory."""

    def __init__(self, run: RunDirectory) -> None:
        self._path = run.path / ALERTS_FILE
        self._facts: dict[str, _Facts] = {}

    def take(self, entries: Iterable[Entry]) -> None:
        """Note the moves of alerts among entries; what ended is forgotten. Raises OSError."""
        moves = [entry for entry in entries if entry.kind is Kind.ALERT]
        if not moves:
            return
        self._facts |= {entry.subject: entry.facts for entry in moves}
        wanted = set(open_ids(moves[-1].facts))
        self._facts = {name: facts for name, facts in self._facts.items() if name in wanted}
        self._write()

    def read(self) -> dict[str, _Facts] | None:
        """What was noted during this boot; None when nothing was, or nobody can read it."""
        try:
            said = json.loads(self._path.read_bytes())
            if said["boot"] != this_boot():
                return None
            self._facts = dict(said["alerts"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return dict(self._facts)

    def seed(self, facts: Mapping[str, _Facts]) -> None:
        """Know what a recovery found: the next note holds it too."""
        self._facts = dict(facts)

    def _write(self) -> None:
        said = {"boot": this_boot(), "alerts": self._facts}
        write_whole(self._path, json.dumps(said, ensure_ascii=False).encode(), durable=False)


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """The book as it was. `unrecorded` are facts the journal does not have yet, by subject."""

    book: Book
    unrecorded: Mapping[str, _Facts]


def found_again(notes: AlertNotes, state: StateDirectory, messages: MessageBook) -> FoundAgain:
    """The alerts that lived when control ended: noted, or after a power cut in the journal."""
    noted = notes.read()
    recorded = _recorded(state.path, noted)
    rows = recorded if noted is None else noted
    unrecorded = {
        name: facts
        for name, facts in (noted or {}).items()
        if _revision(facts) > _revision(recorded.get(name, {}))
    }
    notes.seed(rows)
    found = recover(rows.values(), monotonic(), datetime.now(UTC), messages)
    for problem in found.problems:
        log.error("%s", problem)
    if found.book.living:
        log.warning("alerts found again: %s", ", ".join(one.id for one in found.book.living))
    return FoundAgain(found.book, unrecorded)


def _recorded(state: Path, noted: Mapping[str, _Facts] | None) -> dict[str, _Facts]:
    """The newest facts in the journal of what lived, and of what is noted."""
    reader = JournalReader(state)
    try:
        newest = reader.newest(kind=Kind.ALERT)
        names = () if newest is None else open_ids(json.loads(newest.facts))
        found: dict[str, _Facts] = {}
        for name in dict.fromkeys((*names, *(noted or ()))):
            row = reader.newest(kind=Kind.ALERT, subject=name)
            if row is not None:
                found[name] = json.loads(row.facts)
    except (JournalError, OSError, ValueError) as error:
        log.info("no alert is found in the journal: %s", error)
        return {}
    return found


def _revision(facts: _Facts) -> int:
    """How new facts of an alert, exercise or self-test are; -1 for none."""
    for name in ("alert", "exercise", "self-test"):
        subject = facts.get(name)
        if isinstance(subject, dict):
            return int(subject.get("revision", 0))
    return -1
