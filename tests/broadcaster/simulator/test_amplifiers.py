"""The virtual amplifiers' process beside a real engine: they join, play, report, record."""

import asyncio
import contextlib
import os
import subprocess
import sys
import wave
from typing import Any

import numpy as np
import pytest

from broadcaster.engine.plan import Leg
from broadcaster.link import CommandRefusedError, LinkServer, connect
from broadcaster.run_directory import RunDirectory
from tests.broadcaster.engine.studio import PATIENCE, SOCKET, Studio, claim, make_stream, music
from tests.broadcaster.engine.studio import until as wait_for
from tests.broadcaster.station import write_site
from zones.bus import ZoneId
from zones.media_time import RATE
from zones.site import StreamId


@pytest.fixture
def air(run_directory, state_directory, tmp_path, multicast_group, free_port):
    """A site of two zones, each with one amplifier, on the air."""
    upper, lower, port = multicast_group(), multicast_group(), free_port()
    studio: Any = Studio(run_directory, state_directory)
    try:
        studio.config = write_site(tmp_path, upper, lower, port)
        studio.streams = tuple(
            make_stream(
                *(number, group, port),
                id=StreamId(zone),
                zone=ZoneId(zone),
                legs=(Leg(SOCKET, group, port),),
            )
            for number, (zone, group) in enumerate((("upper", upper), ("lower", lower)))
        )
        studio.samples, source = music(studio)
        claims = [claim("p", source, zone=s.zone, start=studio.now()) for s in studio.streams]
        studio.plan(studio.streams, {"music": source}, claims)
        studio.start()
        yield studio
    finally:
        studio.close()


async def refuses_wrong_commands(link, tmp_path):
    """What is wrong with a command is told in a sentence."""
    for name, fields, sentence in (
        ("paint", {}, "there is no command 'paint' here"),
        ("unplug", {"amplifier": "amp-9"}, "no amplifier 'amp-9' here"),
        ("record", {"amplifier": "amp-1", "path": "x", "seconds": 1}, "must be absolute"),
        ("record", {"amplifier": "amp-1", "path": "/x", "seconds": -1}, "is no length"),
        (
            "record",
            {"amplifier": "amp-1", "path": str(tmp_path / "no/x"), "seconds": 1},
            "No such file",
        ),
    ):
        with pytest.raises(CommandRefusedError, match=sentence):
            await link.command(name, who="test", **fields)


@contextlib.contextmanager
def process(studio, *more):
    arguments = [sys.executable, "-m", "broadcaster.simulator.amplifiers"]
    arguments += ["--run", str(studio.run), "--config", str(studio.config)]
    arguments += ["--parent", str(os.getpid()), *more]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as made:
        try:
            yield made
        finally:
            made.terminate()


@contextlib.asynccontextmanager
async def linked(studio):
    """A connection to the amplifiers, as soon as they listen."""
    path = RunDirectory(studio.run).amplifiers_socket
    await asyncio.to_thread(wait_for, path.exists, "the amplifiers listen")
    async with asyncio.timeout(PATIENCE), connect(path, "test") as link:
        yield link


async def until(link, condition):
    """Follow the reports until `condition(by id)` is true; the report."""
    async with contextlib.aclosing(link.snapshots()) as snapshots:
        async for snapshot in snapshots:
            found = {each["id"]: each for each in snapshot["amplifiers"]}
            if condition(found):
                return found
    raise AssertionError("the amplifiers have ended")


async def both_heard(link):
    return await until(link, lambda found: all(each["heard"] for each in found.values()))


async def test_they_hear_what_is_sent_and_lose_nothing(air):
    with process(air):
        async with linked(air) as link:
            await both_heard(link)
            found = await until(link, lambda found: found["amp-1"]["packets"] > 100)
            (report,) = (await link.command("report", who="test"))["amplifiers"][:1]
            assert (report["id"], report["heard"]) == ("amp-1", True)
            # What the engine itself had to skip, on a machine this busy, is its own loss.
            skipped = int(air.block.fields["skipped_packets"])
            assert all(e["lost"] - e["not_drained"] <= skipped for e in found.values())
            assert found["amp-1"]["ssrc_changes"] == 0
            assert found["amp-1"]["streams"][0]["ssrc"] == 1000
            assert found["amp-1"]["level_dbfs"] == pytest.approx(-16, abs=1)
            assert found["amp-1"]["lateness_ms"]["p50"] > 0


async def test_unplugged_it_hears_nothing_and_plugged_again_it_does(air):
    with process(air):
        async with linked(air) as link:
            await both_heard(link)
            await link.command("unplug", who="test", amplifier="amp-2")
            found = await until(link, lambda found: not found["amp-2"]["heard"])
            assert found["amp-1"]["heard"]
            assert not found["amp-2"]["plugged"]
            await link.command("plug", who="test", amplifier="amp-2")
            await both_heard(link)


async def gaps_in_a_recording(link, path):
    """Record half a second; how often the buffer ran dry meanwhile."""

    async def gaps():
        return (await link.command("report", who="test"))["amplifiers"][0]["gaps"]

    before = await gaps()
    await link.command(
        "record", who="test", limit=PATIENCE, amplifier="amp-1", path=str(path), seconds=0.5
    )
    return await gaps() - before


async def test_a_recording_is_what_was_played_and_wrong_commands_are_refused(air, tmp_path):
    with process(air):
        async with linked(air) as link:
            await both_heard(link)
            await refuses_wrong_commands(link, tmp_path)
            path = tmp_path / "amp-1.wav"
            while await gaps_in_a_recording(link, path):
                pass  # on a machine this busy the engine itself may skip; then record again
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        recorded = np.frombuffer(file.readframes(RATE), "<i2")
    assert len(recorded) == RATE // 2
    doubled = np.concatenate([air.samples, air.samples]).astype("<i2").tobytes()
    assert doubled.find(recorded.tobytes()) >= 0


class Control:
    """Takes down what it is told."""

    def __init__(self) -> None:
        self.told: dict[str, list[dict]] = {}
        self._changed = asyncio.Event()

    async def handle(self, command):
        self.told.setdefault(command["by"], []).extend(command["witnesses"])
        self._changed.set()
        return {}

    async def until(self, condition):
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def values(self):
        return [witnesses[-1]["value"] for witnesses in self.told.values()]


@contextlib.asynccontextmanager
async def controlled(studio):
    """A control that listens in the studio's run directory."""
    control = Control()
    server = LinkServer(RunDirectory(studio.run).control_socket, "control", control.handle, dict)
    serving = asyncio.create_task(server.run())
    try:
        yield control
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def test_control_is_told_what_arrived_and_what_no_longer_does(air):
    async with controlled(air) as control:
        with process(air):
            await control.until(lambda: control.values() == [True, True])
            newest = control.told["amp-1"][-1]
            assert (newest["zone"], newest["stream"]) == ("upper", "upper")
            assert newest["fact"] == "arrived"
            air.kill()
            await control.until(lambda: control.values() == [False, False])
            assert control.told["amp-1"][-1]["detail"]["fault"]


async def test_one_that_is_unplugged_tells_nobody_anything(air):
    async with controlled(air) as control:
        with process(air):
            await control.until(lambda: control.values() == [True, True])
            async with linked(air) as link:
                await link.command("unplug", who="test", amplifier="amp-2")
            control.told.clear()
            await control.until(lambda: len(control.told.get("amp-1", ())) > 1)
            assert "amp-2" not in control.told


def test_a_site_file_that_is_wrong_is_told_with_its_place(air):
    air.config.write_text(air.config.read_text() + "colour: green\n")
    with process(air) as made:
        assert made.wait(PATIENCE) == 2
        assert "colour" in made.stderr.read()


def test_an_interface_that_is_not_there_is_told(air):
    with process(air, "--interface", "192.0.2.1") as made:
        assert made.wait(PATIENCE) == 2
        assert "cannot join" in made.stderr.read()
