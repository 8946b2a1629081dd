"""Faults as they are told to control, to commands and to screens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from broadcaster.watch.fault import Fault, named
from broadcaster.watch.health import Health
from broadcaster.watch.place import neighbours_of, place_of, zones_of
from broadcaster.watch.spare_proposals import proposals
from firmware_profiles.fault_kind import CHARACTERS
from zones.site import Name, Site

MOST_TOLD: Final = 200
"""Faults in one list: it must fit into a frame of the link beside all the rest."""


def faults_told(
    health: Health,
    site: Site,
    utc: datetime,
    is_warned: Callable[[str], bool],
    taken: Mapping[str, str] = MappingProxyType({}),
) -> list[dict[str, Any]]:
    """Every fault with its place, sentence and what to do; the worst first, at most `MOST_TOLD`.

    `taken` are the zones that spare amplifiers play already, by spare.
    """
    causes = health.causes()
    free = proposals(health.faults, site, taken)
    children: dict[str, list[str]] = {}
    for child, cause in causes.items():
        children.setdefault(cause, []).append(child)
    told = [
        _told(fault, health, site, utc, is_warned=is_warned(fault.key.amplifier), causes=causes)
        | {"children": sorted(children.get(fault.key.id, ()))}
        | {"spares": list(free.get(fault.key.id, ()))}
        for fault in health.faults
    ]
    told.sort(key=lambda each: (not each["there"], -each["severity_rank"], each["since_utc"]))
    return told[:MOST_TOLD]


def _told(
    fault: Fault,
    health: Health,
    site: Site,
    utc: datetime,
    *,
    is_warned: bool,
    causes: dict[str, str],
) -> dict[str, Any]:
    key, character = fault.key, CHARACTERS[fault.key.kind]
    severity = fault.severity(is_warned=is_warned)
    place, what = place_of(site, key.amplifier, key.part), named(key, fault.text)
    zones = zones_of(site, key.amplifier, key.part)
    maintenance = health.maintenance(key.amplifier, utc)
    shelf = fault.shelf if fault.is_shelved(utc) else None
    return {
        "id": key.id,
        "kind": key.kind.value,
        "severity": severity.name.lower(),
        "severity_rank": int(severity),
        "place": _both(place),
        "subject": key.amplifier,
        "part": key.part,
        "since_utc": fault.since.isoformat(),
        "over_utc": None if fault.over is None else fault.over.isoformat(),
        "there": fault.is_there,
        "standing": fault.standing.value,
        "sentence": {"ko": f"{place.ko}: {what.ko}", "en": f"{place.en}: {what.en}"},
        "what_to_do": _both(character.what_to_do),
        "zones": list(zones),
        "under_warning": is_warned,
        # A warning plays there: who stands beside it should be told to listen to a neighbour.
        "neighbours": list(neighbours_of(site, zones)) if is_warned and fault.is_there else [],
        "acknowledged": fault.acknowledged is not None,
        "acknowledged_by": fault.acknowledged_by,
        "times": fault.times,
        "flapping": fault.is_flapping,
        "cause": causes.get(key.id),
        "witness": fault.by,
        "rings": health.rings(fault, utc, causes, is_warned=is_warned),
        "shelved": None
        if shelf is None
        else {"until_utc": shelf.until.isoformat(), "who": shelf.who, "reason": shelf.reason},
        "maintenance": None
        if maintenance is None
        else {"until_utc": maintenance.until.isoformat(), "reason": maintenance.reason},
    }


def _both(name: Name) -> dict[str, str]:
    return {"ko": name.ko, "en": name.en}
