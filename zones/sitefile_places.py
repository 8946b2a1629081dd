"""Whether the places of a site can be where they say: a mistyped digit moves a speaker by a mile.

All of this is odd rather than wrong: maps differ, and paths wind more than lines drawn for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from zones.geometry import Point, along, contains, distance_m, is_closed, length_m
from zones.problem import Problem
from zones.sitefile_draft import Draft
from zones.sitefile_outputs import zone_of_output
from zones.sitefile_shapes import ExitKeys, GaugeKeys, PathKeys, SiteKeys, SpeakerKeys, ZoneKeys
from zones.yaml_shape import Field, Placed, Record

_LENGTH_TOLERANCE: Final = 0.1
"""How much the drawn line of a path may be shorter or longer than the path."""
_OFF_M: Final = 200.0
"""How far a place may be from where its distance along the path puts it, in metres."""


def check_places(draft: Draft) -> Iterator[Problem]:
    """Everything about places that can hardly be."""
    for path in draft.table(SiteKeys.PATHS).values():
        yield from _check_line(path)
    zone_of = zone_of_output(draft)
    zones = draft.table(SiteKeys.ZONES)
    speakers_of: dict[str, list[Point]] = {}
    for speaker in draft.table(SiteKeys.SPEAKERS).values():
        output, at = speaker.may(SpeakerKeys.OUTPUT), speaker.may(SpeakerKeys.AT)
        name = zone_of.get(output.value) if output is not None else None
        if name is None or at is None:
            continue
        speakers_of.setdefault(name, []).append(at)
        path_name = zones[name].may(ZoneKeys.PATH)
        yield from _check_at(draft, speaker, path_name, SpeakerKeys.DISTANCE, SpeakerKeys.AT)
    for way_out in draft.table(SiteKeys.EXITS).values():
        path_name = way_out.may(ExitKeys.PATH)
        yield from _check_at(draft, way_out, path_name, ExitKeys.DISTANCE, ExitKeys.AT)
    for gauge in draft.table(SiteKeys.GAUGES).values():
        path_name = gauge.may(GaugeKeys.PATH)
        yield from _check_at(draft, gauge, path_name, GaugeKeys.DISTANCE, GaugeKeys.AT)
    for name, zone in zones.items():
        yield from _check_outline(zone, speakers_of.get(name, []))
        yield from _check_exits(draft, zone)


def _check_line(path: Record) -> Iterator[Problem]:
    line, length = path.may(PathKeys.LINE), path.may(PathKeys.LENGTH)
    if line is None or length is None:
        return
    drawn = length_m(line)
    if abs(drawn - length) > _LENGTH_TOLERANCE * length:
        yield path.warning(PathKeys.LINE, f"line: is {drawn:.0f} m long, and the path {length:g} m")


def _check_at(
    draft: Draft,
    record: Record,
    path_name: Placed[str] | None,
    distance_key: Field[float],
    at_key: Field[Point],
) -> Iterator[Problem]:
    path = draft.table(SiteKeys.PATHS).get(path_name.value) if path_name is not None else None
    distance, at = record.may(distance_key), record.may(at_key)
    line = path.may(PathKeys.LINE) if path is not None else None
    length = path.may(PathKeys.LENGTH) if path is not None else None
    if line is None or length is None or distance is None or at is None:
        return
    # The line may be drawn a little short or long; the distance is a share of it.
    off = distance_m(at, along(line, distance / length * length_m(line)))
    if off > _OFF_M:
        yield record.warning(
            at_key, f"at: is {off:.0f} m from where {distance:g} m along its path is"
        )


def _check_outline(zone: Record, speakers: list[Point]) -> Iterator[Problem]:
    ring = zone.may(ZoneKeys.POLYGON)
    if ring is None or not is_closed(ring):
        return
    outside = sum(not contains(ring, speaker) for speaker in speakers)
    if outside:
        yield zone.warning(
            ZoneKeys.POLYGON, f"polygon: leaves out {outside} of its {len(speakers)} speakers"
        )


def _check_exits(draft: Draft, zone: Record) -> Iterator[Problem]:
    exits, own = draft.table(SiteKeys.EXITS), zone.may(ZoneKeys.PATH)
    for named in zone.may(ZoneKeys.EXITS) or ():
        path = exits[named.value].may(ExitKeys.PATH) if named.value in exits else None
        if path is not None and own is not None and path.value != own.value:
            yield named.place.warning(
                f'{zone.subject}: exits: "{named.value}" leads off another path, "{path.value}"'
            )
