"""The station as Home Assistant's MQTT discovery has it: entities and their states. Pure.

A home automation may only look: no entity takes commands. What nobody measures is unknown there,
never well. (Home Assistant manual, "MQTT Discovery" and "MQTT binary sensor": the payload `None`
sets the state to unknown.)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from zones.notices_settings import HomeAssistant
from zones.site import Name, Site

ONLINE: Final = "online"
OFFLINE: Final = "offline"
_UNKNOWN: Final = "None"
_ON: Final = {True: "ON", False: "OFF", None: _UNKNOWN}
_LONGEST_STATE: Final = 250
"""Characters of a sensor's state; Home Assistant refuses more than 255."""
_MOST_SENTENCES: Final = 20
_NO_NAME: Final = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class Message:
    """Something to publish, kept by the broker."""

    topic: str
    payload: str


def status_topic(settings: HomeAssistant) -> str:
    """Where it stands whether the states below count: `online` or `offline`."""
    return f"{settings.topic}/status"


def discovery(site: Site, settings: HomeAssistant) -> Iterator[Message]:
    """What makes every entity known."""
    station = _device(settings, "station", site.name)
    own = {"warning": ("safety", "경보 warning"), "problem": ("problem", "고장 problem")}
    for key, (kind, name) in own.items():
        yield _entity(settings, "binary_sensor", ("station", key), name, station, kind)
    yield _entity(settings, "sensor", ("station", "faults"), "고장 수 faults", station, None)
    for zone in site.zones:
        device = _device(settings, f"zone {zone.id}", zone.name)
        where = ("zone", str(zone.id))
        warning = (*where, "warning")
        yield _entity(settings, "binary_sensor", warning, "경보 warning", device, "safety")
        yield _entity(settings, "sensor", (*where, "on_air"), "방송 on air", device, None)
    for amplifier in site.amplifiers:
        device = _device(settings, f"amplifier {amplifier.id}", amplifier.name)
        where = ("amplifier", str(amplifier.id))
        problem, arrives = (*where, "problem"), (*where, "arrives")
        yield _entity(settings, "binary_sensor", problem, "고장 problem", device, "problem")
        yield _entity(
            settings, "binary_sensor", arrives, "수신 sound arrives", device, "connectivity"
        )


def states(site: Site, settings: HomeAssistant, snapshot: Mapping[str, Any]) -> Iterator[Message]:
    """The state of every entity, and what a person reads beside it."""
    streams = [one for one in snapshot.get("streams") or () if isinstance(one, Mapping)]
    ringing = [one for one in snapshot.get("amplifier_faults") or () if one.get("rings")]
    sentences = [_english(one) for one in ringing] + list(snapshot.get("faults") or ())
    warned = {str(one["zone"]) for one in streams if _kind(one) == "warning"}
    place = f"{settings.topic}/station"
    yield from _state(f"{place}/warning", _ON[bool(warned)], {"zones": sorted(warned)})
    yield from _state(f"{place}/problem", _ON[bool(sentences)], {"faults": _few(sentences)})
    yield from _state(f"{place}/faults", str(len(sentences)), {})
    for zone in site.zones:
        place = f"{settings.topic}/zone/{zone.id}"
        own = [one for one in streams if one.get("zone") == zone.id]
        commanded = next((one["commanded"] for one in own if one.get("commanded")), None)
        title = str(commanded["title"]) if commanded else _UNKNOWN
        yield from _state(f"{place}/warning", _ON[zone.id in warned if own else None], {})
        yield from _state(f"{place}/on_air", title[:_LONGEST_STATE], {})
    arrivals = _arrivals(streams)
    for amplifier in site.amplifiers:
        name = str(amplifier.id)
        place = f"{settings.topic}/amplifier/{name}"
        mine = [_english(one) for one in ringing if one.get("subject") == name]
        yield from _state(f"{place}/problem", _ON[bool(mine)], {"faults": _few(mine)})
        yield from _state(f"{place}/arrives", _ON[arrivals.get(name)], {})


def _arrivals(streams: Iterable[Mapping[str, Any]]) -> dict[str, bool | None]:
    """Whether sound arrives at each amplifier: no if any of its streams does not."""
    said: dict[str, set[bool | None]] = {}
    for stream in streams:
        for one in stream.get("arrived_detail") or ():
            said.setdefault(str(one.get("amplifier")), set()).add(one.get("value"))
    return {
        name: False if False in values else (None if None in values else True)
        for name, values in said.items()
    }


def _entity(
    settings: HomeAssistant,
    component: str,
    path: tuple[str, ...],
    name: str,
    device: Mapping[str, Any],
    kind: str | None,
) -> Message:
    place = "/".join((settings.topic, *path))
    identity = _NO_NAME.sub("_", "_".join((settings.topic, *path)))
    fields = {
        "unique_id": identity,
        "default_entity_id": f"{component}.{identity}",
        "name": name,
        "state_topic": place,
        "json_attributes_topic": f"{place}/attributes",
        "availability_topic": status_topic(settings),
        "device": device,
        "origin": {"name": "Sorigil", "sw_version": version("sorigil")},
        **({} if kind is None else {"device_class": kind}),
    }
    return Message(f"{settings.prefix}/{component}/{identity}/config", _json(fields))


def _device(settings: HomeAssistant, key: str, name: Name) -> dict[str, Any]:
    station = f"{settings.topic} station"
    own = f"{settings.topic} {key}"
    via = {} if own == station else {"via_device": station}
    return {"identifiers": [own], "name": f"{name.ko} {name.en}", "manufacturer": "Sorigil", **via}


def _state(place: str, payload: str, attributes: Mapping[str, Any]) -> Iterator[Message]:
    yield Message(place, payload)
    if attributes:
        yield Message(f"{place}/attributes", _json(attributes))


def _kind(stream: Mapping[str, Any]) -> str | None:
    commanded = stream.get("commanded")
    return str(commanded["kind"]) if commanded else None


def _english(fault: Mapping[str, Any]) -> str:
    return str((fault.get("sentence") or {}).get("en") or fault.get("id"))


def _few(sentences: list[str]) -> list[str]:
    return [str(one)[:_LONGEST_STATE] for one in sentences[:_MOST_SENTENCES]]


def _json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False)
