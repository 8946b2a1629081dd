"""What systemd is told, and that it need not be there."""

import os
import socket

import pytest

from broadcaster.supervisor.systemd_notify import (
    forget_descriptor,
    notify,
    store_descriptor,
    stored_descriptors,
    watchdog_interval,
)


@pytest.fixture
def listening(run_directory):
    """A function that listens at an address as systemd would."""
    opened = []

    def listen(address):
        systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        opened.append(systemd)
        systemd.bind(address)
        return systemd

    yield listen
    for systemd in opened:
        systemd.close()


def test_words_arrive_one_a_line(listening, run_directory, monkeypatch):
    systemd = listening(str(run_directory / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(run_directory / "notify"))
    notify("READY=1", "STATUS=speaking")
    assert systemd.recv(100) == b"READY=1\nSTATUS=speaking"


def test_an_abstract_address_is_understood(listening, run_directory, monkeypatch):
    systemd = listening(f"\0{run_directory}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{run_directory}")
    notify("READY=1")
    assert systemd.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", [None, "", "/nowhere/notify"])
def test_nobody_listens(monkeypatch, address):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    if address is not None:
        monkeypatch.setenv("NOTIFY_SOCKET", address)
    notify("READY=1")


@pytest.mark.parametrize(
    ("allowed", "pid", "interval"),
    [
        ("5000000", None, 2.5),
        ("5000000", "ours", 2.5),
        ("5000000", "1", None),
        ("", None, None),
        ("soon", None, None),
    ],
)
def test_the_watchdog_is_fed_twice_as_often_as_asked(monkeypatch, allowed, pid, interval):
    monkeypatch.setenv("WATCHDOG_USEC", allowed)
    monkeypatch.delenv("WATCHDOG_PID", raising=False)
    if pid is not None:
        monkeypatch.setenv("WATCHDOG_PID", pid.replace("ours", str(os.getpid())))
    assert watchdog_interval() == interval


def test_a_descriptor_is_handed_over_with_its_name(listening, run_directory, monkeypatch):
    systemd = listening(str(run_directory / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(run_directory / "notify"))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as kept:
        kept.bind(("127.0.0.1", 0))
        store_descriptor("eth0:1/ttl8", kept.fileno())
        words, (descriptor,), _, _ = socket.recv_fds(systemd, 200, 1)
        assert words == b"FDSTORE=1\nFDNAME=eth0%3A1/ttl8\nFDPOLL=0"
        with socket.socket(fileno=descriptor) as same:
            assert same.getsockname() == kept.getsockname()
    forget_descriptor("eth0:1/ttl8")
    assert systemd.recv(200) == b"FDSTOREREMOVE=1\nFDNAME=eth0%3A1/ttl8"


@pytest.mark.parametrize(
    ("pid", "count", "stored"),
    [
        (None, "1", ()),
        ("1", "1", ()),
        ("ours", "many", ()),
        ("ours", "0", ()),
        ("ours", "2", (("eth0:1/ttl8", 3), ("", 4))),
    ],
)
def test_stored_descriptors_are_ours_alone(monkeypatch, pid, count, stored):
    made_private = []
    monkeypatch.setattr(os, "set_inheritable", lambda *given: made_private.append(given))
    monkeypatch.setenv("LISTEN_FDS", count)
    monkeypatch.setenv("LISTEN_FDNAMES", "eth0%3A1/ttl8")
    monkeypatch.delenv("LISTEN_PID", raising=False)
    if pid is not None:
        monkeypatch.setenv("LISTEN_PID", pid.replace("ours", str(os.getpid())))
    assert stored_descriptors() == stored
    assert made_private == [(descriptor, False) for _, descriptor in stored]
    assert not [name for name in os.environ if name.startswith("LISTEN_")]
