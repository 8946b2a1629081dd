"""Take from a process what decoding does not need: network, files, time, memory, new programs."""

from __future__ import annotations

import ctypes
import resource
from pathlib import Path
from typing import Final

from broadcaster.ingest.limits import Limits

_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
_OPEN_FILES: Final = 32

_libc = ctypes.CDLL(None, use_errno=True)


def leave_network() -> bool:
    """Move into an empty network namespace; say whether the system allowed it.

    As root, or as anyone in a user namespace of one's own where the kernel permits that. Must be
    called while the process has one thread.
    """
    if _libc.unshare(_CLONE_NEWNET) == 0:
        return True
    # Without a map of users the process is nobody inside, and to the files who it was before.
    return bool(_libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def confine(limits: Limits) -> None:
    """Set the limits of this process for good: CPU, memory, no written files, no core dump."""
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    memory = _private_memory() + limits.memory_bytes
    for which, most in (
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(which, (most, most))
    # The soft limit ends the process with SIGXCPU, so that the reason can be told.
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 5))


def _private_memory() -> int:
    """Bytes RLIMIT_DATA counts already: they were there before the file was opened."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
