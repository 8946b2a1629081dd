"""Who has the processor first: those who warn, then those who show, then work in the background.

Where the system grants no real-time rights an engine is a process like any other. Then everything
that computes for long has to stand back behind it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Final

FIRST: Final = -10
"""The niceness of processes that a warning passes through."""
LOWEST: Final = 19
"""The niceness of work that nobody waits for."""
SOON: Final = 10
"""The niceness of work that somebody waits for."""
ONE_THREAD: Final[Mapping[str, str]] = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""What keeps numpy from using every processor there is; for the environment of a new process."""


def go_first() -> None:
    """Let this thread go before others, where the system grants it (CAP_SYS_NICE, RLIMIT_NICE).

    Threads and processes that it starts from now on are like any others (SCHED_RESET_ON_FORK,
    sched(7)); without the right it is so itself.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, FIRST)
        os.sched_setscheduler(0, os.SCHED_OTHER | os.SCHED_RESET_ON_FORK, os.sched_param(0))


def stand_back(*, is_awaited: bool = False) -> None:
    """Let everybody else go first: this process and those it starts from now on.

    Work that `is_awaited` merely gets less of a busy processor. Other work gets a hundredth of it,
    and never the turn of one that wakes (SCHED_BATCH, sched(7)). Not SCHED_IDLE: on a machine that
    is busy for good it would never end.
    """
    os.nice((SOON if is_awaited else LOWEST) - os.getpriority(os.PRIO_PROCESS, 0))
    if not is_awaited:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
