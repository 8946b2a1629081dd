"""The control process: what it does when the disk is full, and who may not be a second one."""

import asyncio
import contextlib
import errno
from pathlib import Path
from time import monotonic_ns

import pytest

from broadcaster.control.acts import Noticed, Planned, Recorded
from broadcaster.control.alert_recovery import AlertNotes
from broadcaster.control.app import Control, wall_anchor
from broadcaster.control.core import Core
from broadcaster.control.main import main
from broadcaster.control.plan_reader import adopted_plan
from broadcaster.control.play_order import RefusedError
from broadcaster.control.querier_watch import QuerierWatch
from broadcaster.control.site_keeper import SiteKeeper, folders_of
from broadcaster.control.store_care import check_stored
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.link import connect
from broadcaster.run_directory import RunDirectory, StateDirectory
from tests.broadcaster.cable import cable
from tests.broadcaster.control.bench import detections, ground, play, site, warnings
from tests.house.checkout import ROOT
from zones.media_time import BootId, MediaClock

CLOCK = MediaClock(BootId("test"), 0)


class FullDisk(PlanFile):
    """A plan file on a disk that is full for as long as `is_full`."""

    is_full = True

    def write(self, plan: Plan) -> None:
        if self.is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(plan)


@pytest.fixture
def place(run_directory, state_directory):
    """A run directory as the supervisor leaves it, and a state directory."""
    block = SharedBlock(run_directory / "engine")
    block.begin_boot(CLOCK)
    yield RunDirectory(run_directory), StateDirectory(state_directory), block
    block.close()


@contextlib.asynccontextmanager
async def controlling(place, kind=PlanFile):
    run, state, block = place
    with contextlib.ExitStack() as files:
        parts = {part: files.enter_context(kind(plan_path(run.path, part))) for part in Part}
        core = Core(ground(), wall_anchor(CLOCK), warnings(), detections())
        sites = SiteKeeper(run, state, ROOT / "config.yaml", music=state.path / "music")
        control = Control(core, block, parts, run, state, sites, AlertNotes(run))
        task = asyncio.create_task(control.run())
        try:
            async with asyncio.timeout(60):
                await control._server.listening.wait()
            async with connect(run.control_socket, "test") as link:
                yield link, parts[Part.CONTROL]
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def is_full(fault):
    return "No space left on device; what plays goes on" in fault


async def snapshot_when(link, is_true):
    async with asyncio.timeout(60):
        async for snapshot in link.snapshots():
            if is_true(snapshot):
                return snapshot
    raise AssertionError


@pytest.mark.slow
async def test_a_full_disk_is_a_fault_that_ends_with_it(place):
    async with controlling(place, FullDisk) as (link, file):
        await snapshot_when(link, lambda snapshot: any(map(is_full, snapshot["faults"])))
        assert file.revision == 0
        file.is_full = False
        written = await snapshot_when(
            link, lambda snapshot: not any(map(is_full, snapshot["faults"]))
        )
        assert file.revision >= 1
        assert written["revision"] >= file.revision


@pytest.mark.slow
async def test_an_act_without_an_engine_is_answered_not_adopted(place):
    _, state, _ = place
    pcm = "a" * 64
    path = state.pcm / "aa" / f"{pcm}.pcm"
    path.parent.mkdir(parents=True)
    path.write_bytes(bytes(9600))
    async with controlling(place) as (link, _):
        order = {"pcm": pcm, "length": 4800, "zones": ["hill"], "priority": 100, "key": "k"}
        first, second = await asyncio.gather(
            link.command("play", who="test", **order),
            again(place, order),
        )
        assert first["adopted"] is False
        assert "has not adopted plan" in first["reason"]
        assert second["claim"] == first["claim"]


async def again(place, order):
    """The same order over another connection: an answer to one is an answer to both."""
    run, _, _ = place
    async with connect(run.control_socket, "test") as link:
        return await link.command("play", who="test", **order)


def test_sound_that_is_not_in_the_store_is_refused(state_directory):
    with pytest.raises(RefusedError, match="the store has no sound"):
        check_stored(play(), StateDirectory(state_directory))


def test_it_says_in_a_sentence_what_it_cannot_begin_with(run_directory, state_directory, capfd):
    words = ["--run", str(run_directory), "--state", str(state_directory)]
    assert main([*words, "--config", str(ROOT / "config.yaml")]) == 2
    assert "start the supervisor" in capfd.readouterr().err
    assert main([*words, "--config", "nowhere.yaml"]) == 2
    assert "nowhere.yaml" in capfd.readouterr().err


def test_the_newest_plan_that_can_be_read_is_adopted(run_directory):
    with PlanFile(run_directory / "plan-control") as file:
        assert adopted_plan(file) is None
        anchor = wall_anchor(CLOCK)
        for revision in (1, 2):
            file.write(Plan(Part.CONTROL, revision, anchor))
        newest = adopted_plan(file)
        assert newest is not None
        assert newest.revision == 2


def test_recordings_lie_beside_the_site_file_unless_a_folder_is_given():
    name = site().programme[0].recordings
    assert folders_of(site(), Path("/site"), None) == {name: Path("/site") / name}
    assert folders_of(site(), Path("/site"), Path("/other")) == {name: Path("/other")}


def test_the_wall_anchor_is_now():
    anchor = wall_anchor(CLOCK)
    assert 0 <= CLOCK.sample_at(monotonic_ns()) - anchor.sample < 48_000 * 60


async def test_a_network_without_a_querier_is_a_fault(place, network, monkeypatch):
    with cable(network) as plugged:
        impatient = QuerierWatch([plugged.near], limit=0.1)
        monkeypatch.setattr("broadcaster.control.app.QuerierWatch", lambda names: impatient)
        async with controlling(place) as (link, _):
            shown = await snapshot_when(
                link, lambda snapshot: {*impatient.faults} & {*snapshot["faults"]}
            )
    assert f"no IGMP querier on {plugged.near}: " in " ".join(shown["faults"])


async def test_alerts_are_noted_then_the_plan_is_handed_on_then_the_journal_is_told(
    place, monkeypatch
):
    """A successor that finds the plan finds its alerts; nothing else comes before the engine."""
    run, state, block = place
    core = Core(ground(), wall_anchor(CLOCK), warnings(), detections())
    sites = SiteKeeper(run, state, ROOT / "config.yaml", music=state.path / "music")
    control = Control(core, block, {}, run, state, sites, AlertNotes(run))
    done = []
    monkeypatch.setattr(control, "_note", lambda _: done.append("noted"))
    monkeypatch.setattr(control, "_write", lambda _: done.append("planned"))
    monkeypatch.setattr(control._recorder, "record", lambda *_: done.append("journalled"))
    control._perform((Recorded(()), Noticed("called up"), Planned(core.plan)))
    assert done == ["noted", "planned", "journalled"]
