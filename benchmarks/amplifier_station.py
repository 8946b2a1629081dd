"""A station on air whose amplifiers' agents are all deaf: its sound and its first packets."""

import asyncio
import random
import socket
import time
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from benchmarks.amplifier_clock import CONFIG
from benchmarks.arrivals import Arrivals, continuity, stream_of, streams_in
from benchmarks.context import Context
from benchmarks.measurement import Measurement, MeasurementError
from benchmarks.probe import listening
from benchmarks.running_station import FLOW, Running, running
from benchmarks.waiting import wait_for
from broadcaster.link import connect
from broadcaster.site_reader import read_site

_AMPLIFIERS: Final = 14
_NOTICED_S: Final = 4.0
"""Seconds until the file of access is followed and the first round is under way."""


def deaf_beside_a_warning(context: Context) -> Iterator[Measurement]:
    """Zone after zone is warned: half of them before the agents are asked, half while deaf."""
    context.say("warnings while all 14 agents are deaf")
    chance = random.Random(3)
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf,
        running(context) as station,
        listening(context, FLOW) as ear,
    ):
        deaf.bind(("127.0.0.1", 0))
        wait_for("control to take commands", station.answers)
        wait_for("the station to send", station.is_sent_everywhere)
        zones = [str(zone.id) for zone in read_site(CONFIG).zones]
        half = len(zones) // 2
        calm = [_warned(station, zone, chance) for zone in zones[:half]]
        _let_ask(station, deaf.getsockname()[1])
        time.sleep(_NOTICED_S)
        beside = [_warned(station, zone, chance) for zone in zones[half:]]
        time.sleep(0.5)
        missed = asyncio.run(_polls_missed(station))
        arrivals = ear.stop()
    before = [_first_ms(arrivals, act) for act in calm]
    after = [_first_ms(arrivals, act) for act in beside]
    seen = continuity(arrivals, FLOW.packet_samples)
    detail: dict[str, Any] = {
        "asked_by_nobody_ms": [round(each, 1) for each in before],
        "all_deaf_ms": [round(each, 1) for each in after],
        "polls_without_answer": missed,
    }
    broken = None if seen.is_unbroken else f"the streams broke: {seen}"
    if not missed:
        raise MeasurementError("no agent was asked meanwhile")
    value = float(np.percentile(after, 99))
    yield Measurement("amplifiers.deaf_first_packet_p99_ms", value, None, detail, broken)


def _let_ask(station: Running, port: int) -> None:
    """Have every amplifier asked where nobody answers."""
    place = station.sound.parent.parent / "watch.yaml"
    lines = ["schema: 1", "period: 2 s", "amplifiers:"]
    lines += [
        f"  amp-{n:02}: {{version: v2c, community: none, address: 127.0.0.1, port: {port}}}"
        for n in range(1, _AMPLIFIERS + 1)
    ]
    place.touch(mode=0o600)
    place.write_text("\n".join(lines) + "\n", encoding="utf-8")


async def _polls_missed(station: Running) -> int:
    async with connect(station.run / "watch.sock", "bench") as link:
        said = await link.command("report", who="bench", limit=10.0)
        return int(said["polls"]["missed"])


def _warned(station: Running, zone: str, chance: random.Random) -> dict[str, Any]:
    """Warn one zone at a chance moment."""
    time.sleep(0.6 + chance.random())
    answer = station.asked("raise", roles=["operator"], message="flood-closing", zones=[zone])
    if not answer.get("adopted"):
        raise MeasurementError(f"the warning did not take effect: {answer}")
    return answer


def _first_ms(arrivals: Arrivals, act: dict[str, Any]) -> float:
    """Milliseconds until the packet of the act's first sample had come in the last stream."""
    due = int(act["start"]) // FLOW.packet_samples * FLOW.packet_samples % (1 << 32)
    came = []
    for stream in streams_in(arrivals):
        mine = stream_of(arrivals, stream)
        found = np.flatnonzero(mine["timestamp"] == due)
        if not len(found):
            raise MeasurementError(f"stream {stream} has no packet at sample {act['start']}")
        came.append(int(mine["at_ns"][found[0]]))
    return (max(came) - int(act["asked_ns"])) / 1e6
