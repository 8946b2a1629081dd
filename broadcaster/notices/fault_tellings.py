"""What a technician still has to be told of faults. Pure: faults and what was told go in.

A fault is told when it rings, again when a warning begins to play in its zone, and once more when
it is over. One that comes and goes is told at most every half an hour. Whoever is told only of what
nobody has acknowledged hears nothing while somebody looks at it in time: that is the escalation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

from broadcaster.notices.fault_view import FaultView
from broadcaster.notices.wanted import fingerprint
from zones.notices_settings import Technician

SETTLES: Final = timedelta(seconds=10)
"""A fault of the station itself that is over by then was none."""
AGAIN_AFTER: Final = timedelta(minutes=30)
"""A fault that came back sooner is not told again."""


class Change(Enum):
    """What has become of a fault."""

    RAISED = "raised"
    WARNED = "raised under a warning"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class ToldFault:
    """What a technician was told of one fault: the last change, of which occurrence, and when.

    `raised_at` is when it was last told to be there.
    """

    change: Change
    occurrence: str
    at: datetime
    raised_at: datetime
    said: Mapping[str, Any]

    def fields(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "change": self.change.value,
            "occurrence": self.occurrence,
            "at": self.at.isoformat(),
            "raised_at": self.raised_at.isoformat(),
            "said": dict(self.said),
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> ToldFault:
        """It out of JSON; raises KeyError, TypeError or ValueError when it is none."""
        at, raised_at = (datetime.fromisoformat(fields[name]) for name in ("at", "raised_at"))
        change, said = Change(fields["change"]), dict(fields["said"])
        return cls(change, str(fields["occurrence"]), at, raised_at, said)


@dataclass(frozen=True, slots=True)
class FaultTelling:
    """One thing that a technician is to be told."""

    fault: str
    change: Change
    occurrence: str
    rank: int
    said: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its name: the same however often it is told."""
        return fingerprint(
            {"fault": self.fault, "change": self.change.value, "occurrence": self.occurrence}
        )

    def noted(self, before: ToldFault | None, utc: datetime) -> ToldFault:
        """That it was told."""
        is_end = self.change is Change.OVER and before is not None
        raised_at = before.raised_at if is_end and before is not None else utc
        return ToldFault(self.change, self.occurrence, utc, raised_at, self.said)


def due_faults(
    technician: Technician,
    faults: Iterable[FaultView],
    told: Mapping[str, ToldFault],
    utc: datetime,
) -> list[FaultTelling]:
    """What somebody is to be told now: the worst first, ends last. `told` is by fault."""
    there = {one.id: one for one in faults if one.is_there}
    found = [
        FaultTelling(one.id, change, one.occurrence, one.rank, one.said)
        for one in there.values()
        if (change := _change(technician, one, told.get(one.id), utc)) is not None
    ]
    found += [
        FaultTelling(name, Change.OVER, before.occurrence, -1, before.said)
        for name, before in told.items()
        if name not in there and before.change is not Change.OVER
    ]
    return sorted(found, key=lambda each: (-each.rank, each.fault))


def _change(
    technician: Technician, fault: FaultView, before: ToldFault | None, utc: datetime
) -> Change | None:
    """What has to be told of a fault that is there."""
    if not fault.rings or fault.rank < technician.least:
        return None
    wait = timedelta(seconds=technician.after_s)
    if fault.said.get("kind") == "station":
        wait = max(wait, SETTLES)
    if utc - fault.since < wait:
        return None
    change = Change.WARNED if fault.is_warned else Change.RAISED
    if before is None or (before.change is Change.RAISED and change is Change.WARNED):
        return change
    is_again = before.change is Change.OVER or before.occurrence != fault.occurrence
    is_urgent = change is Change.WARNED and before.change is Change.OVER
    return change if is_again and (is_urgent or utc - before.raised_at >= AGAIN_AFTER) else None


def forgotten(told: Mapping[str, ToldFault], utc: datetime) -> list[str]:
    """The faults that were told to be over, and so long ago that they need not be remembered."""
    return [
        name
        for name, one in told.items()
        if one.change is Change.OVER and utc - one.raised_at >= AGAIN_AFTER
    ]
