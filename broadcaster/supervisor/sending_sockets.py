"""Opens the sockets that RTP leaves by.

The supervisor opens them once and every engine inherits them, so that source address and port
outlive any engine (SAFETY G1). They outlive a supervisor too, when its engines or systemd keep
them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from typing import Final

from broadcaster.engine.site_streams import SendingSocket
from broadcaster.interfaces import Interface, InterfaceError, found, interfaces

SEND_BUFFER_BYTES: Final = 8 << 20
_PRIORITY: Final = 6
"""SO_PRIORITY: the highest queueing class an unprivileged process may ask for (socket(7))."""

ANY_ADDRESS: Final = "0.0.0.0"  # noqa: S104 - nothing is received by these sockets
"""The source of a socket whose interface was away when it was opened."""

# <asm-generic/socket.h>
_SO_SNDBUFFORCE: Final = 32

Source = tuple[str, int]
"""An own address and a port that packets leave from."""


def open_sockets(
    wanted: Iterable[SendingSocket],
    before: Mapping[str, Source],
    kept: Mapping[str, socket.socket] | None = None,
    *,
    is_shared: bool = False,
    is_patient: bool = False,
) -> dict[str, socket.socket]:
    """The sockets, by the names the plan gives them.

    `kept` are sockets of the controller before this one: they go on being used, also while their
    interface is away. `before` are the sources used last time; one that is still free is used
    again, so that receivers which filter on the source hear a restarted station. With `is_shared`
    a source may also be one that a living engine still sends from. With `is_patient` an interface
    may be away if another is there: its socket sends nothing to anybody until it is steered.

    Raises:
        InterfaceError: an interface is missing, down or without an address, or refuses.
    """
    there, kept, wanted = interfaces(), kept or {}, tuple(wanted)
    is_patient = is_patient and any(_is_there(one, there) for one in wanted)
    with contextlib.ExitStack() as opened:
        sockets = {}
        for one in wanted:
            sending = kept.get(one.name)
            if sending is None or not _is_fit(sending, one, there):
                if is_patient and not _is_there(one, there):
                    sending = _open_for_later(one)
                else:
                    sending = _open(one, before.get(one.name), there, is_shared=is_shared)
            sockets[one.name] = opened.enter_context(sending)
        opened.pop_all()
        return sockets


def source_of(sending: socket.socket) -> Source:
    """The address and port a socket sends from."""
    address, port = sending.getsockname()
    return str(address), int(port)


def steer(sending: socket.socket, interface: Interface, address: str) -> None:
    """Let multicast leave by this interface, for every engine that has the socket.

    Raises:
        OSError: the interface has gone.
    """
    # struct ip_mreqn, ip(7)
    index = struct.pack("=4s4si", bytes(4), socket.inet_aton(address), interface.index)
    sending.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, index)


def renew(sending: socket.socket, wanted: SendingSocket, there: Iterable[Interface]) -> None:
    """Put a socket that sends from the interface's present address in the place of `sending`.

    The descriptor keeps its number; processes that have it already keep the socket before.

    Raises:
        InterfaceError: the interface is away or refuses.
    """
    is_shared = bool(sending.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
    with _open(wanted, None, tuple(there), is_shared=is_shared) as fresh:
        os.dup2(fresh.fileno(), sending.fileno(), inheritable=False)


def _is_fit(kept: socket.socket, wanted: SendingSocket, there: tuple[Interface, ...]) -> bool:
    """Whether a kept socket sends from an address of its interface, as far as can be seen now."""
    try:
        interface, _ = found(wanted.interface, there)
    except InterfaceError:
        return True
    return source_of(kept)[0] in (ANY_ADDRESS, *interface.addresses)


def _is_there(wanted: SendingSocket, there: tuple[Interface, ...]) -> bool:
    try:
        found(wanted.interface, there)
    except InterfaceError:
        return False
    return True


def _open_for_later(wanted: SendingSocket) -> socket.socket:
    """A socket for an interface that is away: its source is chosen when it is steered there."""
    sending = socket.socket(
        socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    )
    try:
        # Until then its multicast goes nowhere: not to a network that another interface leads to.
        option = socket.IPPROTO_IP, socket.IP_MULTICAST_IF
        sending.setsockopt(*option, socket.inet_aton("127.0.0.1"))
        _prepare(sending, wanted)
        sending.bind((ANY_ADDRESS, 0))
    except OSError as error:
        sending.close()
        raise InterfaceError(
            f"cannot open a socket for interface {wanted.interface}: {error.strerror}"
        ) from None
    return sending


def _open(
    wanted: SendingSocket,
    before: Source | None,
    there: tuple[Interface, ...],
    *,
    is_shared: bool,
) -> socket.socket:
    interface, address = found(wanted.interface, there)
    # Not blocking: an interface that takes no more may not hold up the others (SAFETY G3).
    sending = socket.socket(
        socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
    )
    try:
        steer(sending, interface, address)
        _prepare(sending, wanted)
        _bind(sending, address, before, is_shared=is_shared)
    except OSError as error:
        sending.close()
        raise InterfaceError(f"cannot send by interface {interface}: {error.strerror}") from None
    return sending


def _prepare(sending: socket.socket, wanted: SendingSocket) -> None:
    """Set what does not depend on the interface."""
    option = sending.setsockopt
    option(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, wanted.ttl)
    option(socket.IPPROTO_IP, socket.IP_TTL, max(wanted.ttl, 1))
    # The ear on this host hears the loop copy; it proves "sent", never "arrived".
    option(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
    option(socket.IPPROTO_IP, socket.IP_TOS, wanted.dscp << 2)
    option(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    for name, value in ((_SO_SNDBUFFORCE, SEND_BUFFER_BYTES), (socket.SO_PRIORITY, _PRIORITY)):
        with contextlib.suppress(PermissionError):
            option(socket.SOL_SOCKET, name, value)


def _bind(sending: socket.socket, address: str, before: Source | None, *, is_shared: bool) -> None:
    port = before[1] if before is not None and before[0] == address else 0
    reuse = socket.SOL_SOCKET, socket.SO_REUSEADDR
    try:
        sending.setsockopt(*reuse, int(is_shared and port != 0))
        sending.bind((address, port))
    except OSError as error:
        if not port or error.errno != errno.EADDRINUSE:
            raise
        # With the option on, the kernel could choose a port that is in use.
        sending.setsockopt(*reuse, 0)
        sending.bind((address, 0))
    # So that the next controller may share it, should it have to.
    sending.setsockopt(*reuse, int(is_shared))
