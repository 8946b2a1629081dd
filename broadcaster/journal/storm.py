"""Storms of like entries: the first is written at once, the rest are counted each second. Pure.

Time is an argument, in monotonic seconds. No key can make more than two rows a second, however
often its entry comes, and no number of keys more than `MOST_KEYS` a second.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace

from broadcaster.journal.entry import Entry

WINDOW = 1.0
"""Seconds over which entries with one key are counted."""
MOST_KEYS = 2000
"""Keys counted at once: each of 893 cameras with two kinds of detection has its own."""
_OTHERS = "others"


@dataclass(slots=True)
class _Counted:
    until: float
    count: int = 0
    newest: Entry | None = None


class Storms:
    """What is being counted."""

    def __init__(self) -> None:
        self._counted: OrderedDict[str, _Counted] = OrderedDict()

    def passes(self, entry: Entry, now: float) -> bool:
        """Whether `entry` is to be written; otherwise it has been counted."""
        if not entry.storm:
            return True
        is_known = entry.storm in self._counted
        key = entry.storm if is_known or len(self._counted) < MOST_KEYS else _OTHERS
        known = self._counted.get(key)
        if known is None:
            self._counted[key] = _Counted(now + WINDOW)
            return True
        known.count += 1
        known.newest = entry
        return False

    def deadline(self) -> float | None:
        """When `due` has something to say; None when nothing is counted."""
        # All windows are as long, so the oldest key is due first.
        return next((one.until for one in self._counted.values()), None)

    def due(self, now: float) -> list[Entry]:
        """The newest entry of each key that came again within its second, with how often."""
        entries: list[Entry] = []
        while self._counted:
            key, counted = next(iter(self._counted.items()))
            if counted.until > now:
                break
            del self._counted[key]
            if counted.newest is not None:
                newest = counted.newest
                facts = {**newest.facts, "counted": counted.count}
                entries.append(replace(newest, facts=facts, storm=""))
                # The storm goes on: what comes next is counted too, not written at once.
                self._counted[key] = _Counted(now + WINDOW)
        return entries
