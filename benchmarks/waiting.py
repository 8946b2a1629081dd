"""Waiting for what another process does, by looking again and again."""

import time
from collections.abc import Callable
from typing import Final

from benchmarks.measurement import MeasurementError

LIMIT_S: Final = 60.0
_LOOK_S: Final = 0.005


def wait_for(what: str, is_so: Callable[[], bool]) -> None:
    """Look until it is so; a measurement has failed when a minute was not enough."""
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        if time.monotonic() > deadline:
            raise MeasurementError(f"waited {LIMIT_S:.0f} s in vain for {what}")
        time.sleep(_LOOK_S)
