"""What detections must know after a restart, as JSON: events that count, incidents, cool-downs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from alerts.alert import IncidentId
from alerts.detection.asking import Cooling
from alerts.detection.event import EventId, Kind, SourceId
from alerts.detection.gate import Gate, Opened, Seen
from alerts.detection.incident import Incident
from alerts.hazard import HazardId, Level
from zones.bus import ZoneId
from zones.geometry import Point


@dataclass(frozen=True, slots=True)
class KeptSignal:
    """What held of one source for one rule, since when, and whether it had lasted.

    `active` are the things it follows by name.
    """

    rule: str
    source: SourceId
    kind: Kind
    since: datetime
    is_met: bool
    active: tuple[EventId, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptIncident:
    """An incident, with what held, and with the sources that were lost."""

    id: IncidentId
    hazard: HazardId
    opened: datetime
    levels: tuple[Level, ...]
    zones: tuple[str, ...]
    places: tuple[Point, ...]
    signals: tuple[KeptSignal, ...]
    lost: tuple[SourceId, ...]
    is_ended: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """All that was remembered."""

    opened: tuple[tuple[Seen, Opened], ...] = ()
    incidents: tuple[KeptIncident, ...] = ()
    cooling: tuple[tuple[Cooling, datetime], ...] = ()


def memory_of(
    gate: Gate,
    incidents: Iterable[Incident],
    cooling: Iterable[Cooling],
    now: float,
    utc: datetime,
) -> dict[str, Any]:
    """All that must outlive the process."""

    def at(moment: float) -> str:
        return (utc + timedelta(seconds=moment - now)).isoformat()

    return {
        "opened": [[*seen, o.utc.isoformat(), o.incident] for seen, o in gate.kept()],
        "incidents": [
            {
                "id": each.id,
                "hazard": each.hazard,
                "opened": each.opened.isoformat(),
                "ended": each.is_ended,
                "levels": sorted({int(demand.level) for demand in each.asked}),
                "zones": list(each.zones),
                "places": [[p.latitude, p.longitude] for p in each.places],
                "signals": [
                    [
                        *(key[0], key[1], key[2].value),
                        at(now if signal.since is None else signal.since),
                        signal.is_met,
                        list(signal.active),
                    ]
                    for contribution in each.contributions.values()
                    for key, signal in contribution.signals.items()
                    if signal.is_above
                ],
                "lost": [source for source, one in each.contributions.items() if one.is_lost],
            }
            for each in incidents
            if each.is_raised or each.is_above
        ],
        "cooling": [
            {
                "hazard": each.hazard,
                "rules": sorted(each.rules),
                "zones": sorted(each.zones),
                "level": int(each.level),
                "until": at(each.until),
            }
            for each in cooling
        ],
    }


def kept_in(memory: Mapping[str, Any]) -> Kept:
    """What `memory_of` made. What is damaged is left out: the book knows the living alerts."""
    return Kept(
        opened=tuple(_whole(memory, "opened", _opened)),
        incidents=tuple(_whole(memory, "incidents", _incident)),
        cooling=tuple(_whole(memory, "cooling", _cooling)),
    )


def _whole(memory: Mapping[str, Any], key: str, read: Any) -> Iterator[Any]:  # noqa: ANN401 - one reader for each key
    entries = memory.get(key)
    if not isinstance(entries, list):
        return
    for entry in entries:
        try:
            yield read(entry)
        except (KeyError, TypeError, ValueError, IndexError):
            continue


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    if time.tzinfo is None:
        raise ValueError("a time without offset")
    return time


def _opened(entry: list[str]) -> tuple[Seen, Opened]:
    source, event, mark, utc, incident = entry
    return (source, event, mark), Opened(_time(utc), incident)


def _incident(entry: Mapping[str, Any]) -> KeptIncident:
    return KeptIncident(
        id=IncidentId(entry["id"]),
        hazard=HazardId(entry["hazard"]),
        opened=_time(entry["opened"]),
        levels=tuple(Level(level) for level in entry["levels"]),
        zones=tuple(map(str, entry["zones"])),
        places=tuple(Point(float(lat), float(lon)) for lat, lon in entry["places"]),
        signals=tuple(
            KeptSignal(
                *(str(rule), SourceId(source), Kind(kind), _time(since), bool(is_met)),
                active=tuple(EventId(str(name)) for named in active for name in named),
            )
            for rule, source, kind, since, is_met, *active in entry["signals"]
        ),
        lost=tuple(SourceId(str(source)) for source in entry.get("lost", ())),
        is_ended=bool(entry["ended"]),
    )


def _cooling(entry: Mapping[str, Any]) -> tuple[Cooling, datetime]:
    zones = frozenset(ZoneId(zone) for zone in entry["zones"])
    rules = frozenset(map(str, entry["rules"]))
    cooling = Cooling(HazardId(entry["hazard"]), rules, zones, Level(entry["level"]), 0.0)
    return cooling, _time(entry["until"])
