"""The systemd unit: what it promises is in it, and systemd takes it."""

import re
import shutil
import subprocess

import pytest
from click.testing import CliRunner

from broadcaster.background import FIRST
from broadcaster.commands.run import run
from broadcaster.engine.process import SENDER_PRIORITY
from tests.house.checkout import ROOT

UNIT = ROOT / "packaging/systemd/sorigil.service"


def settings():
    """Every `Key=value` of the unit, by section and key."""
    found: dict[tuple[str, str], list[str]] = {}
    section = ""
    for line in UNIT.read_text().splitlines():
        if heading := re.fullmatch(r"\[(\w+)\]", line):
            section = heading[1]
        elif line and not line.startswith("#"):
            key, is_set, value = line.partition("=")
            assert is_set, line
            found.setdefault((section, key), []).append(value)
    return found


@pytest.fixture(scope="module")
def service():
    return {
        key: values[-1] for (section, key), values in settings().items() if section == "Service"
    }


def test_every_key_is_set_once():
    assert [name for name, values in settings().items() if len(values) > 1] == []


def test_a_dead_supervisor_is_replaced_at_once_and_for_ever(service):
    assert settings()["Unit", "StartLimitIntervalSec"] == ["0"]
    assert (service["Restart"], service["RestartSec"]) == ("always", "100ms")
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert service["WatchdogSec"] == "5s"


def test_engines_and_their_sockets_outlive_it(service):
    assert service["KillMode"] == "process"
    assert int(service["FileDescriptorStoreMax"]) >= 16
    assert service["RuntimeDirectoryPreserve"] == "yes"
    assert service["ExecReload"] == "/bin/kill -HUP $MAINPID"


def test_it_calls_the_command_as_it_is(service):
    program, command, *options = service["ExecStart"].split()
    assert (program, command) == ("/opt/sorigil/bin/broadcaster", "run")
    assert "--keep-engines" in options
    known = CliRunner().invoke(run, ["--help"]).output
    assert [word for word in options if word.startswith("--") and word not in known] == []
    assert f"/run/{service['RuntimeDirectory']}" in options
    assert f"/var/lib/{service['StateDirectory']}" in options
    assert f"/etc/{service['ConfigurationDirectory']}/config.yaml" in options


def test_the_sender_may_run_in_real_time(service):
    assert int(service["LimitRTPRIO"]) >= SENDER_PRIORITY
    assert service["LimitMEMLOCK"] == "infinity"
    assert int(service["LimitNICE"]) == FIRST
    assert "RestrictRealtime" not in service
    assert "@system-service" in service["SystemCallFilter"].split()


def test_it_has_one_capability_and_no_way_to_more(service):
    assert service["AmbientCapabilities"] == service["CapabilityBoundingSet"] == "CAP_NET_RAW"
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")


def test_systemd_takes_it(tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    # The program is not installed on a machine that only tests it.
    unit = tmp_path / UNIT.name
    text = UNIT.read_text().replace("/opt/sorigil/bin/broadcaster", "/bin/true")
    unit.write_text(text.replace("User=sorigil\nGroup=sorigil\n", ""))
    verified = subprocess.run(
        ["systemd-analyze", "verify", str(unit)], check=False, capture_output=True, text=True
    )
    ours = [line for line in verified.stderr.splitlines() if UNIT.name in line]
    assert ours == []


def test_the_page_for_the_administrator_names_what_is_in_it():
    page = (ROOT / "docs/installing.md").read_text()
    for words in ("packaging/systemd/sorigil.service", "systemctl reload", "--kill-whom=all"):
        assert words in page
