"""The journal: what was done, decided and witnessed, durable and hash-chained (docs/adr/0006)."""

from broadcaster.journal.entry import Entry, EntryError, JournalError, Kind
from broadcaster.journal.journal import Journal
from broadcaster.journal.record import DEADLINE, Outcome, Record
from broadcaster.journal.writer import Setting

__all__ = [
    "DEADLINE",
    "Entry",
    "EntryError",
    "Journal",
    "JournalError",
    "Kind",
    "Outcome",
    "Record",
    "Setting",
]
