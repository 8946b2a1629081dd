"""What a new site file changes, and which streams it would interrupt.

A reload takes effect between two packets. Streams whose packets stay the same and go the same way
never notice it; one that must start anew has a gap, and its receivers buffer again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from enum import Enum
from typing import Any, Final

from zones.geometry import Point
from zones.site import Leg, Name, ProgrammeEntry, Site, StreamId, StreamSpec


class Kind(Enum):
    """What happened to a part of the site."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: of a whole part (`field` is empty), or of one field of a part.

    `interrupts` names the streams that go on air anew because of it, in the new site's order;
    none means that it takes effect without a gap. A removed stream ends, which is no gap.
    """

    kind: Kind
    part: str
    name: str
    field: str
    before: object
    after: object
    interrupts: tuple[StreamId, ...]

    def __str__(self) -> str:
        """A sentence for the log and the screen."""
        what = f'{self.part} "{self.name}"' if self.name else self.part
        if self.kind is Kind.ADDED:
            return f"{what} is new"
        if self.kind is Kind.REMOVED:
            return f"{what} is gone"
        place = f"{what}: {self.field}" if self.field else what
        gap = f" (starts {', '.join(self.interrupts)} anew)" if self.interrupts else ""
        return f"{place}: {_shown(self.before)} -> {_shown(self.after)}{gap}"


_TABLES: Final = (
    ("network", "networks"),
    ("daypart", "dayparts"),
    ("path", "paths"),
    ("amplifier", "amplifiers"),
    ("speaker", "speakers"),
    ("exit", "exits"),
    ("zone", "zones"),
    ("group", "groups"),
    ("stream", "streams"),
    ("spare", "spares"),
    ("gauge", "gauges"),
    ("camera", "cameras"),
)
_SHOWN_ITEMS: Final = 4
"""A longer list is only counted."""

_VALUES: Final = (
    *("name", "time_zone", "programme", "store_budget_bytes", "console"),
    *("quiet_neighbours", "self_test", "audible_test", "doors", "notices", "rules", "schedule"),
)

_WIRE_FIELDS: Final = frozenset(
    {"zone", "format", "packet_time", "payload_type", "legs", "ttl", "dscp"}
)
"""The fields of a stream that its packets or its socket show; the others only shape its sound."""


def site_changes(old: Site, new: Site) -> tuple[Change, ...]:
    """Every difference between two sites, in the order of the site file; none if they are equal."""
    changes: list[Change] = []
    for value in _VALUES:
        before, after = getattr(old, value), getattr(new, value)
        if before != after:
            part = value.removesuffix("_bytes").replace("_", " ")
            changes.append(Change(Kind.CHANGED, part, "", "", before, after, ()))
    for part, table in _TABLES:
        changes.extend(_table_changes(part, getattr(old, table), getattr(new, table), old, new))
    return tuple(changes)


def interrupted(changes: Iterable[Change]) -> frozenset[StreamId]:
    """The streams that would have a gap; empty if all takes effect without one."""
    return frozenset(stream for change in changes for stream in change.interrupts)


def _table_changes(
    part: str, before: Iterable[Any], after: Iterable[Any], old: Site, new: Site
) -> Iterator[Change]:
    was, now = {each.id: each for each in before}, {each.id: each for each in after}
    for name in (name for name in was if name not in now):
        yield Change(Kind.REMOVED, part, name, "", was[name], None, ())
    for name, value in now.items():
        if name not in was:
            yield Change(Kind.ADDED, part, name, "", None, value, ())
            continue
        for field in fields(value):
            then, here = getattr(was[name], field.name), getattr(value, field.name)
            if then != here:
                streams = _interrupted_streams(part, name, field.name, old, new)
                yield Change(Kind.CHANGED, part, name, field.name, then, here, streams)


def _interrupted_streams(
    part: str, name: str, field: str, old: Site, new: Site
) -> tuple[StreamId, ...]:
    if (part == "stream" and field in _WIRE_FIELDS) or (part == "spare" and field == "stream"):
        return (StreamId(name),)
    if part == "network" and field == "interface":
        there_before = {stream.id for stream in _sent(old)}
        return tuple(
            stream.id
            for stream in _sent(new)
            if stream.id in there_before and _leaves_by(stream, name)
        )
    return ()


def _sent(site: Site) -> tuple[StreamSpec, ...]:
    return (*site.streams, *(spare.stream for spare in site.spares))


def _leaves_by(stream: StreamSpec, network: str) -> bool:
    return any(leg.network == network for leg in stream.legs)


def _shown(value: object) -> str:
    """A value as short as a sentence can bear."""
    match value:
        case None:
            return "nothing"
        case Name():
            return f"{value.ko} / {value.en}"
        case Leg():
            twice = " twice" if value.repeat > 1 else ""
            return f"{value.network} {value.address}:{value.port}{twice}"
        case Point():
            return f"{value.latitude:g},{value.longitude:g}"
        case ProgrammeEntry():
            return f"{value.recordings} in {_shown(value.zones)}"
        case Enum():
            return str(value.value)
        case dt.time():
            return f"{value:%H:%M}"
        case float():
            return f"{value:g}"
        case tuple() if len(value) <= _SHOWN_ITEMS:
            return f"[{', '.join(map(_shown, value))}]"
        case tuple():
            return f"{len(value)} items"
    return str(value)
