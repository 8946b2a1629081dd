"""A disk that is full takes acts from the ballast; one that is read-only loses none."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
_MOUNTED = 'mount -t tmpfs -o size=32m none "$1" && exec "$2" -m "$3" "$1"'


@pytest.fixture
def found(state_directory):
    """What happened on a small disk."""
    namespace = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid():
        namespace += ["--user", "--map-root-user"]
    trial = [*namespace, "mount", "-t", "tmpfs", "none", state_directory]
    if subprocess.run(trial, check=False, capture_output=True).returncode:
        pytest.skip("this machine lets no test mount a file system in a namespace")
    module = "tests.broadcaster.journal.small_disk"
    command = ["sh", "-c", _MOUNTED, "sh", state_directory, sys.executable, module]
    done = subprocess.run(
        [*namespace, *command], cwd=_ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_small_disk(found):
    # The first row that found no room was written all the same; then 4 MiB go to the log.
    assert found["on_a_full_disk"] > 0
    assert found["from_ballast"] > 500
    assert "make room now" in found["fault"][0]
    assert "full" in found["reason"]
    assert found["when_there_is_room"]
    assert "read" in found["read_only"].lower()
    assert found["readable"] == [False]
    assert found["writable_again"]
    assert found["broken"] == []
