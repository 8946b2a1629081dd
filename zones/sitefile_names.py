"""Names within a site file: which there are, and which are used without being there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from zones.problem import Problem
from zones.sitefile_draft import Draft
from zones.sitefile_shapes import GroupKeys, SiteKeys
from zones.yaml_document import Node
from zones.yaml_kind import did_you_mean
from zones.yaml_shape import Field, Placed, Record


def unknown_name(
    draft: Draft, record: Record, field: Field[Placed[str]], table: Field[Node], called: str
) -> Iterator[Problem]:
    """A problem if the field names something that isn't in the table."""
    named = record.may(field)
    if named is not None:
        yield from unknown_names(draft, record, field, (named,), (table,), called)


def unknown_names(
    draft: Draft,
    record: Record,
    field: Field[object],
    names: Iterable[Placed[str]],
    tables: tuple[Field[Node], ...],
    called: str,
) -> Iterator[Problem]:
    """A problem for each name that is in none of the tables, or there twice."""
    # A table that could not be read whole may hold the name; its own problem is told already.
    is_sure = not draft.is_partial(*tables)
    known = {name: None for table in tables for name in draft.table(table)}
    yield from wrong_names(record, field, names, known, called, is_sure=is_sure)


def wrong_names(
    record: Record,
    field: Field[object],
    names: Iterable[Placed[str]],
    known: Collection[str],
    called: str,
    *,
    is_sure: bool = True,
) -> Iterator[Problem]:
    """A problem for each name that is there twice and, if `is_sure`, for each not in `known`."""
    seen: set[str] = set()
    for name in names:
        if name.value in seen:
            message = f'{field.key}: "{name.value}" is there twice'
            yield name.place.problem(record.said(field, message))
        elif is_sure and name.value not in known:
            message = f'{field.key}: no {called} "{name.value}"'
            hint = did_you_mean(name.value, known)
            yield name.place.problem(record.said(field, message), hint)
        seen.add(name.value)


ZONES_AND_GROUPS: tuple[Field[Node], ...] = (SiteKeys.ZONES, SiteKeys.GROUPS)


def unknown_zones(
    draft: Draft, record: Record, field: Field[tuple[Placed[str], ...]]
) -> Iterator[Problem]:
    """A problem for each name in the field that is neither a zone nor a group."""
    names = record.may(field) or ()
    yield from unknown_names(draft, record, field, names, ZONES_AND_GROUPS, "zone or group")


def zones_of_groups(draft: Draft) -> dict[str, frozenset[str]]:
    """The zones of every group, groups within groups followed; unknown names left out."""
    groups, zones = draft.table(SiteKeys.GROUPS), draft.table(SiteKeys.ZONES)
    inner = {name: _members(group) & groups.keys() for name, group in groups.items()}
    found: dict[str, frozenset[str]] = {}
    for name in groups:
        within = reached(name, inner) | {name}
        found[name] = frozenset().union(*(_members(groups[each]) & zones.keys() for each in within))
    return found


def circular_groups(draft: Draft) -> Iterator[str]:
    """The groups that hold themselves, directly or through others."""
    groups = draft.table(SiteKeys.GROUPS)
    inner = {name: _members(group) & groups.keys() for name, group in groups.items()}
    return (name for name in groups if name in reached(name, inner))


def reached(start: str, inner: dict[str, set[str]]) -> set[str]:
    """Every group within a group, at any depth; the group itself only if it holds itself."""
    found: set[str] = set()
    ahead = set(inner[start])
    while ahead:
        found |= ahead
        ahead = set().union(*(inner[each] for each in ahead)) - found
    return found


def _members(group: Record) -> set[str]:
    return {each.value for each in group.may(GroupKeys.ZONES) or ()}
