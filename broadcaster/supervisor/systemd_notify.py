"""Speaks with systemd, when it started us: how the service is, and the sockets it keeps for us.

sd_notify(3) and sd_listen_fds(3): words and descriptors by one datagram socket; descriptors that
systemd kept come back at the next start as those from number 3 on.
"""

from __future__ import annotations

import array
import logging
import os
import socket
from typing import Final
from urllib.parse import quote, unquote

_FIRST: Final = 3
"""SD_LISTEN_FDS_START."""

log = logging.getLogger(__name__)


def notify(*words: str, descriptor: int | None = None) -> None:
    """Send words such as `READY=1`; does nothing outside systemd, and never fails the caller."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    rights = []
    if descriptor is not None:
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
        try:
            # A leading @ stands for the zero byte of an abstract socket.
            sender.sendmsg(["\n".join(words).encode()], rights, 0, address.replace("@", "\0", 1))
        except OSError as error:
            log.debug("systemd does not listen at %s: %s", address, error)


def watchdog_interval() -> float | None:
    """Seconds between two WATCHDOG=1, half of what systemd allows; None when it does not watch."""
    allowed_us = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not allowed_us.isdecimal() or meant_for != str(os.getpid()):
        return None
    return int(allowed_us) / 2e6


def store_descriptor(name: str, descriptor: int) -> None:
    """Let systemd keep a descriptor for the next process of this service."""
    # FDPOLL=0: an error that waits on a socket is no reason to forget it.
    notify("FDSTORE=1", f"FDNAME={quote(name)}", "FDPOLL=0", descriptor=descriptor)


def forget_descriptor(name: str) -> None:
    """Let systemd close what it keeps under this name."""
    notify("FDSTOREREMOVE=1", f"FDNAME={quote(name)}")


def stored_descriptors() -> tuple[tuple[str, int], ...]:
    """(name, descriptor) of all that systemd kept for us; asked once, the second time none.

    They are ours from now on, and processes we start do not take them for theirs.
    """
    meant_for = os.environ.pop("LISTEN_PID", "")
    count = os.environ.pop("LISTEN_FDS", "")
    names = os.environ.pop("LISTEN_FDNAMES", "").split(":")
    if meant_for != str(os.getpid()) or not count.isdecimal():
        return ()
    descriptors = range(_FIRST, _FIRST + int(count))
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    named = [*map(unquote, names), *[""] * len(descriptors)]
    return tuple(zip(named, descriptors, strict=False))
