"""Receiving in batches on real groups."""

import socket
from contextlib import closing
from time import monotonic, monotonic_ns, time_ns

import numpy as np
import pytest

from broadcaster.engine.packet import HEADER
from broadcaster.interfaces import indexes, interfaces
from broadcaster.multicast import SLOT_BYTES, Following, Inbox, ReceivingSocket
from broadcaster.supervisor.sending_sockets import steer
from tests.broadcaster.cable import cable
from tests.broadcaster.engine.studio import LOOPBACK, PATIENCE, sending_socket, until


@pytest.fixture
def group(multicast_group, free_port):
    return multicast_group(), free_port()


@pytest.fixture
def sender():
    with sending_socket() as made:
        yield made


def receiving(group, interface=LOOPBACK):
    address, port = group
    return closing(ReceivingSocket(address, port, interface))


def drained(inbox, sockets, count):
    """Batches until `count` datagrams came; the bytes of each with its socket and times."""
    found: list[tuple[int, bytes, tuple[int, int], int]] = []
    deadline = monotonic() + PATIENCE
    while len(found) < count:
        assert monotonic() < deadline, f"{len(found)} of {count} datagrams came"
        batch = inbox.drain(sockets)
        for row, length in enumerate(batch.lengths):
            octets = batch.octets[row, :length].tobytes()
            source = (int(batch.addresses[row]), int(batch.ports[row]))
            found.append((int(batch.socket[row]), octets, source, int(batch.at_ns[row])))
    return found


def test_each_socket_hears_its_own_group_and_who_sent(multicast_group, free_port, sender):
    port = free_port()
    groups = [multicast_group() for _ in range(3)]
    receivers = [ReceivingSocket(group, port, LOOPBACK) for group in groups]
    try:
        before = monotonic_ns()
        for number, group in enumerate(groups):
            sender.sendto(bytes([number]) * 20, (group, port))
        found = drained(Inbox(), receivers, 3)
        assert [(place, octets) for place, octets, _, _ in found] == [
            (number, bytes([number]) * 20) for number in range(3)
        ]
        address, port = sender.getsockname()
        ours = int.from_bytes(socket.inet_aton(address), "big")
        assert {source for _, _, source, _ in found} == {(ours, port)}
        assert all(before <= at <= monotonic_ns() for *_, at in found)
    finally:
        for receiver in receivers:
            receiver.close()


def test_an_interface_may_be_named(group, sender):
    with receiving(group, "lo") as receiver:
        sender.sendto(b"by name", group)
        assert drained(Inbox(), [receiver], 1)[0][1] == b"by name"


def test_two_receivers_of_one_group_both_hear(group, sender):
    with (
        receiving(group) as one,
        receiving(group) as two,
    ):
        sender.sendto(b"both", group)
        assert {place for place, *_ in drained(Inbox(), [one, two], 2)} == {0, 1}


def test_a_full_batch_says_that_there_is_more(group, sender):
    with receiving(group) as receiver, receiving(group) as witness:
        for number in range(10):
            sender.sendto(bytes([number]), group)
        drained(Inbox(), [witness], 10)
        inbox = Inbox(room=4)
        first = inbox.drain([receiver])
        assert first.is_more
        assert len(first.lengths) == 4
        rest = drained(inbox, [receiver], 6)
        assert [octets for _, octets, _, _ in rest] == [bytes([n]) for n in range(4, 10)]
        assert not inbox.drain([receiver]).is_more


def test_a_datagram_that_is_too_long_has_no_length(group, sender):
    with receiving(group) as receiver:
        sender.sendto(bytes(SLOT_BYTES + 1), group)
        assert drained(Inbox(), [receiver], 1)[0][1] == b""


def test_what_the_kernel_dropped_is_counted_apart(group, sender):
    with receiving(group) as receiver:
        sent, found, inbox = 8000, 0, Inbox()
        for _ in range(sent):
            sender.sendto(bytes(1400), group)
        deadline = monotonic() + PATIENCE
        # The count comes with the next datagram that is not dropped.
        while not receiver.dropped or receiver.dropped + found < sent:
            assert monotonic() < deadline
            found += len(inbox.drain([receiver]).lengths)
            sender.sendto(b"after", group)
            sent += 1
            found += len(inbox.drain([receiver]).lengths)
        assert receiver.dropped + found == sent


def test_headers_and_what_is_plain_rtp(group, sender):
    header = np.zeros(1, HEADER)
    header["flags"], header["type"], header["sequence"] = 0x80, 96, 7
    header["timestamp"], header["ssrc"] = 123_456, 0xDEADBEEF
    plain = header.tobytes()
    extended = bytes([0x90]) + plain[1:]
    with receiving(group) as receiver:
        for octets, is_plain in (
            (plain + b"x", True),
            (extended + b"x", False),
            (plain, False),
            (b"hello", False),
        ):
            sender.sendto(octets, group)
            batch = until(lambda: _batch(receiver), "it came")
            assert batch.is_plain().tolist() == [is_plain]
            if is_plain:
                assert int(batch.headers()["ssrc"][0]) == 0xDEADBEEF
                assert int(batch.headers()["timestamp"][0]) == 123_456


def _batch(receiver):
    batch = Inbox().drain([receiver])
    return batch if len(batch.lengths) else None


@pytest.mark.parametrize("step_ns", [-3_600_000_000_000, 3_600_000_000_000])
def test_a_step_of_the_wall_clock_moves_no_receive_time_out_of_reason(
    group, sender, monkeypatch, step_ns
):
    opened = monotonic_ns()
    with receiving(group) as receiver:
        sender.sendto(b"x", group)
        monkeypatch.setattr("broadcaster.multicast.time_ns", lambda: time_ns() + step_ns)
        ((*_, at),) = drained(Inbox(), [receiver], 1)
        assert opened <= at <= monotonic_ns()


def test_nothing_is_nothing(group):
    with receiving(group) as receiver:
        batch = Inbox().drain([receiver])
        assert len(batch.lengths) == 0
        assert len(batch.headers()) == 0
        assert not batch.is_more
        assert len(Inbox().drain([]).lengths) == 0


def test_an_interface_that_is_not_there_is_an_error(group):
    with pytest.raises(OSError, match="No such device"):
        receiving(group, "192.0.2.1")
    with pytest.raises(OSError, match="no interface"):
        receiving(group, "eth-none")


def test_a_group_is_joined_again_on_an_interface_that_came_back(network, group):
    address, port = group
    with cable(network) as plugged, receiving(group, plugged.near) as receiver:
        there = indexes(interfaces())
        assert not receiver.follow(there)
        plugged.pull()
        assert not receiver.follow(indexes(interfaces()))
        plugged.plug()
        assert receiver.follow(indexes(interfaces()))
        assert not receiver.follow(indexes(interfaces()))
        assert there[plugged.near] != indexes(interfaces())[plugged.near]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            near = next(one for one in interfaces() if one.name == plugged.near)
            steer(sender, near, plugged.address)
            sender.sendto(b"back", (address, port))
        assert [octets for _, octets, _, _ in drained(Inbox(), [receiver], 1)] == [b"back"]


def test_interfaces_are_looked_at_once_a_second(group):
    following = Following()
    with receiving(group) as receiver:
        assert following.follow([receiver]) == 0
        receiver.follow({LOOPBACK: 10**6})  # cannot be joined there: nothing changes
        assert following.follow([receiver]) == 0
