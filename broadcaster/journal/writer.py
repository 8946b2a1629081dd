"""The one writer of the journal: a thread that commits what waits.

Whatever came in while a commit ran goes into the next one, so that a slow disk makes commits larger
and not the queue longer. The thread owns every file. A disk that refuses is tried again for ever,
at most a second apart; unless it was only full, the file is opened anew, for what a failed sync
left behind is unknown.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic

from broadcaster.journal.anchor_file import AnchorFile
from broadcaster.journal.ballast import USUAL, Ballast
from broadcaster.journal.chain import Head, Row, draft, linked
from broadcaster.journal.database import Connect, Database, connect, is_full
from broadcaster.journal.entry import Entry, JournalError, Kind
from broadcaster.journal.place import JournalPlace
from broadcaster.journal.record import DEADLINE
from broadcaster.journal.recovery import recovered
from broadcaster.journal.waiting import MOST, Bundle, Waiting

log = logging.getLogger(__name__)

FIRST_RETRY = 0.05
"""Seconds until a refused commit is tried again; twice as long each time."""
LAST_RETRY = 1.0
IDLE = 0.1
"""Seconds without an entry after which the head is kept."""
BUSY = 1.0
"""Seconds after which it is kept however much comes in."""
MOST_UNVOUCHED = 500
"""Rows behind the kept head, checked at a start, before it is kept at once: some 5 ms of work."""
BALLAST_EVERY = 10.0
"""Seconds between looks at whether there is room for the ballast."""
SLOW_SHOWN = 60.0
"""Seconds for which a slow commit stays a fault."""
HEAD_LOGGED = 3600.0
"""Seconds between two log lines with the head: it then also stands where the log goes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a journal is kept: `ballast` in bytes, `most` entries that wait, how a file is opened."""

    ballast: int = USUAL
    most: int = MOST
    connect: Connect = connect


class Writer:
    """What the thread does; of its fields the public ones are read by others."""

    def __init__(self, place: JournalPlace, setting: Setting, waiting: Waiting) -> None:
        self.refusal = ""
        """Why the last attempt failed; empty when it did not."""
        self.head: Head | None = None
        self._place = place
        self._setting = setting
        self._waiting = waiting
        self._keeper = _HeadKeeper(place)
        self._ballast = Ballast(place.ballast, setting.ballast)
        # Not at once: a start has more urgent things to do.
        self._ballast_due = monotonic() + BALLAST_EVERY
        self._room_fault = ""
        self._database: Database | None = None
        self._held: list[Bundle] = []
        self._unsure: list[Row] = []
        self._damage = ""
        self._retry = FIRST_RETRY
        self._busy_since: float | None = None
        self._slow: tuple[float, float] = (0.0, 0.0)

    def run(self, ready: Callable[[], None]) -> None:
        """Write until the queue is closed and empty, or closed while the disk refuses.

        `ready` is called when the file has been opened for the first time.
        """
        while True:
            is_ending = self._waiting.is_closed
            try:
                if self._database is None:
                    self._open()
                    ready()
                self._step()
            except (sqlite3.Error, OSError, JournalError) as error:
                self._refused(error)
            except Exception as error:
                log.exception("the journal's writer failed; it goes on")
                self._refused(error)
            if is_ending and (self.refusal or not self._waiting):
                break
        self._close()

    def faults(self) -> tuple[str, ...]:
        """What is wrong now, in sentences; may be asked in any thread."""
        said = [self._damage, self._room_fault, self._keeper.fault, self._slowness()]
        if self.refusal:
            waiting = len(self._waiting) + sum(len(one.drafts) for one in list(self._held))
            said.append(f"the journal is not written: {self.refusal}; {waiting} entries wait")
        return tuple(sentence for sentence in said if sentence)

    # --- writing ---

    def _step(self) -> None:
        """Wait for entries and commit them; in quiet moments look after head and ballast."""
        if not self._held:
            self._waiting.wait(min(self._keeper.due, self._ballast_due))
            self._held = [*self._lost(), *self._waiting.next_batch()]
        if self._held:
            self._commit()
        now = monotonic()
        if self._keeper.due <= now:
            self._keeper.keep(now)
        if self._ballast_due <= now and not self._waiting:
            self._keep_ballast(now)

    def _commit(self) -> None:
        """Write what is held, and tell its owners; raises what the disk says."""
        try:
            self._append()
        except sqlite3.Error as error:
            if not is_full(error):
                raise
            self._make_room()
            self._append()
        self._written()

    def _make_room(self) -> None:
        """The disk is full: give up the ballast, and shorten the write-ahead log."""
        assert self._database is not None  # noqa: S101 - it was written to
        if self._ballast.free():
            self._room_fault = "the journal's disk is full and its ballast is used: make room now"
            log.error("%s", self._room_fault)
            self._ballast_due = monotonic() + BALLAST_EVERY
        with contextlib.suppress(sqlite3.Error):
            self._database.settle()

    def _append(self) -> None:
        assert self._database is not None  # noqa: S101 - `run` opened it
        rows = linked(self._database.head, (one for held in self._held for one in held.drafts))
        self._unsure = rows
        begun = self._busy_since = monotonic()
        try:
            self._database.append(rows)
        finally:
            self._busy_since = None
            took = monotonic() - begun
            if took > DEADLINE:
                self._slow = (begun + took, took)

    def _written(self) -> None:
        """Everything that was held is durable."""
        assert self._database is not None  # noqa: S101 - it was written to
        self._unsure = []
        held, self._held = self._held, []
        self.head = self._database.head
        if self.refusal:
            log.info("the journal is written again")
        self.refusal, self._retry = "", FIRST_RETRY
        for bundle in held:
            if bundle.owner is not None:
                bundle.owner.written()
        self._keeper.take(self.head, monotonic())

    def _lost(self) -> list[Bundle]:
        """A record of what could not be kept while the disk refused."""
        lost = self._waiting.not_kept()
        if not lost:
            return []
        counts = {kind: lost[kind] for kind in sorted(lost)}
        return [_fault("entries were not kept: the disk refused too long", not_kept=counts)]

    # --- opening, failing, closing ---

    def _open(self) -> None:
        """Open the file, however the last attempt ended."""
        self._keeper.open()
        opened = recovered(self._place, self._setting.connect)
        self._database = opened.database
        if opened.damage:
            self._damage = opened.damage
            log.error("%s", opened.damage)
            self._held.insert(0, _fault(opened.damage))
            self._unsure = []
        if self.head is None:
            log.info("journal: %s", opened.database.head)
        self.head = opened.database.head
        if opened.unvouched:
            self._keeper.take(self.head, monotonic())
        if opened.unvouched > MOST_UNVOUCHED:
            self._keeper.keep(monotonic())
        if self._unsure and opened.database.head.digest == self._unsure[-1].digest:
            # The commit that failed is in the file after all.
            opened.database.settle()
            self._written()
        elif not self._held:
            self.refusal = ""

    def _refused(self, error: Exception) -> None:
        """Let those who wait know, and wait before the next attempt."""
        reason = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        if not self.refusal:
            log.error("the journal is not written: %s", reason)
        self.refusal = reason
        if not is_full(error) and self._database is not None:
            database, self._database = self._database, None
            _close_quietly(database)
        for bundle in [*self._held, *self._waiting.bundles()]:
            if bundle.owner is not None:
                bundle.owner.refused(reason)
        self._waiting.rest(monotonic() + self._retry)
        self._retry = min(2 * self._retry, LAST_RETRY)

    def _close(self) -> None:
        for bundle in [*self._held, *self._waiting.bundles()]:
            if bundle.owner is not None:
                bundle.owner.dropped(f"the journal was closed: {self.refusal}")
        self._keeper.close()
        if self._database is not None:
            _close_quietly(self._database)
            log.info("journal: %s", self._database.head)

    # --- beside the rows ---

    def _keep_ballast(self, now: float) -> None:
        self._ballast_due = now + BALLAST_EVERY
        if self._ballast.keep():
            if self._room_fault:
                log.info("the journal's disk has room again")
            self._room_fault = ""
        elif not self._room_fault:
            size = self._setting.ballast // (1024 * 1024)
            self._room_fault = f"the journal's disk has no room for its ballast of {size} MiB"
            log.error("%s", self._room_fault)

    def _slowness(self) -> str:
        now = monotonic()
        since = self._busy_since
        if since is not None and now - since > DEADLINE:
            return f"the journal's disk has not answered for {now - since:.1f} s"
        at, took = self._slow
        if took and now - at < SLOW_SHOWN:
            return f"the journal's disk took {took:.1f} s for a commit {now - at:.0f} s ago"
        return ""


class _HeadKeeper:
    """Keeps the head beside the rows, when it is quiet and at least once a second."""

    def __init__(self, place: JournalPlace) -> None:
        self.due = float("inf")
        """When there is a head to keep, in monotonic seconds."""
        self.fault = ""
        self._place = place
        self._file: AnchorFile | None = None
        self._head: Head | None = None
        self._limit = 0.0
        self._logged = monotonic()

    def open(self) -> None:
        """Open and lock the file; raises JournalError, OSError."""
        if self._file is None:
            self._file = AnchorFile(self._place.head)

    def take(self, head: Head, now: float) -> None:
        """There is a newer head."""
        if self._head is None:
            self._limit = now + BUSY
        self._head = head
        self.due = min(now + IDLE, self._limit)

    def keep(self, now: float) -> None:
        """Write the newest head; a disk that refuses is a fault, and is asked again."""
        self.due = float("inf")
        if self._file is None or self._head is None:
            return
        try:
            self._file.write(self._head)
        except OSError as error:
            self.fault = f"the journal's head cannot be kept: {error.strerror}"
            self.due = now + LAST_RETRY
            return
        if now - self._logged > HEAD_LOGGED:
            self._logged = now
            log.info("journal: %s", self._head)
        self.fault, self._head = "", None

    def close(self) -> None:
        """Keep what is left to keep, and let go of the file and its lock."""
        self.keep(monotonic())
        if self._file is not None:
            self._file.close()
            self._file = None


def _fault(sentence: str, **facts: object) -> Bundle:
    said = {"fault": sentence, **facts}
    entry = Entry(kind=Kind.FAULT, subject="journal", utc=datetime.now(UTC), facts=said)
    return Bundle((draft(entry),), is_precious=True)


def _close_quietly(database: Database) -> None:
    """Close a file whose disk may refuse that too; the next opening looks after what is left."""
    try:
        database.close()
    except sqlite3.Error as error:
        log.warning("the journal could not be closed: %s", error)
