"""Which zones the keys of the demo act on: one is chosen, any may be marked. Values only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass
class Choice:
    """The chosen zone, by its place in the table, and the marked ones by name."""

    chosen: int = 0
    marked: set[str] = field(default_factory=set)
    _typed: str = ""

    def press(self, key: str, zones: Sequence[str]) -> bool:
        """Take a key; False if it means nothing here. `zones` are those of the table."""
        if key in ("up", "down"):
            step = 1 if key == "down" else -1
            self.chosen = (self.chosen + step) % len(zones)
        elif key == " ":
            self.marked ^= {zones[self.chosen]}
        elif key.isdecimal() and key.isascii():
            self._type(key, len(zones))
            return True
        else:
            return False
        self._typed = ""
        return True

    def _type(self, digit: str, count: int) -> None:
        """Choose a zone by its number, one digit after the other."""
        typed = self._typed + digit
        if not 1 <= int(typed) <= count:
            typed = digit
        self._typed = typed
        if 1 <= int(typed) <= count:
            self.chosen = int(typed) - 1

    def within(self, zones: Sequence[str]) -> None:
        """Let go of zones that are no longer there."""
        self.chosen = min(self.chosen, max(0, len(zones) - 1))
        self.marked &= set(zones)

    def zone(self, zones: Sequence[str]) -> str:
        """The chosen zone."""
        return zones[self.chosen]

    def several(self, zones: Sequence[str]) -> list[str]:
        """The marked zones in the order of the table; without any the chosen one."""
        return [zone for zone in zones if zone in self.marked] or [self.zone(zones)]
