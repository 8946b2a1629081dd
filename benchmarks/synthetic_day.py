"""Part detection, in virtual time: a day on which nothing burns, true incidents, a year."""

import random
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import yaml

from alerts.commands import Detected
from alerts.detection import Admitted, DetectionEvent, Detections
from alerts.detection.event import EventId, Kind, Phase, SourceId
from alerts.hazard import Level
from benchmarks.context import SOURCES, Context
from benchmarks.measurement import Measurement
from broadcaster.catalogue_reader import read_messages
from broadcaster.operation.premises import premises
from broadcaster.operation.year import operate
from broadcaster.rules_reader import read_rules
from broadcaster.simulator.scenario_settings import read_settings
from broadcaster.simulator.scenarios import district
from broadcaster.site_reader import read_site
from zones.geometry import distance_m
from zones.site import Camera, Site

PARAMETERS: Final = Path(__file__).with_name("synthetic_day.yaml")
_CONFIG: Final = SOURCES.parent / "config.yaml"
_SEED: Final = 7
_BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)
_DAY_S: Final = 86_400.0
_TEN_MINUTES_S: Final = 600.0
_KINDS: Final = (Kind.SMOKE, Kind.FIRE, Kind.THERMAL)
_YEAR_DAYS: Final = 365

Given = tuple[float, DetectionEvent]


def _parameters() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(PARAMETERS.read_text(encoding="utf-8"))
    return found


# --- a day without incidents ---


def quiet_day(context: Context) -> Iterator[Measurement]:
    """What the rules ask of people, and of loudspeakers, on a day on which nothing burns."""
    told = _parameters()
    context.say(f"a day of {told['cameras']} cameras")
    site = district(read_site(_CONFIG), _SEED, int(told["cameras"]))
    events = sorted(_false_alarms(site, told, random.Random(_SEED)), key=lambda one: one[0])
    asked = _orders(site, events, _DAY_S)
    evacuations = sum(order.level is Level.EVACUATE for _, order in asked)
    first: dict[str, float] = {}
    for at, order in asked:
        first.setdefault(order.incident, at)
    alone = [at for at, order in asked if order.level is Level.CAUTION and not order.window]
    detail = {
        "events": len(events),
        "incidents": len(first),
        "at_s": [round(at) for at in sorted(first.values())],
        "of_rules": sorted({order.rule for _, order in asked}),
    }
    yield Measurement("detection.day_evacuations", evacuations, None, detail)
    yield Measurement("detection.day_cautions_in_10_min", _most_in(alone), None, detail)
    yield Measurement(
        "detection.day_pendings_in_10_min", _most_in(list(first.values())), None, detail
    )


def _false_alarms(site: Site, told: dict[str, Any], chance: random.Random) -> Iterator[Given]:
    watching = [
        camera for camera in site.cameras if any(kind.value in camera.detects for kind in _KINDS)
    ]
    isolated = told["isolated"]
    every = {**isolated, "begins_s": 0, "lasts_s": _DAY_S, "runs": 1}
    for camera in watching:
        for _ in range(
            int(isolated["per_camera"]) + (chance.random() < isolated["per_camera"] % 1)
        ):
            yield from _runs(camera, every, told["look_s"], chance)
    centre = chance.choice(watching).at
    near = sorted(watching, key=lambda camera: distance_m(camera.at, centre))
    for camera in near[: told["fog"]["cameras"]]:
        yield from _runs(camera, told["fog"], told["look_s"], chance)
    for name in ("low_sun", "headlights", "steam"):
        for camera in watching:
            if chance.random() < told[name]["share"]:
                yield from _runs(camera, told[name], told["look_s"], chance)
    for camera in chance.sample(watching, told["barbecue"]["cameras"]):
        yield from _runs(camera, told["barbecue"], told["look_s"], chance)


def _runs(
    camera: Camera, told: dict[str, Any], look_s: float, chance: random.Random
) -> Iterator[Given]:
    """Some runs of reports of one camera: a start, updates, an end."""
    kind = next(kind for kind in _KINDS if kind.value in camera.detects)
    for _ in range(told["runs"]):
        begin = told["begins_s"] + chance.uniform(0, told["lasts_s"])
        name = f"{camera.id}-{begin:.3f}"
        looks = chance.randint(*told["looks"])
        for look in range(looks):
            phase = Phase.START if look == 0 else Phase.UPDATE
            sure = round(chance.uniform(told["least"], told["most"]), 2)
            yield _event(camera.id, name, kind, phase, begin + look * look_s, confidence=sure)
        end = begin + (looks - 1) * look_s + chance.uniform(1, look_s)
        yield _event(camera.id, name, kind, Phase.END, end)


def _event(
    source: str,
    name: str,
    kind: Kind,
    phase: Phase,
    at: float,
    *,
    confidence: float | None = None,
    level_m: float | None = None,
) -> Given:
    event = DetectionEvent(
        EventId(name),
        SourceId(source),
        kind,
        phase,
        _BEGIN + timedelta(seconds=at),
        confidence=confidence,
        value=level_m,
        unit="" if level_m is None else "m",
    )
    return at + 0.5, event


def _orders(site: Site, events: list[Given], until: float) -> list[tuple[float, Detected]]:
    """What the rules ask for, and when."""
    found: list[tuple[float, Detected]] = []
    detections = Detections(site, read_rules(site, _CONFIG.parent), 0.0, _BEGIN)
    waiting = deque(events)
    now = 0.0
    while now < until:
        due = detections.deadline()
        comes = waiting[0][0] if waiting else until
        now = max(now, min(comes, due if due is not None else until, until))
        utc = _BEGIN + timedelta(seconds=now)
        if waiting and comes <= now:
            event = waiting.popleft()[1]
            told = detections.take((Admitted(event, utc, via=f"key {event.source}"),), now, utc)
        else:
            told = detections.expire(now, utc)
        found += [
            (now, order)
            for order in told.orders
            if isinstance(order, Detected) and order.has_lasted
        ]
    return found


def _most_in(times: list[float]) -> int:
    """The most of these within any ten minutes."""
    ordered = sorted(times)
    return max(
        (sum(at <= other < at + _TEN_MINUTES_S for other in ordered) for at in ordered), default=0
    )


# --- true incidents ---


def true_incidents(context: Context) -> Iterator[Measurement]:
    """Incidents of four kinds, each by itself, with messages lost: how many raised nothing."""
    told = _parameters()["incidents"]
    context.say(f"{told['count']} true incidents, {told['lost']:.0%} of the messages lost")
    site = read_site(_CONFIG)
    chance = random.Random(_SEED)
    missed: dict[str, int] = {}
    kinds = (_slow_smoke, _one_start, _ten_minute_gauge, _flash_rise)
    for number in range(told["count"]):
        incident = kinds[number % len(kinds)]
        period = told["gauge" if incident is _ten_minute_gauge else "flash"]["period_s"]
        gauges = tuple(replace(gauge, period_s=period) for gauge in site.gauges)
        events = list(incident(replace(site, gauges=gauges), told, chance))
        # A single message may be sent again until it is answered; what is lost is one on the way.
        kept = [one for one in events if incident is _one_start or chance.random() >= told["lost"]]
        here = replace(site, gauges=gauges)
        if not _orders(here, kept, events[-1][0] + 1):
            missed[incident.__name__] = missed.get(incident.__name__, 0) + 1
    detail = {"missed": missed, "lost": told["lost"]}
    yield Measurement("detection.missed_of_1000", sum(missed.values()), None, detail)


def _smoke_camera(site: Site, chance: random.Random) -> Camera:
    return chance.choice([c for c in site.cameras if Kind.SMOKE.value in c.detects])


def _slow_smoke(site: Site, told: dict[str, Any], chance: random.Random) -> Iterator[Given]:
    camera, smoke = _smoke_camera(site, chance), told["slow_smoke"]
    for look in range(smoke["looks"]):
        phase = Phase.START if look == 0 else Phase.UPDATE
        sure = round(chance.uniform(smoke["least"], smoke["most"]), 2)
        yield _event(camera.id, "slow", Kind.SMOKE, phase, 10.0 * look, confidence=sure)


def _one_start(site: Site, told: dict[str, Any], chance: random.Random) -> Iterator[Given]:
    camera = _smoke_camera(site, chance)
    yield _event(camera.id, "state", Kind.SMOKE, Phase.START, 0.0, confidence=0.8)
    yield _event(camera.id, "state", Kind.SMOKE, Phase.END, float(told["state_lasts_s"]))


def _ten_minute_gauge(site: Site, told: dict[str, Any], chance: random.Random) -> Iterator[Given]:
    yield from _readings(site, told["gauge"], chance)


def _flash_rise(site: Site, told: dict[str, Any], chance: random.Random) -> Iterator[Given]:
    yield from _readings(site, told["flash"], chance)


def _readings(site: Site, told: dict[str, Any], chance: random.Random) -> Iterator[Given]:
    gauge = chance.choice([g for g in site.gauges if g.measures == Kind.WATER_LEVEL.value])
    for number in range(told["readings"]):
        level = round(told["from_m"] + told["by_m"] * number, 2)
        name, at = f"r{number}", number * float(told["period_s"])
        yield _event(gauge.id, name, Kind.WATER_LEVEL, Phase.READING, at, level_m=level)


# --- a year ---


def year(context: Context) -> Iterator[Measurement]:
    """A year of the reference site on one seed, judged by the safety rules."""
    context.say(f"{_YEAR_DAYS} days in virtual time")
    site = read_site(_CONFIG)
    rules = read_rules(site, _CONFIG.parent)
    begun = time.perf_counter()
    found = operate(premises(site, rules, read_messages(None)), read_settings(), _SEED, _YEAR_DAYS)
    took = time.perf_counter() - begun
    detail = found.message()
    yield Measurement("detection.year_s", took, None, detail)
    yield Measurement("detection.year_broken_invariants", len(found.broken), None, detail)
