"""Work that may take as long as it likes, and must never keep an engine from the processor.

Where the system grants no real-time rights an engine is a process like any other. Then everything
that computes for long has to stand back behind it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Final

LOWEST: Final = 19
"""The niceness of work that nobody waits for."""
SOON: Final = 10
"""The niceness of work that somebody waits for."""
ONE_THREAD: Final[Mapping[str, str]] = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
"""What keeps numpy from using every processor there is; for the environment of a new process."""


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
