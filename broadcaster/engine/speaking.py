"""Who speaks: one robust, process-shared mutex in the shared block.

The engine that holds it sends; a standby sleeps in it. When the holder dies, however it dies, the
kernel wakes the standby with EOWNERDEAD, before the dead one's memory has been torn down. Nobody
gives the right up while alive, so two engines cannot speak.
"""

from __future__ import annotations

import ctypes
import errno
import os
from enum import Enum
from time import monotonic_ns
from typing import Final

from broadcaster.engine.libc import CLOCK_MONOTONIC, TimeSpec, libc

MUTEX_BYTES: Final = 64
"""Room for a pthread_mutex_t: 40 bytes on x86-64, 48 on aarch64."""
_SHARED: Final = 1
_ROBUST: Final = 1
_NS: Final = 1_000_000_000


class Right(Enum):
    """How a wait for the right to speak ended."""

    OURS = "ours"
    INHERITED = "inherited"
    """Ours, because the engine that had it died."""
    ANOTHERS = "another's"


class SpeakingRight:
    """The right to speak, kept at `address` in memory that all engines map."""

    def __init__(self, address: int) -> None:
        """`address` lies in a shared mapping, aligned to 8 bytes."""
        self._mutex = ctypes.c_void_p(address)

    def make(self) -> None:
        """Initialise it, once, before any engine looks at it."""
        attributes = (ctypes.c_char * MUTEX_BYTES)()
        pointer = ctypes.byref(attributes)
        _check(libc.pthread_mutexattr_init(pointer))
        _check(libc.pthread_mutexattr_setpshared(pointer, _SHARED))
        _check(libc.pthread_mutexattr_setrobust(pointer, _ROBUST))
        _check(libc.pthread_mutex_init(self._mutex, pointer))

    def wait(self, seconds: float) -> Right:
        """Sleep until the right is ours, at most `seconds`; the calling thread then holds it."""
        until = monotonic_ns() + int(seconds * _NS)
        spec = TimeSpec(*divmod(until, _NS))
        code = libc.pthread_mutex_clocklock(self._mutex, CLOCK_MONOTONIC, ctypes.byref(spec))
        if code == errno.EOWNERDEAD:
            _check(libc.pthread_mutex_consistent(self._mutex))
            return Right.INHERITED
        if code == errno.ETIMEDOUT:
            return Right.ANOTHERS
        _check(code)
        return Right.OURS

    def hand_on(self) -> None:
        """Let the next engine speak: the last act of one that ends on purpose."""
        _check(libc.pthread_mutex_unlock(self._mutex))


def _check(code: int) -> None:
    if code:
        raise OSError(code, f"the right to speak: {os.strerror(code)}")
