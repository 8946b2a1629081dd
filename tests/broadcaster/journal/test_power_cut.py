"""A power cut loses no durable row, and what it leaves is never taken for damage."""

import random
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from broadcaster.journal.database import connect
from broadcaster.journal.place import JournalPlace
from broadcaster.journal.recovery import recovered
from tests.broadcaster.journal.power_cut import CALLS, Disk, calls

_ROOT = Path(__file__).parents[3]


class _Chance(random.Random):
    """What a cut leaves of the pending sectors: the `share` of them that was written."""

    share = 0.5


def _recorded(directory, trace):
    tracing = ["strace", "-f", "-qq", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", trace]
    recording = [sys.executable, "-m", "tests.broadcaster.journal.recording", directory]
    done = subprocess.run([*tracing, *recording], cwd=_ROOT, check=False, capture_output=True)
    if done.returncode and b"ptrace" in done.stderr:
        pytest.skip("this machine lets no process trace another")
    assert done.returncode == 0, done.stderr
    return list(calls(trace.read_text()))


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """What a recorder did to the files of its journal, and where."""
    if shutil.which("strace") is None:
        pytest.skip("needs strace to see what is written when")
    place = tmp_path_factory.mktemp("recorded")
    directory = place / "state"
    directory.mkdir()
    return directory, _recorded(directory, place / "trace")


def _connect(path):
    connection = connect(path)
    # What is looked at here is thrown away.
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _survivors(image, directory):
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


@pytest.mark.parametrize(
    "cuts", [60, pytest.param(200, marks=[pytest.mark.slow, pytest.mark.timeout(600)])]
)
def test_no_durable_row_is_lost_at_a_power_cut(recorded, tmp_path, cuts):
    directory, done = recorded
    chance = _Chance(cuts)
    disks = [Disk(directory, is_kind=True), Disk(directory, is_kind=False)]
    begun = next(n for n, call in enumerate(done) if bytes(directory) in b"".join(call[1]))
    moments = set(chance.sample(range(begun, len(done)), cuts))
    for moment, call in enumerate(done):
        for disk in disks:
            disk.take(*call)
        if moment in moments:
            disk = chance.choice(disks)
            chance.share = chance.choice([0.0, 0.3, 0.9, 1.0])
            image = disk.image(chance.choice([None, chance]))
            assert set(disk.said.decode().split()) <= _survivors(image, tmp_path / "after")
    assert len(disks[0].said.split()) > 400


def test_the_replay_of_everything_is_what_was_written(recorded):
    directory, done = recorded
    disk = Disk(directory, is_kind=True)
    for call in done:
        disk.take(*call)
    image = disk.whole()
    assert set(image) == {path.name for path in directory.iterdir()}
    assert all((directory / name).read_bytes() == content for name, content in image.items())


def test_a_disk_that_syncs_nothing_is_found_out(recorded, tmp_path):
    # The simulator itself: without syncs, durable rows are lost.
    directory, done = recorded
    disk = Disk(directory, is_kind=True)
    for call in done:
        if call[0] != "fdatasync":
            disk.take(*call)
    durable = set(disk.said.decode().split())
    assert not durable <= _survivors(disk.image(None), tmp_path / "after")
