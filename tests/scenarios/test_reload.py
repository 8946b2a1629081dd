"""The site file changes while the station plays. Real processes, real packets."""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.house.checkout import ROOT
from tests.network_namespace import Network
from tests.scenarios.whole_station import listening, whole_station, write_music

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("station")]


@pytest.fixture
def config(tmp_path):
    """A copy of the reference site."""
    shutil.copytree(
        ROOT / "zones", tmp_path / "zones", ignore=shutil.ignore_patterns("*.py", "__pycache__")
    )
    return Path(shutil.copy(ROOT / "config.yaml", tmp_path))


@pytest.fixture
def station(config, worker_directory, tmp_path, network):
    """A station on that site, with music in every zone."""
    if network is not Network.OWN:
        pytest.skip("the reference site's groups need a network of their own")
    run = Path(tempfile.mkdtemp(prefix="r-", dir=worker_directory))
    music = write_music(tmp_path / "music")
    with whole_station(config, run, tmp_path / "state", music) as station:
        station.until(station.is_music_everywhere, "there is music everywhere")
        yield station
    shutil.rmtree(run)


def reloaded(station, *arguments):
    words = [sys.executable, "-m", "broadcaster", "reload", "--run", str(station.run.path)]
    return subprocess.run(
        [*words, *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def change(config, old, new):
    text = config.read_text()
    assert text.count(old) == 1
    config.write_text(text.replace(old, new))


def wire(stream):
    return [stream[name] for name in ("id", "group", "port", "format", "packet_time_ms", "ssrc")]


def assert_unbroken(packets):
    first = packets[0]
    for number, packet in enumerate(packets):
        assert packet.ssrc == first.ssrc
        assert packet.sequence == (first.sequence + number) % (1 << 16)
        assert packet.timestamp == (first.timestamp + 240 * number) % (1 << 32)


def test_a_reload_changes_no_sample_of_the_streams_that_stay(station, config):
    moved = "hill-3: {zone: hill-3, address: 239.192.77.99}"
    change(config, "hill-3: {zone: hill-3, address: 239.192.77.14}", moved)
    with listening("239.192.77.3") as staying, listening("239.192.77.99") as coming:
        packets = staying.packets(50)
        asked = reloaded(station)
        assert (asked.returncode, "would start anew: hill-3" in asked.stderr) == (1, True)
        assert coming.unread() == []
        done = reloaded(station, "--interrupt", "--json")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert (answer["applied"], answer["interrupts"]) == (True, ["hill-3"])
        assert any("239.192.77.99" in one for one in answer["changes"])
        come = coming.packets(50)
        packets += staying.unread() + staying.packets(100)
    assert_unbroken(packets)
    assert [p.payload for p in packets] == station.expected("stream-3", packets)
    assert [p.payload for p in come] == station.expected("hill-3", come)
    with listening("239.192.77.14") as gone:
        gone.socket.settimeout(0.5)
        with pytest.raises(TimeoutError):
            gone.packets(1)
    # Ear and amplifiers follow; so does a control that is started anew.
    station.until(station.is_music_everywhere, "it is sent and arrives where it goes now")
    station.kill("control")
    station.until(station.is_music_everywhere, "it is still there")
    assert station.stream("hill-3")["group"] == "239.192.77.99"


def test_what_cannot_be_taken_over_changes_nothing_and_says_why(station, config):
    before = [wire(stream) for stream in station.ask("status")["streams"]]
    good = config.read_text()
    config.write_text(good.replace("stream-3, address: 239.192.77.3}", "steam-3, adress: 9}"))
    with listening("239.192.77.3") as ear:
        packets = ear.packets(20)
        done = reloaded(station)
        assert done.returncode == 2
        assert "config.yaml:98:" in done.stderr
        assert 'did you mean "stream-3"?' in done.stderr
        assert "nothing was changed, what plays goes on" in done.stderr
        config.write_text(good)
        change(
            config,
            "stream-3: {zone: stream-3, address: 239.192.77.3}",
            "stream-3: {zone: stream-3, address: 239.192.77.3, dscp: 10}",
        )
        done = reloaded(station, "--interrupt")
        assert (done.returncode, "restart the controller" in done.stderr) == (2, True)
        packets += ear.unread() + ear.packets(20)
    assert_unbroken(packets)
    assert [wire(stream) for stream in station.ask("status")["streams"]] == before
