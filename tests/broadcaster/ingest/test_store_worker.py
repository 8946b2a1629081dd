"""A round of care for the store."""

import json
import os
import subprocess
import sys

import pytest

from broadcaster.ingest.library import Imported, Library
from broadcaster.ingest.pcm_store import PcmStore
from tests.broadcaster.ingest.sounds import KINDS, tone, write

PLENTY = 1 << 40


def round_of(state, run, budget=PLENTY):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "broadcaster.ingest.store_worker", "--budget", str(budget)),
            *("--state", state, "--run", run, "--rate", "1e12"),
        ],
        stdout=subprocess.PIPE,
        check=False,
    )
    return json.loads(done.stdout)


def spoil(path):
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.fixture
def brought_in(tmp_path):
    """A state directory with one recording, its file, and where its sound lies."""
    file = write(tmp_path / "a.flac", KINDS["flac"], tone(2.0, 700, 0.05), title="가")
    shelf = Library(tmp_path / "state")
    (done,) = shelf.import_files([file])
    assert isinstance(done, Imported)
    return tmp_path / "state", file, shelf.store.path(done.recording.pcm)


def test_a_damaged_recording_is_made_anew_from_its_file(brought_in, tmp_path):
    state, _, path = brought_in
    whole = path.read_bytes()
    spoil(path)
    said = round_of(state, tmp_path)
    assert (said["mended"], said["damaged"]) == ([path.stem], [])
    assert path.read_bytes() == whole
    assert list(path.parent.iterdir()) == [path]


def test_one_whose_file_is_gone_stays_and_is_named(brought_in, tmp_path):
    state, file, path = brought_in
    spoil(path)
    spoiled = path.read_bytes()
    file.unlink()
    said = round_of(state, tmp_path)
    assert said["mended"] == []
    assert said["damaged"] == [{"pcm": path.stem, "file": str(file)}]
    assert path.read_bytes() == spoiled


def test_what_nobody_needs_is_evicted_and_the_new_is_not(brought_in, tmp_path):
    state, _, path = brought_in
    assert round_of(state, tmp_path, budget=0)["evicted"] == []
    os.utime(path, (1e9, 1e9))
    said = round_of(state, tmp_path, budget=0)
    assert (said["evicted"], said["over_bytes"]) == ([path.stem], 0)
    assert list(PcmStore(state / "pcm").ids()) == []


def test_what_the_station_needs_stays_whatever_the_budget(brought_in, tmp_path):
    state, _, path = brought_in
    os.utime(path, (1e9, 1e9))
    (state / "library.json").write_text(json.dumps({"pcm": path.stem}))
    said = round_of(state, tmp_path, budget=0)
    assert (said["evicted"], said["over_bytes"]) == ([], path.stat().st_size)


def test_a_store_that_cannot_be_used_is_a_sentence(tmp_path):
    (tmp_path / "state").write_text("no directory")
    assert "state" in round_of(tmp_path / "state", tmp_path)["error"]
