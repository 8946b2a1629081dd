"""What a notification is about: which amplifier, which kinds of fault, news or a repetition. Pure.

A notification starts a look and decides nothing: anybody can send one.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.oid import Oid

FOLDS: Final = 10.0
"""Seconds within which the same notification of one device is one."""
_MOST_FOLDED: Final = 4_096

About = tuple[FaultKind, ...]


@dataclass(frozen=True, slots=True)
class Notification:
    """One trap or inform: who sent it, what it is, and its values as text."""

    source: str
    agent: str
    """The agent's own address where the notification tells it, else `source`."""
    oid: Oid
    values: tuple[tuple[Oid, str], ...]


class Notified:
    """Counts every notification, and says of each that is news what to look at."""

    def __init__(
        self,
        amplifier_at: Callable[[str], str | None],
        about: Callable[[str, Oid], About | None],
    ) -> None:
        """`amplifier_at` an address, and what that amplifier's profile says a trap is `about`."""
        self._amplifier_at, self._about = amplifier_at, about
        self._folded: OrderedDict[tuple[object, ...], float] = OrderedDict()
        self.counts = {"verified": 0, "unconfirmed": 0, "duplicate": 0, "stranger": 0}
        """Those the profile knows, those it does not, repetitions, and those of no amplifier."""

    def take(self, said: Notification, now: float) -> tuple[str, About] | None:
        """The amplifier to look at, and for what; None when it is no news."""
        name = self._amplifier_at(said.agent) or self._amplifier_at(said.source)
        if name is None:
            self.counts["stranger"] += 1
            return None
        if self._is_repeated((name, said.oid, said.values[2:]), now):
            self.counts["duplicate"] += 1
            return None
        about = self._about(name, said.oid)
        self.counts["unconfirmed" if about is None else "verified"] += 1
        return name, about or ()

    def forget(self) -> None:
        """Let the next notification of each sort count as news."""
        self._folded.clear()

    def _is_repeated(self, key: tuple[object, ...], now: float) -> bool:
        before = self._folded.get(key)
        self._folded[key] = now
        self._folded.move_to_end(key)
        if len(self._folded) > _MOST_FOLDED:
            self._folded.popitem(last=False)
        return before is not None and now - before < FOLDS
