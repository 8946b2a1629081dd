"""Simulated power cuts of a recorded journal: `-m ...cutting DIRECTORY CUTS SEED`.

Records once under strace, then cuts at moments drawn by chance and looks for every row that had
been called durable by then. Prints one JSON object.
"""

import json
import random
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from broadcaster.journal.database import connect
from broadcaster.journal.place import JournalPlace
from broadcaster.journal.recovery import recovered
from tests.broadcaster.journal.power_cut import CALLS, Disk, calls

_ROOT = Path(__file__).parents[3]


class CannotTraceError(Exception):
    """This machine lets no process look at another."""


class _Chance(random.Random):
    """What a cut leaves of the pending sectors: the `share` of them that was written."""

    share = 0.5


def recorded(directory, trace):
    """What a recorder did to the files of its journal, call by call."""
    tracing = ["strace", "-f", "-qq", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", trace]
    recording = [sys.executable, "-m", "tests.broadcaster.journal.recording", directory]
    try:
        done = subprocess.run([*tracing, *recording], cwd=_ROOT, check=False, capture_output=True)
    except FileNotFoundError:
        raise CannotTraceError("needs strace to see what is written when") from None
    if done.returncode and b"ptrace" in done.stderr:
        raise CannotTraceError("this machine lets no process trace another")
    assert done.returncode == 0, done.stderr
    return list(calls(trace.read_text()))


def _connect(path):
    connection = connect(path)
    # What is looked at here is thrown away.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def survivors(image, directory):
    """The subjects found after a cut, once the journal has been opened again."""
    directory.mkdir()
    for name, content in image.items():
        (directory / name).write_bytes(content)
    opened = recovered(JournalPlace(directory), _connect)
    with closing(opened.database) as database:
        assert opened.damage == ""
        assert database.check(None, wholly=True)[1] is None
        subjects = {row.subject for row in database.rows()}
    shutil.rmtree(directory)
    return subjects


def lost_at_cuts(directory, done, cuts, seed, after):
    """The durable rows that are missing after cuts, and how many had been called durable at all."""
    chance = _Chance(seed)
    disks = [Disk(directory, is_kind=True), Disk(directory, is_kind=False)]
    begun = next(n for n, call in enumerate(done) if bytes(directory) in b"".join(call[1]))
    moments = chance.choices(range(begun, len(done)), k=cuts)
    lost: set[str] = set()
    for moment, call in enumerate(done):
        for disk in disks:
            disk.take(*call)
        for _ in range(moments.count(moment)):
            disk = chance.choice(disks)
            chance.share = chance.choice([0.0, 0.3, 0.9, 1.0])
            image = disk.image(chance.choice([None, chance]))
            lost |= set(disk.said.decode().split()) - survivors(image, after)
    return lost, len(disks[0].said.split())


def main(directory, cuts, seed):
    state = directory / "state"
    state.mkdir()
    done = recorded(state, directory / "trace")
    lost, durable = lost_at_cuts(state, done, cuts, seed, directory / "after")
    print(json.dumps({"cuts": cuts, "durable": durable, "lost": sorted(lost)}))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
