"""Our measuring tools on one another: the probe hears every packet of the floor, and its switch."""

import random
import shutil
import socket
import struct
import time
from signal import SIGUSR1

import numpy as np
import pytest

from benchmarks.arrivals import contents_at_each_instant, continuity, first_change, stream_of
from benchmarks.bed import LOOPBACK
from benchmarks.child import started
from benchmarks.compare import Trial, compare, cpu_us, ratio
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.measurement import MeasurementError
from benchmarks.peers import c_floor, gstreamer, machine_watched
from benchmarks.probe import listening

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")

LIMIT_S = 30.0
AUDIBLE = 800


@pytest.fixture(scope="module")
def context(tmp_path_factory, multicast_group):
    return Context(
        rounds=1,
        deadline=time.monotonic() + 600,
        build=tmp_path_factory.mktemp("build"),
        scratch=tmp_path_factory.mktemp("scratch"),
        first_group=multicast_group(),
        interface=LOOPBACK,
        has_own_network=False,
        fifo_priority=None,
    )


@pytest.fixture
def flow(context, free_port):
    return Flow(context.first_group, streams=14, packet_us=5000, port=free_port())


def test_the_probe_loses_nothing_of_the_floor_and_finds_the_switch(context, flow):
    with listening(context, flow) as ear, c_floor(context, flow) as floor:
        ear.wait_until_all_have("A", LIMIT_S, floor)
        switched_ns = time.monotonic_ns()
        floor.signal(SIGUSR1)
        ear.wait_until_all_have("B", LIMIT_S, floor)
        arrivals = ear.stop()
    assert continuity(arrivals, flow.packet_samples).is_unbroken
    for stream in range(flow.streams):
        mine = stream_of(arrivals, stream)
        changed_ns = first_change(mine, switched_ns, to_b=True, audible=AUDIBLE)
        before, after = mine[mine["at_ns"] < changed_ns], mine[mine["at_ns"] >= changed_ns]
        assert changed_ns is not None
        assert (before["tone_a"] > 7900).all()
        assert (before["tone_b"] < AUDIBLE).all()
        assert (after["tone_b"] > 7900).all()
        assert (after["tone_a"] < AUDIBLE).all()
    assert set(contents_at_each_instant(arrivals)) == {1}


def packet(sequence, timestamp, ssrc, payload):
    return struct.pack("!BBHII", 0x80, 96, sequence % 2**16, timestamp % 2**32, ssrc) + payload


def test_the_probe_writes_down_what_a_broken_sender_sends(context, flow):
    """A sender with a gap, a double, a stranger's datagram and a new source, packet by packet."""
    chance = random.Random(1)
    one = Flow(flow.group, 1, flow.packet_us, flow.port)
    with (
        listening(context, one) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        for turn in [*range(65_530, 65_540), *range(65_543, 65_550)]:
            payload = chance.randbytes(480)
            sender.sendto(packet(turn, turn * 240, 5, payload), (one.group, one.port))
        sender.sendto(packet(turn, turn * 240, 5, payload), (one.group, one.port))
        sender.sendto(b"not RTP at all", (one.group, one.port))
        sender.sendto(packet(9, 77, 6, payload), (one.group, one.port))
        ear.wait_until_all_heard(LIMIT_S, ear.child)
        arrivals = ear.stop()
    judged = continuity(arrivals, 240)
    assert (judged.packets, judged.lost, judged.doubled) == (20, 3, 1)
    assert (judged.not_rtp, judged.ssrc_changes, judged.timestamp_breaks) == (1, 1, 0)
    assert len(np.unique(arrivals["content"])) == 17 + 1  # the stranger's has no payload


def test_senders_are_compared_in_interleaved_rounds(context, flow):
    trial = Trial(flow, seconds=0.3, settle_s=0)
    compared = compare(context, {"ours": c_floor, "C": c_floor}, trial, rounds=2)
    row = ratio("engine.x", compared, "ours", "C", cpu_us)
    assert row.value is not None
    assert row.value > 0
    assert len(row.detail["rounds"]["ours"]) == len(row.detail["rounds"]["C"]) == 2


def test_a_peer_that_is_not_there_skips_the_row_with_the_reason(context, flow, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda name: None)
    compared = compare(
        context, {"C": c_floor, "GStreamer": gstreamer}, Trial(flow, 0.3, settle_s=0), rounds=1
    )
    row = ratio("engine.x", compared, "C", "GStreamer", cpu_us)
    assert "GStreamer is not installed" in str(row.skipped)
    assert row.detail["rounds"]["C"]


def test_a_child_that_does_not_speak_is_named():
    with (
        started(["true"]) as child,
        pytest.raises(MeasurementError, match="true did not say READY"),
    ):
        child.wait_for("READY", LIMIT_S)
    with pytest.raises(MeasurementError, match="nowhere is not installed"), started(["/nowhere"]):
        pass


def test_the_watch_says_how_late_the_machine_was(context, flow):
    with machine_watched(context) as watch, listening(context, flow) as ear:
        with c_floor(context, flow) as floor:
            ear.wait_until_all_heard(LIMIT_S, floor)
        ear.stop()
    assert watch.ticks > 0
    assert watch.latest_us > 0
