"""The worker that speaks an operator's own words."""

import json
import os
import signal
import subprocess
import sys

from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.store_keeper import remove_remains

PARENT = """
import os, subprocess, sys
worker = [sys.executable, "-m", "broadcaster.ingest.free_words", "--state", sys.argv[1]]
subprocess.run([*worker, "--parent", str(os.getpid())], check=False)
"""
SLOW_PROGRAM = """#!/bin/sh
echo begun > "{begun}"
read line < "{may_end}"
"""


def test_a_worker_that_dies_with_its_parent_leaves_nothing_that_the_store_does_not_remove(tmp_path):
    fifos = [tmp_path / "begun", tmp_path / "may-end"]
    for fifo in fifos:
        os.mkfifo(fifo)
    begun, may_end = fifos
    for name in ("bin", "tmp"):
        (tmp_path / name).mkdir()
    program = tmp_path / "bin" / "espeak-ng"
    program.write_text(SLOW_PROGRAM.format(begun=begun, may_end=may_end))
    program.chmod(0o755)
    store = PcmStore(tmp_path / "state" / "pcm")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "state")],
        env={
            **os.environ,
            "TMPDIR": str(tmp_path / "tmp"),
            "PATH": f"{program.parent}:{os.environ['PATH']}",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        parent.stdin.write(json.dumps({"language": "en", "text": "The lower path is shut."}) + "\n")
        parent.stdin.flush()
        assert begun.read_text() == "begun\n"
        assert remove_remains(store) == 0
        parent.send_signal(signal.SIGKILL)
        assert parent.stdout.read() == ""  # until the worker has ended too
    assert list((tmp_path / "tmp").iterdir()) == []
    assert remove_remains(store) == 1
    assert list(store.directory.iterdir()) == []
    may_end.write_text("now\n")
