"""No move of a warning that was called durable is lost when control is killed, at any moment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "trials", [30, pytest.param(150, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_no_durable_move_is_lost_when_control_is_killed(tmp_path, trials):
    command = [sys.executable, "-m", "tests.broadcaster.control.alert_killing"]
    done = subprocess.run(
        [*command, str(tmp_path), str(trials), str(trials)],
        cwd=_ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["acknowledged"] > trials
    assert found["lost"] == []
