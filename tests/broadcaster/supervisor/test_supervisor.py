"""Whole controllers, real processes: what may die, and what a listener notices of it (SAFETY G)."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from broadcaster.engine.shared_block import SharedBlock
from broadcaster.link import LinkServer
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.supervisor.ground import Options
from broadcaster.supervisor.supervisor import Supervisor
from tests.broadcaster.station import (
    PATIENCE,
    broadcaster,
    is_alive,
    kill,
    start,
    station,
    stop,
    write_site,
)

PACKET = 240
"""Samples in a packet of 5 ms at 48 kHz."""


@pytest.fixture(scope="module")
def shared(worker_directory, tmp_path_factory, multicast_group, free_port):
    """One controller for all tests that leave it as they found it."""
    run = Path(tempfile.mkdtemp(prefix="r-", dir=worker_directory))
    places = tmp_path_factory.mktemp("shared"), multicast_group(), multicast_group(), free_port()
    with station(run, *places) as made:
        yield made
    shutil.rmtree(run)


@pytest.fixture
def on_air(shared):
    """The controller with all its processes up, and nothing left unread in its receiver."""
    shared.ready()
    shared.unread()
    shared.sources.clear()
    return shared


def assert_one_clock(packets):
    """One SSRC; sequence number and timestamp are both the same function of the sample."""
    assert len({packet.ssrc for packet in packets}) == 1
    first = packets[0]
    for packet in packets:
        steps = (packet.sequence - first.sequence) % (1 << 16)
        assert (packet.timestamp - first.timestamp) % (1 << 32) == steps * PACKET


def missing(packets):
    """How many packets are not there between the first and the last."""
    steps = (packets[-1].sequence - packets[0].sequence) % (1 << 16)
    return steps + 1 - len(packets)


def skipped(station):
    """How many packets the engine left out, not having been given a processor in time."""
    with closing(SharedBlock(station.run.engine)) as block:
        return block.state().skipped_packets


def test_a_killed_engine_is_replaced_in_the_same_stream(on_air):
    packets = on_air.packets(50)
    before = on_air.pid("engine")
    kill(before)
    packets += on_air.packets(200)
    assert on_air.successor("engine", before) != before
    on_air.ready()
    assert_one_clock(packets + on_air.packets(50))
    assert len(on_air.sources) == 1


def test_both_engines_killed_are_replaced_in_the_same_stream(on_air):
    packets = on_air.packets(50)
    before = on_air.pid("engine")
    kill(on_air.pid("standby"))
    kill(before)
    packets += on_air.packets(200)
    on_air.successor("engine", before)
    on_air.ready()
    assert_one_clock(packets + on_air.packets(50))
    assert len(on_air.sources) == 1


def test_an_engine_that_hangs_is_killed_and_never_wakes_beside_its_successor(on_air):
    packets = on_air.packets(50)
    before = on_air.pid("engine")
    os.kill(before, signal.SIGSTOP)
    packets += on_air.packets(200)
    on_air.successor("engine", before)
    assert not is_alive(before)
    on_air.ready()
    assert_one_clock(packets + on_air.packets(50))


def test_the_death_of_control_is_not_heard(on_air):
    late = skipped(on_air)
    packets = on_air.packets(50)
    before = on_air.pid("control")
    kill(before)
    while is_alive(before):
        packets += on_air.packets(1)
    packets += on_air.packets(100)
    after = on_air.successor("control", before)
    on_air.ready()
    # The receiver holds a second and a half; what it could not hold is its own loss.
    assert_one_clock(packets)
    assert missing(packets) <= skipped(on_air) - late
    assert on_air.pid("control") == after


@pytest.mark.slow
def test_a_control_that_hangs_is_started_anew_and_that_is_not_heard(on_air):
    late = skipped(on_air)
    packets = on_air.packets(50)
    before = on_air.pid("control")
    os.kill(before, signal.SIGSTOP)
    while is_alive(before):
        packets += on_air.packets(1)
    assert_one_clock(packets)
    assert missing(packets) <= skipped(on_air) - late
    assert on_air.successor("control", before) != before


@pytest.mark.slow
@pytest.mark.parametrize("role", ["standby", "ear"])
def test_one_that_hangs_is_not_heard_and_started_anew(on_air, role):
    late = skipped(on_air)
    packets = on_air.packets(50)
    before = on_air.pid(role)
    os.kill(before, signal.SIGSTOP)
    while is_alive(before):
        packets += on_air.packets(1)
    packets += on_air.packets(50)
    assert_one_clock(packets)
    assert missing(packets) <= skipped(on_air) - late
    assert on_air.successor(role, before) != before


@pytest.mark.slow
@pytest.mark.parametrize("role", ["standby", "control", "ear"])
def test_one_that_pauses_is_not_heard_and_goes_on(on_air, role):
    late = skipped(on_air)
    packets = on_air.packets(50)
    before = on_air.pid(role)
    os.kill(before, signal.SIGSTOP)
    packets += on_air.packets(200)
    os.kill(before, signal.SIGCONT)
    packets += on_air.packets(200)
    assert_one_clock(packets)
    assert missing(packets) <= skipped(on_air) - late
    on_air.ready()
    assert on_air.pid(role) == before


def test_an_engine_that_pauses_goes_on_in_the_same_stream(on_air):
    packets = on_air.packets(50)
    pid = on_air.pid("engine")
    os.kill(pid, signal.SIGSTOP)
    os.kill(pid, signal.SIGCONT)
    packets += on_air.packets(200)
    assert_one_clock(packets)
    assert len(on_air.sources) == 1
    on_air.ready()


def test_status_tells_it_without_control(on_air):
    """Control is stopped, and so is the supervisor, which would start it anew under the test."""
    stopped = on_air.pid("control"), on_air.process.pid
    for pid in reversed(stopped):
        os.kill(pid, signal.SIGSTOP)
    try:
        answered = broadcaster("status", "--json", "--run", on_air.run.path)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    facts = json.loads(answered.stdout)
    assert answered.returncode == 0
    assert [stream["sent"] for stream in facts["streams"]] == [None, None]
    assert [stream["arrived"] for stream in facts["streams"]] == [None, None]
    assert {stream["group"] for stream in facts["streams"]} >= {on_air.receiver.getsockname()[0]}
    assert any("control does not" in fault for fault in facts["faults"])
    assert [p["role"] for p in facts["processes"] if p["speaking"]] == ["engine"]


def test_a_second_controller_is_refused_and_changes_nothing(on_air):
    packets = on_air.packets(10)
    second = broadcaster(
        "run", "--config", on_air.config, "--run", on_air.run.path, "--state", on_air.state
    )
    assert second.returncode == 2
    assert f"already runs in {on_air.run.path} (process {on_air.process.pid})" in second.stderr
    assert "Traceback" not in second.stderr
    assert_one_clock(packets + on_air.packets(10))


def test_the_ear_is_started_again(on_air):
    before = on_air.pid("ear")
    kill(before)
    assert on_air.successor("ear", before) != before


@pytest.mark.slow
def test_sigterm_leaves_no_process_and_the_next_controller_keeps_the_streams(
    run_directory, tmp_path, multicast_group, free_port
):
    group = multicast_group()
    with station(run_directory, tmp_path, group, multicast_group(), free_port()) as first:
        first.ready()
        packets = first.packets(20)
        pids = [process["pid"] for process in first.facts()["processes"]]
        assert stop(first.process) == 0
        assert [pid for pid in pids if is_alive(pid)] == []
        assert not (run_directory / "control.sock").exists()
        packets += first.unread()
        second = start(first.config, run_directory, first.state)
        try:
            packets += first.packets(20)
        finally:
            assert stop(second) == 0
    assert_one_clock(packets)
    assert len(first.sources) == 1


@pytest.mark.slow
def test_processes_die_with_a_supervisor_that_is_killed(
    run_directory, tmp_path, multicast_group, free_port
):
    places = multicast_group(), multicast_group(), free_port()
    with station(run_directory, tmp_path, *places) as made:
        made.ready()
        pids = [process["pid"] for process in made.facts()["processes"]]
        kill(made.process.pid)
        made.process.wait()
        while any(is_alive(pid) for pid in pids):
            pass
        answered = broadcaster("status", "--run", run_directory)
        assert answered.returncode == 1
        assert "Nothing runs" in answered.stderr


@pytest.fixture
def options(run_directory, tmp_path, monkeypatch, multicast_group, free_port):
    # Stopped while it imports, control may leave a draft behind.
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    config = write_site(tmp_path, multicast_group(), multicast_group(), free_port())
    return Options(config, RunDirectory(run_directory), StateDirectory(tmp_path / "state"))


async def test_it_can_be_embedded(options):
    async with asyncio.timeout(PATIENCE):
        async with Supervisor(options) as supervisor:
            await supervisor.speaking.wait()
            table = ProcessTable.read(options.run.processes)
            assert table is not None
            assert table.supervisor == os.getpid() == options.run.holder()
            running = [entry for entry in supervisor.processes if entry.pid]
            assert {entry.role for entry in running} >= {"engine", "control", "ear"}
        assert [entry.pid for entry in running if is_alive(entry.pid)] == []
        assert options.run.holder() is None


async def test_those_who_only_show_begin_when_control_takes_commands(options, run_directory):
    waiting = asyncio.create_task(Supervisor(options)._controlled())
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()

    async def answer(command):
        return {}

    server = LinkServer(run_directory / "control.sock", "control", answer, dict)
    listening = asyncio.create_task(server.run())
    async with asyncio.timeout(PATIENCE):
        await waiting
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_those_who_only_show_begin_without_control_too(options, monkeypatch):
    monkeypatch.setattr("broadcaster.supervisor.supervisor._IN_TURN", 0.01)
    async with asyncio.timeout(PATIENCE):
        await Supervisor(options)._controlled()


async def test_systemd_is_told(options, run_directory, monkeypatch):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as systemd:
        systemd.bind(str(run_directory / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(run_directory / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "400000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        told: list[str] = []
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            async with Supervisor(options):
                while not {"READY=1", "WATCHDOG=1"} <= set(told):
                    told += (await loop.sock_recv(systemd, 1024)).decode().split("\n")
            while "STOPPING=1" not in told:
                told += (await loop.sock_recv(systemd, 1024)).decode().split("\n")


def test_a_full_disk_is_one_sentence(options):
    mounted = "mount -t tmpfs -o size=16k tmpfs {0} && exec {1} -m broadcaster run {2}"
    run = options.run.path
    places = f"--config {options.config} --run {run} --state {options.state.path}"
    command = ["unshare", "--mount", "sh", "-c", mounted.format(run, sys.executable, places)]
    if subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    full = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
    assert full.returncode == 2
    assert full.stderr == f"broadcaster: cannot make {run}/engine: No space left on device\n"
