"""The sockets engines inherit: interface, TTL, DSCP, loop, source; and clear refusals."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from broadcaster.engine.site_streams import SendingSocket
from broadcaster.interfaces import Interface, InterfaceError, interfaces
from broadcaster.supervisor import sending_sockets
from broadcaster.supervisor.sending_sockets import open_sockets, source_of

BY_ADDRESS = SendingSocket("a", "127.0.0.1", 8, 46)
BY_NAME = SendingSocket("n", "lo", 1, 0)


@pytest.fixture
def opened():
    """A function that opens sockets which are closed with the test."""
    kept: list[socket.socket] = []

    def open_all(*wanted, before=None, **fields):
        sockets = open_sockets(wanted, before or {}, **fields)
        kept.extend(sockets.values())
        return sockets

    yield open_all
    for one in kept:
        one.close()


def option(sending, number):
    return sending.getsockopt(socket.IPPROTO_IP, number)


def test_loopback_is_there_and_up():
    index = socket.if_nametoindex("lo")
    assert Interface("lo", ("127.0.0.1",), True, index, is_loopback=True) in interfaces()


def test_options_are_those_of_the_stream(opened):
    sockets = opened(BY_ADDRESS, BY_NAME)
    a, n = sockets["a"], sockets["n"]
    assert option(a, socket.IP_MULTICAST_TTL) == 8
    assert option(a, socket.IP_TOS) == 46 << 2
    assert option(n, socket.IP_MULTICAST_TTL) == 1
    assert option(n, socket.IP_TOS) == 0
    for one in (a, n):
        assert option(one, socket.IP_MULTICAST_LOOP) == 1
        assert socket.inet_ntoa(one.getsockopt(0, socket.IP_MULTICAST_IF, 4)) == "127.0.0.1"
        assert not one.get_inheritable()


def test_each_has_a_source_of_its_own_and_keeps_it_from_last_time(opened):
    first = opened(BY_ADDRESS, BY_NAME)
    sources = {name: source_of(one) for name, one in first.items()}
    assert len(set(sources.values())) == 2
    for one in first.values():
        one.close()
    again = opened(BY_ADDRESS, BY_NAME, before=sources)
    assert {name: source_of(one) for name, one in again.items()} == sources


def test_a_source_that_is_taken_is_not_insisted_on(opened):
    taken = source_of(opened(BY_ADDRESS)["a"])
    assert source_of(opened(BY_ADDRESS, before={"a": taken})["a"]) != taken


def test_a_source_on_another_address_is_not_used_again(opened):
    port = 9
    assert source_of(opened(BY_ADDRESS, before={"a": ("10.0.0.1", port)})["a"])[1] != port


THERE = (
    Interface("lo", ("127.0.0.1",), True),
    Interface("eth0", ("10.1.1.1", "10.1.1.2"), False),
    Interface("eth1", (), True),
)


@pytest.mark.parametrize(
    ("wanted", "complaint"),
    [
        ("eth7", "there is no interface eth7; this machine has lo (127.0.0.1), eth0 (10.1.1.1, "),
        ("10.1.1.3", "there is no interface 10.1.1.3; "),
        ("eth0", "interface eth0 is down; "),
        ("10.1.1.2", "interface 10.1.1.2 is down; this machine has lo (127.0.0.1), "),
        ("eth1", "interface eth1 has no IPv4 address to send from; "),
    ],
)
def test_an_interface_that_cannot_be_used_is_named_with_those_there_are(
    monkeypatch, wanted, complaint
):
    monkeypatch.setattr(sending_sockets, "interfaces", lambda: THERE)
    with pytest.raises(InterfaceError) as refused:
        open_sockets([SendingSocket("x", wanted, 8, 46)], {})
    assert str(refused.value).startswith(complaint)


def test_what_was_opened_before_a_refusal_is_closed():
    before = list(Path("/proc/self/fd").iterdir())
    with pytest.raises(InterfaceError):
        open_sockets([BY_ADDRESS, SendingSocket("x", "eth7", 8, 46)], {})
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_they_do_not_wait_for_an_interface_that_takes_no_more(opened):
    assert opened(BY_ADDRESS)["a"].getblocking() is False


def test_a_source_may_be_shared_with_an_engine_that_still_sends_from_it(opened):
    first = opened(BY_ADDRESS, is_shared=True)["a"]
    second = opened(BY_ADDRESS, before={"a": source_of(first)}, is_shared=True)["a"]
    assert source_of(second) == source_of(first)
    others = opened(*(SendingSocket(str(n), "lo", n, 0) for n in range(1, 50)), is_shared=True)
    assert source_of(first) not in map(source_of, others.values())


def test_a_kept_socket_is_used_again_while_its_interface_is_away(opened, monkeypatch):
    first = opened(BY_ADDRESS)["a"]
    monkeypatch.setattr(sending_sockets, "interfaces", lambda: THERE[1:])
    assert opened(BY_ADDRESS, kept={"a": first})["a"] is first


def test_a_kept_socket_on_an_address_its_interface_no_longer_has_is_replaced(opened, monkeypatch):
    first = opened(BY_ADDRESS)["a"]
    real = interfaces()
    monkeypatch.setattr(sending_sockets, "interfaces", lambda: real)
    elsewhere = SendingSocket("a", "lo", 8, 46)
    assert opened(elsewhere, kept={"a": first})["a"] is first
    moved = tuple(replace(one, addresses=("127.0.0.2",)) for one in real)
    monkeypatch.setattr(sending_sockets, "interfaces", lambda: moved)
    assert source_of(opened(elsewhere, kept={"a": first})["a"])[0] == "127.0.0.2"


def test_a_patient_station_waits_for_an_interface_while_another_is_there(opened, monkeypatch):
    away = SendingSocket("x", "eth7", 4, 46)
    sockets = opened(BY_NAME, away, is_patient=True)
    assert source_of(sockets["x"])[0] == "0.0.0.0"
    assert option(sockets["x"], socket.IP_MULTICAST_TTL) == 4
    assert opened(BY_NAME, away, kept={"x": sockets["x"]})["x"] is sockets["x"]


def test_a_station_without_any_interface_is_refused_however_patient(opened):
    with pytest.raises(InterfaceError, match="there is no interface eth7"):
        opened(SendingSocket("x", "eth7", 4, 46), is_patient=True)
