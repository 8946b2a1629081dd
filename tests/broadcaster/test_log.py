"""What a process writes to its log, seen from outside."""

import os
import pty
import subprocess
import sys

PROGRAM = """
import logging, structlog
from broadcaster.log import set_up
set_up("ear")
logging.getLogger("x").info("heard %s of %d", "13", 14)
structlog.get_logger().warning("lost", zone="upper")
logging.getLogger("x").debug("every packet")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("x").exception("a fault")
"""


def test_one_line_an_event_with_its_role():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    )
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert [line.split(" ", 1)[1] for line in lines[:2]] == [
        'level=info role=ear event="heard 13 of 14"',
        "level=warning role=ear event=lost zone=upper",
    ]
    assert len(lines) == 3
    assert 'event="a fault" exception="Traceback' in lines[2]


def test_on_a_terminal_in_columns():
    ours, theirs = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as screen:
        subprocess.run([sys.executable, "-c", PROGRAM], check=True, stderr=theirs)
        os.close(theirs)
        shown = screen.read(65536).decode()
    assert "heard 13 of 14" in shown
    assert "level=" not in shown
