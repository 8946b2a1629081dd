"""What a screen draws of a site and offers there: paths, zones, places, messages. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from alerts.hazard import HazardId
from alerts.message import Message, Purpose
from alerts.message_book import MessageBook
from zones.geometry import Point
from zones.site import Name, Site

_RAISED = (Purpose.WARNING, Purpose.EXERCISE)
"""Purposes of messages that a person chooses; the others follow from an act."""


class SiteDescription:
    """The description of the site and messages in force; worked out once for each."""

    def __init__(self) -> None:
        self._of: tuple[Site, MessageBook] | None = None
        self._said: dict[str, Any] = {}

    def of(self, site: Site, messages: MessageBook) -> Mapping[str, Any]:
        """The description as JSON; `version` changes with anything in it."""
        if self._of is None or self._of[0] is not site or self._of[1] is not messages:
            self._of = (site, messages)
            self._said = described(site, messages)
        return self._said


def described(site: Site, messages: MessageBook) -> dict[str, Any]:
    """A site and its messages as JSON. Distances are metres along a path, places [lat, lon]."""
    said: dict[str, Any] = {
        "name": _name(site.name),
        "time_zone": site.time_zone,
        "paths": [
            {
                "id": path.id,
                "name": _name(path.name),
                "length_m": path.length_m,
                "line": _places(path.line),
                "approximate": path.approximate,
            }
            for path in site.paths
        ],
        "zones": [
            {
                "id": zone.id,
                "name": _name(zone.name),
                "path": zone.path,
                "start_m": zone.start_m,
                "end_m": zone.end_m,
                "polygon": _places(zone.polygon),
                "neighbours": list(zone.neighbours),
                "exits": list(zone.exits),
                "amplifiers": [amplifier.id for amplifier in site.amplifiers_of(zone.id)],
            }
            for zone in site.zones
        ],
        "groups": [
            {"id": group.id, "name": _name(group.name), "zones": list(group.zones)}
            for group in site.groups
        ],
        **_things(site),
        **_sayable(messages),
    }
    text = json.dumps(said, sort_keys=True, ensure_ascii=False)
    return {"version": hashlib.sha256(text.encode()).hexdigest()[:16], **said}


def _things(site: Site) -> dict[str, Any]:
    return {
        "exits": [
            {
                "id": exit_.id,
                "name": _name(exit_.name),
                "path": exit_.path,
                "distance_m": exit_.distance_m,
                "at": _place(exit_.at),
            }
            for exit_ in site.exits
        ],
        "speakers": [
            {
                "id": speaker.id,
                "zone": speaker.zone,
                "path": speaker.path,
                "distance_m": speaker.distance_m,
                "at": _place(speaker.at),
                "output": speaker.output,
            }
            for speaker in site.speakers
        ],
        "cameras": [
            {
                "id": camera.id,
                "name": _name(camera.name),
                "at": _place(camera.at),
                "azimuth_deg": camera.azimuth_deg,
                "field_of_view_deg": camera.field_of_view_deg,
                "range_m": camera.range_m,
                "zones": list(camera.zones),
                "detects": list(camera.detects),
            }
            for camera in site.cameras
        ],
        "gauges": [
            {
                "id": gauge.id,
                "name": _name(gauge.name),
                "measures": gauge.measures,
                "unit": gauge.unit,
                "at": _place(gauge.at),
                "zones": list(gauge.zones),
            }
            for gauge in site.gauges
        ],
        "amplifiers": [
            {"id": one.id, "name": _name(one.name), "outputs": list(one.outputs)}
            for one in site.amplifiers
        ],
    }


def _sayable(messages: MessageBook) -> dict[str, Any]:
    hazards = messages.hazards.items()
    raised = (one for one in messages.messages.values() if one.purpose in _RAISED)
    return {
        "hazards": {name: {"name": _name(one.name)} for name, one in hazards},
        "messages": [_message(one) for one in raised],
    }


def _message(message: Message) -> dict[str, Any]:
    hazard: HazardId = message.hazard
    return {
        "id": message.id,
        "purpose": message.purpose.value,
        "hazard": hazard,
        "level": None if message.level is None else message.level.name.lower(),
        "response": message.response.name.lower(),
        "title": _name(message.title),
        "second_person": message.needs_second_person,
    }


def _name(name: Name) -> dict[str, str]:
    return {"ko": name.ko, "en": name.en}


def _place(point: Point) -> list[float]:
    return [point.latitude, point.longitude]


def _places(line: Iterable[Point]) -> list[list[float]]:
    return [_place(point) for point in line]
