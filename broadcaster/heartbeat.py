"""Is the engine working? Pure: two looks in, a verdict out.

An engine that is alive and sends nothing must be killed before another may speak (SAFETY G5). One
that is merely kept from the processor must not: its successor would fare no better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

INTERVAL: Final = 0.1
"""Seconds between two looks: five ticks of the longest packet time."""
_ON_TIME_NS: Final = 20_000_000
"""A look later than this says more about the watcher than about the engine."""
_STARVED: Final = 0.8
"""The share of an interval spent waiting for a processor that makes an engine a starved one."""
_PATIENCE: Final = 10
"""Looks in a row without work after which also a starved engine is given up."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the watcher saw at `at_ns`, when it had meant to look at `due_ns` (monotonic, ns).

    `pid`, `beat_ns` and `sent_until` are the shared block's; `waited_ns` is how long the engine's
    sending thread has waited for a processor in its life, 0 when the kernel does not say.
    """

    due_ns: int
    at_ns: int
    pid: int
    beat_ns: int
    sent_until: int
    waited_ns: int


class Heartbeat:
    """The looks so far, as far as they matter."""

    def __init__(self) -> None:
        """Nothing has been seen."""
        self._before: Look | None = None
        self._idle = 0

    def is_stale(self, look: Look) -> bool:
        """Whether the engine seen by this look and the one before has stopped working."""
        before, self._before = self._before, look
        if before is None or not _is_on_time(before) or not _is_on_time(look):
            return False
        if (look.pid, look.beat_ns, look.sent_until) != (
            before.pid,
            before.beat_ns,
            before.sent_until,
        ):
            self._idle = 0
            return False
        self._idle += 1
        waited = look.waited_ns - before.waited_ns
        is_starved = waited >= _STARVED * (look.at_ns - before.at_ns)
        return not is_starved or self._idle >= _PATIENCE


def _is_on_time(look: Look) -> bool:
    return look.at_ns - look.due_ns <= _ON_TIME_NS
