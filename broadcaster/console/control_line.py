"""The console's connection to control: the newest snapshot, commands, what goes on record."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from broadcaster.console.identity import Identity
from broadcaster.console.problem import ProblemError
from broadcaster.link import CommandRefusedError, Link, LinkError, Message, connect

log = logging.getLogger(__name__)

RETRY: Final = 0.25
"""Seconds until control is tried again."""
ANSWER_LIMIT: Final = 10.0
"""Seconds control may take to answer a command."""
_MOST_AUDITS: Final = 1000


class ControlLine:
    """One link to control, made anew whenever it ends."""

    def __init__(self, path: Path) -> None:
        """`path` is control's socket."""
        self._path = path
        self.changed: Callable[[], None] = _nobody_listens
        """Called when there is news of control."""
        self._link: Link | None = None
        self._asked: dict[str, asyncio.Task[Message]] = {}
        self._audits: asyncio.Queue[Message] = asyncio.Queue(_MOST_AUDITS)
        self.snapshot: Message = {}
        """The newest one; empty before the first."""
        self.heard_at = 0.0
        """When it came, in the loop's time."""

    @property
    def is_up(self) -> bool:
        """Whether control can be asked."""
        return self._link is not None

    @property
    def age(self) -> float | None:
        """Seconds since control was last heard; None when it never was."""
        return asyncio.get_running_loop().time() - self.heard_at if self.snapshot else None

    async def run(self) -> None:
        """Keep the line up until cancelled. Its end and its return are logged once each."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="snapshots from control")
            tasks.create_task(self._send_audits(), name="audits to control")

    async def _listen(self) -> None:
        is_lost = False
        while True:
            try:
                async with connect(self._path, "console", ANSWER_LIMIT) as link:
                    if is_lost:
                        log.info("control is back")
                    is_lost = False
                    self._link = link
                    async for snapshot in link.snapshots():
                        self.snapshot = snapshot
                        self.heard_at = asyncio.get_running_loop().time()
                        self.changed()
            except LinkError as error:
                if not is_lost:
                    log.warning("control cannot be asked: %s", error)
                is_lost = True
            finally:
                self._link = None
                self.changed()
            await asyncio.sleep(RETRY)

    async def command(
        self, name: str, *, by: Identity, key: str, fields: dict[str, Any]
    ) -> Message:
        """Have control do something for somebody; its answer without key and ok.

        Raises:
            ProblemError: control refuses, cannot be asked, or does not answer in time.
        """
        asked = self._asked.get(key)
        if asked is None:
            asked = asyncio.create_task(self._ask(name, by, key, fields), name=f"command {name}")
            self._asked[key] = asked
            asked.add_done_callback(lambda done: self._forget(key, done))
        # A browser that goes away, or asks again meanwhile, changes nothing for the act.
        return await asyncio.shield(asked)

    def _forget(self, key: str, done: asyncio.Task[Message]) -> None:
        del self._asked[key]
        if not done.cancelled():
            done.exception()  # whoever asked may be gone; then nobody looks at it

    async def _ask(self, name: str, by: Identity, key: str, fields: dict[str, Any]) -> Message:
        link = self._link
        if link is None:
            raise ProblemError(
                503,
                "control-down",
                "control does not run, so nothing was done; it is being restarted. To warn "
                "without it: `broadcaster local play` on the station's machine",
            )
        # `fields` first: no field of a request can stand for who asks.
        said = {**fields, "roles": sorted(by.roles)}
        try:
            answer = await link.command(name, who=by.name, key=key, limit=ANSWER_LIMIT, **said)
        except CommandRefusedError as refusal:
            raise ProblemError(422, "refused", str(refusal), where=refusal.where) from None
        except LinkError as error:
            raise ProblemError(
                504,
                "unknown-outcome",
                f"it is not known whether this was done: {error}. Send it again with the same "
                "Idempotency-Key: it is never done twice",
            ) from None
        return {name: value for name, value in answer.items() if name not in {"key", "ok"}}

    def audit(self, action: str, who: str, **facts: object) -> None:
        """Have something put on record: who signed in, was refused, changed a right.

        It is logged here too; while there is no control that is the only record.
        """
        log.info("%s by %s: %s", action, who, facts)
        with contextlib.suppress(asyncio.QueueFull):
            self._audits.put_nowait({"who": who, "action": action, "facts": facts})

    async def _send_audits(self) -> None:
        while True:
            said = await self._audits.get()
            try:
                if self._link is None:
                    raise LinkError("control does not run")
                await self._link.command("audit", limit=ANSWER_LIMIT, **said)
            except (LinkError, CommandRefusedError) as error:
                log.warning(
                    "not on record but here: %s by %s: %s", said["action"], said["who"], error
                )


def _nobody_listens() -> None:
    """What is called before somebody wants to know."""
