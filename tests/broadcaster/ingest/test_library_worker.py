"""The process control starts to bring in sound: a line in, a line out."""

import json
import os
import subprocess
import sys

import pytest

from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.speech import MESSAGE_LUFS
from tests.broadcaster.ingest.sounds import KINDS, tone, write
from tests.broadcaster.ingest.test_levels import measured


def said(state, *arguments, files=()):
    done = subprocess.run(
        [sys.executable, "-m", "broadcaster.ingest.library_worker", "--state", state, *arguments],
        input=b"".join(os.fsencode(file) + b"\n" for file in files),
        stdout=subprocess.PIPE,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "bad.mp3").write_bytes(b"no sound")
    return [
        write(tmp_path / "a.flac", KINDS["flac"], tone(2.0, 700, 0.05), title="가"),
        tmp_path / "bad.mp3",
    ]


def test_recordings_are_said_in_order_with_reasons(tmp_path, files):
    good, bad = said(tmp_path / "state", files=files)
    assert (good["file"], good["recording"]["title"]) == (str(files[0]), "가")
    assert "not an audio file" in bad["error"]


def test_chime_and_messages_come_first(tmp_path):
    chime, *others = said(tmp_path / "state", "--builtins")
    messages = [entry for entry in others if "message" in entry]
    store = PcmStore(tmp_path / "state" / "pcm")
    assert store.contains(chime["chime"][0])
    assert {"flood-evacuate", "wildfire-caution"} < {entry["message"] for entry in messages}
    assert all(store.contains(pcm) for m in messages for pcm, _, _ in m["cycle"] if pcm)


def test_spoken_messages_are_brought_to_their_level(tmp_path, files):
    good, bad = said(tmp_path / "state", "--speech", files=files)
    store = PcmStore(tmp_path / "state" / "pcm")
    recording = good["recording"]
    assert (recording["title"], recording["length"]) == ("가", store.length(recording["pcm"]))
    loudness = measured(store.read(recording["pcm"])).integrated_lufs
    assert loudness == pytest.approx(MESSAGE_LUFS, abs=0.3)
    assert "not an audio file" in bad["error"]
    assert not (tmp_path / "state" / "library.jsonl").exists()
