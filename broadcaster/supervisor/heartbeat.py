"""Is the engine working, and are the others? Pure: looks in, a verdict out.

An engine that is alive and sends nothing must be killed before another may speak (SAFETY G5). One
that is merely kept from the processor must not: its successor would fare no better.
"""

from __future__ import annotations

from collections.abc import Mapping
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

_STILL_LOOKS: Final = 2
"""Looks in a row, a second apart, without a turn on a processor after which a process hangs."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the watcher saw at `at_ns`, when it had meant to look at `due_ns` (monotonic, ns).

    `pid`, `beat_ns` and `sent_until` are the shared block's. `waited_ns` is how long the engine's
    sending thread has waited for a processor in its life, `ran_ns` how long all its threads have
    had one; 0 when the kernel does not say. `is_queued`: a thread of it waits for one right now,
    which the kernel adds to `waited_ns` only when the wait is over.
    """

    due_ns: int
    at_ns: int
    pid: int
    beat_ns: int
    sent_until: int
    waited_ns: int
    ran_ns: int
    is_queued: bool


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
        return not _is_starved(before, look) or self._idle >= _PATIENCE


class Stillness:
    """Which processes do nothing, seen once a second.

    Each of ours wakes several times a second, so one that has had no turn on a processor is
    stopped or hangs.
    """

    def __init__(self) -> None:
        """Nothing has been seen."""
        self._seen: dict[int, tuple[int, int]] = {}

    def look(self, turns: Mapping[int, int]) -> list[int]:
        """The processes that are to be ended; `turns` by process id, 0 where nobody can say.

        A look without any process, such as one that comes late, begins anew.
        """
        seen: dict[int, tuple[int, int]] = {}
        for pid, count in turns.items():
            before, looks = self._seen.get(pid, (0, 0))
            if count:
                seen[pid] = (count, looks + 1 if count == before else 0)
        self._seen = seen
        return [pid for pid, (_, looks) in seen.items() if looks >= _STILL_LOOKS]


def _is_starved(before: Look, look: Look) -> bool:
    """Whether the engine was kept from the processor between two looks.

    It need not be the sending thread: a stager that is kept from it while it holds the interpreter
    holds the sender up too. One that is stopped is not queued, one that spins has run.
    """
    if look.is_queued and look.ran_ns == before.ran_ns:
        return True
    return look.waited_ns - before.waited_ns >= _STARVED * (look.at_ns - before.at_ns)


def _is_on_time(look: Look) -> bool:
    return look.at_ns - look.due_ns <= _ON_TIME_NS
