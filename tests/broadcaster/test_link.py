"""The link over real Unix sockets: commands, answers, snapshots, and peers that behave badly."""

import asyncio
import contextlib
import json
import os
import socket
import stat
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from broadcaster.link import (
    LONGEST_FRAME,
    CommandRefusedError,
    LinkError,
    LinkServer,
    NobodyListensError,
    connect,
    server,
)
from broadcaster.link.server import MOST_UNANSWERED

LIMIT = 20.0


class Counter:
    """A server whose snapshot is a number, with commands that test what a handler may do."""

    def __init__(self, path: Path) -> None:
        self.number = 0
        self.seen: list[str] = []
        self.gate = asyncio.Event()
        self.server = LinkServer(path, "control", self.handle, lambda: {"number": self.number})

    async def handle(self, command):
        self.seen.append(command["key"])
        match command["name"]:
            case "add":
                self.number += command["by"]
                self.server.publish()
                return {"number": self.number}
            case "wait":
                await self.gate.wait()
                return {}
            case "refuse":
                raise CommandRefusedError("there is no such zone", where="zones")
            case _:
                raise ZeroDivisionError("a fault of ours")

    def set_to(self, number: int) -> None:
        self.number = number
        self.server.publish()


@contextlib.asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Counter]:
    counter = Counter(path)
    task = asyncio.create_task(counter.server.run())
    listening = asyncio.create_task(counter.server.listening.wait())
    await asyncio.wait((task, listening), return_when=asyncio.FIRST_COMPLETED)
    listening.cancel()
    try:
        yield counter
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def counter(run_directory):
    async with serving(run_directory / "control.sock") as counter:
        yield counter


@pytest.fixture
def path(run_directory):
    return run_directory / "control.sock"


async def test_a_command_is_answered(counter, path):
    async with connect(path, "cli") as link:
        assert link.role == "control"
        answer = await link.command("add", key="k1", who="operator", by=3)
    assert answer == {"key": "k1", "ok": True, "number": 3}


async def test_answers_find_their_commands_in_any_order(counter, path):
    async with connect(path, "cli") as link:
        waiting = asyncio.create_task(link.command("wait", key="slow", who="a"))
        assert (await link.command("add", key="fast", who="a", by=1))["key"] == "fast"
        counter.gate.set()
        assert (await waiting)["key"] == "slow"


async def test_a_refusal_names_the_field(counter, path):
    async with connect(path, "cli") as link:
        with pytest.raises(CommandRefusedError, match="no such zone") as refused:
            await link.command("refuse", who="a")
    assert refused.value.where == "zones"


async def test_a_fault_in_the_handler_is_an_answer(counter, path, caplog):
    async with connect(path, "cli") as link:
        with pytest.raises(CommandRefusedError, match="control failed on this command"):
            await link.command("burst", who="a")
        assert (await link.command("add", who="a", by=1))["ok"]
    assert "a fault of ours" in caplog.text


async def test_subscribers_get_the_present_and_the_newest(counter, path):
    counter.set_to(7)
    async with connect(path, "console") as link, asyncio.timeout(LIMIT):
        seen = []
        async for snapshot in link.snapshots():
            seen.append(snapshot["number"])
            if seen == [7]:
                for number in range(100, 200):
                    counter.set_to(number)
            if seen[-1] == 199:
                break
    assert seen == [7, 199]


async def test_what_people_wait_for_does_not_wait_for_the_next_snapshot(counter, path, monkeypatch):
    monkeypatch.setattr(server, "SNAPSHOT_INTERVAL", 10 * LIMIT)
    async with connect(path, "console") as link, asyncio.timeout(LIMIT):
        snapshots = aiter(link.snapshots())
        await anext(snapshots)
        counter.set_to(1)  # in its time
        counter.number = 2
        counter.server.publish(is_urgent=True)
        assert (await anext(snapshots))["number"] == 2


async def test_a_peer_that_never_reads_costs_bounded_memory(counter, path):
    """It gets one snapshot into its socket and holds no more than a transport's buffer."""
    counter.server._snapshot = lambda: {"text": "x" * 900_000}
    _, writer = await asyncio.open_unix_connection(str(path))
    writer.write(frame({"hello": 1, "role": "sleeper"}) + frame({"subscribe": True}))
    async with connect(path, "console") as link, asyncio.timeout(LIMIT):
        async for _ in link.snapshots():
            counter.server.publish()
            if link._received >= 5:
                break
    sleeper = next(peer for peer in counter.server._peers if peer._role == "sleeper")
    assert sleeper._writer.transport.get_write_buffer_size() < 2 * LONGEST_FRAME
    writer.close()


async def test_unanswered_commands_hold_their_sender_back(counter, path):
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(frame({"hello": 1, "role": "eager"}))
    for number in range(MOST_UNANSWERED + 20):
        writer.write(frame({"command": {"key": f"{number}", "who": "e", "name": "wait"}}))
    async with connect(path, "cli") as link:
        while len(counter.seen) < MOST_UNANSWERED:
            await link.command("add", who="a", by=0, key="other")
            counter.seen.remove("other")
        await link.command("add", who="a", by=0, key="other")
    assert len(counter.seen) == MOST_UNANSWERED + 1
    counter.gate.set()
    async with asyncio.timeout(LIMIT):
        await read(reader)
        keys = {(await read(reader))["answer"]["key"] for _ in range(MOST_UNANSWERED + 20)}
    assert keys == {f"{number}" for number in range(MOST_UNANSWERED + 20)}
    writer.close()


async def test_what_was_commanded_is_done_though_the_caller_went(counter, path):
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(frame({"hello": 1, "role": "brief"}))
    await read(reader)
    writer.write(frame({"command": {"key": "k", "who": "e", "name": "add", "by": 5}}))
    writer.close()
    async with connect(path, "console") as link, asyncio.timeout(LIMIT):
        async for snapshot in link.snapshots():
            if snapshot["number"] == 5:
                break


@pytest.mark.parametrize(
    ("octets", "complaint"),
    [
        (struct.pack(">I", LONGEST_FRAME + 1), "the most is 1048576"),
        (struct.pack(">I", 3) + b"nix", "not JSON"),
        (struct.pack(">I", 2) + b"[]", "not a JSON object"),
        (struct.pack(">I", 2) + b"{}", "neither command nor subscribe"),
        (struct.pack(">I", 60_000) + b"[" * 60_000, "not JSON"),
        (struct.pack(">I", 1) + b"\xff", "not JSON"),
    ],
)
async def test_what_is_no_message_ends_the_connection_with_a_sentence(
    counter, path, octets, complaint
):
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(frame({"hello": 1, "role": "odd"}) + octets)
    async with asyncio.timeout(LIMIT):
        assert (await read(reader))["role"] == "control"
        assert complaint in (await read(reader))["error"]
        assert await reader.read() == b""
    writer.close()
    async with connect(path, "cli") as link:
        assert (await link.command("add", who="a", by=1))["ok"]


@pytest.mark.parametrize(
    ("hello", "complaint"),
    [
        ({"hello": 2, "role": "ear"}, "version 1 of the link, the other 2"),
        ({"command": {}}, "no hello"),
        ({"hello": 1}, "no hello"),
    ],
)
async def test_another_version_is_refused(counter, path, hello, complaint):
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(frame(hello))
    async with asyncio.timeout(LIMIT):
        assert complaint in (await read(reader))["error"]
    writer.close()


async def test_a_client_says_why_it_was_refused(path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.setblocking(False)

        async def refuse():
            peer, _ = await asyncio.get_running_loop().sock_accept(listener)
            with peer:
                await asyncio.get_running_loop().sock_recv(peer, 1024)
                peer.send(frame({"error": "full"}))

        task = asyncio.create_task(refuse())
        with pytest.raises(LinkError, match="full"):
            async with connect(path, "cli"):
                pass
        await task


async def test_a_command_without_a_name_is_refused(counter, path):
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(frame({"hello": 1, "role": "odd"}) + frame({"command": {"key": "k"}}))
    async with asyncio.timeout(LIMIT):
        await read(reader)
        answer = (await read(reader))["answer"]
    assert (answer["key"], answer["ok"]) == ("k", False)
    writer.close()


async def test_the_socket_is_ours_alone_and_goes_with_the_server(path):
    async with serving(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert list(path.parent.iterdir()) == [path]
    assert list(path.parent.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
async def test_another_user_is_refused_though_the_socket_was_opened_to_all(
    counter, path, worker_directory
):
    program = """if True:
        import json, os, socket, struct, sys
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(sys.argv[1])
            hello = b'{"hello": 1, "role": "stranger"}'
            link.sendall(struct.pack(">I", len(hello)) + hello)
            print(link.recv(4096)[4:].decode())
    """
    opened = (worker_directory, path.parent, path)
    for place in opened:
        place.chmod(0o777)
    try:
        stranger = await asyncio.create_subprocess_exec(
            *("python3", "-c", program, path), user=65534, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await asyncio.wait_for(stranger.communicate(), LIMIT)
    finally:
        for place in opened:
            place.chmod(0o700)
    assert json.loads(said) == {"error": "user 65534 may not use this socket"}


async def test_a_stale_socket_is_replaced_and_a_live_one_is_not(path):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serving(path) as counter:
        with pytest.raises(LinkError, match="already listens"):
            await LinkServer(path, "control", counter.handle, dict).run()
        async with connect(path, "cli") as link:
            assert (await link.command("add", who="a", by=1))["ok"]


async def test_nobody_there(path):
    with pytest.raises(NobodyListensError, match="nobody listens"):
        async with connect(path, "cli"):
            pass


async def test_the_end_of_the_server_ends_waiting_commands_and_iterators(path):
    async with serving(path), connect(path, "cli") as link:
        command = asyncio.create_task(link.command("wait", who="a", limit=LIMIT))
        snapshots = link.snapshots()
        await anext(snapshots)
        following = asyncio.ensure_future(anext(snapshots))
        await asyncio.sleep(0)
        serving_task = next(
            task for task in asyncio.all_tasks() if "LinkServer.run" in repr(task.get_coro())
        )
        serving_task.cancel()
        for waiting in (command, following):
            with pytest.raises(LinkError, match="closed the connection"):
                await asyncio.wait_for(waiting, LIMIT)
        with pytest.raises(LinkError):
            await link.command("add", who="a", by=1)


async def test_a_server_that_does_not_answer_is_given_up(counter, path):
    async with connect(path, "cli") as link:
        with pytest.raises(LinkError, match="did not answer wait"):
            await link.command("wait", who="a", limit=0.01)


async def test_the_same_key_is_not_sent_twice_at_once(counter, path):
    async with connect(path, "cli") as link:
        first = asyncio.create_task(link.command("wait", who="a", key="k"))
        await asyncio.sleep(0)
        with pytest.raises(LinkError, match="still waiting"):
            await link.command("wait", who="a", key="k")
        counter.gate.set()
        await first


def frame(message) -> bytes:
    octets = json.dumps(message).encode()
    return struct.pack(">I", len(octets)) + octets


async def read(reader: asyncio.StreamReader):
    (length,) = struct.unpack(">I", await reader.readexactly(4))
    return json.loads(await reader.readexactly(length))
