"""The link to control: snapshots in, reports and acknowledgements out."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from broadcaster.link import CommandRefusedError, Link, LinkError, connect

log = logging.getLogger(__name__)

RETRY: Final = 0.25
"""Seconds until control is tried again."""
ANSWER_LIMIT: Final = 10.0
_BETWEEN: Final = 0.1
"""Seconds between two rounds of reports, at least, however fast things change."""

Reports = Mapping[str, list[dict[str, str]]]
"""The entries of every alert."""


class ControlLine:
    """One link to control, made anew whenever it ends; its end and return are logged once each."""

    def __init__(
        self,
        socket: Path,
        look: Callable[[Mapping[str, Any]], None],
        reports: Callable[[], Reports],
        waiting: dict[str, tuple[str, str]],
        changed: Callable[[], None],
    ) -> None:
        """`look` takes snapshots; `waiting` holds acknowledgements until control has them.

        `changed` is called when one of them has gone.
        """
        self._socket = socket
        self._look = look
        self._reports = reports
        self._waiting = waiting
        self._changed = changed
        self._news = asyncio.Event()

    def tell(self) -> None:
        """There is something to report, or to acknowledge."""
        self._news.set()

    async def run(self) -> None:
        """Keep it up until cancelled."""
        is_lost = False
        while True:
            try:
                async with connect(self._socket, "notices", ANSWER_LIMIT) as link:
                    if is_lost:
                        log.info("control is back")
                    is_lost = False
                    reporting = asyncio.create_task(self._report(link), name="reports to control")
                    try:
                        async for snapshot in link.snapshots():
                            self._look(snapshot)
                    finally:
                        reporting.cancel()
                        await asyncio.gather(reporting, return_exceptions=True)
            except LinkError as error:
                if not is_lost:
                    log.warning("control tells nothing: %s; what was told stays", error)
                is_lost = True
            await asyncio.sleep(RETRY)

    async def _report(self, link: Link) -> None:
        """Report what is other than reported on this link, and hand over acknowledgements."""
        reported: dict[str, list[dict[str, str]]] = {}
        refusal = ""
        try:
            while True:
                self._news.clear()
                await self._hand_over(link)
                for alert, entries in self._reports().items():
                    if reported.get(alert, []) == entries:
                        continue
                    try:
                        await link.command(
                            "told", who="notices", limit=ANSWER_LIMIT, alert=alert, entries=entries
                        )
                    except CommandRefusedError as error:
                        if str(error) != refusal:
                            log.warning("control refuses a report: %s", error)
                        refusal = str(error)
                    reported[alert] = entries
                await asyncio.sleep(_BETWEEN)
                await self._news.wait()
        except LinkError as error:
            log.debug("reports stop: %s", error)

    async def _hand_over(self, link: Link) -> None:
        for key, (alert, who) in list(self._waiting.items()):
            try:
                await link.command("acknowledge", who=who, key=key, limit=ANSWER_LIMIT, alert=alert)
                log.info("%s acknowledged alert %s", who, alert)
            except CommandRefusedError as error:
                # Somebody else was quicker, or it is over.
                log.info("%s acknowledged alert %s, without effect: %s", who, alert, error)
            del self._waiting[key]
            self._changed()
