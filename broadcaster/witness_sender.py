"""Tells control what was witnessed, for as long as there is a control; waits while there is none.

What is witnessed is news, not a record: while control is down nothing is kept for it, and when it
is back it hears how things stand then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from broadcaster.link import CommandRefusedError, Link, LinkError, connect
from broadcaster.witness import Witness

log = logging.getLogger(__name__)

RETRY = 0.5
"""Seconds until control is tried again."""
ANSWER_LIMIT = 2.0
"""Seconds control may take to answer; then its connection is given up."""
_BETWEEN = 0.05
"""Seconds between two reports, at least, however fast things change."""


class WitnessSender:
    """Sends all of `witnesses()` every `interval` seconds, and at once when told of a change."""

    def __init__(
        self, path: Path, role: str, witnesses: Callable[[], Iterable[Witness]], interval: float
    ) -> None:
        """`path` is control's socket, `role` ours in its hello."""
        self._path = path
        self._role = role
        self._witnesses = witnesses
        self._interval = interval
        self._changed = asyncio.Event()

    def tell(self) -> None:
        """Something changed: do not wait for the interval."""
        self._changed.set()

    async def run(self) -> None:
        """Send until cancelled. Losing control and finding it again is logged once each."""
        is_lost = False
        while True:
            try:
                async with connect(self._path, self._role, ANSWER_LIMIT) as link:
                    if is_lost:
                        log.info("control is back")
                    is_lost = False
                    await self._send(link)
            except LinkError as error:
                if not is_lost:
                    log.warning("control does not hear us: %s", error)
                is_lost = True
            await asyncio.sleep(RETRY)

    async def _send(self, link: Link) -> None:
        refusal = ""
        while True:
            self._changed.clear()
            for by, witnesses in groupby(self._witnesses(), key=attrgetter("by")):
                listed = [witness.message() for witness in witnesses]
                try:
                    await link.command(
                        "witness", who=by, limit=ANSWER_LIMIT, by=by, witnesses=listed
                    )
                except CommandRefusedError as error:
                    if str(error) != refusal:
                        log.warning("control refuses what %s saw: %s", by, error)
                    refusal = str(error)
            await asyncio.sleep(_BETWEEN)
            try:
                async with asyncio.timeout(self._interval - _BETWEEN):
                    await self._changed.wait()
            except TimeoutError:
                continue
