"""The process itself: killed in the middle, another site, the command."""

import asyncio
import contextlib
import json
import os
import signal
import sys

import pytest

from broadcaster.kept_site import keep_site
from broadcaster.run_directory import RunDirectory, StateDirectory
from broadcaster.site_in_force import SiteNote, note_site
from tests.broadcaster.notices.bench import FakeControl, alert
from tests.broadcaster.notices.receivers import LIMIT, SECRET, Hooks, Relays, until
from tests.broadcaster.station import write_site

NOTICES = """\
notices:
  boards:
    entrance: {{zones: all, webhook: {{url: "{url}/board", key: k, secret_file: secret}}}}
  contacts:
    room: {{role: city room, webhook: {{url: "{url}/room", key: k, secret_file: secret}}}}
  gates:
    weir: {{zones: upper, relay: {{address: 127.0.0.1, port: {port}, coil: 1}}}}
"""


@pytest.fixture
async def ground(tmp_path):
    """A site that tells a board, a room and a gate; run and state directory."""
    async with Hooks().running() as hooks, Relays().running() as relays:
        run, state = tmp_path / "run", tmp_path / "state"
        run.mkdir()
        state.mkdir()
        config = write_site(tmp_path, "239.1.1.1", "239.1.1.2", 5004)
        more = NOTICES.format(url=hooks.url, port=relays.port)
        config.write_text(config.read_text("utf-8") + more, "utf-8")
        (tmp_path / "secret").write_bytes(SECRET)
        yield Ground(run, state, config, hooks, relays)


class Ground:
    def __init__(self, run, state, config, hooks, relays) -> None:
        self.run, self.state, self.config = run, state, config
        self.hooks, self.relays = hooks, relays

    @property
    def options(self):
        return ("--run", self.run, "--state", self.state, "--config", self.config)

    @contextlib.asynccontextmanager
    async def process(self):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "broadcaster.notices.main"),
            *map(str, self.options),
            *("--parent", str(os.getpid())),
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(LIMIT):
                _, said = await process.communicate()
            assert b"Traceback" not in said, said.decode()
            assert SECRET not in said


async def test_killed_in_the_middle_it_tells_what_is_left_and_repeats_no_name(ground):
    control = FakeControl(RunDirectory(ground.run).control_socket)
    async with control.running():
        control.alerts = [alert()]
        async with ground.process() as process:
            await control.wait("room", "sent")
            await control.wait("weir", "confirmed")
            ground.hooks.answers["/board"] = 500
            process.kill()
            await process.wait()
        assert ground.relays.coils == {1: True}
        control.show(alert(state="closed"))
        async with ground.process() as process:
            await ground.hooks.wait("/room", 2)
            await until(lambda: ground.relays.coils == {1: False}, ground.relays.told)
            ground.hooks.answers["/board"] = {}
            await control.wait("entrance", "sent", "")
    tellings = [one["telling"] for told in ground.hooks.at("/room") for one in told["alerts"]]
    assert len(tellings) == len(set(tellings)) or tellings.count(tellings[0]) == 2
    assert ground.hooks.at("/room")[-1]["alerts"][0]["change"] == "ended closed"
    assert ground.hooks.at("/board")[-1]["pages"] == []


async def test_another_site_is_taken_over_without_a_restart(ground):
    control = FakeControl(RunDirectory(ground.run).control_socket)
    async with control.running():
        control.alerts = [alert()]
        async with ground.process():
            await control.wait("weir", "confirmed")
            text = ground.config.read_text("utf-8").replace("/room", "/other-room")
            ground.config.write_text(text.replace("entrance:", "exit:"), "utf-8")
            note_site(RunDirectory(ground.run), SiteNote(ground.config, 1), os.getpid())
            await control.wait("exit", "sent")
            # The room was told by its old address and is not told the same again.
            assert control.state("room") == "sent"
            assert ground.hooks.at("/other-room") == []


async def test_a_slip_in_the_site_file_keeps_nobody_untold(ground):
    keep_site(ground.config, StateDirectory(ground.state))
    ground.config.write_text("zones: [", "utf-8")
    control = FakeControl(RunDirectory(ground.run).control_socket)
    async with control.running():
        control.alerts = [alert()]
        async with ground.process():
            await control.wait("room", "sent")


async def test_a_site_that_names_nobody_costs_no_connection(ground):
    text = ground.config.read_text("utf-8")
    ground.config.write_text(text[: text.index("notices:")], "utf-8")
    control = FakeControl(RunDirectory(ground.run).control_socket)
    async with control.running(), ground.process() as process:
        note = SiteNote(ground.config, 1)
        ground.config.write_text(text, "utf-8")
        note_site(RunDirectory(ground.run), note, os.getpid())
        control.show(alert())
        await control.wait("weir", "confirmed")
        assert process.returncode is None


async def command(ground, *words):
    """All that the command prints, and its exit status; a process of its own, as for a person."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "broadcaster", "notices", *words, *map(str, ground.options)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(LIMIT):
        said, _ = await process.communicate()
    return said.decode(), process.returncode


async def test_the_command_lists_everybody_and_tries_each_way(ground):
    said, status = await command(ground)
    assert status == 0
    assert "board    entrance" in said
    assert "city room: every hazard" in said
    assert "no station runs" in said
    assert (await command(ground, "test", "entrance"))[1] == 0
    assert ground.hooks.at("/board")[0]["test"] is True
    said, status = await command(ground, "test", "weir")
    assert (status, ground.relays.writes) == (0, 0)
    assert '{"coil": false}' in said
    ground.hooks.answers["/room"] = 403
    said, status = await command(ground, "test", "room", "--json")
    assert status == 1
    assert json.loads(said)["detail"] == "127.0.0.1 answered with HTTP status 403"
    said, status = await command(ground, "test", "nobody")
    assert status == 2
    assert "it tells entrance, weir, room" in said
