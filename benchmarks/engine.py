"""Part engine: plan and PCM in, RTP out, beside a C program and GStreamer doing the same."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, replace
from typing import Any, Final

import numpy as np

from benchmarks.arrivals import contents_at_each_instant
from benchmarks.claims import claim_delays, switch_delays
from benchmarks.compare import Trial, compare, cpu_us, deviation_p99, observe_with, ratio
from benchmarks.context import Context, Step, take
from benchmarks.engine_deaths import silences
from benchmarks.flow import Flow
from benchmarks.hog import hogs
from benchmarks.liquidsoap import liquidsoap_queue, liquidsoap_switch
from benchmarks.measurement import Measurement, MeasurementError, skipped
from benchmarks.peers import (
    Switcher,
    c_floor,
    gstreamer,
    gstreamer_selector,
    machine_watched,
    pulseaudio,
)
from benchmarks.probe import listening
from benchmarks.running_station import control_kills, ear_cpu
from benchmarks.splices import splice_clicks
from benchmarks.station import engine, engine_of, station
from benchmarks.takeovers import speaker_kills

OURS, FLOOR, GSTREAMER = "ours", "C floor", "GStreamer"

_FIRST_PACKET_LIMIT_S: Final = 20.0
_STARTS_A_ROUND: Final = 2
_SAMPLED: Final = 20
"""Streams received where the sender alone is to be measured: enough to see a loss."""


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part, the ones everything rests on first."""
    yield from take(
        context,
        [
            Step(("engine.cpu_vs_c_14", "engine.deviation_p99_vs_c_14"), 50, beside_c),
            Step(("engine.deviation_p99_vs_c_14_busy",), 55, beside_c_busy),
            Step(("engine.claim_to_last_zone_p99_ms",), 90, claims),
            Step(("engine.start_to_first_packet_s",), 30, starts),
            Step(
                ("engine.cpu_vs_gstreamer_14", "engine.deviation_p99_vs_gstreamer_14"),
                50,
                beside_gstreamer,
            ),
            Step(("engine.deviation_p99_vs_gstreamer_14_busy",), 50, beside_gstreamer_busy),
            Step(("engine.splice_click_dbfs",), 30, splice_clicks),
            Step(("engine.both_killed_ms", "engine.hung_ms"), 60, silences),
            Step(("engine.cpu_vs_c_1000",), 60, a_thousand_streams),
            Step(("engine.streams_500_sources_32_lost",), 30, many_sources),
            Step(("engine.control_kill_lost",), 40, control_kills),
            Step(("engine.ear_cpu_percent",), 35, ear_cpu),
            Step(("engine.streams_per_core_vs_c",), 80, streams_per_core),
            # The last: it uses the time that is left.
            Step(("engine.kill_lost_packets_max",), 70, speaker_kills),
        ],
    )


def _flow(context: Context, streams: int, packet_ms: int) -> Flow:
    return Flow(context.first_group, streams, packet_ms * 1000)


# --- beside the C floor and GStreamer -----------------------------------------------------------


def beside_c(context: Context) -> Iterator[Measurement]:
    """14 streams at 5 ms, the machine otherwise idle."""
    context.say("14 streams, 5 ms, beside the C floor")
    trial = Trial(_flow(context, 14, 5), seconds=3)
    compared = compare(context, {OURS: engine(), FLOOR: c_floor}, trial)
    yield ratio("engine.cpu_vs_c_14", compared, OURS, FLOOR, cpu_us)
    yield ratio("engine.deviation_p99_vs_c_14", compared, OURS, FLOOR, deviation_p99)


def beside_c_busy(context: Context) -> Iterator[Measurement]:
    """The same with a hog on every core."""
    context.say("14 streams, 5 ms, beside the C floor, all cores busy")
    trial = Trial(_flow(context, 14, 5), seconds=3, busy=True)
    compared = compare(context, {OURS: engine(), FLOOR: c_floor}, trial)
    yield ratio("engine.deviation_p99_vs_c_14_busy", compared, OURS, FLOOR, deviation_p99)


def beside_gstreamer(context: Context) -> Iterator[Measurement]:
    """14 streams at 20 ms, the machine otherwise idle."""
    context.say("14 streams, 20 ms, beside GStreamer")
    trial = Trial(_flow(context, 14, 20), seconds=3)
    compared = compare(context, {OURS: engine(), GSTREAMER: gstreamer}, trial)
    yield ratio("engine.cpu_vs_gstreamer_14", compared, OURS, GSTREAMER, cpu_us)
    row = "engine.deviation_p99_vs_gstreamer_14"
    yield ratio(row, compared, OURS, GSTREAMER, deviation_p99)


def beside_gstreamer_busy(context: Context) -> Iterator[Measurement]:
    """The same with a hog on every core."""
    context.say("14 streams, 20 ms, beside GStreamer, all cores busy")
    trial = Trial(_flow(context, 14, 20), seconds=3, busy=True)
    compared = compare(context, {OURS: engine(), GSTREAMER: gstreamer}, trial)
    row = "engine.deviation_p99_vs_gstreamer_14_busy"
    yield ratio(row, compared, OURS, GSTREAMER, deviation_p99)


# --- how soon -----------------------------------------------------------------------------------


def claims(context: Context) -> Iterator[Measurement]:
    """From the plan's write to the warning in the last of 14 zones."""
    row = "engine.claim_to_last_zone_p99_ms"
    context.say("claims over 14 zones on the programme")
    flow = _flow(context, 14, 5)
    with machine_watched(context) as watch:
        idle, broken = claim_delays(context, flow)
    with hogs(wanted=True), machine_watched(context) as watch_busy:
        busy, broken_busy = claim_delays(context, flow)
    detail = {
        "gstreamer_input_selector": _switch_of(context, flow, gstreamer_selector),
        "pulseaudio_mute": _switch_of(context, flow, pulseaudio),
        "liquidsoap_switch": _switch_of(context, flow, liquidsoap_switch),
        "liquidsoap_queue": _switch_of(context, flow, liquidsoap_queue),
        "idle_ms": idle.detail(),
        "continuity": asdict(broken),
        "c_timer_beside": asdict(watch),
        "busy_ms": busy.detail(),
        "continuity_busy": asdict(broken_busy),
        "c_timer_beside_busy": asdict(watch_busy),
    }
    if broken.is_unbroken and broken_busy.is_unbroken:
        yield Measurement(row, idle.p99, None, detail)
    else:
        why = f"claims broke the streams: idle: {broken}; busy: {broken_busy}"
        yield Measurement(row, idle.p99, None, detail, why)


def _switch_of(
    context: Context,
    flow: Flow,
    peer: Callable[[Context, Flow], AbstractContextManager[Switcher]],
) -> dict[str, Any] | str:
    """What the same takes a peer: for the row's detail, or why it is not known."""
    context.say(f"the same by {peer.__name__}")
    try:
        delays, broken = switch_delays(context, flow, peer)
    except MeasurementError as refusal:
        return str(refusal)
    return {"idle_ms": delays.detail(), "continuity": asdict(broken)}


def starts(context: Context) -> Iterator[Measurement]:
    """From starting the engine process to its first packet."""
    context.say("starts of the engine")
    flow = _flow(context, 14, 5)
    detail: dict[str, Any] = {}
    for busy in (False, True):
        with hogs(busy):
            seconds = [_start_s(context, flow) for _ in range(context.rounds * _STARTS_A_ROUND)]
        detail["busy_s" if busy else "idle_s"] = [round(one, 3) for one in seconds]
    value = statistics.median(detail["idle_s"])
    yield Measurement("engine.start_to_first_packet_s", value, None, detail)


def _start_s(context: Context, flow: Flow) -> float:
    with station(context, flow) as ready, listening(context, flow, tones=False) as ear:
        started_ns = time.monotonic_ns()
        with engine_of(ready) as sender:
            ear.wait_until_all_heard(_FIRST_PACKET_LIMIT_S, sender)
            return (int(ear.stop()["at_ns"].min()) - started_ns) / 1e9


# --- how many -----------------------------------------------------------------------------------


def a_thousand_streams(context: Context) -> Iterator[Measurement]:
    """1,000 streams at 20 ms, everything delivered."""
    context.say("1,000 streams, 20 ms, beside the C floor")
    trial = Trial(_flow(context, 1000, 20), seconds=3)
    compared = compare(context, {OURS: engine(), FLOOR: c_floor}, trial)
    yield ratio("engine.cpu_vs_c_1000", compared, OURS, FLOOR, cpu_us)


def many_sources(context: Context) -> Iterator[Measurement]:
    """500 streams at 5 ms from 32 sources: nothing lost, and 32 sources indeed."""
    row, sources = "engine.streams_500_sources_32_lost", 32
    context.say("500 streams, 5 ms, 32 sources")
    trial = Trial(_flow(context, 500, 5), seconds=10)
    with machine_watched(context) as watch:
        seen, arrivals = observe_with(context, engine(programmes=sources), trial)
    different = contents_at_each_instant(arrivals)
    # The window cuts through a tick at both ends; the median does not mind.
    found = int(np.median(different))
    detail = {
        "observed": seen.detail(),
        "different_contents": found,
        "c_timer_beside": asdict(watch),
    }
    broken = None
    if found != sources:
        broken = f"{found} different contents at a media instant, not {sources}"
    elif not replace(seen.continuity, lost=0).is_unbroken:
        broken = f"the streams broke otherwise than by loss: {seen.continuity}"
    yield Measurement(row, seen.continuity.lost, None, detail, broken)


def streams_per_core(context: Context) -> Iterator[Measurement]:
    """What a stream costs near half a core, at 5 and at 20 ms."""
    row = "engine.streams_per_core_vs_c"
    details, ratios, broken = {}, {}, None
    for streams, packet_ms in ((1000, 5), (4000, 20)):
        context.say(f"{streams} streams, {packet_ms} ms, a sample of {_SAMPLED} received")
        trial = Trial(_flow(context, streams, packet_ms), seconds=2, sampled=_SAMPLED)
        compared = compare(context, {OURS: engine(), FLOOR: c_floor}, trial)
        cost = ratio(row, compared, OURS, FLOOR, cpu_us)
        details[f"{packet_ms} ms"] = cost.detail
        if cost.value is None:
            yield skipped(row, f"at {packet_ms} ms: {cost.skipped}", details)
            return
        ratios[f"{packet_ms} ms"] = 1 / cost.value
        broken = broken or cost.broken
    yield Measurement(row, min(ratios.values()), None, {"ratios": ratios, **details}, broken)
