"""Playing a scenario: signed, hurried without bending the rules, and ended when cut short."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from alerts.detection.event import Kind, Phase, SourceId
from broadcaster.demo.command import _forget
from broadcaster.demo.simulation import DATED_BACK_S, MOST_TOLD, Door, Simulation, door_url
from broadcaster.demo.simulation_keys import SigningKey, SigningKeys
from broadcaster.doors.signature import is_right, signed_in
from broadcaster.run_directory import ProcessEntry, ProcessTable, RunDirectory, StateDirectory
from broadcaster.simulator.scenarios import Report
from zones.media_time import BootId

SECRET = b"s" * 32
PATH = "/ingest/v1/events"


def report(at=0.0, source="cam-031", phase=Phase.START, **changed):
    fields = {"confidence": 0.7, "from_state": True, **changed}
    return Report(at, SourceId(source), Kind.SMOKE, phase, f"{source}-smoke", **fields)


class Listener:
    """A door that answers as it is told, and keeps what it was given."""

    def __init__(self, answer=None):
        self.events: list = []
        self.came = asyncio.Event()
        self._answer = answer or {"is": "evidence"}

    async def report(self, events):
        self.events += events
        self.came.set()
        return [self._answer for _ in events]


async def test_events_are_signed_and_answered_in_order():
    taken = []

    async def take(request):
        body = await request.read()
        signed = signed_in(request.headers)
        assert is_right(signed, SECRET, "POST", PATH, body)
        events = json.loads(body)
        taken.append((signed.key, len(events)))
        said = [{"is": "evidence", "source": one["source"]} for one in events]
        return web.json_response({"events": said}, status=202)

    app = web.Application()
    app.router.add_post(PATH, take)
    async with TestServer(app) as server:
        keys = SigningKeys([SigningKey("sim-a", SECRET, ("a",)), SigningKey("sim-x", SECRET)])
        door = Door(str(server.make_url(PATH)), keys)
        sources = ["x", "a", *["y"] * 149]
        answers = await door.report([{"source": source} for source in sources])
        await door.close()
    assert [one["source"] for one in answers] == sources
    assert sorted(taken) == [("sim-a", 1), ("sim-x", 50), ("sim-x", 100)]


async def test_a_door_that_refuses_or_is_away_is_told():
    async def refuse(request):
        return web.json_response({"error": "no valid key has made this signature"}, status=401)

    app = web.Application()
    app.router.add_post(PATH, refuse)
    keys = SigningKeys([SigningKey("sim-a", SECRET, ("a",))])
    async with TestServer(app) as server:
        door = Door(str(server.make_url(PATH)), keys)
        one, other = await door.report([{"source": "a"}, {"source": "b"}])
    assert one["is"] == other["is"] == "refused"
    assert "401: no valid key" in one["why"]
    assert "no key speaks" in other["why"]
    (gone,) = await door.report([{"source": "a"}])
    await door.close()
    assert "does not answer" in gone["why"]


@pytest.mark.parametrize(("speed", "back"), [(1.0, 0.0), (1000.0, DATED_BACK_S * 0.999)])
async def test_only_reports_of_states_and_of_a_hurried_play_are_dated_back(speed, back):
    door = Listener()
    level = Report(0, SourceId("g"), Kind.WATER_LEVEL, Phase.READING, "g", value=0.3, unit="m")
    before = datetime.now(UTC)
    reports = [report(), level, report(0.001, phase=Phase.END, confidence=None)]
    await Simulation(door, lambda _: None).play("wildfire", reports, speed)
    after = datetime.now(UTC)
    start, reading, end = (datetime.fromisoformat(one["time"]) for one in door.events)
    assert before <= reading <= after
    assert before <= start + timedelta(seconds=back) <= after
    assert start <= end


async def test_what_is_said_of_a_source_is_told_when_it_changes():
    told: list[str] = []
    door = Listener({"is": "evidence", "alert": "a1", "state": "pending"})
    reports = [report(), report(0.01, phase=Phase.UPDATE), report(0.02, source="cam-032")]
    reports.append(report(0.03, phase=Phase.END))
    played = await Simulation(door, told.append).play("wildfire", reports, 1000.0)
    assert [line.split("  ")[-1] for line in told] == [
        "cam-031 smoke 0.70: evidence, alert a1 pending",
        "cam-032 smoke 0.70: evidence, alert a1 pending",
    ]
    # The second camera never said that it was over: that is said for it.
    assert played.events == 5
    assert played.alerts == {"a1"}
    assert played.sentence == "5 events in 0 s: 5 evidence"
    assert door.events[-1]["phase"] == "end"


async def test_no_two_reports_are_of_one_moment_however_hurried():
    door = Listener()
    looks = [report(n, phase=Phase.UPDATE if n else Phase.START) for n in range(20)]
    await Simulation(door, lambda _: None).play("wildfire", looks, 1000.0)
    times = [datetime.fromisoformat(one["time"]) for one in door.events]
    assert len(set(times[:20])) == 20
    assert times == sorted(times)


async def test_a_storm_is_counted_and_not_told_line_by_line():
    told: list[str] = []
    many = [report(source=f"cam-{n}") for n in range(200)]
    played = await Simulation(Listener(), told.append).play("storm", many, 1000.0)
    assert played.events == 400
    assert len(told) == MOST_TOLD
    assert "only counted" in told[-1]


async def test_a_play_that_is_cut_short_ends_what_it_began():
    door = Listener()
    simulation = Simulation(door, lambda _: None)
    reports = [report(), report(3600.0, phase=Phase.UPDATE)]
    playing = asyncio.create_task(simulation.play("wildfire", reports, 1.0))
    await door.came.wait()
    assert simulation.busy == {"cam-031"}
    simulation.stop()
    played = await playing
    assert played.is_cut
    assert [one["phase"] for one in door.events] == ["start", "end"]
    assert len({one["id"] for one in door.events}) == 1
    assert simulation.busy == set()


async def test_sources_of_a_scenario_have_no_ordinary_day():
    door = Listener()
    simulation = Simulation(door, lambda _: None)
    simulation.busy = {"cam-031"}
    await simulation.rest([report(), report(source="cam-032")])
    assert [one["source"] for one in door.events] == ["cam-032"]


def test_doors_that_are_closed_have_no_address(tmp_path):
    run = RunDirectory(tmp_path / "run")
    run.make()
    assert door_url(run) is None
    (run.path / "doors.json").write_text(json.dumps({"url": "http://x/", "pid": 7}))
    assert door_url(run) is None
    for pid, url in ((7, "http://x/"), (8, None)):
        entry = ProcessEntry("doors", pid, 0, 0)
        ProcessTable(1, BootId("b"), "c", "s", None, {}, (entry,)).write(run.processes)
        assert door_url(run) == url


def test_a_demo_forgets_the_warnings_of_the_last_and_no_stations(tmp_path):
    run, state = RunDirectory(tmp_path / "run"), StateDirectory(tmp_path / "state")
    run.make()
    state.make()
    records = ["journal.db", "journal.db-wal", "journal.head", "detections.json"]
    for name in [*records, "library.json"]:
        (state.path / name).touch()
    noted = [run.path / "plan-control", run.path / "alerts.json"]
    for each in noted:
        each.touch()
    for other, is_kept in (("/of/a/station", True), (str(state.path), False)):
        ProcessTable(1, BootId("b"), "c", other, None, {}, ()).write(run.processes)
        _forget(run, state)
        assert [each.exists() for each in noted] == [is_kept, is_kept]
    assert sorted(path.name for path in state.path.iterdir()) == ["library.json"]
