"""The speaking engine is killed again and again while a standby is ready: what goes missing."""

import ipaddress
import random
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.arrivals import Arrivals, continuity
from benchmarks.child import Child
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.hog import hogs
from benchmarks.measurement import Measurement, MeasurementError, skipped
from benchmarks.peers import c_floor
from benchmarks.probe import listening
from benchmarks.silences import longest_silence_ms, missing_after
from benchmarks.station import Playing, Station, engine_of, station
from benchmarks.waiting import LIMIT_S, wait_for
from broadcaster.engine.shared_block import SharedBlock

ROW: Final = "engine.kill_lost_packets_max"
KILLS: Final = 100
LEAST_KILLS: Final = 30
LONGEST_S: Final = 150.0
LOCKED_BYTES: Final = 350_000_000
STREAMS: Final = 14
HELD_UP_MS: Final = 20.0
"""A C timer as late as this says that the machine stood still: a sender skips what it is late for
by more (SAFETY G4), killed or not."""

_AFTERWARDS_S: Final = 8.0
"""For the end: stopping everything, and reading what arrived."""
_WITHIN_NS: Final = 250_000_000
"""What goes missing later than this after a kill is not the kill's."""
_TICK_S: Final = 0.005
_FUTEX_CALLS: Final = ("202", "98", "449")
"""futex on x86-64 and on aarch64, and futex_waitv."""


def speaker_kills(context: Context) -> Iterator[Measurement]:
    """Kill after kill under load; the most that one of them took from one stream."""
    context.say(f"the speaking engine killed up to {KILLS} times, as time allows")
    flow = Flow(context.first_group, STREAMS, packet_us=5000)
    beside = Flow(str(ipaddress.IPv4Address(flow.group) + STREAMS), streams=1, packet_us=5000)
    with (
        station(context, flow, Playing(spare_bytes=LOCKED_BYTES)) as ready,
        listening(context, replace(flow, streams=STREAMS + 1), tones=False) as ear,
        closing(SharedBlock(ready.run / "engine")) as block,
        hogs(wanted=True),
        c_floor(context, beside),
        _Engines(ready, block) as engines,
    ):
        ear.wait_until_all_heard(LIMIT_S, engines.speaker)
        locked = block.state().locked
        seconds = min(LONGEST_S, context.remaining_s() - _AFTERWARDS_S)
        deaths_ns = engines.kill_repeatedly(seconds)
        arrivals = ear.stop()
    if len(deaths_ns) < LEAST_KILLS:
        raise MeasurementError(f"only {len(deaths_ns)} kills fitted into {seconds:.0f} s")
    is_beside = arrivals["stream"] == STREAMS
    yield _judged(arrivals[~is_beside], arrivals[is_beside], deaths_ns, {"memory_locked": locked})


def _judged(
    ours: Arrivals, beside: Arrivals, deaths_ns: Sequence[int], known: Mapping[str, Any]
) -> Measurement:
    missing, elsewhere = missing_after(ours, deaths_ns, _WITHIN_NS)
    late_ms = [longest_silence_ms(beside, at_ns, _WITHIN_NS) - _TICK_S * 1e3 for at_ns in deaths_ns]
    counted = np.array(late_ms) < HELD_UP_MS
    seen = continuity(ours, packet_samples=240)
    detail = {
        **known,
        **summed_up(missing[counted]),
        "not_counted": [
            {"c_timer_late_ms": round(late, 1), "most_missing_in_a_stream": int(lost)}
            for late, lost, is_counted in zip(late_ms, missing.max(axis=1), counted, strict=True)
            if not is_counted
        ],
        "missing_apart_from_kills": elsewhere,
        "staged_bytes_at_least": LOCKED_BYTES,
        "continuity": asdict(seen),
    }
    if int(counted.sum()) < LEAST_KILLS:
        why = f"the machine stood still in {int((~counted).sum())} of {len(counted)} kills"
        return skipped(ROW, why, detail)
    otherwise = seen.timestamp_breaks or seen.ssrc_changes or seen.reordered or seen.not_rtp
    broken = f"the streams broke otherwise than by loss: {seen}" if otherwise else None
    return Measurement(ROW, float(missing[counted].max()), None, detail, broken)


def summed_up(missing: npt.NDArray[np.int64]) -> dict[str, Any]:
    """How many kills took how much from the stream that lost most by them."""
    worst = missing.max(axis=1)
    counts = {int(lost): int((worst == lost).sum()) for lost in np.unique(worst)}
    return {"kills": len(missing), "kills_by_most_packets_missing_in_a_stream": counts}


class _Engines:
    """The engine that speaks and its standby."""

    def __init__(self, ready: Station, block: SharedBlock) -> None:
        self._ready = ready
        self._block = block
        self._stack = ExitStack()
        self.speaker = self._started()

    def __enter__(self) -> "_Engines":
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _started(self) -> Child:
        return self._stack.enter_context(engine_of(self._ready))

    def kill_repeatedly(self, seconds: float) -> list[int]:
        """Kill the speaker whenever a standby is ready; the times on CLOCK_MONOTONIC."""
        chance = random.Random(21)
        until = time.monotonic() + seconds
        killed_ns: list[int] = []
        while len(killed_ns) < KILLS and time.monotonic() < until:
            standby = self._started()
            self._wait_until_ready(standby)
            self._plan_on()
            time.sleep(chance.random() * _TICK_S)
            killed_ns.append(time.monotonic_ns())
            self.speaker.signal(signal.SIGKILL)
            self._wait_until_speaking(standby)
            self.speaker.process.wait()
            self.speaker = standby
        time.sleep(_WITHIN_NS / 1e9)
        return killed_ns

    def _plan_on(self) -> None:
        """Write a new plan, as control does all the time.

        Two engines that die under one plan within ten seconds make the third leave out the
        programme, which is no part of this.
        """
        self._ready.publish(self._ready.next_plan())
        wanted = self._ready.revision
        wait_for(
            "the new plan to be in force",
            lambda: wanted in [adoption.revision for adoption in self._block.adoptions()],
        )

    @staticmethod
    def _wait_until_ready(standby: Child) -> None:
        wait_for("a standby to be ready", lambda: is_ready(standby.pid, LOCKED_BYTES))

    def _wait_until_speaking(self, standby: Child) -> None:
        wait_for("the standby to speak", lambda: self._block.state().pid == standby.pid)


def is_ready(pid: int, staged_bytes: int) -> bool:
    """Whether a standby sleeps in the mutex, and has this much of sound and programs in memory.

    It looks at its plan, and stages what sounds at once, before it sleeps there first.
    """
    place = Path(f"/proc/{pid}")
    try:
        call = (place / "syscall").read_text(encoding="ascii").split()[0]
        return call in _FUTEX_CALLS and _resident_bytes(place) >= staged_bytes
    except (OSError, IndexError):
        if not place.exists():
            return False
        raise


def _resident_bytes(place: Path) -> int:
    """Pages of mapped files in memory."""
    for line in (place / "status").read_text(encoding="utf-8").splitlines():
        if line.startswith("RssFile:"):
            return int(line.split()[1]) * 1024
    return 0
