"""How often somebody may ask, and how long to wait after wrong passwords. Pure: time is given."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

MOST_REMEMBERED: Final = 10_000
"""Peers or names kept in mind; the longest unseen is forgotten for one more."""

FREE_ATTEMPTS: Final = 5
"""Wrong passwords before one has to wait."""
LONGEST_WAIT: Final = 15 * 60.0
FORGOTTEN_AFTER: Final = 60 * 60.0
"""Seconds without an attempt after which one starts anew."""


class Rates:
    """A bucket for each asker: `burst` requests at once, refilled at `per_second`."""

    def __init__(self, per_second: float, burst: float) -> None:
        """Both are counts of requests."""
        self._per_second = per_second
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, asker: str, now: float) -> float:
        """Seconds until `asker` may ask; 0.0 if now, which is then counted."""
        left, seen = self._buckets.pop(asker, (self._burst, now))
        left = min(self._burst, left + (now - seen) * self._per_second)
        is_free = left >= 1
        self._buckets[asker] = (left - is_free, now)
        if len(self._buckets) > MOST_REMEMBERED:
            self._buckets.popitem(last=False)
        return 0.0 if is_free else (1 - left) / self._per_second


@dataclass(frozen=True, slots=True)
class _Failures:
    count: int
    last: float


class Lockout:
    """Wrong passwords make the next attempt wait, twice as long each time.

    Counted by name and peer together: whoever guesses from elsewhere locks nobody out.
    """

    def __init__(self) -> None:
        self._failed: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait(self, name: str, peer: str, now: float) -> float:
        """Seconds until the next attempt counts; 0.0 when one may try now."""
        failed = self._failed.get((name, peer))
        if failed is None or now - failed.last > FORGOTTEN_AFTER:
            return 0.0
        excess = failed.count - FREE_ATTEMPTS
        if excess < 0:
            return 0.0
        return max(0.0, failed.last + min(LONGEST_WAIT, 2.0 ** min(excess, 20)) - now)

    def failed(self, name: str, peer: str, now: float) -> None:
        """Note a wrong password or code."""
        before = self._failed.pop((name, peer), None)
        is_new = before is None or now - before.last > FORGOTTEN_AFTER
        count = 1 if is_new or before is None else before.count + 1
        self._failed[name, peer] = _Failures(count, now)
        if len(self._failed) > MOST_REMEMBERED:
            self._failed.popitem(last=False)

    def succeeded(self, name: str, peer: str) -> None:
        """Forget what was wrong before."""
        self._failed.pop((name, peer), None)
