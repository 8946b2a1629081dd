"""Work in the background stands back behind everything else."""

import os
import subprocess
import sys

import pytest

from broadcaster.background import LOWEST, SOON

SAYS = """
import os, sys
from broadcaster.background import stand_back
stand_back(is_awaited=sys.argv[1] == "awaited")
print(os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))
"""


@pytest.mark.parametrize(
    ("how", "niceness", "policy"),
    [("awaited", SOON, os.SCHED_OTHER), ("left over", LOWEST, os.SCHED_BATCH)],
)
def test_background_work_gets_what_is_left_over(how, niceness, policy):
    done = subprocess.run(
        [sys.executable, "-c", SAYS, how], stdout=subprocess.PIPE, check=True, text=True
    )
    assert done.stdout.split() == [str(niceness), str(policy)]
