"""Part alerts: from an operator's command to the packet, and what no kill may lose."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from benchmarks.arrivals import Arrivals, continuity, stream_of, streams_in
from benchmarks.busy import busy
from benchmarks.context import SOURCES, Context, Step, take
from benchmarks.measurement import Measurement, MeasurementError
from benchmarks.probe import listening
from benchmarks.running_station import (
    FLOW,
    ON_AIR_LIMIT_S,
    Running,
    running,
    station_place,
)
from benchmarks.waiting import wait_for

CYCLES: Final = 12
"""Warnings and corrections in one life of the station, each pair on a fresh programme."""
STATION_KILLS: Final = 50
CONTROL_KILLS: Final = 1000
POWER_CUTS: Final = 1000

_REPOSITORY: Final = SOURCES.parent
_ZONES: Final = "all"
_UPPER: Final = ("stream-1", "stream-2", "stream-3", "stream-4")
_FADED: Final = 0.9
"""A packet with less of the programme's tone than this share belongs to the warning."""
_LOWER, _HIGHER = "flood-closing", "flood-evacuate"


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    steps = [
        Step(("alerts.lost_in_control_kills_1000", "alerts.recovery_p99_ms"), 150, control_kills),
        Step(("alerts.lost_in_power_cuts_1000",), 60, power_cuts),
        Step(
            (
                "alerts.command_to_last_zone_p50_ms",
                "alerts.command_to_last_zone_p99_ms",
                "alerts.correction_p99_ms",
            ),
            150,
            commands,
        ),
        Step(("alerts.lost_in_station_kills_50", "alerts.everything_killed_to_air_s"), 200, deaths),
    ]
    yield from take(context, steps)


# --- command to packet ---


def commands(context: Context) -> Iterator[Measurement]:
    """Warn all zones, make it worse, correct it; on a busy station, heard by the probe."""
    context.say(f"{CYCLES} warnings, as many escalations and corrections, busy")
    raised: list[float] = []
    worse: list[float] = []
    corrected: list[float] = []
    said: list[float] = []
    chance = random.Random(20)
    broken = None
    for cycle in range(CYCLES):
        with running(context) as station, listening(context, FLOW) as ear:
            ear.wait_until_all_have("A", ON_AIR_LIMIT_S, station.supervisor)
            with busy(station, station.state, station.sound):
                time.sleep(0.5 + chance.random())
                first = _asked(station, "raise", message=_LOWER, zones=[_ZONES])
                time.sleep(1.0 + chance.random())
                second = _asked(
                    station, "escalate", alert=first["alert"], message=_HIGHER, level="evacuate"
                )
                time.sleep(1.0 + chance.random())
                third = _asked(station, "correct", alert=first["alert"], reason="measured")
                time.sleep(0.5)
                arrivals = ear.stop()
        raised.append(last_without_programme(arrivals, first["asked_ns"]))
        worse.append(_last_at(arrivals, second))
        corrected.append(_last_at(arrivals, third))
        said += [one["first_packet_ms"] for one in (first, second, third)]
        seen = continuity(arrivals, FLOW.packet_samples)
        if not seen.is_unbroken and broken is None:
            broken = f"cycle {cycle}: the streams broke: {seen}"
    pooled = [*raised, *worse]
    detail: dict[str, Any] = {
        "raised_over_programme_ms": _shares(raised),
        "escalated_ms": _shares(worse),
        "corrected_ms": _shares(corrected),
        "what_the_station_said_ms": _shares(said),
    }
    yield Measurement(
        "alerts.command_to_last_zone_p50_ms", _share(pooled, 50), None, detail, broken
    )
    yield Measurement(
        "alerts.command_to_last_zone_p99_ms", _share(pooled, 99), None, detail, broken
    )
    yield Measurement("alerts.correction_p99_ms", _share(corrected, 99), None, detail, broken)


def _asked(station: Running, name: str, **fields: object) -> dict[str, Any]:
    """An act over the link, as the console gives it; with the time of its last byte."""
    answer = station.asked(name, who="bench", roles=["operator"], **fields)
    if not answer.get("adopted"):
        raise MeasurementError(f"{name} did not take effect: {answer}")
    return answer


def last_without_programme(arrivals: Arrivals, asked_ns: int) -> float:
    """Milliseconds until the programme's tone gives way, in the last of the zones."""
    came = []
    for stream in streams_in(arrivals):
        mine = stream_of(arrivals, stream)
        before = mine[mine["at_ns"] < asked_ns]
        usual = float(np.median(before["tone_a"][-200:]))
        less = (mine["at_ns"] >= asked_ns) & (mine["tone_a"] < usual * _FADED)
        changed = np.flatnonzero(less)
        if not len(changed):
            raise MeasurementError(f"stream {stream} never left the programme")
        came.append(int(mine["at_ns"][changed[0]]))
    if len(came) != FLOW.streams:
        raise MeasurementError(f"{len(came)} of {FLOW.streams} streams were heard")
    return (max(came) - asked_ns) / 1e6


def _last_at(arrivals: Arrivals, act: dict[str, Any]) -> float:
    """Milliseconds until the packet of the act's first sample came, in the last of the zones."""
    start, asked_ns = int(act["start"]), int(act["asked_ns"])
    due = start // FLOW.packet_samples * FLOW.packet_samples % (1 << 32)
    came = []
    for stream in streams_in(arrivals):
        mine = stream_of(arrivals, stream)
        found = np.flatnonzero(mine["timestamp"] == due)
        if not len(found):
            raise MeasurementError(f"stream {stream} has no packet at sample {start}")
        came.append(int(mine["at_ns"][found[0]]))
    return (max(came) - asked_ns) / 1e6


def _share(values: list[float], percent: float) -> float:
    return float(np.percentile(values, percent))


def _shares(values: list[float]) -> dict[str, Any]:
    return {
        "count": len(values),
        **{f"p{share}": round(_share(values, share), 2) for share in (50, 90, 99)},
        "max": round(max(values), 2),
        "every": [round(value, 2) for value in values],
    }


# --- kills ---


def control_kills(context: Context) -> Iterator[Measurement]:
    """Journal, core and recovery alone, killed again and again."""
    context.say(f"control's heart killed {CONTROL_KILLS} times")
    found = _said(context, "tests.broadcaster.control.alert_killing", CONTROL_KILLS)
    lost, took = found["lost"], found["recovery_ms"]
    yield Measurement("alerts.lost_in_control_kills_1000", len(lost), None, found)
    yield Measurement("alerts.recovery_p99_ms", took["p99"], None, found)


def power_cuts(context: Context) -> Iterator[Measurement]:
    """The journal's file after simulated power cuts: what strace saw written and synced."""
    context.say(f"{POWER_CUTS} simulated power cuts")
    found = _said(context, "tests.broadcaster.journal.cutting", POWER_CUTS)
    yield Measurement("alerts.lost_in_power_cuts_1000", len(found["lost"]), None, found)


def _said(context: Context, module: str, trials: int) -> dict[str, Any]:
    """What a program of the tests prints, run on the disk of the checkout."""
    with TemporaryDirectory(dir=context.build, prefix="kills-") as place:
        argv = [sys.executable, "-m", module, place, str(trials), "20"]
        done = subprocess.run(
            argv, cwd=_REPOSITORY, capture_output=True, text=True, check=False, timeout=400
        )
    if done.returncode:
        raise MeasurementError(f"{module} failed: {done.stderr.strip()[-300:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def deaths(context: Context) -> Iterator[Measurement]:
    """Everything is killed, started again, and the warning has to be on air as it was."""
    context.say(f"the whole station killed {STATION_KILLS} times")
    lost = 0
    took: list[float] = []
    alert = ""
    chance = random.Random(20)
    with station_place(context) as place:
        for number in range(STATION_KILLS + 1):
            begun = time.monotonic()
            with place.started() as station:
                if number == 0:
                    wait_for("the station to send", station.is_sent_everywhere)
                    first = _asked(station, "raise", message=_LOWER, zones=["stream-upper"])
                    alert = str(first["alert"])
                wait_for("the warning to be on air", partial(station.is_warned, _UPPER))
                if number:
                    took.append(time.monotonic() - begun)
                    found = station.snapshot().get("alerts", [])
                    lost += not any(one["id"] == alert for one in found)
                time.sleep(chance.random() * 0.2)
                for pid in (station.supervisor.pid, *station.processes()):
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
            if number % 5 == 4:
                # As after a power cut: what lay in memory is gone.
                shutil.rmtree(place.run)
    detail = {"kills": STATION_KILLS, "to_air_s": _shares(took)}
    yield Measurement("alerts.lost_in_station_kills_50", lost, None, detail)
    yield Measurement("alerts.everything_killed_to_air_s", max(took), None, detail)
