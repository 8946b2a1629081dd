"""The journal as the event loop sees it: entries are handed over, and their owner is told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from broadcaster.journal.chain import Head
from broadcaster.journal.entry import PRECIOUS, Entry
from broadcaster.journal.place import JournalPlace
from broadcaster.journal.record import DEADLINE, Outcome, Record
from broadcaster.journal.waiting import Waiting
from broadcaster.journal.writer import Setting, Writer

log = logging.getLogger(__name__)

CLOSING = 2.0
"""Seconds that leaving the journal waits for the disk."""


class Journal:
    """A journal that entries can be handed to, used as an asynchronous context.

    Entering it waits for nothing: the writer opens the file, and entries may be handed over before.
    Leaving it writes what waits, for at most `CLOSING` seconds.
    """

    def __init__(self, directory: Path, setting: Setting | None = None) -> None:
        """Keep the journal in `directory`, the state directory, which exists."""
        setting = setting or Setting()
        self._waiting = Waiting(setting.most)
        self._writer = Writer(JournalPlace(directory), setting, self._waiting)
        self._ready = asyncio.Event()
        self._ended = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __aenter__(self) -> Journal:
        loop = self._loop = asyncio.get_running_loop()

        def say(event: asyncio.Event) -> None:
            # A loop that is closed waits for nothing any more.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(event.set)

        def work() -> None:
            self._writer.run(lambda: say(self._ready))
            say(self._ended)

        # A thread that hangs in a dead disk must not keep the process from ending.
        threading.Thread(target=work, name="journal", daemon=True).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._waiting.close()
        try:
            async with asyncio.timeout(CLOSING):
                await self._ended.wait()
        except TimeoutError:
            log.error("the journal's disk hangs; what waited for it is lost")

    async def opened(self, seconds: float = DEADLINE) -> bool:
        """Whether the file is open; waits for it at most `seconds`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ready.wait()
        return self._ready.is_set()

    def record(self, entries: Sequence[Entry]) -> Record:
        """Hand over entries that belong together: one commit makes them durable, or none is.

        Raises:
            EntryError: one of them can't be recorded; none is then.
        """
        if self._loop is None:
            raise RuntimeError("the journal has not been entered")
        record = Record(self._loop)
        is_precious = any(entry.kind in PRECIOUS for entry in entries)
        reason = self._waiting.put(entries, record, is_precious=is_precious)
        if reason:
            record.take(Outcome(False, reason), is_last=True)
        elif self._writer.refusal:
            record.take(Outcome(False, self._writer.refusal), is_last=False)
        return record

    @property
    def head(self) -> Head | None:
        """The newest durable row; None while no file has been opened."""
        return self._writer.head

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong with the journal now, in sentences."""
        return self._writer.faults()
