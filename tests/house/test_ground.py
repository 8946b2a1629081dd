"""The ground the tests stand on: their own network, addresses that differ, nothing left."""

import socket
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from tests.leftovers import Census
from tests.network_namespace import Network

_IP_MULTICAST_ALL = 49  # <linux/in.h>; the socket module does not name it


def test_multicast_goes_round_on_loopback(multicast_group, free_port):
    group, port = multicast_group(), free_port()
    with _receiver(group, port) as receiver, _datagram_socket() as sender:
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        sender.sendto(b"music", (group, port))
        assert receiver.recv(100) == b"music"


def test_a_sender_that_names_no_interface_stays_in_the_workers_own_network(
    network, multicast_group, free_port
):
    if network is not Network.OWN:
        pytest.skip("this machine lets no test make a network namespace")
    group, port = multicast_group(), free_port()
    with _receiver(group, port) as receiver, _datagram_socket() as sender:
        sender.sendto(b"music", (group, port))
        assert receiver.recvfrom(100)[1][0] == "127.0.0.1"


def test_the_workers_own_network_has_loopback_only(network):
    if network is not Network.OWN:
        pytest.skip("this machine lets no test make a network namespace")
    assert [name for _, name in socket.if_nameindex()] == ["lo"]


def test_groups_and_ports_are_given_once(multicast_group, free_port):
    groups = [multicast_group() for _ in range(300)]
    ports = [free_port() for _ in range(30)]
    assert len(set(groups)) == 300
    assert len(set(ports)) == 30
    assert all(port % 2 == 0 for port in ports)


def test_a_unix_socket_fits_into_a_run_directory(run_directory):
    with socket.socket(socket.AF_UNIX) as control:
        control.bind(str(run_directory / "control.sock"))
    assert len(str(run_directory)) < 60


def test_the_state_directory_is_empty(state_directory):
    assert list(state_directory.iterdir()) == []


@pytest.fixture
def patient_census(tmp_path, monkeypatch):
    """A census of this test's own."""
    monkeypatch.setenv("SORIGIL_TEST_WORKER", "put back after the test")
    return Census(places=(tmp_path,))


@pytest.fixture
def census(patient_census, monkeypatch):
    """The same, but it does not wait for what is on its way out."""
    monkeypatch.setattr("tests.leftovers._GRACE", 0.0)
    return patient_census


def test_nothing_left_is_nothing_said(patient_census):
    # Patient, for another worker may be making shared memory this very moment.
    assert patient_census.leftovers() == []


def test_a_left_process_is_named_with_its_test_and_ended(census):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert any(
            f"process {process.pid}" in line and "test_a_left_process" in line
            for line in census.leftovers()
        )
        census.end_processes()
        assert process.wait(60) == -9


def test_an_orphan_is_found(census):
    make_orphan = (
        "import subprocess, sys; "
        "quiet = {'stdout': subprocess.DEVNULL, 'stderr': subprocess.DEVNULL}; "
        "print(subprocess.Popen(['sleep', '60'], **quiet).pid)"
    )
    made = subprocess.run([sys.executable, "-c", make_orphan], check=True, capture_output=True)
    assert any(f"process {int(made.stdout)} " in line for line in census.leftovers())
    census.end_processes()


def test_a_left_thread_is_named(census):
    goes_on = threading.Event()
    thread = threading.Thread(target=goes_on.wait, name="rtp stream-1")
    thread.start()
    try:
        assert "thread 'rtp stream-1'" in census.leftovers()
    finally:
        goes_on.set()
        thread.join()


def test_left_files_and_shared_memory_are_named(census, tmp_path):
    left = tmp_path / "plan"
    left.touch()
    memory = Path("/dev/shm") / f"sorigil-{uuid.uuid4()}"  # noqa: S108 - it is about this place
    memory.touch()
    try:
        found = census.leftovers()
    finally:
        memory.unlink()
    assert f"file {left}" in found
    assert f"shared memory {memory}" in found


def test_shared_memory_somebody_still_holds_is_not_left(census):
    memory = Path("/dev/shm") / f"sorigil-{uuid.uuid4()}"  # noqa: S108 - it is about this place
    with memory.open("w"):
        found = census.leftovers()
        memory.unlink()
    assert f"shared memory {memory}" not in found


def _datagram_socket():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def _receiver(group, port):
    receiver = _datagram_socket()
    receiver.settimeout(60)
    receiver.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    receiver.bind((group, port))
    membership = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
    receiver.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    return receiver
