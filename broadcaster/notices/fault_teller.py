"""Tells one technician of faults: what is due in one message, a few messages at a time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

from broadcaster.notices.contact_teller import RETRIES, Rate
from broadcaster.notices.device_keeper import utc_now
from broadcaster.notices.fault_notice import MOST_FAULTS, fault_notice
from broadcaster.notices.fault_tellings import Change, FaultTelling, ToldFault
from broadcaster.notices.notice import Carrier, NotToldError
from zones.notices_settings import Technician
from zones.site import Name

log = logging.getLogger(__name__)

Acknowledge = Callable[[Sequence[str], str], Awaitable[None]]
"""Takes the ids of faults and who has seen them."""


class FaultTeller:
    """One technician: what there is to tell, and what was told."""

    def __init__(
        self,
        site: Name,
        technician: Technician,
        carrier: Carrier,
        told: dict[str, ToldFault],
        changed: Callable[[], None],
        acknowledge: Acknowledge,
    ) -> None:
        """`told` is kept up to date; `changed` is called when it has changed."""
        self.technician = technician
        self.told = told
        self._site = site
        self._carrier = carrier
        self._changed = changed
        self._acknowledge = acknowledge
        self._due: list[FaultTelling] = []
        self._news = asyncio.Event()
        self._trouble = ""
        self._at = utc_now()
        self._has_told = False

    def look(self, due: list[FaultTelling]) -> None:
        """This is to be told now, and nothing else any more."""
        self._due = due
        if due:
            self._news.set()
        elif self._trouble:
            self._note("")

    def entry(self) -> dict[str, str]:
        """How it stands with telling them."""
        state = "failed" if self._trouble else "sent" if self._has_told else "none"
        known = {"name": self.technician.id, "kind": "technician"}
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
        batch = self._due[:MOST_FAULTS]
        left = len(self._due) - len(batch)
        try:
            reply = await self._carrier.tell(
                fault_notice(self._site, self.technician.role, batch, left)
            )
        except NotToldError as error:
            if not self._trouble:
                log.warning("technician %s cannot be told: %s", self.technician.id, error)
            self._note(str(error))
            await asyncio.sleep(RETRIES[min(failures, len(RETRIES) - 1)])
            return failures + 1
        self._sent(batch)
        if reply is not None and reply.get("acknowledged") is True:
            seen = [one.fault for one in batch if one.change is not Change.OVER]
            await self._acknowledge(seen, f"{self.technician.role} ({self.technician.id})")
        return 0

    def _sent(self, batch: Sequence[FaultTelling]) -> None:
        now = datetime.now(UTC)
        for one in batch:
            self.told[one.fault] = one.noted(self.told.get(one.fault), now)
        self._due = [one for one in self._due if one not in batch]
        self._has_told = True
        self._note("")

    def _note(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            self._at = utc_now()
        self._trouble = trouble
        self._changed()
