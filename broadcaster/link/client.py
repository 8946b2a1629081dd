"""The side of a link that asks."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NoReturn

from broadcaster.link.frame import (
    CommandRefusedError,
    LinkError,
    Message,
    NobodyListensError,
    encode_frame,
    hello,
    read_frame,
    role_in,
)


class Link:
    """A connection to a `LinkServer`, made by `connect`."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, role: str
    ) -> None:
        """The hellos have been said; `role` is the other side's."""
        self.role = role
        self._reader = reader
        self._writer = writer
        self._waiting: dict[str, asyncio.Future[Message]] = {}
        self._snapshot: Message = {}
        self._received = 0
        self._changed = asyncio.Event()
        self._end: LinkError | None = None

    async def command(
        self, name: str, *, who: str, key: str | None = None, limit: float = 10.0, **fields: object
    ) -> Message:
        """Send a command and wait at most `limit` seconds for its answer.

        The same `key` asks for the same act again and is answered alike; without one the act is
        a new one.

        Raises:
            CommandRefusedError: the other side refuses it.
            LinkError: the connection ended, or no answer came in time.
        """
        key = key or secrets.token_hex(8)
        if self._end is not None:
            raise self._end
        if key in self._waiting:
            raise LinkError(f"the command with key {key} is still waiting for its answer")
        answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(limit):
                command = {"key": key, "who": who, "name": name, **fields}
                self._writer.write(encode_frame({"command": command}))
                await self._writer.drain()
                answered: Message = await answer
        except TimeoutError:
            raise LinkError(f"{self.role} did not answer {name} within {limit:g} s") from None
        except ConnectionError:
            raise LinkError(f"{self.role} closed the connection") from None
        finally:
            del self._waiting[key]
        if not answered.get("ok"):
            raise CommandRefusedError(
                str(answered.get("error", f"{self.role} refused {name}")), answered.get("where")
            )
        return answered

    async def snapshots(self) -> AsyncIterator[Message]:
        """The newest snapshot now and after each change; those one is too slow for are left out.

        Raises:
            LinkError: the connection ended.
        """
        self._writer.write(encode_frame({"subscribe": True}))
        known = 0
        while True:
            while self._received == known:
                if self._end is not None:
                    raise self._end
                await self._changed.wait()
            known = self._received
            yield self._snapshot

    async def closed(self) -> NoReturn:
        """Wait until the connection ends.

        Raises:
            LinkError: it ended; the text says why.
        """
        while self._end is None:
            await self._changed.wait()
        raise self._end

    async def _read(self) -> None:
        """Hand out what comes until the connection ends."""
        try:
            while (message := await read_frame(self._reader)) is not None:
                if "snapshot" in message:
                    self._snapshot = message["snapshot"]
                    self._received += 1
                    self._wake()
                elif "answer" in message:
                    waiting = self._waiting.get(message["answer"].get("key"))
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message["answer"])
                elif "error" in message:
                    raise LinkError(str(message["error"]))
            self._finish(LinkError(f"{self.role} closed the connection"))
        except LinkError as error:
            self._finish(error)

    def _wake(self) -> None:
        """Wake every iterator; those that come later wait for the next change."""
        self._changed.set()
        self._changed = asyncio.Event()

    def _finish(self, end: LinkError) -> None:
        self._end = end
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(end)
        self._wake()


def connect(path: Path, role: str, timeout: float = 5.0) -> AbstractAsyncContextManager[Link]:
    """Connect as `role` to the server at `path`, taking at most `timeout` seconds.

    Entering raises:
        NobodyListensError: there is no server.
        LinkError: it speaks another version, refuses us, or does not answer.
    """
    return _connected(path, role, timeout)


@contextlib.asynccontextmanager
async def _connected(path: Path, role: str, limit: float) -> AsyncIterator[Link]:
    try:
        async with asyncio.timeout(limit):
            reader, writer = await asyncio.open_unix_connection(str(path), limit=1 << 16)
    except (FileNotFoundError, ConnectionRefusedError):
        raise NobodyListensError(f"nobody listens at {path}") from None
    except TimeoutError:
        raise LinkError(f"{path} did not accept a connection within {limit:g} s") from None
    except OSError as error:
        raise LinkError(f"cannot connect to {path}: {error}") from None
    reading: asyncio.Task[None] | None = None
    try:
        try:
            async with asyncio.timeout(limit):
                writer.write(hello(role))
                link = Link(reader, writer, role_in(await read_frame(reader)))
        except TimeoutError:
            raise LinkError(f"{path} said no hello within {limit:g} s") from None
        reading = asyncio.create_task(link._read(), name=f"link from {link.role}")
        yield link
    finally:
        writer.close()  # first, for a cancellation may come at any wait
        if reading is not None:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
