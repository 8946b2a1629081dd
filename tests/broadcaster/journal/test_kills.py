"""Nothing that was called durable is lost when its writer is killed, at whatever moment."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]


def _killed(directory, trials, seed):
    command = [sys.executable, "-m", "tests.broadcaster.journal.killing"]
    done = subprocess.run(
        [*command, str(directory), str(trials), str(seed)],
        cwd=_ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "trials", [50, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_no_durable_row_is_lost_when_the_writer_is_killed(state_directory, trials):
    found = _killed(state_directory, trials, seed=trials)
    assert found["acknowledged"] > trials
    assert found["lost"] == []
    assert found["broken"] == []
    # Nothing was taken for damage either.
    assert found["files"] == 1
