"""Tells systemd how the service is, when systemd asked to be told (sd_notify(3))."""

from __future__ import annotations

import logging
import os
import socket

log = logging.getLogger(__name__)


def notify(*words: str) -> None:
    """Send words such as `READY=1`; does nothing outside systemd, and never fails the caller."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as sender:
        try:
            # A leading @ stands for the zero byte of an abstract socket.
            sender.sendto("\n".join(words).encode(), address.replace("@", "\0", 1))
        except OSError as error:
            log.debug("systemd does not listen at %s: %s", address, error)


def watchdog_interval() -> float | None:
    """Seconds between two WATCHDOG=1, half of what systemd allows; None when it does not watch."""
    allowed_us = os.environ.get("WATCHDOG_USEC", "")
    meant_for = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not allowed_us.isdecimal() or meant_for != str(os.getpid()):
        return None
    return int(allowed_us) / 2e6
