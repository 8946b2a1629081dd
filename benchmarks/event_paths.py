"""Part detection: from a signed event at the door to the packets, busy and in a storm of others."""

import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.alerts import last_without_programme
from benchmarks.busy import busy
from benchmarks.child import Child, cpu_ns_of, started
from benchmarks.context import Context
from benchmarks.measurement import Measurement, MeasurementError
from benchmarks.probe import listening
from benchmarks.running_station import FLOW, ON_AIR_LIMIT_S, Running, StationPlace, station_place
from benchmarks.signed_events import Sender, event, flood_everywhere, keys_made
from benchmarks.storm import CAMERAS, GATEWAYS, camera_name, written_keys
from benchmarks.waiting import wait_for

CYCLES: Final = 10
"""Events in one life of the station each, so that each finds a fresh programme."""
STORM_S: Final = 60.0
STORM_RATE: Final = 10_000
STORMS: Final = 1
WARNED_AFTER_S: Final = 20.0
"""When in the storm somebody reports a flood."""
_EVERY_S: Final = 0.1
"""Between two events of another source, while it storms."""
_OTHERS: Final = ("hongje-level", "hongyeon-level", "hongnam-level")


def events_to_air(context: Context) -> Iterator[Measurement]:
    """Somebody reports a flood everywhere; the last zone leaves its programme."""
    context.say(f"{CYCLES} signed events, busy")
    took: list[float] = []
    chance = random.Random(20)
    for _ in range(CYCLES):
        with station_place(context) as place:
            key = keys_made(place.state, ["bench"])["bench"]
            with place.started() as station, listening(context, FLOW) as ear:
                ear.wait_until_all_have("A", ON_AIR_LIMIT_S, station.supervisor)
                url = _door(station)
                with busy(station, station.state, station.sound):
                    time.sleep(0.5 + chance.random())
                    sent_ns = _warn(Sender(url, key))
                    time.sleep(0.7)
                    arrivals = ear.stop()
        took.append(last_without_programme(arrivals, sent_ns))
    detail = {"every_ms": [round(each, 2) for each in took]}
    for share in (50, 99):
        name = f"detection.event_to_last_zone_p{share}_ms"
        yield Measurement(name, float(np.percentile(took, share)), None, detail)


def storms(context: Context) -> Iterator[Measurement]:
    """A minute of 10,000 events a second, and a flood that somebody reports meanwhile."""
    context.say(f"{STORMS} storms of {STORM_RATE} events a second for {STORM_S:.0f} s")
    warned: list[float] = []
    others: list[float] = []
    lost, reached, details = 0, float("inf"), []
    for _ in range(STORMS):
        with station_place(context) as place:
            first, waits, facts = _one_storm(context, place)
        warned.append(first)
        others += waits
        starts = facts["first_starts"]
        lost += starts.get("coalesced", 0) + starts.get("refused", 0)
        lost += facts["cameras"] - sum(starts.values())
        reached = min(reached, facts["answered_per_s"])
        details.append(facts)
    detail: dict[str, Any] = {"first_warning_ms": [round(one, 1) for one in warned]}
    detail |= {"storms": details, "rate_asked_per_s": STORM_RATE}
    short = None
    if reached < 0.98 * STORM_RATE:
        short = f"only {reached:.0f} of {STORM_RATE} events a second were sent and answered here"
    yield Measurement("detection.storm_events_per_s", reached, None, detail)
    first_warning = max(warned)
    yield Measurement("detection.storm_first_warning_p99_ms", first_warning, None, detail, short)
    yield Measurement("detection.storm_first_starts_lost", lost, None, detail)
    p99 = float(np.percentile(others, 99))
    yield Measurement("detection.storm_others_p99_ms", p99, None, detail, short)


def _one_storm(context: Context, place: StationPlace) -> tuple[float, list[float], dict[str, Any]]:
    """Milliseconds to the first warning, those that others waited, and what became of it."""
    keys = keys_made(place.state, [*GATEWAYS, "bench", "gauges"])
    _all_cameras(place.sound.parent.parent / "zones" / "cameras.yaml")
    file = place.state / "storm-keys.json"
    file.write_bytes(written_keys({name: keys[name] for name in GATEWAYS}))
    with place.started() as station, listening(context, FLOW) as ear:
        ear.wait_until_all_have("A", ON_AIR_LIMIT_S, station.supervisor)
        url = _door(station)
        argv = [sys.executable, "-m", "benchmarks.storm", url, str(file)]
        with started([*argv, str(STORM_S), str(STORM_RATE)]) as storm:
            storm.wait_for("STORM", 30.0, station.supervisor)
            cpu = {role: cpu_ns_of(station.pid(role)) for role in ("doors", "control")}
            begun, waits = time.monotonic(), []
            waits += _others(Sender(url, keys["gauges"]), begun + WARNED_AFTER_S)
            sent_ns = _warn(Sender(url, keys["bench"]))
            time.sleep(1.0)
            arrivals = ear.stop()
            first = last_without_programme(arrivals, sent_ns)
            waits += _others(Sender(url, keys["gauges"]), begun + STORM_S - 2.0)
            lasted = time.monotonic() - begun
            used = {
                role: round((cpu_ns_of(station.pid(role)) - before) / lasted / 1e7)
                for role, before in cpu.items()
            }
            facts = _told_by(storm, station)
    return first, waits, {**facts, "cpu_percent": used}


def _all_cameras(listed: Path) -> None:
    """Have the site know every camera of the district, not only those that its own rules name."""
    known = listed.read_text(encoding="utf-8")
    more = [
        f"""{name}:
  name: {{ko: {name}, en: {name}}}
  at: [{37.56 + number % 30 * 0.002:.5f}, {126.90 + number // 30 * 0.002:.5f}]
  azimuth: {number % 360}
  zones: [hill-{number % 3 + 1}]
  detects: [smoke, fire]
  evidence: state
"""
        for number in range(CAMERAS)
        if f"{(name := camera_name(number))}:" not in known
    ]
    listed.write_text("\n".join([known, *more]), encoding="utf-8")


def _told_by(storm: Child, station: Running) -> dict[str, Any]:
    """What a storm says of itself once all was answered."""
    storm.wait_for("OVER", 60.0, station.supervisor)
    facts: dict[str, Any] = json.loads(storm.end_and_hear_last_line())
    return facts


def _others(sender: Sender, until: float) -> list[float]:
    """How long the events of other sources wait for their answers, in milliseconds."""
    took: list[float] = []
    number = 0
    while time.monotonic() < until:
        number += 1
        reading = event(_OTHERS[number % len(_OTHERS)], "water_level", value=0.2, unit="m")
        took.append(sender.send({**reading, "phase": "reading"})[1])
        time.sleep(_EVERY_S)
    sender.close()
    return took


def _door(station: Running) -> str:
    """Where the doors listen, once they do."""
    file = station.run / "doors.json"
    wait_for("the doors to open", file.exists)
    return str(json.loads(file.read_bytes())["url"])


def _warn(sender: Sender) -> int:
    """Report a flood everywhere; returns when it was sent, on CLOCK_MONOTONIC."""
    sent_ns, _, verdicts = sender.send(flood_everywhere())
    sender.close()
    if any(each.get("is") != "evidence" for each in verdicts):
        raise MeasurementError(f"the door did not believe the event: {verdicts}")
    return sent_ns
