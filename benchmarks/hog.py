"""An endless loop at normal priority on every core, as long as a busy measurement lasts."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from benchmarks.child import started

LONGEST_S: Final = 300
"""A hog ends by itself after this, whatever becomes of us."""

_LOOP: Final = f"""
import time
end = time.monotonic() + {LONGEST_S}
while time.monotonic() < end:
    sum(range(10_000))
"""


@contextmanager
def hogs(wanted: bool) -> Iterator[None]:
    """Keep all cores busy during the block, one loop pinned to each; nothing if not wanted."""
    with ExitStack() as stack:
        for core in os.sched_getaffinity(0) if wanted else ():
            hog = stack.enter_context(started([sys.executable, "-S", "-c", _LOOP]))
            os.sched_setaffinity(hog.pid, {core})
        yield
