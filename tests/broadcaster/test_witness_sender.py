"""What was witnessed reaches control, whenever there is one."""

import asyncio
import contextlib

import pytest

from broadcaster.link import CommandRefusedError, LinkServer
from broadcaster.witness import Fact, Witness
from broadcaster.witness_sender import WitnessSender
from zones.bus import ZoneId
from zones.site import StreamId

LIMIT = 20.0


def witness(by, value=True):
    return Witness(by, ZoneId("upper"), StreamId("upper"), Fact.ARRIVED, value, 5, {"lost": 0})


class Control:
    def __init__(self, path) -> None:
        self.heard: asyncio.Queue = asyncio.Queue()
        self.refuses = False
        self.server = LinkServer(path, "control", self.handle, dict)

    async def handle(self, command):
        self.heard.put_nowait(command)
        if self.refuses:
            raise CommandRefusedError("there is no such stream")
        return {}

    async def next(self):
        async with asyncio.timeout(LIMIT):
            return await self.heard.get()


@contextlib.asynccontextmanager
async def running(awaitable):
    task = asyncio.create_task(awaitable)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def path(run_directory):
    return run_directory / "control.sock"


async def test_each_party_is_told_in_one_command(path):
    control = Control(path)
    sender = WitnessSender(
        path, "amplifiers", lambda: [witness("a"), witness("a"), witness("b")], 1
    )
    async with running(control.server.run()), running(sender.run()):
        first, second = await control.next(), await control.next()
    assert [(each["by"], len(each["witnesses"])) for each in (first, second)] == [
        ("a", 2),
        ("b", 1),
    ]
    assert first["name"] == "witness"
    assert first["witnesses"][0] == {
        "zone": "upper",
        "stream": "upper",
        "fact": "arrived",
        "value": True,
        "at": 5,
        "detail": {"lost": 0},
    }


async def test_a_change_does_not_wait_for_the_interval(path):
    control, values = Control(path), [True]
    sender = WitnessSender(path, "ear", lambda: [witness("ear", values[0])], 3600)
    async with running(control.server.run()), running(sender.run()):
        assert (await control.next())["witnesses"][0]["value"] is True
        values[0] = False
        sender.tell()
        assert (await control.next())["witnesses"][0]["value"] is False


async def test_control_may_go_and_come_back(path, caplog):
    caplog.set_level("INFO")
    sender = WitnessSender(path, "ear", lambda: [witness("ear")], 0.1)
    async with running(sender.run()):
        for _ in range(2):
            control = Control(path)
            async with running(control.server.run()):
                await control.next()
    assert caplog.messages.count("control is back") <= 2
    assert sum("does not hear us" in message for message in caplog.messages) <= 2


async def test_a_refusal_is_logged_once_and_the_next_is_sent_all_the_same(path, caplog):
    control = Control(path)
    control.refuses = True
    sender = WitnessSender(path, "ear", lambda: [witness("ear")], 0.1)
    async with running(control.server.run()), running(sender.run()):
        for _ in range(3):
            await control.next()
    assert sum("no such stream" in message for message in caplog.messages) == 1
