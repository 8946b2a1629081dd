"""What `status` says when parts of a controller are missing; a whole one is in test_supervisor."""

import asyncio
import json
import os

import pytest
from click.testing import CliRunner

from broadcaster.commands.status import look, status
from broadcaster.engine.plan import Part
from broadcaster.engine.plan_file import plan_path
from broadcaster.link import LinkServer
from broadcaster.run_directory import ProcessEntry, ProcessTable, RunDirectory, this_boot
from broadcaster.supervisor.supervisor import with_standby
from tests.broadcaster.station import PATIENCE

STREAM = {
    "zone": "upper", "zone_name": {"ko": "상류", "en": "Upper"}, "group": "239.192.77.1",
    "port": 5004, "format": "L16/48000", "packet_time_ms": 5.0, "ssrc": 1,
    "commanded": {"title": "Stream at Dawn"}, "sent": True, "arrived": None,
}  # fmt: skip


@pytest.fixture
def run(run_directory):
    return RunDirectory(run_directory)


@pytest.fixture
def held(run):
    """A run directory held by this process, which says it runs an engine and control."""
    entries = (ProcessEntry("engine", os.getpid(), 1, 0), ProcessEntry("control", 0, 1, 3))
    table = ProcessTable(os.getpid(), this_boot(), "config.yaml", "state", None, {}, entries)
    with run.hold():
        table.write(run.processes)
        yield run


def said(run, *arguments):
    return CliRunner().invoke(status, ["--run", str(run.path), *arguments])


def test_nothing_runs(run):
    answer = said(run)
    assert (answer.exit_code, answer.stdout) == (1, "")
    assert answer.stderr.startswith(f"Nothing runs in {run.path}; ")
    as_json = said(run, "--json")
    assert as_json.exit_code == 1
    assert json.loads(as_json.stdout)["processes"] == []


def test_a_table_left_by_a_dead_controller_is_not_believed(held, run_directory):
    text = held.processes.read_bytes()
    other = RunDirectory(run_directory / "other")
    other.make()
    other.processes.write_bytes(text)
    assert said(other).exit_code == 1


def test_a_controller_that_has_only_just_started(run):
    with run.hold():
        answer = said(run, "--json")
    assert answer.exit_code == 0
    assert "has only just started" in json.loads(answer.stdout)["faults"][0]


def test_without_control_nothing_is_claimed(held):
    answer = said(held, "--json")
    facts = json.loads(answer.stdout)
    assert answer.exit_code == 0
    assert [(p["role"], p["alive"], p["restarts"]) for p in facts["processes"]] == [
        ("engine", True, 0),
        ("control", False, 3),
    ]
    assert facts["streams"] == []
    assert [fault.partition(":")[0] for fault in facts["faults"]] == [
        "control does not run",
        "control is down; it is being started again",
        "no engine is sending",
    ]
    assert not plan_path(held.path, Part.CONTROL).exists()


def test_a_plan_that_cannot_be_read_is_a_fault(held):
    plan_path(held.path, Part.CONTROL).write_bytes(b"nonsense")
    facts = json.loads(said(held, "--json").stdout)
    assert any("control part of the plan cannot be read" in fault for fault in facts["faults"])


@pytest.fixture
async def control(held):
    """Control's link, with one stream to show."""

    async def handle(command):
        return {}

    shown = {"streams": [dict(STREAM)], "engine": None, "faults": ["the music is late"]}
    server = LinkServer(held.control_socket, "control", handle, lambda: shown)
    task = asyncio.create_task(server.run())
    async with asyncio.timeout(PATIENCE):
        await server.listening.wait()
    yield shown
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_control_is_asked_and_its_faults_come_last(control, held):
    facts = await look(held)
    assert facts is not None
    assert facts["streams"] == [STREAM]
    assert facts["faults"][-1] == "the music is late"
    assert facts["supervisor"] == os.getpid()


async def test_people_read_words_not_colours(control, held):
    answer = await asyncio.to_thread(said, held)
    assert answer.exit_code == 0
    row = next(line for line in answer.stdout.splitlines() if "Dawn" in line)
    assert row.split() == [
        *("상류", "Stream", "at", "Dawn", "yes", "unknown"),
        "239.192.77.1:5004",
    ]
    assert "streams: 1 x L16/48000 at 5 ms\n" in answer.stdout
    assert "control  -" in answer.stdout
    assert "DOWN" in answer.stdout
    assert "fault: the music is late" in answer.stdout


async def test_what_was_not_sent_is_said_loudly(control, held):
    control["streams"][0] |= {
        "sent": False,
        "sent_detail": {"fault": "nothing received for 1.1 s"},
        "arrived": False,
        "arrived_detail": [
            {"amplifier": "amp-1", "value": False},
            {"amplifier": "amp-2", "value": None},
            {"amplifier": "amp-3", "value": True},
        ],
    }
    answer = await asyncio.to_thread(said, held)
    assert answer.stdout.split().count("NO") == 2
    assert "upper: the right sound is not sent: nothing received for 1.1 s\n" in answer.stdout
    assert "upper: nothing arrives at amp-1\n" in answer.stdout


@pytest.mark.parametrize(
    ("real_time", "locked", "lacks"),
    [
        (True, True, None),
        (False, True, "real-time scheduling"),
        (False, False, "real-time scheduling and locked memory"),
    ],
)
async def test_an_engine_without_its_rights_is_shown_as_degraded(
    control, held, real_time, locked, lacks
):
    control["engine"] = {"real_time": real_time, "locked": locked}
    answer = await asyncio.to_thread(said, held)
    degraded = f"degraded: the engine runs without {lacks}\n"
    assert (degraded in answer.stdout) == (lacks is not None)


def entry(role, pid):
    return ProcessEntry(role, pid, 0, 0)


@pytest.mark.parametrize(
    ("speaking", "roles"),
    [
        (1, ["engine", "standby", "ear"]),
        (2, ["standby", "engine", "ear"]),
        (0, ["engine", "standby", "ear"]),
        (9, ["engine", "standby", "ear"]),
    ],
)
def test_of_two_engines_the_silent_one_is_the_standby(speaking, roles):
    entries = (entry("engine", 1), entry("standby", 2), entry("ear", 3))
    assert [one.role for one in with_standby(entries, speaking)] == roles
