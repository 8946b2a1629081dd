"""An event loop whose time passes only while nothing is to be done: hours of waiting in seconds.

For what waits on timers alone. Sockets are served, but nobody waits for them.
"""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

_Result = TypeVar("_Result")


class _Selector(selectors.SelectSelector):
    """Never sleeps; says for how long it would have."""

    slept = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits, and no time is set at which anybody goes on")
        if not ready and timeout:
            self.slept += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop that begins at 0 s."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Seconds that were waited."""
        return self._virtual.slept


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """What `work` returns, in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
