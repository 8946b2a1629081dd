"""The side of a link that answers commands and hands out snapshots."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from broadcaster.link.frame import (
    CommandRefusedError,
    LinkError,
    Message,
    encode_frame,
    hello,
    read_frame,
    role_in,
)

SNAPSHOT_INTERVAL: Final = 0.1
"""Seconds between two snapshots to one subscriber, at least."""
URGENT_INTERVAL: Final = 0.02
"""And when what changed is what people wait for: a new plan, or that it is on air."""
HELLO_LIMIT: Final = 5.0
"""Seconds a peer may take to say hello."""
MOST_PEERS: Final = 64
MOST_UNANSWERED: Final = 32
"""Commands of one peer in work at once; more are left unread in its socket."""

Handle = Callable[[Message], Awaitable[Message]]
"""Takes a command (with key, who and name), returns the fields of its answer."""

log = logging.getLogger(__name__)


class LinkServer:
    """Answers commands and hands out snapshots at a socket of mode 0600."""

    def __init__(
        self, path: Path, role: str, handle: Handle, snapshot: Callable[[], Message]
    ) -> None:
        """`snapshot` is asked in the event loop, at most 50 times a second, and must be quick."""
        self._path = path
        self._role = role
        self._handle = handle
        self._snapshot = snapshot
        self._peers: set[_Peer] = set()
        self._revision = 1
        self._encoded: tuple[int, bytes] = (0, b"")
        self.listening = asyncio.Event()
        """Set while peers can connect."""

    @property
    def subscribers(self) -> int:
        """How many peers want snapshots."""
        return sum(peer.is_subscribed for peer in self._peers)

    def publish(self, *, is_urgent: bool = False) -> None:
        """Say that the snapshot has changed; an urgent change waits for nothing but its writing."""
        self._revision += 1
        for peer in self._peers:
            peer.look(is_urgent=is_urgent)

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            LinkError: somebody else listens at the socket, or its path is too long.
            OSError: the socket cannot be made.
        """
        loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[None]] = set()
        with contextlib.closing(_listen(self._path)) as listener:
            inode = self._path.stat().st_ino
            self.listening.set()
            try:
                while True:
                    connection, _ = await loop.sock_accept(listener)
                    task = asyncio.create_task(self._serve(connection), name=f"link {self._role}")
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
            finally:
                self.listening.clear()
                with contextlib.suppress(FileNotFoundError):
                    if self._path.stat().st_ino == inode:
                        self._path.unlink()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, connection: socket.socket) -> None:
        """One peer, from its hello to its end."""
        reader, writer = await asyncio.open_unix_connection(sock=connection, limit=1 << 16)
        try:
            async with asyncio.timeout(HELLO_LIMIT):
                role = role_in(await read_frame(reader))
            _check_user(connection)
            if len(self._peers) >= MOST_PEERS:
                raise LinkError(f"{self._role} already has {MOST_PEERS} connections")
            writer.write(hello(self._role))
            peer = _Peer(role, reader, writer, self._answer, self._news)
            self._peers.add(peer)
            try:
                await peer.run()
            finally:
                self._peers.discard(peer)
        except TimeoutError:
            log.warning("%s: a peer said no hello", self._role)
        except LinkError as error:
            log.warning("%s: a connection was closed: %s", self._role, error)
            writer.write(encode_frame({"error": str(error)}))
        except ConnectionError:
            pass
        finally:
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    writer.close()
                    await writer.wait_closed()
            writer.transport.abort()

    async def _answer(self, command: Message) -> bytes:
        """The frame that answers a command, whatever happens to it."""
        key = command.get("key")
        try:
            if not all(isinstance(command.get(field), str) for field in ("key", "who", "name")):
                raise CommandRefusedError("a command needs key, who and name, each a string")
            return encode_frame({"answer": {"key": key, "ok": True, **await self._handle(command)}})
        except CommandRefusedError as refusal:
            refused: Message = {"key": key, "ok": False, "error": str(refusal)}
            if refusal.where is not None:
                refused["where"] = refusal.where
            return encode_frame({"answer": refused})
        except Exception as error:
            log.exception("%s: the command %s failed", self._role, command.get("name"))
            sentence = f"{self._role} failed on this command: {error!r}; its log says more"
            return encode_frame({"answer": {"key": key, "ok": False, "error": sentence}})

    def _news(self, known: int) -> tuple[int, bytes]:
        """The newest revision, and its frame when it is not the `known` one."""
        if known == self._revision:
            return known, b""
        if self._encoded[0] != self._revision:
            self._encoded = (self._revision, encode_frame({"snapshot": self._snapshot()}))
        return self._encoded


class _Peer:
    """One connection on the answering side: a reading task, a writing task, commands between."""

    def __init__(
        self,
        role: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answer: Callable[[Message], Awaitable[bytes]],
        news: Callable[[int], tuple[int, bytes]],
    ) -> None:
        self._role = role
        self._reader = reader
        self._writer = writer
        self._answer = answer
        self._news = news
        self._known = 0
        self._sent_at = 0.0
        self._is_urgent = False
        self._answers: deque[bytes] = deque()
        self._room = asyncio.Semaphore(MOST_UNANSWERED)
        self._changed = asyncio.Event()
        self.is_subscribed = False

    def look(self, *, is_urgent: bool = False) -> None:
        """Have the writing task look for something to send."""
        self._is_urgent |= is_urgent
        self._changed.set()

    async def run(self) -> None:
        """Read and write until the other side ends; the commands it sent are still carried out.

        Raises:
            LinkError: the other side sent what is no message.
        """
        commands: set[asyncio.Task[None]] = set()
        reading = asyncio.create_task(self._read(commands), name=f"link from {self._role}")
        writing = asyncio.create_task(self._write(), name=f"link to {self._role}")
        try:
            await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
            reading.cancel()
            await asyncio.gather(*commands)
        finally:
            for task in (reading, writing, *commands):
                task.cancel()
            await asyncio.gather(reading, writing, *commands, return_exceptions=True)
        for answer in self._answers:
            self._writer.write(answer)
        for task in (reading, writing):
            if not task.cancelled():
                task.result()

    async def _read(self, commands: set[asyncio.Task[None]]) -> None:
        while (message := await read_frame(self._reader)) is not None:
            if message.get("subscribe"):
                self.is_subscribed = True
                self.look()
            elif isinstance(command := message.get("command"), dict):
                await self._room.acquire()
                task = asyncio.create_task(self._carry_out(command), name="command")
                commands.add(task)
                task.add_done_callback(commands.discard)
            else:
                raise LinkError("a message that is neither command nor subscribe")

    async def _carry_out(self, command: Message) -> None:
        self._answers.append(await self._answer(command))
        self.look()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._changed.clear()
            while self._answers:
                self._writer.write(self._answers.popleft())
                await self._writer.drain()
                self._room.release()
            wait = None
            interval = URGENT_INTERVAL if self._is_urgent else SNAPSHOT_INTERVAL
            if self.is_subscribed and (wait := self._sent_at + interval - loop.time()) <= 0:
                self._is_urgent = False
                self._known, frame = self._news(self._known)
                if frame:
                    self._writer.write(frame)
                    await self._writer.drain()
                    self._sent_at = loop.time()
                wait = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()


def _listen(path: Path) -> socket.socket:
    """A socket that listens at `path`; one that nobody listens at any more is replaced."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        try:
            trial.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError):
            pass
        except OSError as error:
            raise LinkError(f"cannot listen at {path}: {error}") from None
        else:
            raise LinkError(f"another process already listens at {path}")
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        draft.unlink(missing_ok=True)
        listener.bind(str(draft))
        draft.chmod(0o600)
        listener.listen(MOST_PEERS)
        listener.setblocking(False)
        draft.rename(path)
    except OSError:
        listener.close()
        draft.unlink(missing_ok=True)
        raise
    return listener


def _check_user(connection: socket.socket) -> None:
    """Refuse peers of other users: a socket may have been handed on, its mode says nothing then."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    _, user, _ = struct.unpack("=iII", credentials)
    if user not in (0, os.geteuid()):
        raise LinkError(f"user {user} may not use this socket")
