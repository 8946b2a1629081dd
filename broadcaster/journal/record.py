"""What becomes of entries handed to the journal, as their owner learns it on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

DEADLINE = 0.25
"""Seconds an answer waits for the journal; a warning must sound with a dead disk (SAFETY I1)."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether entries survive a power cut, and if not, why."""

    durable: bool
    reason: str = ""


LATE = Outcome(False, f"the disk has not taken it within {DEADLINE * 1000:.0f} ms; it goes on")


class Record:
    """Entries handed to the journal.

    `outcome` is how it stands. After a refusal by the disk the entries go on being tried, so an
    outcome that is not durable may become so.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.outcome = LATE
        self._first: asyncio.Future[None] = loop.create_future()
        self._last: asyncio.Future[None] = loop.create_future()

    async def within(self, seconds: float = DEADLINE) -> Outcome:
        """How the first attempt to write went; not durable when it isn't through in `seconds`."""
        await asyncio.wait({self._first}, timeout=max(0.0, seconds))
        return self.outcome

    def when_durable(self, say: Callable[[], None]) -> None:
        """Call `say` on the event loop once the entries are durable."""

        def look(future: asyncio.Future[None]) -> None:
            if not future.cancelled() and self.outcome.durable:
                say()

        self._last.add_done_callback(look)

    async def settled(self) -> Outcome:
        """What became of the entries in the end: durable, or dropped."""
        await asyncio.wait({self._last})
        return self.outcome

    # --- called by the writer, in any thread ---

    def written(self) -> None:
        """The entries are durable."""
        tell(self._loop, (self,), Outcome(True), is_last=True)

    def refused(self, reason: str) -> None:
        """An attempt failed; there will be others."""
        tell(self._loop, (self,), Outcome(False, reason), is_last=False)

    def dropped(self, reason: str) -> None:
        """The entries will not be written."""
        tell(self._loop, (self,), Outcome(False, reason), is_last=True)

    def take(self, outcome: Outcome, *, is_last: bool) -> None:
        """Note how it stands; on the event loop."""
        self.outcome = outcome
        for future in (self._first, self._last) if is_last else (self._first,):
            if not future.done():
                future.set_result(None)


def tell(
    loop: asyncio.AbstractEventLoop, records: Iterable[Record], outcome: Outcome, *, is_last: bool
) -> None:
    """Let records know how they stand, all in one call of the loop; from any thread."""
    listed = tuple(records)

    def take() -> None:
        for record in listed:
            record.take(outcome, is_last=is_last)

    # A loop that is closed has nobody left who would ask.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(take)
