"""A fault as people deal with it: seen, acknowledged, over, reset. Pure.

As voice alarm practice has it, *acknowledge* ("I have seen it") and *reset* ("I have looked, it is
over") are two acts, and a fault stays in the list until it was reset.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final

from firmware_profiles.fault_kind import CHARACTERS, FaultKind, Severity
from zones.site import Name

LONGEST_SHELF: Final = 30 * 86_400.0
"""Seconds for which a fault may be put aside at most."""


class FaultRefusedError(Exception):
    """An act on a fault that is not possible; the text says why and what to do."""


class Standing(Enum):
    """Where a fault is between being raised and being reset."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    """It is over; somebody has still to reset it."""


@dataclass(frozen=True, slots=True)
class FaultKey:
    """What is wrong and where: an amplifier (or switch), a kind, and the part of it."""

    amplifier: str
    kind: FaultKind
    part: str = ""

    @property
    def id(self) -> str:
        """Its name in commands, such as `amp-05/line.short/2`."""
        return "/".join(filter(None, (self.amplifier, self.kind.value, self.part)))


@dataclass(frozen=True, slots=True)
class Shelf:
    """A fault put aside: until when, by whom and why."""

    until: datetime
    who: str
    reason: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Times are UTC; `over` is when it ended, `times` how often it came since."""

    key: FaultKey
    since: datetime
    text: str
    by: str
    over: datetime | None = None
    acknowledged_by: str = ""
    acknowledged: datetime | None = None
    times: int = 1
    is_flapping: bool = False
    shelf: Shelf | None = None

    @property
    def standing(self) -> Standing:
        """New, acknowledged or resolved."""
        if self.over is not None:
            return Standing.RESOLVED
        return Standing.NEW if self.acknowledged is None else Standing.ACKNOWLEDGED

    @property
    def is_there(self) -> bool:
        """Whether it is still there."""
        return self.over is None

    def severity(self, *, is_warned: bool) -> Severity:
        """How much it matters, and how much while a warning plays in its zone."""
        character = CHARACTERS[self.key.kind]
        return character.under_warning if is_warned else character.severity

    def again(self, now: datetime, text: str, by: str) -> Fault:
        """The same fault, come back before it was reset: news to be acknowledged again."""
        return replace(
            self, text=text, by=by, over=None, acknowledged=None, acknowledged_by="",
            since=now if self.over is not None else self.since, times=self.times + 1,
        )  # fmt: skip

    def acknowledge(self, who: str, now: datetime) -> Fault:
        """Somebody has seen it."""
        if self.acknowledged is not None:
            return self
        return replace(self, acknowledged=now, acknowledged_by=who)

    def put_aside(self, until: datetime, who: str, reason: str, now: datetime) -> Fault:
        """Do not ring for it until then.

        Raises:
            FaultRefusedError: without a reason, or for too long.
        """
        if not reason.strip():
            raise FaultRefusedError("say why it is put aside: --reason")
        if not 0 < (until - now).total_seconds() <= LONGEST_SHELF:
            days = LONGEST_SHELF / 86_400
            raise FaultRefusedError(f"a fault is put aside for at most {days:g} days from now")
        return replace(self, shelf=Shelf(until, who, reason.strip()[:200]))

    def is_shelved(self, now: datetime) -> bool:
        """Whether it is put aside now."""
        return self.shelf is not None and now < self.shelf.until


def fault_to_json(fault: Fault) -> dict[str, Any]:
    """The fault as kept in the state directory."""
    shelf = fault.shelf
    return {
        "amplifier": fault.key.amplifier,
        "kind": fault.key.kind.value,
        "part": fault.key.part,
        "since": fault.since.isoformat(),
        "text": fault.text,
        "by": fault.by,
        "over": None if fault.over is None else fault.over.isoformat(),
        "acknowledged_by": fault.acknowledged_by,
        "acknowledged": None if fault.acknowledged is None else fault.acknowledged.isoformat(),
        "times": fault.times,
        "flapping": fault.is_flapping,
        "shelf": None if shelf is None else [shelf.until.isoformat(), shelf.who, shelf.reason],
    }


def fault_from_json(fields: Mapping[str, Any]) -> Fault:
    """The fault in what `fault_to_json` gave; raises ValueError, KeyError or TypeError."""
    shelf = fields["shelf"]
    return Fault(
        key=FaultKey(str(fields["amplifier"]), FaultKind(fields["kind"]), str(fields["part"])),
        since=_time(fields["since"]),
        text=str(fields["text"]),
        by=str(fields["by"]),
        over=None if fields["over"] is None else _time(fields["over"]),
        acknowledged_by=str(fields["acknowledged_by"]),
        acknowledged=None if fields["acknowledged"] is None else _time(fields["acknowledged"]),
        times=int(fields["times"]),
        is_flapping=bool(fields["flapping"]),
        shelf=None if shelf is None else Shelf(_time(shelf[0]), str(shelf[1]), str(shelf[2])),
    )


def named(key: FaultKey, text: str) -> Name:
    """What is wrong, in both languages, with what was seen of it."""
    name = CHARACTERS[key.kind].name
    detail = f": {text}" if text and text != key.kind.value else ""
    return Name(name.ko + detail, name.en + detail)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
