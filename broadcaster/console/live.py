"""How things stand, sent to every page as it changes: one WebSocket each, encoded once for all.

Messages are JSON objects with a `type`. `snapshot` brings the whole `state`, `patch` a merge patch
(RFC 7396) from revision - 1 to `revision`, `beat` nothing but that the console lives; all three
bring the server's `utc`, the `age_s` of what control said last, and whether `control` is up. `me`
says who one is signed in as. A page that cannot keep up gets the newest snapshot instead of what
it missed.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import WSCloseCode, web

from broadcaster.console.control_line import ControlLine
from broadcaster.console.identity import Identity
from broadcaster.console.merge_patch import merge_patch, plain

log = logging.getLogger(__name__)

BEAT: Final = 0.5
"""Seconds between two messages, at most: a page may call itself stale after 1.5 s."""
MOST_WATCHERS: Final = 600
SIGNED_OUT: Final = 4401
"""The close code when the session has ended: sign in again."""
_SEND_LIMIT: Final = 10.0
"""Seconds that one message may take to leave; then the page is cut off."""
_LOOKS_EVERY: Final = 4
"""Messages of the beat between two looks whether a session still holds."""

WhoNow = Callable[[], Identity | None]
"""Who a page belongs to now; None when its session has ended."""


class Live:
    """The state as pages know it, and the pages that watch it."""

    def __init__(self, line: ControlLine) -> None:
        """`line` has control's newest snapshot."""
        self._line = line
        self._known: object = None
        self._state: dict[str, Any] = {}
        self._state_text = "{}"
        self._snapshot = ""
        self._patch = ""
        self._beat = ""
        self._tick = 0
        self._ticked = asyncio.Event()
        self._wanted = asyncio.Event()
        self.revision = 0
        self.watchers = 0
        """Pages that are connected."""

    @property
    def is_full(self) -> bool:
        """Whether no more pages may watch."""
        return self.watchers >= MOST_WATCHERS

    def changed(self) -> None:
        """There is news of control."""
        self._wanted.set()

    async def run(self) -> None:
        """Tell the pages until cancelled: news at once, and a beat when there is none."""
        while True:
            self._wanted.clear()
            self._take()
            self._beat, self._snapshot = self._message("beat"), ""
            self._tick += 1
            self._ticked.set()
            self._ticked = asyncio.Event()
            try:
                async with asyncio.timeout(BEAT):
                    await self._wanted.wait()
            except TimeoutError:
                continue

    def _take(self) -> None:
        """Make a new revision of what control said last, if that is another."""
        said = self._line.snapshot
        if said is self._known:
            return
        self._known = said
        # Time and sample pass always; they are no change of state.
        after = plain({k: v for k, v in said.items() if k not in {"utc", "at_sample"}})
        patch = merge_patch(self._state, after)
        if patch:
            self.revision += 1
            self._state, self._state_text = after, ""
            self._patch = self._message("patch", "patch", _encoded(patch))

    def _message(self, kind: str, member: str = "", encoded: str = "") -> str:
        age = self._line.age
        head = _encoded(
            {
                "type": kind,
                "revision": self.revision,
                "utc": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "age_s": None if age is None else round(age, 2),
                "control": "up" if self._line.is_up else "lost",
            }
        )
        return f'{head[:-1]},"{member}":{encoded}}}' if member else head

    def _news(self, known: int) -> str:
        """What to tell a page that knows a revision."""
        if known == self.revision:
            return self._beat
        if known == self.revision - 1 and known > 0:
            return self._patch
        if not self._snapshot:
            self._state_text = self._state_text or _encoded(self._state)
            self._snapshot = self._message("snapshot", "state", self._state_text)
        return self._snapshot

    async def serve(self, request: web.Request, who: WhoNow) -> web.WebSocketResponse:
        """Keep one page informed until it leaves, falls too far behind, or its session ends."""
        socket = web.WebSocketResponse(
            compress=False, heartbeat=20, max_msg_size=4096, writer_limit=1 << 15
        )
        await socket.prepare(request)
        self.watchers += 1
        writing = asyncio.create_task(self._write(socket, request, who), name="page")
        try:
            async for _ in socket:
                pass  # a page has nothing to say here; commands have routes of their own
        finally:
            self.watchers -= 1
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)
        return socket

    async def _write(
        self, socket: web.WebSocketResponse, request: web.Request, who: WhoNow
    ) -> None:
        known = tick = looks = 0
        told: Identity | None = None
        try:
            while True:
                if looks % _LOOKS_EVERY == 0:
                    me = who()
                    if me is None:
                        await socket.close(code=SIGNED_OUT, message=b"sign in again")
                        return
                    if me != told:
                        told = me
                        await self._send(socket, _encoded({"type": "me", **me.described()}))
                looks += 1
                if tick == self._tick:
                    await self._ticked.wait()
                tick = self._tick
                news, known = self._news(known), self.revision
                await self._send(socket, news)
        except TimeoutError:
            # Nobody reads at the other end; closing politely would wait for them as well.
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            await socket.close(code=WSCloseCode.GOING_AWAY)
        except Exception:
            # Never leave a page with a connection that says nothing: it may come again.
            log.exception("a page could not be told more")
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _send(self, socket: web.WebSocketResponse, text: str) -> None:
        async with asyncio.timeout(_SEND_LIMIT):
            await socket.send_str(text)


def _encoded(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
