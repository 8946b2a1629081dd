"""Looks at the network interfaces of this machine: names, indexes, addresses, news of them."""

from __future__ import annotations

import ctypes
import fcntl
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

# <linux/sockios.h>, <linux/if.h>
_SIOCGIFCONF: Final = 0x8912
_SIOCGIFFLAGS: Final = 0x8913
_IFF_UP: Final = 0x1
_IFF_LOOPBACK: Final = 0x8
_IFREQ: Final = struct.Struct("16s24x")
_FLAGS: Final = struct.Struct("16sh22x")

# <linux/rtnetlink.h>
_RTMGRP_LINK: Final = 0x1
_RTMGRP_IPV4_IFADDR: Final = 0x10


class InterfaceError(Exception):
    """Nothing can be sent by an interface; the text names those there are."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of this machine and its IPv4 addresses.

    `index` is the kernel's number for it; one that was removed and comes back has another.
    """

    name: str
    addresses: tuple[str, ...]
    is_up: bool
    index: int = 0
    is_loopback: bool = False

    def __str__(self) -> str:
        """As a person is shown it."""
        addresses = ", ".join(self.addresses) or "no IPv4 address"
        return f"{self.name} ({addresses}{'' if self.is_up else ', down'})"


def interfaces() -> tuple[Interface, ...]:
    """Every interface of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        listed = socket.if_nameindex()
        addresses: dict[str, list[str]] = {name: [] for _, name in listed}
        for label, address in _addresses(control):
            # A label names its interface before the colon: eth0:1.
            addresses.setdefault(label.partition(":")[0], []).append(address)
        found = []
        for index, name in listed:
            flags = _flags(control, name)
            is_up, is_loopback = bool(flags & _IFF_UP), bool(flags & _IFF_LOOPBACK)
            found.append(Interface(name, tuple(addresses.get(name, ())), is_up, index, is_loopback))
        return tuple(found)


def found(wanted: str, there: Iterable[Interface]) -> tuple[Interface, str]:
    """The interface of that name or own address, and the address to send from.

    Raises:
        InterfaceError: it is missing, down or without an address.
    """
    there = tuple(there)
    for interface in there:
        if wanted == interface.name and not interface.addresses:
            raise InterfaceError(
                f"interface {wanted} has no IPv4 address to send from{_present(there)}"
            )
        if wanted == interface.name or wanted in interface.addresses:
            if not interface.is_up:
                raise InterfaceError(f"interface {wanted} is down{_present(there)}")
            is_address = wanted in interface.addresses
            return interface, wanted if is_address else interface.addresses[0]
    raise InterfaceError(f"there is no interface {wanted}{_present(there)}")


def indexes(there: Iterable[Interface]) -> dict[str, int]:
    """The index of every interface, by its name and by each of its addresses."""
    return {
        name: interface.index
        for interface in there
        for name in (interface.name, *interface.addresses)
    }


def news() -> socket.socket:
    """A socket that becomes readable when an interface or an address comes or goes (rtnetlink(7)).

    What it brings need not be understood: look again.
    """
    netlink = socket.socket(
        socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, socket.NETLINK_ROUTE
    )
    netlink.bind((0, _RTMGRP_LINK | _RTMGRP_IPV4_IFADDR))
    return netlink


def _present(there: tuple[Interface, ...]) -> str:
    return f"; this machine has {', '.join(map(str, there)) or 'none'}"


def _addresses(control: socket.socket) -> list[tuple[str, str]]:
    """(label, address) of every IPv4 address; netdevice(7), SIOCGIFCONF."""
    room = bytearray(_IFREQ.size * 4096)
    pointer = ctypes.addressof((ctypes.c_char * len(room)).from_buffer(room))
    # struct ifconf: a length and a pointer to room.
    answer = fcntl.ioctl(control, _SIOCGIFCONF, struct.pack("iP", len(room), pointer))
    (length, _) = struct.unpack("iP", answer)
    rows = (room[at : at + _IFREQ.size] for at in range(0, length, _IFREQ.size))
    return [(row[:16].rstrip(b"\0").decode(), socket.inet_ntoa(bytes(row[20:24]))) for row in rows]


def _flags(control: socket.socket, name: str) -> int:
    try:
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, _FLAGS.pack(name.encode(), 0))
    except OSError:
        return 0
    return int(_FLAGS.unpack(answer)[1])
