"""Control's hand on the journal: what is recorded, and whether it is durable when one asks.

Plan and journal are written side by side, so that a dead disk delays no warning; only the answer
waits for both, for the journal at most 250 ms (SAFETY I1).
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from broadcaster.control import records
from broadcaster.control.acts import Recorded
from broadcaster.journal import (
    DEADLINE,
    Entry,
    EntryError,
    Journal,
    JournalError,
    Kind,
    Outcome,
    Record,
    Setting,
)
from broadcaster.journal.reader import JournalReader
from zones.bus import ClaimId
from zones.media_time import WallAnchor

log = logging.getLogger(__name__)

_RUNNING = re.compile(r"(?<![\w.-])\d+(?:[.,]\d+)*")
"""A number that is no part of a name: 0.6 s, not stream-3."""
MOST_KEPT = 1024
"""Acts whose record is remembered after they were answered, for those who ask again."""


class Recorder:
    """Hands over what is to be recorded, and remembers what became of it."""

    def __init__(
        self, state: Path, now: Callable[[], WallAnchor], setting: Setting | None = None
    ) -> None:
        """Keep the journal in the state directory `state`; `now` reads both clocks."""
        self._state = state
        self._now = now
        self.journal = Journal(state, setting)
        self._records: OrderedDict[str, tuple[Record, float]] = OrderedDict()
        self._faults: dict[str, str] = {}
        self._spooled = asyncio.Event()

    async def run(self, known: Collection[ClaimId]) -> None:
        """Write the journal until cancelled.

        `known` are the claims found on air at the start: those an earlier control did not live to
        record are recorded first.
        """
        async with self.journal:
            while not await self.journal.opened():
                pass
            await self._record_found(known)
            while True:
                await self._take_spool()
                await self._spooled.wait()
                self._spooled.clear()

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the journal."""
        return self.journal.faults

    def record(self, recorded: Recorded, durable: Callable[[Recorded], None] | None = None) -> None:
        """Hand over the entries of an act; nothing is waited for.

        `durable` is called once they are.
        """
        loop = asyncio.get_running_loop()
        try:
            record = self.journal.record(recorded.entries)
        except EntryError as error:
            log.error("an act is not recorded: %s", error)
            record = Record(loop)
            record.take(Outcome(False, str(error)), is_last=True)
        if durable is not None:
            record.when_durable(lambda: durable(recorded))
        if recorded.key:
            self._records[recorded.key] = (record, loop.time() + DEADLINE)
            if len(self._records) > MOST_KEPT:
                self._records.popitem(last=False)

    async def durability(self, key: str) -> dict[str, Any]:
        """What the answer to an act says of its record: `durable`, and the reason if it is not."""
        if key not in self._records:
            return {}
        record, deadline = self._records[key]
        outcome = await record.within(deadline - asyncio.get_running_loop().time())
        if outcome.durable:
            return {"durable": True}
        return {"durable": False, "not_durable": outcome.reason}

    def note_faults(self, faults: Sequence[str]) -> None:
        """Record the faults that came and went since this was last told."""
        # A number that runs (seconds, packets) makes no new fault of one that stands.
        before, self._faults = self._faults, {_RUNNING.sub("#", fault): fault for fault in faults}
        now = self._now()
        came, went = ("came", self._faults, before), ("went", before, self._faults)
        for said, there, not_there in (came, went):
            for name in sorted(there.keys() - not_there.keys()):
                facts = {"fault": there[name], "it": said}
                self.record(Recorded((_fault(name, facts, now),)))

    def look_into_spool(self) -> None:
        """Something was put on air by hand: what was written down then is recorded."""
        self._spooled.set()

    async def _record_found(self, known: Collection[ClaimId]) -> None:
        try:
            recorded = await asyncio.to_thread(self._recorded, known)
        except JournalError as error:
            log.warning("what is on air was not looked up: %s", error)
            return
        for name in sorted(set(known) - recorded):
            self.record(records.found(name, self._now()))

    def _recorded(self, known: Collection[ClaimId]) -> set[ClaimId]:
        """Those of the claims that the journal knows."""
        reader = JournalReader(self._state)
        return {name for name in known if next(reader.rows(subject=name), None) is not None}

    async def _take_spool(self) -> None:
        """Record the acts that were written down while control was dead, and remove the files."""
        for path in sorted((self._state / "spool").glob("*.json")):
            try:
                entry = _spooled_entry(path)
                record = self.journal.record((entry,))
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.warning("what %s says is not recorded: %s", path.name, error)
                continue
            if (await record.settled()).durable:
                path.unlink(missing_ok=True)


def _fault(name: str, facts: dict[str, str], now: WallAnchor) -> Entry:
    at, utc = now.sample, now.utc
    return Entry(kind=Kind.FAULT, subject="control", utc=utc, at=at, facts=facts, storm=name)


def _spooled_entry(path: Path) -> Entry:
    """The entry of a local act, dated as it was given."""
    act = json.loads(path.read_bytes())
    utc = datetime.fromisoformat(act["utc"])
    return Entry(kind=Kind.ACT, subject=str(act["claim"]), utc=utc, facts=act)
