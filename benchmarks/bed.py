"""The ground a part stands on: a network of its own, and the facts of the machine."""

import contextlib
import ctypes
import fcntl
import os
import platform
import random
import socket
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

FIFO_PRIORITY: Final = 50
LOOPBACK: Final = ("lo", "127.0.0.1")

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_IFF_UP: Final = 0x1


def enter_own_network() -> bool:
    """Move this process, and all it starts, into a network namespace with nothing but loopback.

    Only while the process has a single thread. False where neither the account nor a user
    namespace of its own allows it; then the network stays the machine's.
    """
    if not (_unshare(_CLONE_NEWNET) or _enter_own_users()):
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", LOOPBACK[0].encode(), 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(control, _SIOCGIFFLAGS, request))[1]
        up = struct.pack("16sh14x", LOOPBACK[0].encode(), flags | _IFF_UP)
        fcntl.ioctl(control, _SIOCSIFFLAGS, up)
    return True


def _unshare(flags: int) -> bool:
    return bool(ctypes.CDLL(None, use_errno=True).unshare(flags) == 0)


def _enter_own_users() -> bool:
    user, group = os.getuid(), os.getgid()
    if not _unshare(_CLONE_NEWUSER | _CLONE_NEWNET):
        return False
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    return True


def first_group(own_network: bool) -> str:
    """The first of 4,096 multicast groups: on a shared network a chance place in 239/8.

    239.0.0.0/8 is for local use (RFC 2365).
    """
    if own_network:
        return "239.192.0.1"
    chance = random.SystemRandom()
    return f"239.{chance.randrange(256)}.{16 * chance.randrange(16)}.1"


def fifo_priority() -> int | None:
    """The real-time priority for all compared senders, if this account may have one."""
    child = os.fork()
    if child == 0:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(FIFO_PRIORITY))
            os._exit(0)
        os._exit(1)
    return FIFO_PRIORITY if os.waitpid(child, 0)[1] == 0 else None


def machine_facts(own_network: bool, priority: int | None) -> dict[str, Any]:
    """What a reader needs to compare this run with another."""
    return {
        "processor": _first_value(Path("/proc/cpuinfo"), "model name") or platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory": _first_value(Path("/proc/meminfo"), "MemTotal"),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "network": "a namespace of its own" if own_network else "the machine's loopback",
        "scheduling": f"SCHED_FIFO {priority}" if priority else "SCHED_OTHER: FIFO is not allowed",
        "load_average_before": os.getloadavg()[0],
    }


def _first_value(path: Path, key: str) -> str | None:
    with contextlib.suppress(OSError):
        lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            if line.startswith(key):
                return line.partition(":")[2].strip()
    return None
