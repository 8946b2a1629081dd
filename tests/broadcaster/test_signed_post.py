"""A signed POST: what comes back, and what is said when nothing does."""

import asyncio
import contextlib
import socket
from typing import Any

import aiohttp
import pytest
from yarl import URL

from broadcaster.signed_post import NotAnsweredError, Post

SECRET = b"correct horse"


@contextlib.asynccontextmanager
async def answering(answer):
    """A server that reads the head of a request and writes `answer`; None never answers."""
    heard: list[bytes] = []
    serving: list[Any] = []

    async def serve(reader, writer):
        serving.append(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError):
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            if answer is None:
                await reader.read()
            else:
                writer.write(answer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        async with aiohttp.ClientSession() as session:
            yield port, session, heard
        await asyncio.gather(*serving)


def post(port, limit=30.0, longest=1000):
    return Post(URL(f"http://127.0.0.1:{port}/x?y=1"), "k", SECRET, limit, longest)


def reply(body, status=b"200 OK"):
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)


async def test_the_answer_is_its_status_and_no_more_than_what_may_be_read():
    async with answering(reply(b"x" * 50, b"403 no")) as (port, session, heard):
        assert await post(port, longest=20).send(session, b"{}", {"Idempotency-Key": "n"}) == (
            403,
            b"x" * 20,
        )
    assert heard[0].startswith(b"POST /x?y=1 HTTP/1.1")
    assert b"Idempotency-Key: n" in heard[0]
    assert SECRET not in heard[0]


async def test_a_redirection_is_not_followed():
    elsewhere = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
    async with answering(elsewhere) as (port, session, _):
        assert await post(port).send(session, b"{}") == (302, b"")


async def test_who_takes_too_long_is_named_with_the_limit():
    async with answering(None) as (port, session, _):
        with pytest.raises(NotAnsweredError, match=r"^127.0.0.1 did not answer within 0.05 s$"):
            await post(port, limit=0.05).send(session, b"{}")


async def test_where_nobody_listens_that_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        async with aiohttp.ClientSession() as session:
            with pytest.raises(
                NotAnsweredError, match=r"127.0.0.1 cannot be reached: Connect call failed"
            ):
                await post(port).send(session, b"{}")


async def test_a_connection_that_breaks_off_is_no_answer():
    async with answering(b"") as (port, session, _):
        with pytest.raises(NotAnsweredError, match=r"127.0.0.1 cannot be reached: Server disc"):
            await post(port).send(session, b"{}")
