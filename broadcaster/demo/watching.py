"""What the demo sees of its station: control's snapshots, the amplifiers' reports, and their words.

It connects again after every restart of theirs, and sends commands over the same links.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, Final

from broadcaster.demo.table import Row, rows_of
from broadcaster.demo.warned import is_living
from broadcaster.link import CommandRefusedError, Link, LinkError, connect
from broadcaster.run_directory import RunDirectory

WHO: Final = "demo"
_REPORT_EVERY: Final = 0.2
_ANSWER_LIMIT: Final = 10.0


class Watching:
    """The newest of everything; `changed` is told when something is new."""

    def __init__(self, run: RunDirectory, say: Callable[[str], None]) -> None:
        """`say` is given what a command is refused with."""
        self._run = run
        self._say = say
        self._control: Link | None = None
        self._amplifiers: Link | None = None
        self._changed = asyncio.Event()
        self.ended = asyncio.Event()
        """Set when the demo is to end; nothing is waited for then."""
        self.snapshot: dict[str, Any] = {}
        self.reports: list[dict[str, Any]] = []
        self.rows: list[Row] = []
        self.on_snapshot: Callable[[Mapping[str, Any]], None] | None = None
        """Who looks at every snapshot."""

    @property
    def zones(self) -> list[str]:
        """The zones of the table."""
        return [row.zone for row in self.rows]

    @property
    def living(self) -> list[dict[str, Any]]:
        """The real warnings that live."""
        return [alert for alert in self.snapshot.get("alerts", ()) if is_living(alert)]

    def alert(self, name: str) -> dict[str, Any] | None:
        """An alert of the newest snapshot."""
        alerts = self.snapshot.get("alerts", ())
        return next((alert for alert in alerts if alert["id"] == name), None)

    # --- followed ---

    async def follow_control(self) -> None:
        """Keep the newest snapshot, over every restart of control."""
        while True:
            with contextlib.suppress(LinkError):
                async with connect(self._run.control_socket, WHO) as link:
                    self._control = link
                    async for snapshot in link.snapshots():
                        self.snapshot = snapshot
                        if self.on_snapshot is not None:
                            self.on_snapshot(snapshot)
                        self.tell()
            self._control = None
            await asyncio.sleep(_REPORT_EVERY)

    async def follow_amplifiers(self) -> None:
        """Ask the amplifiers how they do, again and again."""
        while True:
            with contextlib.suppress(LinkError):
                async with connect(self._run.amplifiers_socket, WHO) as link:
                    self._amplifiers = link
                    while True:
                        await self.fresh_reports()
                        await asyncio.sleep(_REPORT_EVERY)
            self._amplifiers = None
            await asyncio.sleep(_REPORT_EVERY)

    async def fresh_reports(self) -> None:
        """Ask the amplifiers once, when they can be asked; raises LinkError."""
        if self._amplifiers is not None:
            answer = await self._amplifiers.command("report", who=WHO)
            self.reports = answer["amplifiers"]
            self.tell()

    # --- waited for ---

    def tell(self) -> None:
        """Something is new."""
        self.rows = rows_of(self.snapshot, self.reports)
        self._changed.set()
        self._changed = asyncio.Event()

    async def changed(self, limit: float) -> None:
        """Wait until something is new, at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                await self._changed.wait()

    async def until(self, is_true: Callable[[], bool], limit: float) -> bool:
        """Wait for something to be true; False when the limit passed, or the demo is to end."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit):
                while not is_true() and not self.ended.is_set():
                    await self._changed.wait()
        return is_true() and not self.ended.is_set()

    # --- commanded ---

    async def control(self, name: str, **fields: Any) -> dict[str, Any] | None:  # noqa: ANN401
        """Ask control; what is refused is said, and gives None."""
        return await self._command(self._control, name, fields)

    async def amplifiers(self, name: str, **fields: Any) -> dict[str, Any] | None:  # noqa: ANN401
        """Ask the virtual amplifiers likewise."""
        return await self._command(self._amplifiers, name, fields)

    async def _command(
        self, link: Link | None, name: str, fields: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        if link is None:
            self._say(f"{name}: not connected at the moment")
            return None
        try:
            return await link.command(name, who=WHO, key=None, limit=_ANSWER_LIMIT, **fields)
        except (CommandRefusedError, LinkError) as error:
            self._say(f"{name}: {error}")
            return None
