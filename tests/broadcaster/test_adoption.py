"""Engines outlive their supervisor: nothing of its death is on the wire, the next one adopts."""

import os
import signal
import socket
from contextlib import closing, contextmanager

import pytest

from broadcaster.adoption import orphans
from broadcaster.engine.packet import Packet
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.run_directory import RunDirectory
from tests.broadcaster.fake_systemd import fake_systemd
from tests.broadcaster.station import PATIENCE, Station, is_alive, kill, stop, write_site

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
