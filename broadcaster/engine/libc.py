"""The few system calls Python does not offer, through ctypes.

Every call here drops the interpreter lock while it runs, so the staging thread can wait for
pages and the sending thread can sleep without holding each other up.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

libc: Final = ctypes.CDLL(None, use_errno=True)

CLOCK_MONOTONIC: Final = 1
TIMER_ABSTIME: Final = 1
_FUTEX_WAIT: Final = 0
_FUTEX_WAKE: Final = 1
_FUTEX: Final = {"x86_64": 202, "aarch64": 98, "riscv64": 98}.get(os.uname().machine)
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_PR_SET_PDEATHSIG: Final = 1
_NS: Final = 1_000_000_000


class TimeSpec(ctypes.Structure):
    """`struct timespec`."""

    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class IoVec(ctypes.Structure):
    """`struct iovec`."""

    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = (
    *(ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int),
    ctypes.c_long,
)
libc.munmap.argtypes = libc.mlock.argtypes = libc.munlock.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
)
libc.sendmmsg.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)
libc.recvmmsg.argtypes = (
    *(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int),
    ctypes.c_void_p,
)
libc.madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


class AbsoluteSleep:
    """Sleeps to absolute CLOCK_MONOTONIC times without allocating."""

    def __init__(self) -> None:
        """Prepare the one timespec that is used again and again."""
        self._spec = TimeSpec()
        self._pointer = ctypes.byref(self._spec)

    def until(self, monotonic_ns: int) -> None:
        """Sleep until `monotonic_ns`; returns at once when it has passed, or early on a signal."""
        self._spec.tv_sec, self._spec.tv_nsec = divmod(monotonic_ns, _NS)
        libc.clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, self._pointer, None)


def futex_wait(address: int, expected: int, timeout: float) -> None:
    """Sleep while the 32-bit word at `address` is `expected`, at most `timeout` seconds.

    Works across processes on a shared mapping. On a machine whose call number is not known it
    sleeps one millisecond, so callers loop and nothing is missed.
    """
    if _FUTEX is None:
        timeout = min(timeout, 0.001)
        libc.usleep(int(timeout * 1e6))
        return
    seconds, rest = divmod(timeout, 1)
    spec = TimeSpec(int(seconds), int(rest * _NS))
    libc.syscall(
        ctypes.c_long(_FUTEX), ctypes.c_void_p(address), _FUTEX_WAIT,
        ctypes.c_uint32(expected), ctypes.byref(spec), None, 0,
    )  # fmt: skip


def futex_wake(address: int) -> None:
    """Wake everybody who sleeps on the word at `address`."""
    if _FUTEX is not None:
        libc.syscall(
            ctypes.c_long(_FUTEX), ctypes.c_void_p(address), _FUTEX_WAKE, 0x7FFF_FFFF, None, None, 0
        )


def lock_memory() -> str | None:
    """Keep every page this process touches in memory; the reason when that is not allowed."""
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return None
    return f"memory is not locked: {os.strerror(ctypes.get_errno())}"


def real_time(priority: int) -> str | None:
    """Give the calling thread SCHED_FIFO `priority` (1-99); the reason when not allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError as error:
        return f"no real-time scheduling: {error.strerror}"
    return None


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent, process id `parent`, ends.

    When that has happened already, ends it here as quietly: nobody is left to be told.
    """
    libc.prctl(_PR_SET_PDEATHSIG, 9)
    if os.getppid() != parent:
        raise SystemExit(0)
