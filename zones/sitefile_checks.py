"""What must agree within a site: names that resolve, levels that fit, stretches in order."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterator
from typing import Final

from zones.geometry import area_m2, crossing_edges, is_closed
from zones.problem import Problem
from zones.site import Evidence
from zones.sitefile_draft import Draft
from zones.sitefile_names import (
    ZONES_AND_GROUPS,
    circular_groups,
    unknown_name,
    unknown_names,
    unknown_zones,
    wrong_names,
    zones_of_groups,
)
from zones.sitefile_outputs import check_outputs, check_within_path
from zones.sitefile_places import check_places
from zones.sitefile_shapes import (
    CameraKeys,
    ExitKeys,
    GaugeKeys,
    GroupKeys,
    ProgrammeKeys,
    SiteKeys,
    StreamKeys,
    ZoneKeys,
)
from zones.yaml_document import Node
from zones.yaml_kind import did_you_mean
from zones.yaml_shape import Field, Record

WARNING_OVER_PROGRAMME_DB: Final = 6.0
"""A warning is at least this much louder than the programme of that hour."""


def check_site(draft: Draft, time_zones: Collection[str] | None) -> Iterator[Problem]:
    """Everything that doesn't agree, apart from streams and profiles."""
    yield from _check_time_zone(draft, time_zones)
    yield from _check_dayparts(draft)
    yield from _check_empty(draft)
    yield from _check_zones(draft)
    yield from _check_neighbours(draft)
    yield from _check_stretches(draft)
    yield from check_outputs(draft)
    yield from _check_exits(draft)
    yield from _check_groups(draft)
    yield from _check_evidence(draft)
    yield from _check_programme(draft)
    yield from check_places(draft)


def _check_time_zone(draft: Draft, time_zones: Collection[str] | None) -> Iterator[Problem]:
    zone = draft.top.may(SiteKeys.TIME_ZONE)
    if zone is not None and time_zones is not None and zone not in time_zones:
        yield draft.top.problem(
            SiteKeys.TIME_ZONE,
            f'time_zone: "{zone}" is no IANA time zone',
            did_you_mean(zone, time_zones) or "write it like Asia/Seoul",
        )


def _check_empty(draft: Draft) -> Iterator[Problem]:
    needed: tuple[Field[Node], ...] = (
        SiteKeys.NETWORKS,
        SiteKeys.PATHS,
        SiteKeys.AMPLIFIERS,
        SiteKeys.ZONES,
        SiteKeys.STREAMS,
    )
    for key in needed:
        if draft.top.has(key) and not draft.table(key) and not draft.is_partial(key):
            yield draft.top.problem(key, f"{key.key}: is empty; a site needs at least one")


# --- dayparts and levels ----------------------------------------------------------------------

_DAY: Final = 24 * 60


def _minutes(hours: tuple[dt.time, dt.time]) -> range:
    start, until = (time.hour * 60 + time.minute for time in hours)
    return range(start, until if until > start else until + _DAY)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _check_dayparts(draft: Draft) -> Iterator[Problem]:
    dayparts = draft.top.may(SiteKeys.DAYPARTS)
    if dayparts is None:
        return
    holder: dict[int, str] = {}
    for name, hours in dayparts:
        for minute in _minutes(hours):
            other = holder.setdefault(minute % _DAY, name.value)
            if other != name.value:
                both = f'"{other}" and "{name.value}"'
                yield name.place.problem(f"dayparts: {both} both hold {_clock(minute % _DAY)}")
                break
    free = next((minute for minute in range(_DAY) if minute not in holder), None)
    if free is not None:
        yield draft.top.problem(
            SiteKeys.DAYPARTS,
            f"dayparts: none holds {_clock(free)}",
            "together they must cover the day",
        )


def _check_levels(zone: Record, dayparts: Collection[str]) -> Iterator[Problem]:
    levels, warning = zone.may(ZoneKeys.LEVELS), zone.may(ZoneKeys.WARNING_LEVEL)
    if levels is None:
        return
    names = [name for name, _ in levels]
    yield from wrong_names(zone, ZoneKeys.LEVELS, names, dayparts, "daypart")
    missing = [part for part in dayparts if part not in {name.value for name in names}]
    if missing:
        yield zone.problem(ZoneKeys.LEVELS, f"levels: lacks {', '.join(missing)}")
    for name, level in levels:
        if warning is None or warning >= level + WARNING_OVER_PROGRAMME_DB:
            continue
        message = (
            f"warning_level: {warning:g} dB is less than {WARNING_OVER_PROGRAMME_DB:g} dB "
            f'over the programme of "{name.value}", {level:g} dB'
        )
        if zone.is_own(ZoneKeys.LEVELS) and not zone.is_own(ZoneKeys.WARNING_LEVEL):
            hint = f"a programme of at most {warning - WARNING_OVER_PROGRAMME_DB:g} dB"
            yield name.place.problem(zone.said(ZoneKeys.LEVELS, message), hint)
        else:
            yield zone.problem(ZoneKeys.WARNING_LEVEL, message, "raise it or lower the programme")


# --- zones ------------------------------------------------------------------------------------


def _check_zones(draft: Draft) -> Iterator[Problem]:
    dayparts = [name.value for name, _ in draft.top.may(SiteKeys.DAYPARTS) or ()]
    carried = {
        named.value
        for stream in draft.table(SiteKeys.STREAMS).values()
        if (named := stream.may(StreamKeys.ZONE)) is not None
    }
    streams_are_sure = not draft.is_partial(SiteKeys.STREAMS) and all(
        stream.may(StreamKeys.ZONE) is not None or stream.has(StreamKeys.SPARE)
        for stream in draft.table(SiteKeys.STREAMS).values()
    )
    for name, zone in draft.table(SiteKeys.ZONES).items():
        yield from unknown_name(draft, zone, ZoneKeys.PATH, SiteKeys.PATHS, "path")
        exits = zone.may(ZoneKeys.EXITS) or ()
        yield from unknown_names(draft, zone, ZoneKeys.EXITS, exits, (SiteKeys.EXITS,), "exit")
        if dayparts:
            yield from _check_levels(zone, dayparts)
        yield from _check_polygon(zone)
        if name not in carried and streams_are_sure:
            yield zone.place.problem(
                f"{zone.subject}: no stream carries it", f"add one to streams, with zone: {name}"
            )


def _check_neighbours(draft: Draft) -> Iterator[Problem]:
    zones = draft.table(SiteKeys.ZONES)
    for name, zone in zones.items():
        neighbours = zone.may(ZoneKeys.NEIGHBOURS) or ()
        yield from unknown_names(
            draft, zone, ZoneKeys.NEIGHBOURS, neighbours, (SiteKeys.ZONES,), "zone"
        )
        for neighbour in neighbours:
            if neighbour.value == name:
                yield neighbour.place.problem(f"{zone.subject}: can't be its own neighbour")
                continue
            other = zones.get(neighbour.value)
            theirs = other.may(ZoneKeys.NEIGHBOURS) if other is not None else None
            names = {each.value for each in theirs or ()}
            # A misspelt name on the other side is told there, and may be this zone's.
            if theirs is not None and name not in names and names <= zones.keys():
                yield neighbour.place.problem(
                    f'{zone.subject}: its neighbour "{neighbour.value}" doesn\'t name it',
                    f'add {name} to the neighbours of "{neighbour.value}", or remove it here',
                )


def _check_polygon(zone: Record) -> Iterator[Problem]:
    ring = zone.may(ZoneKeys.POLYGON)
    if ring is None:
        return
    if not is_closed(ring):
        first = f"[{ring[0].latitude:g}, {ring[0].longitude:g}]"
        yield zone.problem(
            ZoneKeys.POLYGON, "polygon: is not closed", f"end it with its first point {first}"
        )
        return
    crossing = crossing_edges(ring)
    if crossing is not None:
        first_edge, second_edge = crossing
        yield zone.problem(
            ZoneKeys.POLYGON,
            f"polygon: crosses itself: its edges {first_edge + 1} and {second_edge + 1} meet",
        )
    elif area_m2(ring) < 1.0:
        yield zone.problem(ZoneKeys.POLYGON, "polygon: holds no area")


def _check_stretches(draft: Draft) -> Iterator[Problem]:
    """Zones lie on their path, in order and without overlap."""
    by_path: dict[str, list[Record]] = {}
    for zone in draft.table(SiteKeys.ZONES).values():
        start, end = zone.may(ZoneKeys.FROM), zone.may(ZoneKeys.TO)
        path = zone.may(ZoneKeys.PATH)
        if start is None or end is None or path is None:
            continue
        if end <= start:
            yield zone.problem(ZoneKeys.TO, f"to: {end:g} m is not beyond from: {start:g} m")
            continue
        yield from check_within_path(draft, zone, ZoneKeys.TO, path)
        if zone.may(ZoneKeys.ORDER) is not None:
            by_path.setdefault(path.value, []).append(zone)
    for zones in by_path.values():
        zones.sort(key=lambda zone: zone.must(ZoneKeys.ORDER))
        for before, after in itertools.pairwise(zones):
            yield from _check_order(before, after)


def _check_order(before: Record, after: Record) -> Iterator[Problem]:
    """Two zones that follow each other on a path."""
    order = after.must(ZoneKeys.ORDER)
    if before.must(ZoneKeys.ORDER) == order:
        yield after.problem(ZoneKeys.ORDER, f"order: {order} is that of {before.subject} already")
    elif after.must(ZoneKeys.FROM) < before.must(ZoneKeys.TO):
        yield after.problem(
            ZoneKeys.FROM,
            f"from: {after.must(ZoneKeys.FROM):g} m comes before the end of {before.subject}, "
            f"{before.must(ZoneKeys.TO):g} m",
        )


# --- exits, groups, evidence, programme -------------------------------------------------------


def _check_exits(draft: Draft) -> Iterator[Problem]:
    for way_out in draft.table(SiteKeys.EXITS).values():
        yield from unknown_name(draft, way_out, ExitKeys.PATH, SiteKeys.PATHS, "path")
        yield from check_within_path(draft, way_out, ExitKeys.DISTANCE, way_out.may(ExitKeys.PATH))


def _check_groups(draft: Draft) -> Iterator[Problem]:
    groups, zones = draft.table(SiteKeys.GROUPS), draft.table(SiteKeys.ZONES)
    for name, group in groups.items():
        yield from unknown_zones(draft, group, GroupKeys.ZONES)
        if name in zones:
            yield group.place.problem(f"{group.subject}: a zone has that name already")
    for name in circular_groups(draft):
        if name not in zones:
            yield groups[name].problem(GroupKeys.ZONES, "zones: the group holds itself")


def _check_evidence(draft: Draft) -> Iterator[Problem]:
    for gauge in draft.table(SiteKeys.GAUGES).values():
        yield from unknown_name(draft, gauge, GaugeKeys.PATH, SiteKeys.PATHS, "path")
        yield from check_within_path(draft, gauge, GaugeKeys.DISTANCE, gauge.may(GaugeKeys.PATH))
        yield from unknown_zones(draft, gauge, GaugeKeys.ZONES)
    for camera in draft.table(SiteKeys.CAMERAS).values():
        yield from unknown_zones(draft, camera, CameraKeys.ZONES)
        is_sample = camera.may(CameraKeys.EVIDENCE) is Evidence.SAMPLE
        if is_sample and not camera.has(CameraKeys.PERIOD):
            yield camera.problem(
                CameraKeys.EVIDENCE, "evidence: samples come at a period", "add period: 10 s"
            )


def _check_programme(draft: Draft) -> Iterator[Problem]:
    groups, zones = zones_of_groups(draft), draft.table(SiteKeys.ZONES)
    entries = draft.top.may(SiteKeys.PROGRAMME) or ()
    owner: dict[str, Record] = {}
    for entry in entries:
        yield from unknown_zones(draft, entry, ProgrammeKeys.ZONES)
        for name in entry.may(ProgrammeKeys.ZONES) or ():
            for zone in sorted(groups.get(name.value, {name.value})):
                if owner.setdefault(zone, entry) is not entry:
                    line = owner[zone].place.line
                    yield name.place.problem(
                        f'programme: zone "{zone}" has recordings already, in line {line}'
                    )
    if entries and not draft.is_partial(*ZONES_AND_GROUPS):
        for zone, record in zones.items():
            if zone not in owner:
                yield record.place.warning(
                    f"{record.subject}: has no programme, only the fallbacks"
                )
