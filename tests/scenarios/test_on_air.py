"""The whole station, as a duty officer would speak of it. Real processes, real packets."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

from benchmarks.running_station import LEVEL_DB, site_at_one_level
from tests.house.checkout import ROOT
from tests.network_namespace import Network
from tests.scenarios.whole_station import listening, whole_station, write_music, write_sound

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("station")]


@pytest.fixture(scope="module")
def shared(worker_directory, tmp_path_factory, network):
    """One station for all tests, which leave it as they found it."""
    if network is not Network.OWN:
        pytest.skip("the reference site's groups need a network of their own")
    place = tmp_path_factory.mktemp("station")
    run = Path(tempfile.mkdtemp(prefix="r-", dir=worker_directory))
    music = write_music(place / "music")
    config = site_at_one_level(place / "site")
    with whole_station(config, run, place / "state", music) as station:
        yield station
    shutil.rmtree(run)


@pytest.fixture
def station(shared):
    """The station with music in every zone."""
    shared.until(shared.is_music_everywhere, "there is music everywhere")
    return shared


@pytest.fixture
def message(tmp_path):
    """A recording of two seconds."""
    return write_sound(tmp_path / "message.wav", 2.0, seed=99, level=20_000)


def command(station, *arguments):
    """A command of the command line, run to its end."""
    words = [sys.executable, "-m", "broadcaster", *arguments, "--run", str(station.run.path)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def missing(packets):
    steps = (packets[-1].sequence - packets[0].sequence) % (1 << 16)
    return steps + 1 - len(packets)


def assert_one_stream(packets):
    """One SSRC; sequence number and timestamp are both the same function of the sample."""
    first = packets[0]
    assert {packet.ssrc for packet in packets} == {first.ssrc}
    for packet in packets:
        steps = (packet.sequence - first.sequence) % (1 << 16)
        assert (packet.timestamp - first.timestamp) % (1 << 32) == steps * 240


def samples_of(packets):
    return {packet.timestamp: packet.payload for packet in packets}


def test_music_reaches_fourteen_amplifiers(station):
    station.until(lambda: all(a["heard"] for a in station.amplifiers()), "all amplifiers hear it")
    reports = station.amplifiers()
    assert len(reports) == 14
    assert {report["ssrc_changes"] for report in reports} == {0}
    status = station.ask("status")
    assert {stream["arrived_detail"][0]["value"] for stream in status["streams"]} == {True}
    station.until(
        lambda: station.ask("status")["music"]["recordings"] == 3, "all recordings are brought in"
    )


def test_what_is_sent_is_what_the_plan_says(station):
    with listening("239.192.77.3") as ear:
        packets = ear.packets(400)
    assert_one_stream(packets)
    assert [packet.payload for packet in packets] == station.expected("stream-3", packets)


def test_a_message_preempts_one_zone_and_the_programme_comes_back_at_its_live_position(
    station, message
):
    with listening("239.192.77.1") as one, listening("239.192.77.2") as two:
        done = command(station, "play", str(message), "--zones", "stream-1", "--priority", "150")
        assert done.returncode == 0, done.stderr
        assert "on air in 1 zone, first packet" in done.stdout
        station.until(
            lambda: station.stream("stream-1")["commanded"]["claim"] == "schedule",
            "the programme is back",
        )
        played, undisturbed = one.unread(), two.unread()
        played += one.packets(200)
        undisturbed += two.packets(200)
    assert_one_stream(played)
    here, there = samples_of(played), samples_of(undisturbed)
    common = sorted(here.keys() & there.keys())
    differing = [stamp for stamp in common if here[stamp] != there[stamp]]
    # Two seconds of message and one fade of 10 ms; nothing before, nothing after.
    span = (differing[-1] - differing[0]) % (1 << 32) + 240
    assert span in range(2 * 48_000, 2 * 48_000 + 3 * 480)
    assert common[-1] - differing[-1] > 48_000 // 4
    # The music fades out under the first two packets of it.
    wire = b"".join(here[stamp] for stamp in differing[2:300])
    spoken = np.frombuffer(message.read_bytes()[44:], "<i2")[2 * 240 : 300 * 240]
    heard = np.frombuffer(wire, ">i2").astype(np.float64)
    assert np.abs(heard - spoken * 10 ** (LEVEL_DB / 20)).max() <= 1.0


def test_control_killed_changes_nothing_on_the_wire_and_its_successor_adopts_what_plays(
    station, message
):
    done = command(
        station, "play", str(message), "--zones", "hill", "--priority", "240", "--repeat", "--json",
        *("--kind", "warning"),
    )  # fmt: skip
    claim = json.loads(done.stdout)["claim"]
    try:
        with listening("239.192.77.1") as music, listening("239.192.77.12") as warning:
            programme, spoken = music.packets(20), warning.packets(20)
            station.kill("control")
            station.until(
                lambda: claim in [one["id"] for one in station.ask("status")["claims"]],
                "control is back and knows the warning",
            )
            programme += music.unread() + music.packets(100)
            spoken += warning.unread() + warning.packets(100)
        for stream, packets in (("stream-1", programme), ("hill-1", spoken)):
            assert_one_stream(packets)
            assert [p.payload for p in packets] == station.expected(stream, packets)
        assert station.stream("hill-2")["commanded"]["claim"] == claim
    finally:
        assert command(station, "withdraw", claim).returncode == 0


def test_an_engine_killed_is_the_same_stream_to_every_amplifier(station):
    before = {report["id"]: report for report in station.amplifiers()}
    with listening("239.192.77.5") as ear:
        packets = ear.packets(20)
        station.kill("engine")
        packets += ear.unread() + ear.packets(100)
    assert_one_stream(packets)
    assert len(ear.sources) == 1
    assert [p.payload for p in packets] == station.expected("stream-5", packets)
    station.until(lambda: all(a["heard"] for a in station.amplifiers()), "all hear it again")
    for report in station.amplifiers():
        assert report["ssrc_changes"] == before[report["id"]]["ssrc_changes"]


def test_an_unplugged_amplifier_is_not_said_to_hear(station):
    station.ask_amplifiers("unplug", amplifier="amp-05")
    try:
        stream = station.until(
            lambda: (s := station.stream("stream-5"))["arrived"] is not True and s,
            "nobody says that it arrives",
        )
        assert stream["commanded"]["claim"] == "schedule"
        assert stream["sent"] is True
        assert station.stream("stream-6")["arrived"] is True
    finally:
        station.ask_amplifiers("plug", amplifier="amp-05")
    station.until(lambda: station.stream("stream-5")["arrived"], "it arrives again")


def test_a_warning_put_on_air_by_hand_with_control_dead_becomes_control_s(station):
    control = station.pid("control")
    os.kill(control, signal.SIGSTOP)
    try:
        done = command(
            station, "local", "play", "flood-evacuate", "--zones", "hill-3", "--json",
            *("--state", str(station.state.path)),
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        claim = json.loads(done.stdout)["claim"]
        with listening("239.192.77.14") as ear:
            spoken = ear.packets(20)
            os.kill(control, signal.SIGCONT)
            station.until(
                lambda: claim in [one["id"] for one in station.ask("status")["claims"]],
                "control has taken it over",
            )
            station.until(lambda: not station.local_claims(), "the local part is empty again")
            spoken += ear.unread() + ear.packets(100)
        assert_one_stream(spoken)
        assert [p.payload for p in spoken] == station.expected("hill-3", spoken)
    finally:
        os.kill(control, signal.SIGCONT)
    assert command(station, "withdraw", claim).returncode == 0
    station.until(
        lambda: station.stream("hill-3")["commanded"]["claim"] == "schedule", "music is back"
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((str(ROOT / "README.md"), "--zones", "hill"), "not an audio file"),
        (("no such file.wav", "--zones", "hill"), "no such file"),
        (("message", "--zones", "hil-1"), 'did you mean "hill-1"?'),
        (("message", "--zones", "hill", "--priority", "300"), "priority 300 is outside"),
        (("message", "--zones", "hill", "--kind", "warning"), "until it is withdrawn"),
    ],
)
def test_a_bad_order_is_a_sentence_and_changes_nothing(station, message, arguments, words):
    given = [str(message) if word == "message" else word for word in arguments]
    done = command(station, "play", *given)
    assert done.returncode == 2
    assert words in done.stderr.lower() or words in done.stderr
    assert "Traceback" not in done.stderr
    assert not station.ask("status")["claims"]


def test_a_second_station_in_the_same_run_directory_is_refused(station, tmp_path):
    done = command(station, "run", "--state", str(tmp_path), "--config", str(ROOT / "config.yaml"))
    assert done.returncode == 2
    assert f"process {station.process.pid}" in done.stderr
    assert station.is_music_everywhere()
