"""The whole station as `broadcaster run` starts it: what its ear costs, and control's death."""

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import wave
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from benchmarks.arrivals import continuity
from benchmarks.child import Child, cpu_ns_of, started
from benchmarks.context import SOURCES, Context
from benchmarks.flow import Flow
from benchmarks.measurement import Measurement, MeasurementError, skipped
from benchmarks.peers import machine_watched
from benchmarks.probe import listening
from benchmarks.tones import AMPLITUDE, PROGRAMME_HZ, RATE, tone
from benchmarks.waiting import wait_for
from broadcaster.link import LinkError, connect

KILLS: Final = 5
EAR_WINDOW_S: Final = 10.0
LEVEL_DB: Final = -6
"""What a site plays at that is as loud at night as by day."""

_REPOSITORY: Final = SOURCES.parent
_SITE: Final = "config.yaml"
FLOW: Final = Flow("239.192.77.1", streams=14, packet_us=5000)
"""The streams of the reference site."""

_TRACK_S: Final = 180
ON_AIR_LIMIT_S: Final = 150.0
_FIRST_ACTS_S: Final = 0.5
"""How long a new control is left to adopt what plays and to plan on before it dies too."""


@dataclass(frozen=True, slots=True)
class Running:
    """A station on air; `supervisor` is the process we started."""

    supervisor: Child
    run: Path
    state: Path
    sound: Path
    """A recording of the programme."""

    def pid(self, role: str) -> int:
        """The process that has this role now; 0 while there is none."""
        return next((pid for pid, of in self.processes().items() if of == role), 0)

    def processes(self) -> dict[int, str]:
        """The roles of all processes there are now."""
        table = json.loads((self.run / "processes.json").read_text(encoding="utf-8"))
        return {int(p["pid"]): str(p["role"]) for p in table["processes"] if p["pid"]}

    def answers(self) -> bool:
        """Whether control takes commands."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
            return caller.connect_ex(str(self.run / "control.sock")) == 0

    def asked(self, name: str, who: str = "bench", **fields: object) -> dict[str, Any]:
        """Control's answer to a command; with `asked_ns`, when it was sent, on CLOCK_MONOTONIC."""

        async def ask() -> dict[str, Any]:
            async with connect(self.run / "control.sock", "bench") as link:
                asked_ns = time.monotonic_ns()
                answer = await link.command(
                    name,
                    who=who,
                    limit=10.0,
                    given_ns=asked_ns,
                    **fields,  # type: ignore[arg-type]
                )
                return {**answer, "asked_ns": asked_ns}

        return asyncio.run(ask())

    def snapshot(self) -> dict[str, Any]:
        """How control says things stand; empty while it cannot be asked."""

        async def look() -> dict[str, Any]:
            async with asyncio.timeout(5), connect(self.run / "control.sock", "bench") as link:
                found: dict[str, Any] = await anext(link.snapshots())
                return found

        try:
            return asyncio.run(look())
        except (LinkError, TimeoutError, OSError):
            return {}

    def is_warned(self, zones: Collection[str]) -> bool:
        """Whether the ear heard, of these zones, that a warning is sent there now."""
        streams = [one for one in self.snapshot().get("streams", ()) if one["zone"] in zones]
        return len(streams) == len(zones) and all(
            one["sent"] is True and (one["commanded"] or {}).get("kind") == "warning"
            for one in streams
        )

    def is_sent_everywhere(self) -> bool:
        """Whether the ear says of every stream that what was planned is sent."""
        argv = [sys.executable, "-m", "broadcaster", "status", "--json", "--run", str(self.run)]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=False)
        streams = json.loads(done.stdout)["streams"] if done.returncode == 0 else []
        return len(streams) == FLOW.streams and all(s["sent"] is True for s in streams)


@dataclass(frozen=True, slots=True)
class StationPlace:
    """A site, a state and a run directory; stations can be started there one after another."""

    argv: tuple[str, ...]
    run: Path
    state: Path
    sound: Path
    said: Path

    @contextmanager
    def started(self) -> Iterator[Running]:
        """A station there, until the block ends."""
        with started(self.argv, errors=self.said) as supervisor:
            try:
                yield Running(supervisor, self.run, self.state, self.sound)
            except MeasurementError as refusal:
                last = self.said.read_text(encoding="utf-8").strip().splitlines()[-1:]
                raise MeasurementError(f"{refusal}; the station said last: {last}") from refusal


@contextmanager
def station_place(context: Context) -> Iterator[StationPlace]:
    """The reference site with a tone for its programme, at every hour of the day."""
    if not context.has_own_network:
        raise MeasurementError("the station's groups may be in use on the machine's own network")
    with TemporaryDirectory(dir=context.scratch) as directory:
        place = Path(directory)
        site = site_at_one_level(place / "site")
        state, run, said = place / "state", place / "run", place / "said"
        _record_tone(site.parent / "music")
        argv = (
            sys.executable, "-m", "broadcaster", "run", "--config", str(site),
            "--run", str(run), "--state", str(state), "--interface", context.interface[1],
        )  # fmt: skip
        yield StationPlace(argv, run, state, site.parent / "music" / "tone.wav", said)


@contextmanager
def running(context: Context) -> Iterator[Running]:
    """A station of its own, on air for as long as the block."""
    with station_place(context) as place, place.started() as station:
        yield station


def control_kills(context: Context) -> Iterator[Measurement]:
    """Control dies again and again; what goes missing in any stream."""
    context.say(f"control killed {KILLS} times")
    with running(context) as station, listening(context, FLOW) as ear:
        ear.wait_until_all_have("A", ON_AIR_LIMIT_S, station.supervisor)
        with machine_watched(context) as watch:
            for _ in range(KILLS):
                kill_control(station)
        arrivals = ear.stop()
    seen = continuity(arrivals, FLOW.packet_samples)
    detail = {"kills": KILLS, "continuity": asdict(seen), "c_timer_beside": asdict(watch)}
    wrong = seen.lost + seen.doubled + seen.reordered
    otherwise = seen.timestamp_breaks or seen.ssrc_changes or seen.not_rtp
    broken = f"the streams broke otherwise than by loss: {seen}" if otherwise else None
    yield Measurement("engine.control_kill_lost", wrong, None, detail, broken)


def kill_control(station: Running) -> None:
    """Kill control, and wait until its successor works."""
    killed = station.pid("control")
    os.kill(killed, signal.SIGKILL)
    wait_for("another control", lambda: station.pid("control") not in (0, killed))
    wait_for("it to take commands", station.answers)
    time.sleep(_FIRST_ACTS_S)


def ear_cpu(context: Context) -> Iterator[Measurement]:
    """What the ear uses while it follows 14 streams."""
    context.say("the ear beside 14 streams")
    with running(context) as station, listening(context, FLOW) as ear:
        ear.wait_until_all_have("A", ON_AIR_LIMIT_S, station.supervisor)
        wait_for("the ear to vouch for every stream", station.is_sent_everywhere)
        roles = ("engine", "standby", "control", "ear")
        before, begin_ns = {r: cpu_ns_of(station.pid(r)) for r in roles}, time.monotonic_ns()
        time.sleep(EAR_WINDOW_S)
        after, end_ns = {r: cpu_ns_of(station.pid(r)) for r in roles}, time.monotonic_ns()
        is_still_heard = station.is_sent_everywhere()
    percent = {r: 100 * (after[r] - before[r]) / (end_ns - begin_ns) for r in roles}
    detail: dict[str, Any] = {"cpu_percent": {r: round(p, 2) for r, p in percent.items()}}
    if is_still_heard:
        yield Measurement("engine.ear_cpu_percent", percent["ear"], None, detail)
    else:
        yield skipped("engine.ear_cpu_percent", "the ear lost a stream in the window", detail)


def site_at_one_level(place: Path) -> Path:
    """A copy of the reference site that plays, and at the same level, at every hour."""
    shutil.copytree(_REPOSITORY / "zones", place / "zones", ignore=shutil.ignore_patterns("*.py*"))
    lines = (_REPOSITORY / _SITE).read_text(encoding="utf-8").splitlines()
    hours = ", ".join(f"{hour}: {LEVEL_DB} dB" for hour in ("night", "morning", "day", "evening"))
    loud = f"  levels: {{{hours}}}"
    kept = [loud if line.startswith("  levels:") else line for line in lines]
    kept = [line for line in kept if not line.startswith("  quiet_hours:")]
    zones = place / "zones" / "zones.yaml"
    listed = zones.read_text(encoding="utf-8").splitlines()
    # Some zones have quieter nights than others.
    own = [line for line in listed if not line.startswith("  levels:")]
    zones.write_text("\n".join(own) + "\n", encoding="utf-8")
    (place / _SITE).write_text("\n".join(kept) + "\n", encoding="utf-8")
    return place / _SITE


def _record_tone(music: Path) -> None:
    """Put a recording of the programme's tone where the station looks for its music."""
    music.mkdir()
    with wave.open(str(music / "tone.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(np.tile(tone(PROGRAMME_HZ, AMPLITUDE), _TRACK_S).tobytes())
