"""The ear's process: it tells control what was sent, with control there or not."""

import asyncio
import contextlib
import os
import subprocess
import sys
from typing import Any

import pytest

from broadcaster.engine.plan import Leg
from broadcaster.link import LinkServer
from broadcaster.run_directory import RunDirectory
from tests.broadcaster.engine.studio import PATIENCE, SOCKET, claim, make_stream, music
from tests.broadcaster.station import write_site
from zones.bus import ZoneId
from zones.site import StreamId


@pytest.fixture
def air(studio: Any, tmp_path, multicast_group, free_port):
    """A site of two zones on the air."""
    groups, port = {"upper": multicast_group(), "lower": multicast_group()}, free_port()
    studio.config = write_site(tmp_path, groups["upper"], groups["lower"], port)
    studio.streams = tuple(
        make_stream(
            *(number, group, port),
            id=StreamId(zone),
            zone=ZoneId(zone),
            legs=(Leg(SOCKET, group, port),),
        )
        for number, (zone, group) in enumerate(groups.items())
    )
    studio.samples, source = music(studio)
    claims = [claim("p", source, zone=s.zone, start=studio.now()) for s in studio.streams]
    studio.plan(studio.streams, {"music": source}, claims)
    return studio


@contextlib.contextmanager
def process(studio, *more):
    arguments = [sys.executable, "-m", "broadcaster.ear.main", "--run", str(studio.run)]
    arguments += ["--state", str(studio.state), "--config", str(studio.config)]
    arguments += ["--parent", str(os.getpid()), *more]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as made:
        try:
            yield made
        finally:
            made.terminate()


class Control:
    """Takes down what the ear tells."""

    def __init__(self, studio) -> None:
        self.told: list[dict] = []
        self._changed = asyncio.Event()
        path = RunDirectory(studio.run).control_socket
        self._server = LinkServer(path, "control", self._handle, dict)

    async def _handle(self, command):
        assert (command["name"], command["by"]) == ("witness", "ear")
        self.told = command["witnesses"]
        self._changed.set()
        return {}

    @contextlib.asynccontextmanager
    async def listening(self):
        self.told = []
        serving = asyncio.create_task(self._server.run())
        try:
            yield
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

    async def until(self, value):
        """Wait until both streams have this value."""
        async with asyncio.timeout(PATIENCE):
            while [each["value"] for each in self.told] != [value, value]:
                self._changed.clear()
                await self._changed.wait()


async def test_control_is_told_what_was_sent_and_when_it_ends(air):
    control = Control(air)
    with process(air):
        async with control.listening():
            await control.until(False)
            air.start()
            await control.until(True)
            assert [each["stream"] for each in control.told] == ["upper", "lower"]
            assert {each["fact"] for each in control.told} == {"sent"}
            assert control.told[0]["detail"]["wrong"] == 0
            air.kill()
            await control.until(False)


async def test_it_goes_on_without_control_and_finds_it_again(air):
    control = Control(air)
    air.start()
    with process(air):
        for _ in range(2):
            async with control.listening():
                await control.until(True)


def test_a_run_directory_without_a_clock_is_told(air):
    (air.run / "engine").unlink()
    with process(air) as made:
        assert made.wait(PATIENCE) == 2
        assert "start the supervisor" in made.stderr.read()


def test_an_interface_that_is_not_there_is_told(air):
    with process(air, "--interface", "192.0.2.1") as made:
        assert made.wait(PATIENCE) == 2
        assert "cannot listen" in made.stderr.read()
