"""A day of 893 cameras with all that looks like smoke, and what nobody may miss."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.detection import Admitted, Detections, parse_rules
from alerts.detection.event import DetectionEvent, EventId, Kind, Phase, SourceId
from alerts.hazard import Level
from broadcaster.simulator.cameras import camera_places
from tests.alerts.detection.ground import site
from tests.house.checkout import ROOT
from zones.geometry import distance_m
from zones.site import Evidence, GaugeId

T0 = datetime(2026, 11, 22, tzinfo=UTC)
DAY = 86_400.0
RULES = (ROOT / "alerts/rules.yaml").read_text()


def at(seconds):
    return T0 + timedelta(seconds=seconds)


class Station:
    """Detections of a site whose cameras all report in one way."""

    def __init__(self, there):
        self.detections = Detections(there, parse_rules(RULES, "rules", there), 0.0, T0)
        self.orders: list = []
        self._count = 0

    def until(self, now):
        while (due := self.detections.deadline()) is not None and due <= now:
            self.orders += self.detections.expire(due, at(due)).orders

    def take(self, now, source, kind, phase, confidence=None, value=None, name=None):
        self.until(now)
        self._count += 1
        unit = "m" if value is not None else ""
        event = DetectionEvent(
            EventId(name or f"e{self._count}"),
            SourceId(source),
            kind,
            phase,
            at(now),
            confidence=confidence,
            value=value,
            unit=unit,
        )
        # Each camera has a key of its own: the hardest case for false alarms.
        told = self.detections.take((Admitted(event, at(now), str(source)),), now, at(now))
        self.orders += told.orders

    @property
    def detected(self):
        return [order for order in self.orders if type(order).__name__ == "Detected"]


def crowded(evidence):
    """The reference site with all 893 cameras of the district, looking for smoke."""
    cameras = [camera for place in camera_places(site(), 1) for camera in place.cameras]
    period = 30.0 if evidence is Evidence.SAMPLE else 0.0
    watching = [
        camera
        if "water_level" in camera.detects
        else replace(camera, detects=("smoke", "fire"), evidence=evidence, period_s=period)
        for camera in cameras
    ]
    return replace(site(), cameras=tuple(watching))


def false_alarms(cameras, chance):
    """(begin, camera, looks, least and highest confidence) of all that is no smoke."""
    for camera in cameras:
        for _ in range(2):
            yield chance.uniform(0, DAY), camera, 1, 0.4, 0.95
    centre = chance.choice(cameras).at
    for camera in sorted(cameras, key=lambda each: distance_m(each.at, centre))[:60]:
        for _ in range(chance.randint(1, 4)):
            yield chance.uniform(18_000, 25_200), camera, chance.randint(2, 8), 0.4, 0.75
    for camera in chance.sample(cameras, 40):  # the low sun
        yield chance.uniform(25_200, 27_000), camera, chance.randint(1, 4), 0.4, 0.7
    for camera in chance.sample(cameras, 80):  # headlights
        yield chance.uniform(64_800, 82_800), camera, 1, 0.4, 0.7


@pytest.mark.parametrize("evidence", list(Evidence))
@pytest.mark.parametrize("seed", range(1))
def test_a_day_of_893_cameras_evacuates_nobody_and_cautions_at_most_once(evidence, seed):
    there, chance = crowded(evidence), random.Random(seed)
    station = Station(there)
    cameras = [camera for camera in there.cameras if "smoke" in camera.detects]
    looks: list = []
    for number, (begin, camera, count, least, most) in enumerate(false_alarms(cameras, chance)):
        name = f"f{number}"
        if evidence is Evidence.STATE:
            ends = begin + (30.0 * count if count > 1 else chance.uniform(1, 12))
            looks.append((begin, camera.id, Phase.START, chance.uniform(least, most), name))
            looks.append((ends, camera.id, Phase.END, None, name))
        else:
            for n in range(count):
                seen = chance.uniform(least, most)
                looks.append((begin + 30 * n, camera.id, Phase.UPDATE, seen, f"{name}-{n}"))
            looks.append((begin + 30 * count, camera.id, Phase.UPDATE, 0.05, f"{name}-over"))
    for now, source, phase, confidence, name in sorted(looks, key=lambda look: look[0]):
        station.take(now, source, Kind.SMOKE, phase, confidence, name=name)
    station.until(DAY)
    assert all(order.level is Level.CAUTION for order in station.detected)
    assert all(order.window >= 60 for order in station.detected)
    assert len({order.incident for order in station.detected}) <= 1


def lossy(chance):
    """Whether a message arrives: four of five do."""
    return chance.random() >= 0.2


@pytest.mark.parametrize("seed", range(8))
def test_smoke_that_grows_slowly_before_one_camera_is_not_missed(seed):
    chance = random.Random(seed)
    station = Station(crowded(Evidence.SAMPLE))
    for n in range(40):
        if lossy(chance):
            confidence = min(0.9, 0.45 + 0.02 * n) + chance.uniform(-0.05, 0.05)
            station.take(30.0 * n, "cam-031", Kind.SMOKE, Phase.UPDATE, confidence)
    assert station.detected


def test_one_start_and_nothing_more_is_not_missed():
    station = Station(crowded(Evidence.STATE))
    station.take(5.0, "cam-032", Kind.FIRE, Phase.START)
    station.until(60.0)
    assert station.detected[0].level is Level.CAUTION


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("period", [10.0, 60.0, 600.0])
def test_a_flood_is_not_missed_by_any_gauge(seed, period):
    chance = random.Random(seed)
    gauges = tuple(
        replace(gauge, period_s=period) if gauge.id == GaugeId("hongje-level") else gauge
        for gauge in site().gauges
    )
    station = Station(replace(site(), gauges=gauges))
    hours = 2.0
    for n in range(int(3_600 * hours / period)):
        if lossy(chance):
            value = 0.2 + 1.8 * n * period / (3_600 * hours) + chance.uniform(-0.02, 0.02)
            station.take(period * n, "hongje-level", Kind.WATER_LEVEL, Phase.READING, None, value)
    assert max(order.level for order in station.detected) is Level.EVACUATE


@pytest.mark.parametrize("seed", range(8))
def test_a_flash_flood_sounds_before_it_is_there(seed):
    chance = random.Random(seed)
    station = Station(site())
    over_at = None
    for n in range(60):
        # 1.7 m in half an hour, as streams here have risen.
        value = 0.2 + max(0.0, n - 10) * 1.7 / 30
        if value >= 1.5 and over_at is None:
            over_at = 60.0 * n
        if lossy(chance):
            station.take(60.0 * n, "hongje-level", Kind.WATER_LEVEL, Phase.READING, None, value)
        if station.detected:
            break
    assert station.detected
    assert over_at is None
