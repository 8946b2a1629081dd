"""Receiving multicast in batches: one socket a group and port, drained by recvmmsg.

A socket shared by fourteen streams would overflow after 60 ms, so each stream has its own. It is
bound to its group and takes nothing another process of this host joined (IP_MULTICAST_ALL=0). What
the kernel dropped because nobody drained in time (SO_RXQ_OVFL) is counted apart: it is the
receiver's own loss, never the sender's.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic_ns, time_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.libc import libc
from broadcaster.engine.packet import HEADER, VERSION_2
from broadcaster.interfaces import indexes, interfaces

SLOT_BYTES = 3072
"""The longest datagram taken; 20 ms of L24 at 48 kHz are 2 892 bytes."""
QUEUE_BYTES = 2 << 20
"""Asked for as receive buffer: seconds of one stream, should this process have to wait."""

# <linux/in.h>, <asm-generic/socket.h>; the socket module does not name them.
_IP_MULTICAST_ALL = 49
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_SO_RXQ_OVFL = 40

_MESSAGE = np.dtype(
    [
        ("name", "<u8"), ("name_length", "<u4"), ("", "<u4"), ("vectors", "<u8"),
        ("vector_count", "<u8"), ("control", "<u8"), ("control_length", "<u8"),
        ("flags", "<i4"), ("", "<u4"), ("length", "<u4"), ("", "<u4"),
    ]
)  # fmt: skip
_VECTOR = np.dtype([("base", "<u8"), ("length", "<u8")])
_ADDRESS = np.dtype([("family", "<u2"), ("port", ">u2"), ("address", ">u4"), ("", "V8")])
_CONTROL = np.dtype(
    [
        ("stamp_length", "<u8"), ("stamp_level", "<i4"), ("stamp_type", "<i4"),
        ("seconds", "<i8"), ("nanoseconds", "<i8"),
        ("drops_length", "<u8"), ("drops_level", "<i4"), ("drops_type", "<i4"),
        ("drops", "<u4"), ("", "<u4"),
    ]
)  # fmt: skip
"""What the kernel writes beside a datagram, in its order: the receive time, then, once there were
any, the drops."""
_FOLLOW_NS = 1_000_000_000
_EACH = 256
"""The most datagrams taken from one socket before the next one has its turn."""


class ReceivingSocket:
    """A socket that hears one group (or one own address) and port, through one interface.

    `interface` is a name or an own IPv4 address. `dropped` counts what this host did not drain in
    time.

    Raises:
        OSError: no such interface, or the port is taken by somebody who does not share it.
    """

    def __init__(
        self, address: str, port: int, interface: str, *, is_patient: bool = False
    ) -> None:
        """Bind, and join a group; with `is_patient` also when its interface is there later only."""
        self.address = address
        self.port = port
        self.dropped = 0
        self.drained_ns = monotonic_ns()
        self._interface = interface
        self._index = 0
        self._socket = socket.socket(
            socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
        )
        try:
            self._prepare(address, port)
            self._join(is_patient=is_patient)
        except BaseException:
            self._socket.close()
            raise

    def _prepare(self, address: str, port: int) -> None:
        option = self._socket.setsockopt
        option(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        option(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE_BYTES)
        with suppress(PermissionError):
            option(socket.SOL_SOCKET, _SO_RCVBUFFORCE, QUEUE_BYTES)
        option(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        option(socket.SOL_SOCKET, _SO_RXQ_OVFL, 1)
        option(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        self._socket.bind((address, port))

    def _join(self, *, is_patient: bool) -> None:
        if self._is_group:
            index = indexes(interfaces()).get(self._interface, 0)
            if not index and is_patient:
                return
            if not index:
                reason = os.strerror(errno.ENODEV)
                raise OSError(errno.ENODEV, f"{reason}: there is no interface {self._interface}")
            self._member(socket.IP_ADD_MEMBERSHIP, index)
            self._index = index

    @property
    def _is_group(self) -> bool:
        return 224 <= socket.inet_aton(self.address)[0] < 240

    def _member(self, option: int, index: int) -> None:
        # struct ip_mreqn, ip(7)
        member = socket.inet_aton(self.address) + struct.pack("=4si", bytes(4), index)
        self._socket.setsockopt(socket.IPPROTO_IP, option, member)

    def follow(self, there: Mapping[str, int]) -> bool:
        """Join anew where the interface came back with another index; whether it did.

        `there` are the indexes of interfaces by name and address.
        """
        index = there.get(self._interface, 0)
        if not self._is_group or index in (0, self._index):
            return False
        with suppress(OSError):
            # Of an interface that was removed the socket still remembers the group.
            self._member(socket.IP_DROP_MEMBERSHIP, self._index)
        try:
            self._member(socket.IP_ADD_MEMBERSHIP, index)
        except OSError:
            return False  # gone again, or not ready: the next look is soon
        self._index = index
        return True

    def fileno(self) -> int:
        """The file descriptor, for select and the like."""
        return self._socket.fileno()

    def close(self) -> None:
        """Leave the group; what was not drained is gone."""
        self._socket.close()


def is_any_there(names: Iterable[str]) -> bool:
    """Whether one of these interfaces, by name or own address, is on this machine now."""
    return not indexes(interfaces()).keys().isdisjoint(names)


class Following:
    """Keeps memberships alive when an interface is removed and made again."""

    def __init__(self) -> None:
        """The first look is due."""
        self._due_ns = 0

    def follow(self, sockets: Iterable[ReceivingSocket]) -> int:
        """Look at the interfaces, at most once a second; how many sockets were joined anew."""
        now = monotonic_ns()
        if now < self._due_ns:
            return 0
        self._due_ns = now + _FOLLOW_NS
        there = indexes(interfaces())
        return sum(receiver.follow(there) for receiver in sockets)


@dataclass(frozen=True, slots=True)
class Datagrams:
    """One batch, in rows; the arrays are views that the next `Inbox.drain` overwrites.

    `socket` is the place of the row's socket among those drained. `octets` has SLOT_BYTES columns,
    of which the first `lengths` are the datagram; a longer one has length 0. `at_ns` is when the
    kernel received it, on CLOCK_MONOTONIC. `is_more` when the batch was full: drain again.
    """

    socket: NDArray[np.intp]
    octets: NDArray[np.uint8]
    lengths: NDArray[np.intp]
    addresses: NDArray[np.uint32]
    ports: NDArray[np.uint16]
    at_ns: NDArray[np.int64]
    is_more: bool

    def headers(self) -> NDArray[np.void]:
        """The first twelve bytes of each, read as RTP headers; meaningless where not `is_plain`."""
        return np.ascontiguousarray(self.octets[:, : HEADER.itemsize]).view(HEADER)[:, 0]

    def is_plain(self) -> NDArray[np.bool_]:
        """Which are RTP whose payload follows the twelve bytes: no padding, extension, CSRC."""
        plain: NDArray[np.bool_] = (self.lengths > HEADER.itemsize) & (
            self.octets[:, 0] == VERSION_2
        )
        return plain


class Inbox:
    """Room for one batch, used again and again."""

    def __init__(self, room: int = 1024) -> None:
        """`room` is the most datagrams a batch may hold."""
        self._octets = np.zeros((room, SLOT_BYTES), np.uint8)
        self._addresses = np.zeros(room, _ADDRESS)
        self._control = np.zeros(room, _CONTROL)
        self._vectors = np.zeros(room, _VECTOR)
        self._vectors["base"] = _rows(self._octets)
        self._vectors["length"] = SLOT_BYTES
        self._messages = np.zeros(room, _MESSAGE)
        self._messages["name"] = _rows(self._addresses)
        self._messages["vectors"] = _rows(self._vectors)
        self._messages["vector_count"] = 1
        self._messages["control"] = _rows(self._control)
        self._socket = np.zeros(room, np.intp)
        self._renew(room)

    def _renew(self, used: int) -> None:
        """Say again how much room there is: the kernel wrote how much it used."""
        rows = self._messages[:used]
        rows["name_length"] = _ADDRESS.itemsize
        rows["control_length"] = _CONTROL.itemsize
        self._control["stamp_length"][:used] = 0
        self._control["drops_length"][:used] = 0

    def drain(self, sockets: Sequence[ReceivingSocket]) -> Datagrams:
        """What has arrived at `sockets`, socket by socket; never waits."""
        used, room = 0, len(self._messages)
        asked_ns, is_more = monotonic_ns(), False
        earliest = np.zeros(room, np.int64)
        for place, receiver in enumerate(sockets):
            count = self._receive(receiver, used, min(room - used, _EACH))
            rows = slice(used, used + count)
            self._socket[rows] = place
            earliest[rows] = receiver.drained_ns
            if count == min(room - used, _EACH):
                is_more = True
            else:
                receiver.drained_ns = asked_ns
            if count:
                self._count_drops(receiver, used + count - 1)
            used += count
        batch = Datagrams(
            self._socket[:used],
            self._octets[:used],
            self._lengths(used),
            self._addresses["address"][:used].astype(np.uint32),
            self._addresses["port"][:used].astype(np.uint16),
            self._times(used, earliest[:used]),
            is_more,
        )
        self._renew(used)
        return batch

    def _receive(self, receiver: ReceivingSocket, at: int, room: int) -> int:
        if room == 0:
            return 0
        start = int(self._messages.ctypes.data) + at * _MESSAGE.itemsize
        count = libc.recvmmsg(receiver.fileno(), start, room, socket.MSG_DONTWAIT, None)
        if count >= 0:
            return int(count)
        number = ctypes.get_errno()
        if number in (errno.EAGAIN, errno.EINTR):
            return 0
        raise OSError(number, f"{receiver.address}:{receiver.port}: {os.strerror(number)}")

    def _count_drops(self, receiver: ReceivingSocket, row: int) -> None:
        control = self._control[row]
        if control["drops_length"] and control["drops_type"] == _SO_RXQ_OVFL:
            receiver.dropped = int(control["drops"])

    def _lengths(self, used: int) -> NDArray[np.intp]:
        messages = self._messages[:used]
        is_whole = messages["flags"] & socket.MSG_TRUNC == 0
        return np.where(is_whole, messages["length"], 0).astype(np.intp)

    def _times(self, used: int, earliest: NDArray[np.int64]) -> NDArray[np.int64]:
        """Receive times on CLOCK_MONOTONIC.

        The kernel stamps with the wall clock. Should that be stepped between the packet and now,
        the packet still came after the last time its socket was empty, and not in the future.
        """
        now = monotonic_ns()
        to_monotonic = now - time_ns()
        control = self._control[:used]
        at = control["seconds"] * 1_000_000_000 + control["nanoseconds"] + to_monotonic
        is_stamped = (control["stamp_length"] > 0) & (control["stamp_type"] == _SO_TIMESTAMPNS)
        times: NDArray[np.int64] = np.clip(np.where(is_stamped, at, now), earliest, now)
        return times


def _rows(array: NDArray[Any]) -> NDArray[np.uint64]:
    """The address of every row of a packed array."""
    step = array.strides[0]
    return np.arange(len(array), dtype=np.uint64) * np.uint64(step) + np.uint64(array.ctypes.data)
