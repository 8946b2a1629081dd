"""Engines of a running station die or stop: how long nothing is on the wire."""

import os
import random
import signal
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Final

from benchmarks.context import Context
from benchmarks.measurement import Measurement
from benchmarks.peers import machine_watched
from benchmarks.probe import Listening, listening
from benchmarks.running_station import FLOW, ON_AIR_LIMIT_S, Running, running
from benchmarks.silences import longest_silence_ms
from benchmarks.takeovers import is_ready
from benchmarks.waiting import wait_for
from broadcaster.engine.shared_block import SharedBlock

STATIONS: Final = 4
TRIALS_A_STATION: Final = 2
"""From the third death in a row on a supervisor waits before it starts an engine again."""

_WITHIN_NS: Final = 1_500_000_000
_TICK_S: Final = 0.005


def silences(context: Context) -> Iterator[Measurement]:
    """Both engines killed, and the speaking one stopped, in station after station."""
    context.say(f"engines killed and stopped in {STATIONS} running stations")
    killed_ms: list[float] = []
    hung_ms: list[float] = []
    latest_us: list[float] = []
    for _ in range(STATIONS):
        with running(context) as station, listening(context, FLOW) as ear:
            with machine_watched(context) as watch:
                at_ns = _deaths(station, ear)
            arrivals = ear.stop()
        silent = [longest_silence_ms(arrivals, at, _WITHIN_NS) for at in at_ns]
        killed_ms += silent[:TRIALS_A_STATION]
        hung_ms += silent[TRIALS_A_STATION:]
        latest_us.append(watch.latest_us)
    yield _row("engine.both_killed_ms", killed_ms, latest_us)
    yield _row("engine.hung_ms", hung_ms, latest_us)


def _row(name: str, silent_ms: list[float], latest_us: list[float]) -> Measurement:
    detail = {
        "every_silence_ms": [round(one, 1) for one in silent_ms],
        "max_ms": round(max(silent_ms), 1),
        "c_timer_latest_us": latest_us,
    }
    return Measurement(name, statistics.median(silent_ms), None, detail)


def _deaths(station: Running, ear: Listening) -> list[int]:
    """When both were killed, and after those when the one that speaks was stopped."""
    chance = random.Random(22)
    ear.wait_until_all_have("A", ON_AIR_LIMIT_S, station.supervisor)
    at_ns = []
    with closing(SharedBlock(station.run / "engine")) as block:
        for act in (_kill_both, _stop_the_speaker):
            for _ in range(TRIALS_A_STATION):
                wait_for("a speaking engine and a standby", lambda: _standby(station, block) != 0)
                speaker, standby = block.state().pid, _standby(station, block)
                time.sleep(chance.random() * _TICK_S)
                at_ns.append(time.monotonic_ns())
                act(speaker, standby)
                wait_for("another engine to speak", _another(block, speaker))
                time.sleep(max(0.0, (at_ns[-1] + _WITHIN_NS - time.monotonic_ns()) / 1e9))
    return at_ns


def _another(block: SharedBlock, speaker: int) -> Callable[[], bool]:
    return lambda: block.state().pid != speaker


def _kill_both(speaker: int, standby: int) -> None:
    """At once; the standby first, or it would say a word."""
    os.kill(standby, signal.SIGKILL)
    os.kill(speaker, signal.SIGKILL)


def _stop_the_speaker(speaker: int, _standby: int) -> None:
    os.kill(speaker, signal.SIGSTOP)


def _standby(station: Running, block: SharedBlock) -> int:
    """The engine that does not speak, once it is ready to; 0 while there is none."""
    speaker = block.state().pid
    roles = station.processes()
    if roles.get(speaker) not in ("engine", "standby"):
        return 0
    others = [pid for pid, role in roles.items() if role in ("engine", "standby")]
    return next((pid for pid in others if pid != speaker and is_ready(pid, 0)), 0)
