"""Hands events to control and brings its verdicts back; keeps them while control is away."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from alerts.detection import Admitted
from broadcaster.doors.lanes import Answer, Lanes, Lately, Waiting
from broadcaster.link import CommandRefusedError, Link, LinkError, connect

log = logging.getLogger(__name__)

RETRY_S: Final = 0.2
"""Seconds until control is tried again."""
ANSWER_S: Final = 5.0
"""Seconds control may take; then its connection is given up and the events are sent again."""
CLOCK_EVERY_S: Final = 0.5
"""Seconds between two looks at our own clock."""
IN_FLIGHT: Final = 2
"""Batches on their way at once."""


class HandOver:
    """The one way from the doors to control."""

    def __init__(
        self, path: Path, who: str = "doors", doubt: Callable[[], str] | None = None
    ) -> None:
        """`path` is control's socket; `doubt` says why our own clock is in doubt, or nothing."""
        self._path = path
        self._who = who
        self._doubt = doubt
        self._lanes = Lanes()
        self._lately = Lately()
        self._there = asyncio.Event()
        self.is_connected = False
        self.handed_over = 0

    @property
    def waiting(self) -> int:
        """How many events wait."""
        return len(self._lanes)

    @property
    def coalesced(self) -> int:
        """How many events were replaced by newer ones of their source."""
        return self._lanes.coalesced

    def submit(self, events: Sequence[Admitted]) -> asyncio.Future[list[Answer]]:
        """Let events wait for control; the future has one answer for each, in order.

        Nobody has to wait for it: what was submitted is handed over all the same.
        """
        loop = asyncio.get_running_loop()
        self._lanes.forget_idle(loop.time())
        done: asyncio.Future[list[Answer]] = loop.create_future()
        answers: list[Answer | None] = [None] * len(events)
        left = len(events)

        def answered(n: int) -> Callable[[Answer], None]:
            def answer(given: Answer) -> None:
                nonlocal left
                answers[n] = given
                left -= 1
                if left == 0 and not done.done():
                    done.set_result([each for each in answers if each is not None])

            return answer

        for n, admitted in enumerate(events):
            self._lanes.add(Waiting(admitted, answered(n)), loop.time())
        if not events:
            done.set_result([])
        self._there.set()
        return done

    async def run(self) -> None:
        """Hand over until cancelled. Losing control and finding it again is logged once each."""
        is_lost = False
        while True:
            try:
                async with connect(self._path, "doors") as link:
                    if is_lost:
                        log.info("control is back, %d events wait for it", self.waiting)
                    is_lost, self.is_connected = False, True
                    self._hand_over_again()
                    await self._hand_over(link)
            except LinkError as error:
                if not is_lost:
                    log.warning("events wait, control does not take them: %s", error)
                is_lost = True
            finally:
                was_connected, self.is_connected = self.is_connected, False
                if was_connected:
                    self._lately.lost(asyncio.get_running_loop().time())
            # A control that was just there is perhaps there again.
            await asyncio.sleep(0 if was_connected else RETRY_S)

    def _hand_over_again(self) -> None:
        """Put what a control before took lately in front of what waits."""
        self._lanes.put_back(Waiting(one, _unheard) for one in self._lately.again())

    async def _hand_over(self, link: Link) -> None:
        """Send batches until the link ends."""
        closed = asyncio.create_task(link.closed(), name="control's end")
        flying: set[asyncio.Task[None]] = {closed}
        standing = 1
        if self._doubt is not None:
            flying.add(asyncio.create_task(self._tell_of_clock(link, self._doubt), name="clock"))
            standing = 2
        try:
            while True:
                self._there.clear()
                while len(flying) < IN_FLIGHT + standing and (batch := self._lanes.batch()):
                    flying.add(asyncio.create_task(self._send(link, batch), name="detections"))
                woken = asyncio.create_task(self._there.wait(), name="events wait")
                await asyncio.wait({woken, *flying}, return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                for task in [task for task in flying if task.done()]:
                    flying.discard(task)
                    task.result()
        finally:
            for task in flying:
                task.cancel()
            await asyncio.gather(*flying, return_exceptions=True)

    async def _tell_of_clock(self, link: Link, doubt: Callable[[], str]) -> None:
        """Tell control, which raises the fault, when our clock falls into doubt or is right again.

        A new control is told at once; one that was never told trusts the clock.
        """
        told = ""
        while True:
            why = doubt()
            if why != told:
                try:
                    await link.command("clock", who=self._who, limit=ANSWER_S, why=why)
                except CommandRefusedError as error:
                    log.warning("control refuses what the doors say of the clock: %s", error)
                told = why
            await asyncio.sleep(CLOCK_EVERY_S)

    async def _send(self, link: Link, batch: list[Waiting]) -> None:
        """One batch: answered, refused, or waiting again."""
        is_settled = False
        try:
            answer = await link.command(
                "detections",
                who=self._who,
                key=secrets.token_hex(8),
                limit=ANSWER_S,
                events=[waiting.admitted.message() for waiting in batch],
            )
            is_settled = True
            self._settle(batch, answer)
        except CommandRefusedError as error:
            is_settled = True
            log.warning("control refuses %d events: %s", len(batch), error)
            for waiting in batch:
                waiting.answered({"is": "refused", "why": str(error)})
        finally:
            if not is_settled:
                self._lanes.put_back(batch)

    def _settle(self, batch: Sequence[Waiting], answer: Answer) -> None:
        verdicts = answer.get("verdicts")
        verdicts = verdicts if isinstance(verdicts, list) else []
        is_durable = bool(answer.get("durable", True))
        self.handed_over += len(batch)
        now = asyncio.get_running_loop().time()
        self._lately.took((waiting.admitted for waiting in batch), now)
        for n, waiting in enumerate(batch):
            given = verdicts[n] if n < len(verdicts) and isinstance(verdicts[n], dict) else {}
            verdict = {"is": "taken", **given}
            if not is_durable:
                verdict["durable"] = False
            waiting.answered(verdict)


def _unheard(_: Answer) -> None:
    """Nobody waits for this answer any more."""
