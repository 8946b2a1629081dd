"""An ear on another host: hears the station's streams there and reports every second, signed.

It is told by the answers what to listen to, so that it needs no site file, only a key.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import numpy as np
from yarl import URL

from broadcaster.ear.remote_count import HeardStream, RemoteCount
from broadcaster.multicast import Following, Inbox, ReceivingSocket
from broadcaster.signed_post import NotAnsweredError, Post

log = logging.getLogger(__name__)

PATH: Final = "/ingest/v1/ears"
TICK_S: Final = 0.05
REPORT_S: Final = 1.0
LIMIT_S: Final = 5.0
"""Seconds the station may take to answer."""
_MOST_BATCHES: Final = 8
_LONGEST_ANSWER: Final = 1 << 20


class NotReportedError(Exception):
    """A report the station did not take; the text says why."""


@dataclass(frozen=True, slots=True)
class Reporter:
    """Where reports go, and what they are signed with."""

    url: str
    key: str
    secret: bytes
    context: ssl.SSLContext | None = None

    async def report(
        self, session: aiohttp.ClientSession, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """Send one report; the answer. Raises NotReportedError."""
        url = URL(self.url).with_path(PATH)
        post = Post(url, self.key, self.secret, LIMIT_S, _LONGEST_ANSWER, self.context)
        try:
            status, octets = await post.send(session, json.dumps(fields).encode())
            said = json.loads(octets)
        except NotAnsweredError as error:
            raise NotReportedError(str(error)) from None
        except ValueError:
            raise NotReportedError(f"{url.host} answered with something else") from None
        if status != 200 or not isinstance(said, dict):
            why = said.get("error") if isinstance(said, dict) else ""
            raise NotReportedError(f"{url.host} answered with HTTP status {status}: {why}")
        return said


class RemoteEar:
    """Listens to what the station names. `verdicts` is what the station made of the last report."""

    def __init__(self, reporter: Reporter, interface: str) -> None:
        """`interface` is that of this host by which the streams come: a name or own address."""
        self._reporter, self._interface = reporter, interface
        self._inbox, self._following = Inbox(), Following()
        self._streams: list[HeardStream] = []
        self._sockets: list[ReceivingSocket] = []
        self._counts: list[RemoteCount] = []
        self._opened = ExitStack()
        self.verdicts: dict[str, bool | None] = {}
        self.trouble = "nothing was reported yet"

    def close(self) -> None:
        """Leave every group."""
        self._opened.close()

    async def run(self) -> None:
        """Hear and report until cancelled; losing the station is logged once, and its return."""
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hear(), name="packets")
            tasks.create_task(self._report(session), name="reports")

    async def _hear(self) -> None:
        loop = asyncio.get_running_loop()
        start, ticks = loop.time(), 0
        while True:
            self._following.follow(self._sockets)
            self._drain()
            ticks = max(ticks + 1, int((loop.time() - start) / TICK_S))
            await asyncio.sleep(start + ticks * TICK_S - loop.time())

    def _drain(self) -> None:
        for _ in range(_MOST_BATCHES):
            batch = self._inbox.drain(self._sockets)
            is_plain, headers = batch.is_plain(), batch.headers()
            for place in np.unique(batch.socket).tolist():
                rows = np.flatnonzero(is_plain & (batch.socket == place))
                self._counts[place].hear(headers[rows], batch.octets[rows], batch.lengths[rows])
            if not batch.is_more:
                return

    async def _report(self, session: aiohttp.ClientSession) -> None:
        while True:
            counts = {
                stream.id: count.report()
                for stream, count in zip(self._streams, self._counts, strict=True)
            }
            try:
                said = await self._reporter.report(session, {"streams": counts})
                self._listen([HeardStream.of(each) for each in said["streams"]])
                self.verdicts = dict(said["verdicts"])
            except (NotReportedError, KeyError, TypeError, ValueError, OSError) as error:
                if not self.trouble:
                    log.warning("not reported: %s", error)
                self.trouble = str(error) or type(error).__name__
            else:
                if self.trouble:
                    log.info("reporting on %d streams", len(self._streams))
                self.trouble = ""
            # Right after it was told what to hear there is nothing yet to report.
            await asyncio.sleep(REPORT_S)

    def _listen(self, streams: list[HeardStream]) -> None:
        """Listen to these streams; raises OSError, and then nothing is listened to."""
        if streams == self._streams:
            return
        self._opened.close()
        self._streams, self._sockets, self._counts = [], [], []
        with ExitStack() as opened:
            sockets = []
            for one in streams:
                sockets.append(ReceivingSocket(one.address, one.port, self._interface))
                opened.callback(sockets[-1].close)
            self._opened = opened.pop_all()
        self._streams, self._sockets = streams, sockets
        self._counts = [RemoteCount(one.ssrc) for one in streams]
