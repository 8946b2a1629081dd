"""Tells one contact what is due, calls first, until it was taken; a slow one holds up nobody."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from broadcaster.notices.device_keeper import utc_now
from broadcaster.notices.notice import (
    MOST_ALERTS,
    Carrier,
    NotToldError,
    acknowledged,
    contact_notice,
)
from broadcaster.notices.tellings import Telling, ToldOf, noted
from zones.notices_settings import Contact
from zones.site import Name

log = logging.getLogger(__name__)

RETRIES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds between attempts; the last one for as long as it is due."""
BURST: Final = 10
"""Messages in a row; then one every `EVERY` seconds, with all that is due by then."""
EVERY: Final = 6.0


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


class ContactTeller:
    """One contact: what it has to be told, and what it was told."""

    def __init__(
        self,
        site: Name,
        contact: Contact,
        carrier: Carrier,
        told: dict[str, ToldOf],
        changed: Callable[[], None],
        acknowledge: Callable[[Contact, str, str], None],
    ) -> None:
        """`told` is kept up to date; `changed` is called when it has changed.

        `acknowledge` takes the contact, the alert and the call that somebody acknowledged.
        """
        self.contact = contact
        self.told = told
        self._site = site
        self._carrier = carrier
        self._changed = changed
        self._acknowledge = acknowledge
        self._due: list[Telling] = []
        self._news = asyncio.Event()
        self._trouble = ""
        self._at = utc_now()
        self._has_told = False

    def look(self, due: list[Telling]) -> None:
        """This is to be told now, and nothing else any more."""
        self._due = due
        if due:
            self._news.set()
        elif self._trouble:
            self._note("")  # nothing is wanted of it any more

    def answered(self, said: Mapping[str, Any]) -> None:
        """Somebody acknowledges by a message of their own: `alert` and `acknowledged`."""
        alert = said.get("alert")
        of = self.told.get(alert) if isinstance(alert, str) else None
        if said.get("acknowledged") is not True or of is None or not of.calls:
            return
        self._confirm(str(alert), of, of.calls[-1])
        self._changed()

    def entry(self, alert: str | None = None) -> dict[str, str] | None:
        """How it stands with an alert; None if it is not told of it. Without one: as such."""
        known = {"name": self.contact.id, "kind": "contact"}
        if alert is None:
            state = "failed" if self._trouble else "sent" if self._has_told else "none"
            return {**known, "state": state, "at": self._at, "detail": self._trouble}
        of = self.told.get(alert)
        if of is None or of.state == "none":
            return None
        return {**known, "state": of.state, "at": of.at, "detail": of.detail}

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
            batch = self._due[:MOST_ALERTS]
            if not batch:
                continue
            try:
                notice = contact_notice(self._site, self.contact.role, batch)
                reply = await self._carrier.tell(notice)
            except NotToldError as error:
                failures += 1
                self._failed(batch, str(error))
                await asyncio.sleep(RETRIES[min(failures, len(RETRIES)) - 1])
            else:
                failures = 0
                self._sent(batch, reply)
            if self._due:
                self._news.set()

    def _failed(self, batch: Sequence[Telling], why: str) -> None:
        if not self._trouble:
            log.warning("contact %s cannot be told: %s", self.contact.id, why)
        for one in batch:
            of = self.told.setdefault(one.alert.id, ToldOf())
            of.state, of.detail = "failed", f"{one.change}: {why}"
            of.at = of.at or utc_now()
        self._note(why)

    def _sent(self, batch: Sequence[Telling], reply: Mapping[str, Any] | None) -> None:
        if self._trouble:
            log.info("contact %s can be told again", self.contact.id)
        for one in batch:
            of = self.told.setdefault(one.alert.id, ToldOf())
            noted(of, one)
            of.state, of.at, of.detail = "sent", utc_now(), one.change
        for one in acknowledged(reply, batch):
            self._confirm(one.alert.id, self.told[one.alert.id], one.change)
        sent = {one.id for one in batch}
        self._due = [one for one in self._due if one.id not in sent]
        self._has_told = True
        self._note("")

    def _confirm(self, alert: str, of: ToldOf, change: str) -> None:
        of.state, of.at, of.detail = "confirmed", utc_now(), f"acknowledged: {change}"
        if change in of.calls:
            self._acknowledge(self.contact, alert, change)

    def _note(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            self._at = utc_now()
        self._trouble = trouble
        self._changed()
