"""Engines outlive their supervisor: nothing of its death is on the wire, the next one adopts."""

import os
import signal
import socket
import subprocess
import sys
from contextlib import closing, contextmanager
from time import monotonic_ns

import pytest

from broadcaster.engine.packet import Packet
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.run_directory import ProcessEntry, ProcessTable, RunDirectory, birth_of
from broadcaster.supervisor.adoption import kept_sockets, orphans
from tests.broadcaster.fake_systemd import fake_systemd
from tests.broadcaster.station import PATIENCE, Station, is_alive, kill, stop, write_site
from zones.media_time import BootId

PACKET = 240


@contextmanager
def listener(group, port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
        receiver.bind((group, port))
        membership = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
        receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
        receiver.settimeout(PATIENCE)
        yield receiver


class Service:
    """The station as systemd runs it."""

    def __init__(self, manager, run, folder, groups, port, receiver):
        self.manager = manager
        self.receiver = receiver
        self.run = RunDirectory(run)
        self.config = write_site(folder, groups[0], groups[1], port)
        self.state = folder / "state"
        self.heard: list[Packet] = []
        self.on_air = self._station()

    def _station(self):
        places = ["--config", self.config, "--run", self.run.path, "--state", self.state]
        process = self.manager.start("-m", "broadcaster", "run", "--keep-engines", *places)
        return Station(process, self.run, self.config, self.state, self.receiver)

    def wait_until_it_speaks(self):
        self.manager.listen("READY=1")
        self.on_air.ready()
        return self.on_air

    def start_again(self):
        """The next supervisor; `heard` is then what was sent until it was ready."""
        sources, self.heard = self.on_air.sources, []
        self.on_air = self._station()
        self.on_air.sources = sources
        take = self.on_air.packets

        def remembered(count):
            packets = take(count)
            self.heard += packets
            return packets

        self.on_air.packets = remembered
        self.wait_until_it_speaks()
        self.on_air.packets = take
        return self.on_air

    def skipped(self):
        """Packets the engine left out because the machine did not let it run in time."""
        with closing(SharedBlock(self.run.engine)) as block:
            return block.state().skipped_packets

    def assert_unbroken(self, packets, skipped_before=0):
        first = packets[0]
        assert {packet.ssrc for packet in packets} == {first.ssrc}
        for packet in packets:
            steps = (packet.sequence - first.sequence) % (1 << 16)
            assert (packet.timestamp - first.timestamp) % (1 << 32) == steps * PACKET
        steps = (packets[-1].sequence - first.sequence) % (1 << 16)
        assert steps + 1 - len(packets) <= self.skipped() - skipped_before

    def end(self):
        stop(self.on_air.process)
        for orphan in orphans(self.run, None):
            orphan.end()


@pytest.fixture
def service(run_directory, tmp_path, multicast_group, free_port):
    groups, port = (multicast_group(), multicast_group()), free_port()
    with (
        fake_systemd(run_directory / "notify", tmp_path) as manager,
        listener(groups[0], port) as receiver,
    ):
        made = Service(manager, run_directory, tmp_path, groups, port, receiver)
        try:
            made.wait_until_it_speaks()
            yield made
        finally:
            made.end()


@pytest.mark.slow
@pytest.mark.parametrize("keeper", ["systemd", "engine"])
def test_a_killed_supervisor_is_not_heard_and_its_successor_adopts_the_engines(service, keeper):
    on_air, manager, skipped = service.on_air, service.manager, service.skipped()
    assert len(manager.store) == 1
    if keeper == "engine":
        os.close(manager.store.popitem()[1])
    before = {role: on_air.pid(role) for role in ("engine", "standby")}
    on_air.unread()
    heard = on_air.packets(50)
    kill(on_air.process.pid)
    on_air.process.wait()
    # Half a second without anybody who watches the engines.
    heard += on_air.packets(100)
    on_air = service.start_again()
    heard += service.heard
    assert {role: on_air.pid(role) for role in before} == before
    heard += on_air.packets(50)
    service.assert_unbroken(heard, skipped)

    # An engine that the new supervisor starts sends from the same port as those it adopted.
    kill(before["standby"])
    on_air.successor("standby", before["standby"])
    kill(before["engine"])
    on_air.successor("engine", before["engine"])
    on_air.ready()
    on_air.packets(50)
    assert len(on_air.sources) == 1

    pids = [process["pid"] for process in on_air.facts()["processes"]]
    assert stop(on_air.process) == 0
    assert [pid for pid in pids if is_alive(pid)] == []
    manager.listen("STOPPING=1")


@pytest.mark.slow
def test_sighup_renews_all_but_the_engines(service):
    on_air, skipped = service.on_air, service.skipped()
    before = {p["role"]: p["pid"] for p in on_air.facts()["processes"]}
    on_air.unread()
    heard = on_air.packets(50)
    on_air.process.send_signal(signal.SIGHUP)
    assert on_air.process.wait(PATIENCE) == 0
    assert {role for role, pid in before.items() if is_alive(pid)} == {"engine", "standby"}
    assert "STOPPING=1" not in service.manager.words
    on_air = service.start_again()
    heard += service.heard + on_air.packets(50)
    service.assert_unbroken(heard, skipped)
    after = {p["role"]: p["pid"] for p in on_air.facts()["processes"]}
    assert {role for role in before if before[role] == after[role]} == {"engine", "standby"}
    assert len(on_air.sources) == 1


@pytest.mark.slow
def test_engines_that_send_for_another_state_directory_are_replaced(service):
    on_air = service.on_air
    before = [on_air.pid(role) for role in ("engine", "standby")]
    kill(on_air.process.pid)
    on_air.process.wait()
    service.state = service.state.with_name("other")
    on_air = service.start_again()
    assert [pid for pid in before if is_alive(pid)] == []
    on_air.packets(50)
    assert len(on_air.sources) == 1


# --- finding them -------------------------------------------------------------------------------


@pytest.fixture
def sleeper(run_directory, tmp_path):
    """A function that starts a process which looks like an engine of a run directory and sleeps."""
    # A package of our own stands in for the engine; `-m` then writes the same command line.
    module = tmp_path / "broadcaster" / "engine" / "main.py"
    module.parent.mkdir(parents=True)
    for folder in (module.parent, module.parent.parent):
        (folder / "__init__.py").touch()
    module.write_text("import signal\nprint(flush=True)\nsignal.pause()\n")
    started = []

    def start(*arguments):
        command = [sys.executable, "-m", "broadcaster.engine.main", *map(str, arguments)]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout
        process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def close(found):
    for orphan in found:
        os.close(orphan.descriptor)


def test_engines_of_this_run_directory_are_found_oldest_first(sleeper, run_directory):
    run = RunDirectory(run_directory)
    places = ("--run", run_directory, "--state", "/state")
    first = sleeper(*places, "--socket", "127.0.0.1/ttl1/dscp46", 7)
    second = sleeper(*places, "--socket", "127.0.0.1/ttl1/dscp46", 9)
    sleeper("--run", run_directory.with_name("other"), "--state", "/state")
    sleeper("--state", "/state", "--run")
    entry = ProcessEntry("standby", first.pid, 1, 4, birth_of(first.pid))
    stranger = ProcessEntry("engine", second.pid, 1, 9, birth_of(second.pid) + 1)
    table = ProcessTable(1, BootId("b"), "c", "s", None, {}, (entry, stranger))
    found = orphans(run, table)
    try:
        assert {orphan.entry.pid for orphan in found} == {first.pid, second.pid}
        restarts = {orphan.entry.pid: orphan.entry.restarts for orphan in found}
        # What the table says of another process with the same number does not count.
        assert restarts == {first.pid: 4, second.pid: 0}
        ages = [orphan.entry.birth for orphan in found]
        assert ages == sorted(ages)
        assert 0 < found[0].entry.started_ns <= monotonic_ns()
        (older,) = (orphan for orphan in found if orphan.entry.pid == first.pid)
        assert older.sockets == {"127.0.0.1/ttl1/dscp46": 7}
        same = ("python", "-m", "broadcaster.engine.main", *map(str, places))
        assert older.is_run_like((*same, "--socket", "127.0.0.1/ttl1/dscp46", "12"))
        assert older.is_run_like(
            (*same, "--socket", "127.0.0.1/ttl1/dscp46", "12", "--parent", "1")
        )
        assert not older.is_run_like((*same, "--socket", "127.0.0.1/ttl8/dscp46", "7"))
        assert not older.is_run_like(same)
    finally:
        close(found)


def test_one_that_has_ended_is_nobodys(sleeper, run_directory):
    process = sleeper("--run", run_directory)
    (orphan,) = orphans(RunDirectory(run_directory), None)
    orphan.end()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    assert orphans(RunDirectory(run_directory), None) == ()


def test_what_is_no_sending_socket_is_not_kept(monkeypatch):
    told: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wanted:
        kept_by_systemd = (
            ("a", os.dup(wanted.fileno())),
            ("a", os.dup(wanted.fileno())),
            ("gone", os.dup(wanted.fileno())),
            ("b", socket.socket(socket.AF_INET, socket.SOCK_STREAM).detach()),
            ("c", os.open("/dev/null", os.O_RDONLY)),
        )
        monkeypatch.setattr(
            "broadcaster.supervisor.adoption.stored_descriptors", lambda: kept_by_systemd
        )
        monkeypatch.setattr("broadcaster.supervisor.adoption.forget_descriptor", told.append)
        kept, stored = kept_sockets((), frozenset("abc"))
        assert {*kept} == stored == {"a"}
        assert told == ["gone", "b", "c"]
        assert kept["a"].fileno() == kept_by_systemd[0][1]
        kept["a"].close()
        for _, descriptor in kept_by_systemd:
            with pytest.raises(OSError, match="Bad file descriptor"):
                os.fstat(descriptor)
