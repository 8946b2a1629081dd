"""Tells one receiver what is due, a few messages at a time; a slow one holds up nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, Protocol, TypeVar

from broadcaster.notices.device_keeper import utc_now
from broadcaster.notices.notice import Carrier, Notice, NotToldError

log = logging.getLogger(__name__)

RETRIES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between attempts; the last one for as long as it is due."""
BURST: Final = 10
"""Messages in a row; then one every `EVERY` seconds, with all that is due by then."""
EVERY: Final = 6.0
MOST: Final = 20
"""Things told in one message; the rest follows in the next."""


class Rate:
    """A bucket of messages that fills again by itself."""

    def __init__(self, now: float) -> None:
        """It begins full."""
        self._room = float(BURST)
        self._at = now

    def take(self, now: float) -> float:
        """Take one message out; how long to wait before it is sent, in seconds."""
        self._room = min(float(BURST), self._room + (now - self._at) / EVERY) - 1.0
        self._at = now
        return max(0.0, -self._room * EVERY)


class Tellable(Protocol):
    """One thing that a receiver is told."""

    @property
    def id(self) -> str:
        """Its name: the same however often it is told."""


T = TypeVar("T", bound=Tellable)
Told = TypeVar("Told", bound=Tellable, contravariant=True)


class Receiver(Protocol[Told]):
    """Who is told: in which words, and what follows from it."""

    @property
    def kind(self) -> str:
        """What it is, in reports and in the log."""

    @property
    def name(self) -> str:
        """Its name in the site file."""

    def notice(self, batch: Sequence[Told], left: int) -> Notice:
        """The message that tells `batch`; `left` things follow in the next one."""

    def failed(self, batch: Sequence[Told], why: str) -> None:
        """`batch` could not be told now."""

    def sent(self, batch: Sequence[Told]) -> None:
        """`batch` was told."""

    async def answered(self, batch: Sequence[Told], reply: Mapping[str, Any] | None) -> None:
        """This was the answer to it, None when there was none."""


class Teller(Generic[T]):
    """What one receiver has to be told, until it was taken."""

    def __init__(
        self, receiver: Receiver[T], carrier: Carrier, changed: Callable[[], None]
    ) -> None:
        """`changed` is called when `entry` or what the receiver was told has changed."""
        self._receiver = receiver
        self._carrier = carrier
        self._changed = changed
        self._due: list[T] = []
        self._news = asyncio.Event()
        self._trouble = ""
        self._at = utc_now()
        self._has_told = False

    def look(self, due: list[T]) -> None:
        """This is to be told now, and nothing else any more."""
        self._due = due
        if due:
            self._news.set()
        elif self._trouble:
            self._note("")  # Nothing is wanted of it any more.

    def entry(self) -> dict[str, str]:
        """How it stands with telling this receiver."""
        state = "failed" if self._trouble else "sent" if self._has_told else "none"
        known = {"name": self._receiver.name, "kind": self._receiver.kind}
        return {**known, "state": state, "at": self._at, "detail": self._trouble}

    async def run(self) -> None:
        """Tell until cancelled."""
        loop = asyncio.get_running_loop()
        rate, failures = Rate(loop.time()), 0
        while True:
            await self._news.wait()
            self._news.clear()
            if not self._due:
                continue
            await asyncio.sleep(rate.take(loop.time()))
            if self._due:
                failures = await self._tell(failures)
            if self._due:
                self._news.set()

    async def _tell(self, failures: int) -> int:
        """Tell what is due; how often in a row that has failed by now."""
        batch = self._due[:MOST]
        try:
            reply = await self._carrier.tell(
                self._receiver.notice(batch, len(self._due) - len(batch))
            )
        except NotToldError as error:
            self._failed(batch, str(error))
            await asyncio.sleep(RETRIES[min(failures, len(RETRIES) - 1)])
            return failures + 1
        self._sent(batch)
        await self._receiver.answered(batch, reply)
        return 0

    def _failed(self, batch: Sequence[T], why: str) -> None:
        if not self._trouble:
            log.warning("%s %s cannot be told: %s", self._receiver.kind, self._receiver.name, why)
        self._receiver.failed(batch, why)
        self._note(why)

    def _sent(self, batch: Sequence[T]) -> None:
        if self._trouble:
            log.info("%s %s can be told again", self._receiver.kind, self._receiver.name)
        self._receiver.sent(batch)
        sent = {one.id for one in batch}
        self._due = [one for one in self._due if one.id not in sent]
        self._has_told = True
        self._note("")

    def _note(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            self._at = utc_now()
        self._trouble = trouble
        self._changed()
