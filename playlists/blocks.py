"""Which entry has a zone when: occurrences that overlap, and the rule that decides between them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from playlists.schedule import Entry, Occurrence
from zones.bus import ZoneId


class Decides(Enum):
    """Why one of two entries at the same time plays, in the order in which it is asked."""

    RANK = "the higher rank"
    LATER = "the later start"
    SHORTER = "the shorter one"
    NAME = "the name that comes first"


@dataclass(frozen=True, slots=True)
class Block:
    """A time, half-open in UTC, in which a zone belongs to one occurrence.

    An occurrence that is interrupted by another has several; `before` is how much of it, of its
    playing time, lies in earlier ones.
    """

    begin: dt.datetime
    end: dt.datetime
    occurrence: Occurrence
    before: dt.timedelta = dt.timedelta(0)

    @property
    def is_whole_start(self) -> bool:
        """Whether the occurrence begins here, rather than go on after another."""
        return self.begin == self.occurrence.begin


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two entries that want the same time of a zone; `by` says why `winner` has it."""

    zone: ZoneId
    begin: dt.datetime
    end: dt.datetime
    winner: Occurrence
    loser: Occurrence
    by: Decides


def deciding(one: Occurrence, other: Occurrence) -> tuple[Occurrence, Occurrence, Decides]:
    """Who of two plays where they overlap, who does not, and why."""
    for by, key in _ORDER:
        a, b = key(one), key(other)
        if a != b:
            return (one, other, by) if a < b else (other, one, by)
    return one, other, Decides.NAME


_ORDER = (
    (Decides.RANK, lambda one: -one.entry.rank),
    (Decides.LATER, lambda one: -one.begin.timestamp()),
    (Decides.SHORTER, lambda one: one.end - one.begin),
    (Decides.NAME, lambda one: (one.entry.id, one.number)),
)


def _rank(one: Occurrence) -> tuple[object, ...]:
    return tuple(key(one) for _, key in _ORDER)


def blocks(occurrences: Iterable[Occurrence]) -> tuple[Block, ...]:
    """The blocks of one zone that these occurrences name, in order; times of nobody are left out.

    Each moment belongs to the best of those that want it, so that nobody waits for ever.
    """
    listed = list(occurrences)
    edges = sorted({edge for one in listed for edge in (one.begin, one.end)})
    starting: dict[dt.datetime, list[Occurrence]] = {}
    for one in listed:
        starting.setdefault(one.begin, []).append(one)
    found: list[Block] = []
    played: dict[Occurrence, dt.timedelta] = {}
    wanting: list[Occurrence] = []
    for begin, end in pairwise(edges):
        wanting = [one for one in wanting if one.end > begin] + starting.get(begin, [])
        if not wanting:
            continue
        best = min(wanting, key=_rank)
        last = found[-1] if found else None
        if last is not None and last.occurrence is best and last.end == begin:
            found[-1] = replace(last, end=end)
        else:
            before = played.get(best, dt.timedelta(0))
            found.append(Block(begin, end, best, before))
        played[best] = played.get(best, dt.timedelta(0)) + (end - begin)
    return tuple(found)


def by_zone(
    occurrences: Iterable[Occurrence],
    zones: Iterable[ZoneId],
    members: Mapping[str, Iterable[ZoneId]],
) -> dict[ZoneId, tuple[Occurrence, ...]]:
    """The occurrences of each zone; `members` are the zones of each name an entry may use.

    Zones with the same occurrences share one tuple.
    """
    found: dict[ZoneId, list[Occurrence]] = {zone: [] for zone in zones}
    resolved: dict[Entry, tuple[ZoneId, ...]] = {}
    for one in occurrences:
        if one.entry not in resolved:
            named = {zone for name in one.entry.zones for zone in members.get(name, ())}
            resolved[one.entry] = tuple(zone for zone in found if zone in named)
        for zone in resolved[one.entry]:
            found[zone].append(one)
    shared: dict[tuple[Occurrence, ...], tuple[Occurrence, ...]] = {}
    return {zone: shared.setdefault(tuple(listed), tuple(listed)) for zone, listed in found.items()}


def conflicts(zone: ZoneId, occurrences: Iterable[Occurrence]) -> tuple[Conflict, ...]:
    """Every pair that overlaps on a zone, in order of time."""
    ordered = sorted(occurrences, key=lambda one: one.begin)
    found: list[Conflict] = []
    open_ones: list[Occurrence] = []
    for one in ordered:
        open_ones = [other for other in open_ones if other.end > one.begin]
        for other in open_ones:
            winner, loser, by = deciding(one, other)
            found.append(Conflict(zone, one.begin, min(one.end, other.end), winner, loser, by))
        open_ones.append(one)
    return tuple(found)
