"""Opens the sockets that RTP leaves by.

The supervisor opens them once and every engine inherits them, so that source address and port
outlive any engine (SAFETY G1).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from broadcaster.engine.site_streams import SendingSocket

SEND_BUFFER_BYTES: Final = 8 << 20
_PRIORITY: Final = 6
"""SO_PRIORITY: the highest queueing class an unprivileged process may ask for (socket(7))."""

# <asm-generic/socket.h>, <linux/sockios.h>, <linux/if.h>
_SO_SNDBUFFORCE: Final = 32
_SIOCGIFCONF: Final = 0x8912
_SIOCGIFFLAGS: Final = 0x8913
_IFF_UP: Final = 0x1
_IFREQ: Final = struct.Struct("16s24x")

Source = tuple[str, int]
"""An own address and a port that packets leave from."""


class InterfaceError(Exception):
    """Nothing can be sent by an interface; the text names those there are."""


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of this machine and its IPv4 addresses."""

    name: str
    addresses: tuple[str, ...]
    is_up: bool

    def __str__(self) -> str:
        """As a person is shown it."""
        addresses = ", ".join(self.addresses) or "no IPv4 address"
        return f"{self.name} ({addresses}{'' if self.is_up else ', down'})"


def interfaces() -> tuple[Interface, ...]:
    """Every interface of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        addresses: dict[str, list[str]] = {name: [] for _, name in socket.if_nameindex()}
        for label, address in _addresses(control):
            # A label names its interface before the colon: eth0:1.
            addresses.setdefault(label.partition(":")[0], []).append(address)
        return tuple(
            Interface(name, tuple(found), _is_up(control, name))
            for name, found in addresses.items()
        )


def open_sockets(
    wanted: Iterable[SendingSocket], before: Mapping[str, Source]
) -> dict[str, socket.socket]:
    """The sockets, by the names the plan gives them.

    `before` are the sources used last time; one that is still free is used again, so that
    receivers which filter on the source hear a restarted station.

    Raises:
        InterfaceError: an interface is missing, down or without an address, or refuses.
    """
    there = interfaces()
    with contextlib.ExitStack() as opened:
        sockets = {
            one.name: opened.enter_context(_open(one, before.get(one.name), there))
            for one in wanted
        }
        opened.pop_all()
        return sockets


def source_of(sending: socket.socket) -> Source:
    """The address and port a socket sends from."""
    address, port = sending.getsockname()
    return str(address), int(port)


def _open(
    wanted: SendingSocket, before: Source | None, there: tuple[Interface, ...]
) -> socket.socket:
    interface, address = _found(wanted.interface, there)
    sending = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    option = sending.setsockopt
    try:
        index = struct.pack(
            "=4s4si", bytes(4), socket.inet_aton(address), socket.if_nametoindex(interface.name)
        )
        option(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, index)
        option(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, wanted.ttl)
        option(socket.IPPROTO_IP, socket.IP_TTL, max(wanted.ttl, 1))
        # The ear on this host hears the loop copy; it proves "sent", never "arrived".
        option(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
        option(socket.IPPROTO_IP, socket.IP_TOS, wanted.dscp << 2)
        option(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
        for name, value in ((_SO_SNDBUFFORCE, SEND_BUFFER_BYTES), (socket.SO_PRIORITY, _PRIORITY)):
            with contextlib.suppress(PermissionError):
                option(socket.SOL_SOCKET, name, value)
        _bind(sending, address, before)
    except OSError as error:
        sending.close()
        raise InterfaceError(f"cannot send by interface {interface}: {error.strerror}") from None
    return sending


def _bind(sending: socket.socket, address: str, before: Source | None) -> None:
    port = before[1] if before is not None and before[0] == address else 0
    try:
        sending.bind((address, port))
    except OSError as error:
        if not port or error.errno != errno.EADDRINUSE:
            raise
        sending.bind((address, 0))


def _found(wanted: str, there: tuple[Interface, ...]) -> tuple[Interface, str]:
    """The interface of that name or address, and the address to send from."""
    for interface in there:
        if wanted == interface.name and not interface.addresses:
            raise InterfaceError(
                f"interface {wanted} has no IPv4 address to send from{_present(there)}"
            )
        if wanted == interface.name or wanted in interface.addresses:
            if not interface.is_up:
                raise InterfaceError(f"interface {wanted} is down{_present(there)}")
            named = wanted in interface.addresses
            return interface, wanted if named else interface.addresses[0]
    raise InterfaceError(f"there is no interface {wanted}{_present(there)}")


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


def _is_up(control: socket.socket, name: str) -> bool:
    try:
        answer = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sh22x", name.encode(), 0))
    except OSError:
        return False
    return bool(struct.unpack("16sh22x", answer)[1] & _IFF_UP)
