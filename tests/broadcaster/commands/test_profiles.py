"""The commands about firmware profiles, as typed."""

import json
from pathlib import Path

from click.testing import CliRunner

from broadcaster.commands.profiles import profiles

WALKS = Path(__file__).parents[2] / "data/walks"


def run(*arguments):
    return CliRunner().invoke(profiles, [str(each) for each in arguments], catch_exceptions=False)


def test_all_shipped_profiles_are_right_and_counted(tmp_path):
    found = run("check", "--config", tmp_path / "config.yaml")
    assert found.exit_code == 0
    assert "virtual-amplifier" in found.output
    assert "0 facts unverified" in found.output


def test_a_walk_is_read_by_the_profile_it_gets(tmp_path):
    walk = WALKS / "zenitel_ip_station.walk"
    found = run("check", "--config", tmp_path / "c.yaml", "--walk", walk)
    assert found.exit_code == 0
    assert "Its profile: zenitel-ip-station" in found.output
    assert "ok, line.short" in found.output
    told = json.loads(
        run("check", "--config", tmp_path / "c.yaml", "--walk", walk, "--json").output
    )
    assert told["walk"]["profile"] == "zenitel-ip-station"


def test_a_walk_of_a_stranger_exits_1_with_the_reason(tmp_path):
    walk = WALKS / "net_snmp.walk"
    found = run("check", "--config", tmp_path / "c.yaml", "--walk", walk)
    assert found.exit_code == 1
    assert "no family is known for 1.3.6.1.4.1.8072" in found.output


def test_a_profile_is_shown_with_its_sources(tmp_path):
    found = run("show", "barix-streaming-client", "--config", tmp_path / "c.yaml")
    assert "60000 bytes: it counts bytes, not time" in found.output
    assert "SNMPv1 only" in found.output


def test_a_draft_is_written_once_and_can_be_shown(tmp_path):
    config = tmp_path / "config.yaml"
    arguments = ("new", "my-amp", "--walk", WALKS / "zenitel_ip_station.walk", "--config", config)
    assert run(*arguments).exit_code == 0
    shown = run("show", "my-amp", "--config", config)
    assert shown.exit_code == 0
    assert "unverified" in shown.output
    again = run(*arguments)
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_a_file_that_is_no_walk_is_refused(tmp_path):
    (tmp_path / "no.walk").write_text("hello\n")
    found = run("check", "--config", tmp_path / "c.yaml", "--walk", tmp_path / "no.walk")
    assert found.exit_code == 2
    assert "line 1 is no object" in found.output
