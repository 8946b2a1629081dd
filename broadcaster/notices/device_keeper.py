"""Keeps one board, beacon or gate as it is wanted: pushed until it says so, and again later.

Nothing here waits for another device, and the sound waits for none of them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from broadcaster.notices.notice import Carrier, NotToldError, device_notice
from broadcaster.notices.wanted import NoFeedbackError, Wanted
from zones.notices_settings import Device
from zones.site import Name

log = logging.getLogger(__name__)

RETRIES: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds between pushes that were not confirmed; the last one for ever."""
REFRESH_SHOWING: Final = 30.0
"""Seconds after which a device that shows a warning is told anew: it may have been switched off."""
REFRESH_AT_REST: Final = 600.0
SETTLING: Final = 3.0
"""Seconds in which what a device says may still be what it showed before."""


def utc_now() -> str:
    """The time as reports have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class DeviceKeeper:
    """One device: what it shall show, and how it stands with that."""

    def __init__(
        self, site: Name, device: Device, carrier: Carrier, changed: Callable[[], None]
    ) -> None:
        """`changed` is called when `entry` says something else."""
        self.device = device
        self._site = site
        self._carrier = carrier
        self._changed = changed
        self._wanted: Wanted | None = None
        self._news = asyncio.Event()
        self._state = "none"
        self._at = utc_now()
        self._detail = ""
        self._pushed = ""
        self._pushed_at = 0.0
        self._is_answered = True
        self._contradiction = ""

    def want(self, wanted: Wanted | None) -> None:
        """Show this from now on; None leaves it as it is."""
        if wanted == self._wanted:
            return
        before, self._wanted = self._wanted, wanted
        if wanted is None or before is None or before.fields != wanted.fields:
            if wanted is None:
                self._say("none", "left as it is")
            elif self._state != "failed":  # a fault lasts until something has been taken
                self._say("none", "")
            self._news.set()

    def answered(self, said: Mapping[str, Any]) -> None:
        """The device says by itself what it shows."""
        wanted = self._wanted
        if wanted is None or self._pushed != wanted.state:
            return
        try:
            wrong = wanted.contradicts(said)
        except NoFeedbackError:
            return
        self._contradiction = wrong or ""
        if wrong is None:
            self._is_answered = True
            self._say("confirmed", "")
        elif asyncio.get_running_loop().time() - self._pushed_at > SETTLING:
            # It changed by itself, or somebody changed it.
            is_new = self._state != "failed"
            self._say("failed", wrong)
            if is_new:
                self._news.set()

    def entry(self) -> dict[str, str]:
        """How it stands, for a report."""
        return {
            "name": self.device.id,
            "kind": self.device.kind.value,
            "state": self._state,
            "at": self._at,
            "detail": self._detail,
        }

    async def run(self) -> None:
        """Push until cancelled."""
        pushes = 0
        while True:
            self._news.clear()
            wanted = self._wanted
            wait: float | None = None
            if wanted is not None:
                await self._push(wanted)
                is_open = self._state == "failed" or not self._is_answered
                pushes = pushes + 1 if is_open else 0
                rest = REFRESH_AT_REST if wanted.is_at_rest else REFRESH_SHOWING
                wait = RETRIES[min(pushes, len(RETRIES)) - 1] if is_open else rest
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._news.wait()
            if self._wanted is None or wanted is None or self._wanted.fields != wanted.fields:
                pushes = 0
            elif not self._is_answered:
                self._say("failed", self._contradiction or "it does not say what it shows")

    async def _push(self, wanted: Wanted) -> None:
        self._is_answered = not self._carrier.answers_later
        self._contradiction = ""
        self._pushed = wanted.state
        self._pushed_at = asyncio.get_running_loop().time()
        try:
            reply = await self._carrier.tell(device_notice(self._site, self.device, wanted))
        except NotToldError as error:
            self._is_answered = True
            self._say_of(wanted, "failed", str(error))
            return
        self._pushed_at = asyncio.get_running_loop().time()
        try:
            wrong = wanted.contradicts(reply or {})
        except NoFeedbackError:
            if self._state != "confirmed":
                self._say_of(wanted, "sent", "")
            return
        self._is_answered = True
        self._say_of(wanted, "failed" if wrong else "confirmed", wrong or "")

    def _say_of(self, wanted: Wanted, state: str, detail: str) -> None:
        """Note how a push went, unless something else is wanted by now."""
        if self._wanted is not None and self._wanted.fields == wanted.fields:
            self._say(state, detail)

    def _say(self, state: str, detail: str) -> None:
        if (state, detail) == (self._state, self._detail):
            return
        if "failed" in (state, self._state) and state != self._state:
            level = logging.WARNING if state == "failed" else logging.INFO
            log.log(level, "%s %s: %s", self.device.kind.value, self.device.id, detail or state)
        if state != self._state:
            self._at = utc_now()
        self._state, self._detail = state, detail
        self._changed()
