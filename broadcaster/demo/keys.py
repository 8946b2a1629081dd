"""Single keys from a terminal, without waiting for Enter; the terminal is put back in the end."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_ARROWS = {b"\x1b[A": "up", b"\x1b[B": "down", b"\x1bOA": "up", b"\x1bOB": "down"}


def keys_in(octets: bytes) -> Iterator[str]:
    """The keys in what a terminal sent: letters and digits as they are, `up` and `down`."""
    at = 0
    while at < len(octets):
        arrow = _ARROWS.get(octets[at : at + 3])
        if arrow is not None:
            yield arrow
            at += 3
        elif octets[at : at + 1] == b"\x1b":
            at += 3  # another key's sequence
        else:
            yield octets[at : at + 1].decode("latin-1")
            at += 1


@contextmanager
def pressed(tell: Callable[[str], None]) -> Iterator[None]:
    """Tell each key that is pressed, from the running event loop; nothing without a terminal."""
    descriptor = sys.stdin.fileno() if sys.stdin is not None and sys.stdin.isatty() else None
    if descriptor is None:
        yield
        return

    def read() -> None:
        octets = os.read(descriptor, 64)
        if not octets:
            loop.remove_reader(descriptor)
        for key in keys_in(octets):
            tell(key)

    loop = asyncio.get_running_loop()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor)
    loop.add_reader(descriptor, read)
    try:
        yield
    finally:
        loop.remove_reader(descriptor)
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
