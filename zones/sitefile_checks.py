"""What must agree within a site: names that resolve, outputs used once, stretches that fit."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from zones.geometry import area_m2, crossing_edges, is_closed
from zones.problem import Problem
from zones.site import Evidence
from zones.sitefile_draft import Draft
from zones.sitefile_shapes import (
    AmplifierKeys,
    CameraKeys,
    ExitKeys,
    GaugeKeys,
    GroupKeys,
    PathKeys,
    ProgrammeKeys,
    SiteKeys,
    SpeakerKeys,
    StreamKeys,
    ZoneKeys,
)
from zones.yaml_document import Node, Table
from zones.yaml_kind import did_you_mean
from zones.yaml_shape import Field, Placed, Record

WARNING_OVER_PROGRAMME_DB: Final = 6.0
"""A warning is at least this much louder than the programme of that hour."""


def check_site(draft: Draft, time_zones: Collection[str] | None) -> Iterator[Problem]:
    """Everything that doesn't agree, apart from streams and profiles."""
    yield from _check_time_zone(draft, time_zones)
    yield from _check_dayparts(draft)
    yield from _check_amplifiers(draft)
    yield from _check_zones(draft)
    yield from _check_stretches(draft)
    yield from _check_outputs(draft)
    yield from _check_speakers(draft)
    yield from _check_exits(draft)
    yield from _check_groups(draft)
    yield from _check_evidence(draft)
    yield from _check_programme(draft)


def unknown_name(
    record: Record, field: Field[Placed[str]], known: Collection[str], called: str
) -> Iterator[Problem]:
    """A problem if the field names something that isn't there."""
    named = record.may(field)
    if named is not None and named.value not in known:
        yield record.problem(
            field, f'{field.key}: no {called} "{named.value}"', did_you_mean(named.value, known)
        )


def _unknown_names(
    record: Record, key: str, names: Iterable[Placed[str]], known: Collection[str], called: str
) -> Iterator[Problem]:
    seen: set[str] = set()
    for name in names:
        if name.value not in known:
            yield name.place.problem(
                f'{record.subject}: {key}: no {called} "{name.value}"',
                did_you_mean(name.value, known),
            )
        elif name.value in seen:
            yield name.place.problem(f'{record.subject}: {key}: "{name.value}" is there twice')
        seen.add(name.value)


def _check_time_zone(draft: Draft, time_zones: Collection[str] | None) -> Iterator[Problem]:
    zone = draft.top.may(SiteKeys.TIME_ZONE)
    if zone is not None and time_zones is not None and zone.value not in time_zones:
        yield draft.top.problem(
            SiteKeys.TIME_ZONE,
            f'time_zone: "{zone.value}" is no IANA time zone',
            did_you_mean(zone.value, time_zones) or "write it like Asia/Seoul",
        )


# --- dayparts and levels ----------------------------------------------------------------------


def _minutes(hours: tuple[dt.time, dt.time]) -> Iterator[int]:
    start, until = (time.hour * 60 + time.minute for time in hours)
    return iter(range(start, until if until > start else until + 1440))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _check_dayparts(draft: Draft) -> Iterator[Problem]:
    dayparts = draft.top.may(SiteKeys.DAYPARTS)
    if dayparts is None:
        return
    holder: dict[int, str] = {}
    for name, hours in dayparts:
        for minute in _minutes(hours):
            other = holder.setdefault(minute % 1440, name.value)
            if other != name.value:
                yield name.place.problem(
                    f'dayparts: "{name.value}" and "{other}" both hold {_clock(minute % 1440)}'
                )
                break
    free = next((minute for minute in range(1440) if minute not in holder), None)
    if free is not None:
        yield draft.top.problem(
            SiteKeys.DAYPARTS, f"dayparts: none holds {_clock(free)}", "together they cover the day"
        )


def _check_levels(zone: Record, dayparts: Collection[str]) -> Iterator[Problem]:
    levels, warning = zone.may(ZoneKeys.LEVELS), zone.may(ZoneKeys.WARNING_LEVEL)
    if levels is None:
        return
    names = [name for name, _ in levels]
    yield from _unknown_names(zone, "levels", names, dayparts, "daypart")
    missing = [part for part in dayparts if part not in {name.value for name in names}]
    if missing:
        yield zone.problem(ZoneKeys.LEVELS, f"levels: lacks {', '.join(missing)}")
    for name, level in levels:
        if warning is not None and warning < level + WARNING_OVER_PROGRAMME_DB:
            yield zone.problem(
                ZoneKeys.WARNING_LEVEL,
                f"warning_level: {warning:g} dB is less than {WARNING_OVER_PROGRAMME_DB:g} dB "
                f'over the programme in "{name.value}" ({level:g} dB)',
                f"at least {level + WARNING_OVER_PROGRAMME_DB:g} dB, or a softer programme",
            )


# --- amplifiers, zones, outputs ---------------------------------------------------------------


def _check_amplifiers(draft: Draft) -> Iterator[Problem]:
    networks = draft.table(SiteKeys.NETWORKS)
    owner: dict[str, Record] = {}
    for amplifier in draft.table(SiteKeys.AMPLIFIERS).values():
        yield from unknown_name(amplifier, AmplifierKeys.NETWORK, networks, "network")
        address = amplifier.may(AmplifierKeys.ADDRESS)
        if address is None:
            continue
        if address.is_multicast or address.is_unspecified or address.is_reserved:
            yield amplifier.problem(
                AmplifierKeys.ADDRESS,
                f"address: {address} can't be one device's address",
                "a multicast group belongs to a stream" if address.is_multicast else "",
            )
        other = owner.setdefault(str(address), amplifier)
        if other is not amplifier:
            yield amplifier.problem(
                AmplifierKeys.ADDRESS, f"address: {address} is {other.subject}'s already"
            )


def outputs_of(draft: Draft) -> dict[str, str]:
    """Every output there is, and its amplifier; of amplifiers whose number of outputs is known."""
    return {
        f"{name}/{number}": name
        for name, amplifier in draft.table(SiteKeys.AMPLIFIERS).items()
        for number in range(1, (amplifier.may(AmplifierKeys.OUTPUTS) or 0) + 1)
    }


def zone_of_output(draft: Draft) -> dict[str, str]:
    """The zone that plays each output; the first if several do."""
    found: dict[str, str] = {}
    for name, zone in draft.table(SiteKeys.ZONES).items():
        for output in zone.may(ZoneKeys.OUTPUTS) or ():
            found.setdefault(output.value, name)
    return found


def _check_output(
    draft: Draft, record: Record, output: Placed[str], known: Collection[str]
) -> Iterator[Problem]:
    amplifiers = draft.table(SiteKeys.AMPLIFIERS)
    name = output.value.partition("/")[0]
    if name not in amplifiers:
        yield output.place.problem(
            f'{record.subject}: no amplifier "{name}"', did_you_mean(name, amplifiers)
        )
        return
    count = amplifiers[name].may(AmplifierKeys.OUTPUTS)
    if count is not None and output.value not in known:
        yield output.place.problem(
            f'{record.subject}: amplifier "{name}" has {count} outputs, there is no {output.value}'
        )


def _check_outputs(draft: Draft) -> Iterator[Problem]:
    known = outputs_of(draft)
    owner: dict[str, Record] = {}
    for zone in draft.table(SiteKeys.ZONES).values():
        for output in zone.may(ZoneKeys.OUTPUTS) or ():
            yield from _check_output(draft, zone, output, known)
            other = owner.setdefault(output.value, zone)
            if other is not zone:
                yield output.place.problem(
                    f"{zone.subject}: output {output.value} plays {other.subject} already",
                    "an output can play one zone only",
                )
    used = {output.partition("/")[0] for output in owner}
    for name, amplifier in draft.table(SiteKeys.AMPLIFIERS).items():
        if name not in used:
            yield amplifier.place.warning(f"{amplifier.subject}: no zone uses its outputs")


def _check_zones(draft: Draft) -> Iterator[Problem]:
    zones = draft.table(SiteKeys.ZONES)
    dayparts = [name.value for name, _ in draft.top.may(SiteKeys.DAYPARTS) or ()]
    needed: tuple[Field[Node], ...] = (SiteKeys.ZONES, SiteKeys.NETWORKS, SiteKeys.AMPLIFIERS)
    for key in needed:
        if isinstance(draft.top.may(key), Table) and not draft.table(key):
            yield draft.top.problem(key, f"{key.key}: there is none; a site needs at least one")
    carried = {
        named.value
        for stream in draft.table(SiteKeys.STREAMS).values()
        if (named := stream.may(StreamKeys.ZONE)) is not None
    }
    for name, zone in zones.items():
        yield from unknown_name(zone, ZoneKeys.PATH, draft.table(SiteKeys.PATHS), "path")
        yield from _check_neighbours(name, zone, zones)
        exits = zone.may(ZoneKeys.EXITS) or ()
        yield from _unknown_names(zone, "exits", exits, draft.table(SiteKeys.EXITS), "exit")
        if dayparts:
            yield from _check_levels(zone, dayparts)
        yield from _check_polygon(zone)
        if name not in carried:
            yield zone.place.problem(
                f"{zone.subject}: no stream carries it", f"add one to streams with zone: {name}"
            )


def _check_neighbours(name: str, zone: Record, zones: Mapping[str, Record]) -> Iterator[Problem]:
    neighbours = zone.may(ZoneKeys.NEIGHBOURS) or ()
    yield from _unknown_names(zone, "neighbours", neighbours, zones, "zone")
    for neighbour in neighbours:
        if neighbour.value == name:
            yield neighbour.place.problem(f"{zone.subject}: can't be its own neighbour")
            continue
        other = zones.get(neighbour.value)
        theirs = other.may(ZoneKeys.NEIGHBOURS) if other is not None else None
        if theirs is not None and name not in {each.value for each in theirs}:
            yield neighbour.place.problem(
                f'{zone.subject}: names "{neighbour.value}" a neighbour, which doesn\'t name it',
                f'add {name} to the neighbours of "{neighbour.value}", or remove it here',
            )


def _check_polygon(zone: Record) -> Iterator[Problem]:
    ring = zone.may(ZoneKeys.POLYGON)
    if ring is None:
        return
    if not is_closed(ring):
        yield zone.problem(
            ZoneKeys.POLYGON,
            "polygon: is not closed",
            f"end it with its first point [{ring[0].latitude:g}, {ring[0].longitude:g}]",
        )
        return
    crossing = crossing_edges(ring)
    if crossing is not None:
        yield zone.problem(
            ZoneKeys.POLYGON,
            f"polygon: crosses itself: edge {crossing[0] + 1} meets edge {crossing[1] + 1}",
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
            yield zone.problem(ZoneKeys.TO, f"to: {end:g} m is not behind from: {start:g} m")
            continue
        yield from _beyond(draft, zone, ZoneKeys.TO, path.value)
        if zone.may(ZoneKeys.ORDER) is not None:
            by_path.setdefault(path.value, []).append(zone)
    for zones in by_path.values():
        zones.sort(key=lambda zone: zone.must(ZoneKeys.ORDER))
        for before, after in itertools.pairwise(zones):
            if before.must(ZoneKeys.ORDER) == after.must(ZoneKeys.ORDER):
                yield after.problem(
                    ZoneKeys.ORDER, f"order: {after.must(ZoneKeys.ORDER)} is {before.subject}'s"
                )
            elif after.must(ZoneKeys.FROM) < before.must(ZoneKeys.TO):
                yield after.problem(
                    ZoneKeys.FROM,
                    f"from: {after.must(ZoneKeys.FROM):g} m lies in {before.subject}, "
                    f"which ends at {before.must(ZoneKeys.TO):g} m",
                )


def _beyond(draft: Draft, record: Record, field: Field[float], path: str) -> Iterator[Problem]:
    there = draft.table(SiteKeys.PATHS).get(path)
    length = there.may(PathKeys.LENGTH) if there is not None else None
    distance = record.may(field)
    if length is not None and distance is not None and distance > length:
        yield record.problem(
            field, f'{field.key}: {distance:g} m is beyond path "{path}", {length:g} m long'
        )


# --- speakers and exits -----------------------------------------------------------------------


def _check_speakers(draft: Draft) -> Iterator[Problem]:
    known, zones = outputs_of(draft), draft.table(SiteKeys.ZONES)
    zone_of = zone_of_output(draft)
    silent = set(zones)
    for speaker in draft.table(SiteKeys.SPEAKERS).values():
        output = speaker.may(SpeakerKeys.OUTPUT)
        if output is None:
            continue
        yield from _check_output(draft, speaker, output, known)
        if output.value not in zone_of:
            if output.value in known:
                yield speaker.problem(SpeakerKeys.OUTPUT, f"no zone uses output {output.value}")
            continue
        silent.discard(zone_of[output.value])
        yield from _check_speaker_place(draft, speaker, zones[zone_of[output.value]])
    if draft.table(SiteKeys.SPEAKERS):
        for name in sorted(silent):
            yield zones[name].place.warning(f"{zones[name].subject}: has no speaker")


def _check_speaker_place(draft: Draft, speaker: Record, zone: Record) -> Iterator[Problem]:
    path, distance = zone.may(ZoneKeys.PATH), speaker.may(SpeakerKeys.DISTANCE)
    start, end = zone.may(ZoneKeys.FROM), zone.may(ZoneKeys.TO)
    if path is not None:
        yield from _beyond(draft, speaker, SpeakerKeys.DISTANCE, path.value)
    if distance is None or start is None or end is None:
        return
    if not start <= distance <= end:
        yield speaker.warning(
            SpeakerKeys.DISTANCE,
            f"distance: {distance:g} m is outside its {zone.subject}, {start:g} to {end:g} m",
        )


def _check_exits(draft: Draft) -> Iterator[Problem]:
    paths = draft.table(SiteKeys.PATHS)
    for way_out in draft.table(SiteKeys.EXITS).values():
        yield from unknown_name(way_out, ExitKeys.PATH, paths, "path")
        path = way_out.may(ExitKeys.PATH)
        if path is not None:
            yield from _beyond(draft, way_out, ExitKeys.DISTANCE, path.value)


# --- groups, evidence, programme --------------------------------------------------------------


def zones_of_groups(draft: Draft) -> dict[str, frozenset[str]]:
    """The zones of every group, groups within groups followed; unknown names left out."""
    groups, zones = draft.table(SiteKeys.GROUPS), draft.table(SiteKeys.ZONES)
    found: dict[str, set[str]] = {
        name: {z.value for z in group.may(GroupKeys.ZONES) or () if z.value in zones}
        for name, group in groups.items()
    }
    # As many rounds as there are groups follow any nesting, and a circle just stops growing.
    for _ in groups:
        for name, group in groups.items():
            for inner in group.may(GroupKeys.ZONES) or ():
                found[name] |= found.get(inner.value, set())
    return {name: frozenset(members) for name, members in found.items()}


def _check_groups(draft: Draft) -> Iterator[Problem]:
    groups, zones = draft.table(SiteKeys.GROUPS), draft.table(SiteKeys.ZONES)
    inner = {
        name: {z.value for z in group.may(GroupKeys.ZONES) or ()} & set(groups)
        for name, group in groups.items()
    }
    for name, group in groups.items():
        if name in zones:
            yield group.place.problem(f"{group.subject}: a zone has that name already")
        members = group.may(GroupKeys.ZONES) or ()
        yield from _unknown_names(group, "zones", members, {**zones, **groups}, "zone or group")
        reached: set[str] = set()
        ahead = set(inner[name])
        while ahead:
            reached |= ahead
            ahead = set().union(*(inner[each] for each in ahead)) - reached
        if name in reached:
            yield group.problem(GroupKeys.ZONES, "zones: the group holds itself")


def _check_evidence(draft: Draft) -> Iterator[Problem]:
    known = {**draft.table(SiteKeys.ZONES), **draft.table(SiteKeys.GROUPS)}
    paths = draft.table(SiteKeys.PATHS)
    for gauge in draft.table(SiteKeys.GAUGES).values():
        yield from unknown_name(gauge, GaugeKeys.PATH, paths, "path")
        path = gauge.may(GaugeKeys.PATH)
        if path is not None:
            yield from _beyond(draft, gauge, GaugeKeys.DISTANCE, path.value)
        names = gauge.may(GaugeKeys.ZONES) or ()
        yield from _unknown_names(gauge, "zones", names, known, "zone or group")
    for camera in draft.table(SiteKeys.CAMERAS).values():
        names = camera.may(CameraKeys.ZONES) or ()
        yield from _unknown_names(camera, "zones", names, known, "zone or group")
        is_sample = camera.may(CameraKeys.EVIDENCE) is Evidence.SAMPLE
        if is_sample and camera.may(CameraKeys.PERIOD) is None:
            yield camera.problem(
                CameraKeys.EVIDENCE, 'evidence: samples come at a "period", which is not given'
            )


def _check_programme(draft: Draft) -> Iterator[Problem]:
    groups, zones = zones_of_groups(draft), draft.table(SiteKeys.ZONES)
    entries = draft.top.may(SiteKeys.PROGRAMME) or ()
    owner: dict[str, Record] = {}
    for entry in entries:
        names = entry.may(ProgrammeKeys.ZONES) or ()
        yield from _unknown_names(entry, "zones", names, {**zones, **groups}, "zone or group")
        for name in names:
            for zone in groups.get(name.value, frozenset({name.value})):
                if owner.setdefault(zone, entry) is not entry:
                    line = owner[zone].place.line
                    yield name.place.problem(
                        f'programme: zone "{zone}" has recordings already, in line {line}'
                    )
    for zone, record in zones.items():
        if entries and zone not in owner:
            yield record.place.warning(f"{record.subject}: has no programme, only the fallbacks")
