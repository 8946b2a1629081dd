"""Work in the background stands back behind everything else."""

import os
import subprocess
import sys

import pytest

from broadcaster.background import FIRST, LOWEST, SOON

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


GOES_FIRST = """
import os
from broadcaster.background import go_first
os.setpriority(os.PRIO_PROCESS, 0, 0)
{before}
go_first()
print(os.getpriority(os.PRIO_PROCESS, 0), flush=True)
if os.fork() == 0:
    print(os.getpriority(os.PRIO_PROCESS, 0), flush=True)
    os._exit(0)
os.wait()
"""
FORBIDDEN = """
import resource
resource.setrlimit(resource.RLIMIT_NICE, (0, 0))
os.setuid(65534)
"""


def niceness_of_it_and_its_child(before):
    words = [sys.executable, "-c", GOES_FIRST.format(before=before)]
    done = subprocess.run(words, stdout=subprocess.PIPE, check=True, text=True)
    return [int(each) for each in done.stdout.split()]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may take the right away again")
def test_what_a_warning_passes_through_goes_first_but_not_what_it_starts():
    assert niceness_of_it_and_its_child("") == [FIRST, 0]
    assert niceness_of_it_and_its_child(FORBIDDEN) == [0, 0]
