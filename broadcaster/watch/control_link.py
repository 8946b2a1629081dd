"""What the watch hears from control (where a warning plays) and tells it (faults).

Nothing here holds up a warning, and a control that is down or older only makes the list of faults
stay where it is: the commands ask this process itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from broadcaster.link import CommandRefusedError, Link, LinkError, connect
from broadcaster.watch.spare_proposals import taken_zones
from zones.bus import Kind

log = logging.getLogger(__name__)

RETRY: Final = 1.0
ANSWER_LIMIT: Final = 2.0
INTERVAL: Final = 5.0
"""Seconds between two lists of faults while nothing changes: control may have been restarted."""
_LOUD: Final = frozenset({Kind.WARNING.value, Kind.EXERCISE.value})


class ControlLink:
    """Follows control's snapshots and sends it the faults."""

    def __init__(
        self,
        path: Path,
        faults: Callable[[], list[dict[str, Any]]],
        warned: Callable[[], None],
        seen: Callable[[dict[str, Any]], None],
    ) -> None:
        """`warned` is called when the zones under warning are others, `seen` with each snapshot."""
        self._path, self._faults, self._changed_zones = path, faults, warned
        self._seen = seen
        self._changed = asyncio.Event()
        self.zones: frozenset[str] = frozenset()
        """Where a warning plays; kept as it was while control is not there."""
        self.taken: dict[str, str] = {}
        """The zones that spare amplifiers play, by spare; kept likewise."""

    def tell(self) -> None:
        """A fault came, went or was dealt with."""
        self._changed.set()

    async def run(self) -> None:
        """Follow and send until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow(), name="zones under warning")
            tasks.create_task(self._send(), name="faults to control")

    async def _follow(self) -> None:
        while True:
            try:
                async with connect(self._path, "watch", ANSWER_LIMIT) as link:
                    async for snapshot in link.snapshots():
                        self.taken = taken_zones(snapshot)
                        self._seen(snapshot)
                        zones = warned_zones(snapshot)
                        if zones != self.zones:
                            self.zones = zones
                            self._changed_zones()
            except LinkError as error:
                log.debug("control is not there: %s", error)
            await asyncio.sleep(RETRY)

    async def _send(self) -> None:
        refusal = ""
        while True:
            try:
                async with connect(self._path, "watch", ANSWER_LIMIT) as link:
                    while True:
                        refusal = await self._tell(link, refusal)
                        try:
                            async with asyncio.timeout(INTERVAL):
                                await self._changed.wait()
                        except TimeoutError:
                            continue
            except LinkError as error:
                log.debug("control is not there: %s", error)
            await asyncio.sleep(RETRY)

    async def _tell(self, link: Link, refusal: str) -> str:
        self._changed.clear()
        faults = self._faults()
        try:
            await link.command("faults", who="watch", limit=ANSWER_LIMIT, faults=faults)
        except CommandRefusedError as error:
            if str(error) != refusal:
                log.warning("control does not take the list of faults: %s", error)
            return str(error)
        return ""


def warned_zones(snapshot: dict[str, Any]) -> frozenset[str]:
    """The zones of a snapshot of control in which a warning or an exercise is on air."""
    found = set()
    for stream in snapshot.get("streams") or ():
        commanded = stream.get("commanded") or {}
        if commanded.get("kind") in _LOUD:
            found.add(str(stream.get("zone")))
    return frozenset(found)
