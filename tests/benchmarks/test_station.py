"""Our station as the benchmarks start it: the engine hears its plans, the site is a valid one."""

import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

from benchmarks import claims
from benchmarks.arrivals import contents_at_each_instant
from benchmarks.bed import LOOPBACK
from benchmarks.claims import Delays, claim_delays
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.measurement import MeasurementError
from benchmarks.probe import listening
from benchmarks.running_station import running, site_at_one_level
from benchmarks.station import Playing, engine_of, station

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")
LIMIT_S = 30.0


@pytest.fixture
def context(tmp_path, multicast_group):
    return Context(
        rounds=1,
        deadline=time.monotonic() + 600,
        build=tmp_path / "build",
        scratch=tmp_path,
        first_group=multicast_group(),
        interface=LOOPBACK,
        has_own_network=False,
        fifo_priority=None,
    )


@needs_gcc
def test_every_claim_reaches_every_zone(context, free_port, monkeypatch):
    monkeypatch.setattr(claims, "TRIALS", 3)
    flow = Flow(context.first_group, streams=4, packet_us=5000, port=free_port())
    delays, seen = claim_delays(context, flow)
    assert len(delays.last) == len(delays.first) == 3
    assert all(0 < first <= last for first, last in zip(delays.first, delays.last, strict=True))
    assert seen.streams == 4
    assert (seen.timestamp_breaks, seen.ssrc_changes, seen.not_rtp) == (0, 0, 0)


@needs_gcc
def test_every_programme_is_another_one(context, free_port):
    flow = Flow(context.first_group, streams=6, packet_us=5000, port=free_port())
    with (
        station(context, flow, Playing(programmes=3)) as ready,
        listening(context, flow, tones=False) as ear,
        engine_of(ready) as engine,
    ):
        ear.wait_until_all_heard(LIMIT_S, engine)
        engine.end_softly()
        arrivals = ear.stop()
    assert np.median(contents_at_each_instant(arrivals)) == 3


def test_delays_are_summed_up_with_every_claim():
    said = Delays(last=(4.0, 2.0), first=(3.0, 1.0)).detail()
    assert said["claims"] == 2
    assert said["last_zone"]["max"] == 4.0
    assert said["every_claim"] == [4.0, 2.0]


def test_the_site_of_the_running_station_is_valid(tmp_path):
    site = site_at_one_level(tmp_path / "site")
    argv = [sys.executable, "-m", "broadcaster", "check", str(site)]
    checked = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert "quiet_hours:" not in site.read_text(encoding="utf-8")


def test_the_running_station_keeps_off_a_network_that_is_not_its_own(context):
    with pytest.raises(MeasurementError, match="may be in use"), running(context):
        pass
