"""Whether a device is there though its agent is silent."""

import asyncio
import socket

import pytest

from broadcaster.watch.reachability import is_reachable, speaks_sip


@pytest.fixture
def phone():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


async def test_a_device_that_speaks_only_sip_is_there(phone):
    loop = asyncio.get_running_loop()
    asking = asyncio.create_task(speaks_sip("127.0.0.1", phone.getsockname()[1], limit=30))
    question, caller = await loop.sock_recvfrom(phone, 4096)
    head, _, rest = question.partition(b"\r\n")
    assert head == b"OPTIONS sip:127.0.0.1 SIP/2.0"
    assert rest.endswith(b"Content-Length: 0\r\n\r\n")
    await loop.sock_sendto(phone, b"SIP/2.0 200 OK\r\n\r\n", caller)
    assert await asking


async def test_nobody_is_there_when_nothing_comes_back(phone):
    assert not await speaks_sip("127.0.0.1", phone.getsockname()[1], limit=0.05)


async def test_what_our_own_kernel_refuses_proves_nothing(phone):
    port = phone.getsockname()[1]
    phone.close()
    assert not await speaks_sip("127.0.0.1", port, limit=0.5)
    assert not await is_reachable("127.0.0.1", (port,), limit=0.5)


async def test_a_port_that_is_taken_proves_the_device():
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        assert await is_reachable("127.0.0.1", (server.sockets[0].getsockname()[1],), limit=30)
