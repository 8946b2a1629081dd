"""Keys of simulated sources: never taken for a real camera's, never found at a real station."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from broadcaster.demo.simulate import simulate
from broadcaster.demo.simulation_keys import (
    SigningKey,
    SigningKeys,
    demo_keys,
    keys_in,
    make_demo_keys,
)
from broadcaster.doors.commands import keys as keys_command
from broadcaster.doors.keys import Key, Keys
from broadcaster.doors.keys_file import keys_path, read_keys, write_keys
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.simulator.scenario_settings import ScenarioError
from broadcaster.site_reader import read_site
from tests.house.checkout import ROOT
from zones.media_time import BootId


@pytest.fixture
def run(tmp_path):
    directory = RunDirectory(tmp_path / "run")
    directory.make()
    return directory


@pytest.fixture
def state(tmp_path):
    directory = StateDirectory(tmp_path / "state")
    directory.make()
    return directory


@pytest.fixture
def site():
    return read_site(ROOT / "config.yaml")


def of(keys, source):
    """The key of a source, which must be there."""
    assert keys is not None
    key = keys.of(source)
    assert key is not None
    return key


def running(run, supervisor):
    ProcessTable(supervisor, BootId("boot"), "config.yaml", "state", None, {}, ()).write(
        run.processes
    )


def test_every_source_of_the_site_has_a_key_of_its_own(site, run, state):
    made = make_demo_keys(site, run, state)
    sources = [*(one.id for one in site.cameras), *(one.id for one in site.gauges)]
    ids = {of(made, source).id for source in sources}
    assert len(ids) == len(sources)
    assert of(made, "cam-999").sources == ()
    known = read_keys(keys_path(state))
    for source in sources:
        key = known.named(of(made, source).id)
        assert key is not None
        assert key.sources == (source,)
        assert key.secret == of(made, source).secret
        assert key.name.startswith("sim-")


def test_a_new_demo_ends_the_keys_of_the_last_and_no_others(site, run, state):
    other = Key("vms-1-a", "vms-1", datetime(2026, 1, 1, tzinfo=UTC), b"x" * 32)
    write_keys(keys_path(state), Keys([other]))
    first = make_demo_keys(site, run, state)
    make_demo_keys(site, run, state)
    known = read_keys(keys_path(state))
    assert known.named("vms-1-a") == other
    assert known.named(of(first, "cam-031").id) is None


def test_a_demo_is_known_by_its_process(site, run, state, monkeypatch):
    assert demo_keys(run) is None
    monkeypatch.setattr("os.getpid", lambda: 4711)
    made = make_demo_keys(site, run, state)
    assert demo_keys(run) is None
    running(run, supervisor=4711)
    assert of(demo_keys(run), "cam-031") == of(made, "cam-031")
    # The demo was killed, and a real station began in its run directory.
    running(run, supervisor=4712)
    assert demo_keys(run) is None


def test_a_file_of_keys_is_what_the_command_prints(tmp_path, state):
    path = tmp_path / "sim.keys"
    lines = []
    for words in (["add", "sim-1"], ["add", "sim-2", "--source", "cam-031"]):
        done = CliRunner().invoke(keys_command, [*words, "--state", str(state.path), "--json"])
        assert done.exit_code == 0, done.output
        lines.append(done.output)
    path.write_text("\n".join(lines))
    found = keys_in(path)
    assert of(found, "cam-031").id.startswith("sim-2")
    assert of(found, "cam-032").id.startswith("sim-1")
    assert str(of(found, "cam-031").secret) not in repr(of(found, "cam-031"))


@pytest.mark.parametrize("text", ["no json", "[]", '{"id": "sim-1"}', '{"id": 1, "secret": "zz"}'])
def test_a_line_that_is_no_key_is_named(tmp_path, text):
    path = tmp_path / "sim.keys"
    path.write_text(f"\n{text}\n")
    with pytest.raises(ScenarioError, match=r"sim\.keys:2: is no key"):
        keys_in(path)
    with pytest.raises(ScenarioError, match="cannot read"):
        keys_in(Path(tmp_path / "nowhere"))


def test_a_real_cameras_key_is_refused():
    with pytest.raises(ScenarioError, match="vms-1 is not called sim-"):
        SigningKeys([SigningKey("vms-1", b"x")])


def test_simulate_refuses_a_station_that_is_no_demo(run, tmp_path):
    words = ["wildfire", "--run", str(run.path)]
    running(run, supervisor=1)
    done = CliRunner().invoke(simulate, words)
    assert done.exit_code == 2
    assert "--on-a-real-station" in done.output
    key = tmp_path / "sim.keys"
    key.write_text(json.dumps({"id": "sim-1", "secret": "00" * 32, "sources": []}))
    assert CliRunner().invoke(simulate, [*words, "--key-file", str(key)]).exit_code == 2
    done = CliRunner().invoke(simulate, [*words, "--on-a-real-station"])
    assert done.exit_code == 2
    assert "needs keys made for it" in done.output
    done = CliRunner().invoke(simulate, [*words, "--on-a-real-station", "--key-file", str(key)])
    assert done.exit_code == 2
    assert "no doors are open" in done.output


def test_scenarios_are_listed_without_a_station(tmp_path):
    done = CliRunner().invoke(simulate, ["list", "--run", str(tmp_path / "nothing")])
    assert done.exit_code == 0
    assert [line.split()[0] for line in done.output.splitlines()] == [
        "wildfire",
        "flood",
        "fog",
        "storm",
    ]
