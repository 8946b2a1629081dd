"""The demo, as somebody runs it who has just got the project."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from broadcaster.simulator.music import SEED, TRACKS
from broadcaster.simulator.music_files import cache_name, kind_of
from tests.house.checkout import ROOT
from tests.network_namespace import Network
from tests.scenarios.whole_station import write_sound

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("station")]


@pytest.fixture
def environment(tmp_path, network):
    """A cache in which the music is made already: short pieces under the names of long ones."""
    if network is not Network.OWN:
        pytest.skip("the reference site's groups need a network of their own")
    music = tmp_path / "cache" / "sorigil" / cache_name(SEED)
    music.mkdir(parents=True)
    for number, track in enumerate(TRACKS):
        # What is in a file is told from its content, not from its name.
        name = f"{number + 1:02d}-{track.slug}{kind_of(number).suffix}"
        write_sound(music / name, 12.0, number, level=3000)
    return {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}


def demo(environment, *arguments, cwd=ROOT):
    words = [sys.executable, "-m", "broadcaster", "demo", *arguments]
    return subprocess.Popen(
        words, env=environment, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_unattended_it_reports_what_every_amplifier_heard(environment, run_directory, tmp_path):
    report = tmp_path / "report.json"
    words = ["--for", "6", "--report", str(report), "--json", "--run", str(run_directory)]
    with demo(environment, *words) as process:
        out, err = process.communicate(timeout=110)
    facts = json.loads(report.read_text())
    assert json.loads(out) == facts
    assert [one["id"] for one in facts["amplifiers"]] == [f"amp-{n:02d}" for n in range(1, 15)]
    for one in facts["amplifiers"]:
        assert one["packets"] > 0
        assert one["ssrc_changes"] == 0
    assert facts["message"] is not None, err
    assert facts["message"]["on_air"] == ["stream-1"]
    assert facts["message"]["returned"] is True
    warning = facts["warning"]
    assert warning["message"] == "flood-evacuate"
    assert warning["zones"] == ["stream-1"]
    assert warning["correction"]["first_packet_ms"] > 0
    # On a machine that is busy with other things packets may be late; then it must say so.
    is_whole = all(one["heard"] and not one["lost"] for one in facts["amplifiers"])
    is_whole = is_whole and warning["heard"] and warning["corrected"]
    assert process.returncode == (0 if is_whole else 1)
    assert facts["ok"] is is_whole
    for said in ("14 virtual amplifiers", "music in 14 zones", "first packet", "the programme is"):
        assert said in err


def test_a_signal_ends_it_and_leaves_nothing(environment, run_directory):
    with demo(environment, "--run", str(run_directory)) as process:
        assert process.stdout is not None
        while "music in 14 zones" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "14 zones commanded" in out


def test_simulated_cameras_warn_and_fog_evacuates_nobody(environment, run_directory):
    with demo(environment, "--run", str(run_directory)) as process:
        assert process.stdout is not None
        while "music in 14 zones" not in process.stdout.readline():
            assert process.poll() is None
        fog = _simulated(environment, "fog", "--speed", "1000", "--run", str(run_directory))
        fire = _simulated(environment, "wildfire", "--speed", "60", "--run", str(run_directory))
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert fog["ok"] is True
    assert all(one["level_name"] == "caution" for one in fog["alerts"])
    assert fire["ok"] is True
    assert set(fire["verdicts"]) <= {"evidence", "coalesced"}
    highest = next(one for one in fire["alerts"] if one["level_name"] == "evacuate")
    assert highest["message"] == "wildfire-evacuate"
    assert highest["zones"] == ["hill-1", "hill-2", "hill-3"]
    assert highest["heard_by"] == highest["of"] == 3


def _simulated(environment, *arguments):
    """What a scenario came to."""
    words = [sys.executable, "-m", "broadcaster", "simulate", "--json", *arguments]
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_in_a_terminal_keys_play_evacuate_correct_and_light_a_fire(environment, run_directory):
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "broadcaster", "demo", "--run", str(run_directory)]
    colours = {**environment, "TERM": "xterm-256color", "COLUMNS": "150", "LINES": "40"}
    colours = {name: value for name, value in colours.items() if name != "NO_COLOR"}
    with (
        open(ours, "r+b", buffering=0) as terminal,  # noqa: PTH123 - a descriptor
        open(theirs, "r+b", buffering=0) as line,  # noqa: PTH123
    ):
        before = termios.tcgetattr(line)
        process = subprocess.Popen(words, env=colours, cwd=ROOT, stdin=line, stdout=line)
        try:
            shown = _until(terminal, "music in 14 zones")
            terminal.write(b"m")
            shown += _until(terminal, "first packet")
            terminal.write(b"2 3 e")
            shown += _until(terminal, "heard by 2 of 2")
            terminal.write(b"c")
            shown += _until(terminal, "(evacuate): correction, first packet")
            terminal.write(b"f")
            shown += _until(terminal, "wildfire evacuation (evacuate) in hill-1")
            terminal.write(b"q")
            shown += _until(terminal, "zones commanded")
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()
        assert termios.tcgetattr(line) == before
    assert "\x1b[?1049h" in shown
    assert "\x1b[?1049l" in shown


def _until(terminal, words):
    """What a terminal shows until it shows `words`."""
    shown = ""
    while words not in shown:
        assert select.select([terminal], [], [], 60)[0], shown[-2000:]
        shown += os.read(terminal.fileno(), 1 << 16).decode(errors="replace")
    return shown


def test_without_a_site_file_it_says_what_to_do(environment, run_directory, tmp_path):
    words = ["--run", str(run_directory), "--config", str(tmp_path / "nowhere.yaml")]
    with demo(environment, *words, cwd=Path(tmp_path)) as process:
        _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "nowhere.yaml" in err
    assert "Traceback" not in err
