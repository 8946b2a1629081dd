"""What waits to be written: a bounded queue between the event loop and the writer's thread.

Putting in never blocks: the lock is held for a few list operations, never over I/O. When it is full
(the disk has refused for a long time), fault and as-run entries go first, the oldest of them; acts,
alerts and audit are refused only when nothing else is left to drop. What was not kept is counted.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf
from time import monotonic
from typing import Protocol

from broadcaster.journal.chain import Draft, draft
from broadcaster.journal.entry import Entry, EntryError
from broadcaster.journal.storm import Storms

MOST = 20_000
"""Entries that wait; some 10 MB."""
MOST_AT_ONCE = 500
"""Entries in one commit: more would keep the first of them waiting for the last."""


class Owner(Protocol):
    """Whoever wants to know what becomes of its entries; called in any thread."""

    def written(self) -> None:
        """They are durable."""

    def refused(self, reason: str) -> None:
        """The disk refused them; it is tried again."""

    def dropped(self, reason: str) -> None:
        """They will not be written."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Entries that are written together, in one commit, and their owner."""

    drafts: tuple[Draft, ...]
    is_precious: bool
    owner: Owner | None = None


@dataclass(slots=True)
class Waiting:
    """The queue."""

    most: int = MOST
    _bundles: deque[Bundle] = field(default_factory=deque)
    _size: int = 0
    _storms: Storms = field(default_factory=Storms)
    _not_kept: Counter[str] = field(default_factory=Counter)
    _changed: threading.Condition = field(default_factory=threading.Condition)
    _is_closed: bool = False

    def __len__(self) -> int:
        return self._size

    @property
    def is_closed(self) -> bool:
        """Whether nothing more comes."""
        return self._is_closed

    def put(self, entries: Sequence[Entry], owner: Owner, *, is_precious: bool) -> str:
        """Take entries in; a sentence when they are not taken.

        Raises:
            EntryError: one of them can't be recorded; none is taken.
        """
        drafts = [(entry, draft(entry)) for entry in entries]
        now = monotonic()
        with self._changed:
            if self._is_closed:
                return "the journal is closed"
            written = tuple(one for entry, one in drafts if self._storms.passes(entry, now))
            if not written:
                self._changed.notify()
                return "counted; the sum is written within a second"
            bundle = Bundle(written, is_precious, owner)
            if not self._make_room(bundle):
                self._not_kept.update(one.kind for one in bundle.drafts)
                return f"{self._size} entries wait for the disk already: no room for more"
            self._bundles.append(bundle)
            self._size += len(written)
            self._changed.notify()
        return ""

    def close(self) -> None:
        """Take nothing more in, and wake whoever waits."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def wait(self, until: float | None) -> None:
        """Wait for a bundle, for the end, or for `until` in monotonic seconds."""
        with self._changed:
            if self._bundles or self._is_closed:
                return
            self._changed.wait(self._seconds(until))

    def rest(self, until: float) -> None:
        """Wait until `until` or for the end, whatever comes in meanwhile."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, self._seconds(until))

    def next_batch(self, most: int = MOST_AT_ONCE) -> list[Bundle]:
        """Take what waits, oldest first, up to about `most` entries; sums that are due with it."""
        with self._changed:
            batch: list[Bundle] = []
            size = 0
            while self._bundles and size < most:
                bundle = self._bundles.popleft()
                batch.append(bundle)
                self._size -= len(bundle.drafts)
                size += len(bundle.drafts)
            return [*batch, *self._sums()]

    def bundles(self) -> tuple[Bundle, ...]:
        """What waits, oldest first."""
        with self._changed:
            return tuple(self._bundles)

    def not_kept(self) -> Counter[str]:
        """How many entries of which kind were dropped since this was last asked."""
        with self._changed:
            counted, self._not_kept = self._not_kept, Counter()
            return counted

    def _sums(self) -> list[Bundle]:
        now = inf if self._is_closed else monotonic()
        drafts = tuple(_sum(entry) for entry in self._storms.due(now))
        return [Bundle(drafts, is_precious=False)] if drafts else []

    def _seconds(self, until: float | None) -> float | None:
        due = self._storms.deadline()
        limits = [limit for limit in (until, due) if limit is not None]
        return max(0.0, min(limits) - monotonic()) if limits else None

    def _make_room(self, bundle: Bundle) -> bool:
        while self._size + len(bundle.drafts) > self.most:
            oldest = next((one for one in self._bundles if not one.is_precious), None)
            if oldest is None or not bundle.is_precious:
                return False
            self._bundles.remove(oldest)
            self._size -= len(oldest.drafts)
            self._not_kept.update(one.kind for one in oldest.drafts)
            if oldest.owner is not None:
                oldest.owner.dropped("the disk did not take it and room was needed for an act")
        return True


def _sum(entry: Entry) -> Draft:
    try:
        return draft(entry)
    except EntryError:
        # The facts fitted exactly; with their count they don't.
        return draft(
            Entry(
                kind=entry.kind,
                subject=entry.subject,
                utc=entry.utc,
                at=entry.at,
                facts={"counted": entry.facts["counted"]},
            )
        )
