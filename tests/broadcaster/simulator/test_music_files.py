"""Music files in the cache: whole or not there."""

import numpy as np
import pytest

from broadcaster.ingest.decoder import Decoder
from broadcaster.simulator import music, music_files
from broadcaster.simulator.instruments import RATE


@pytest.fixture(autouse=True)
def _quick_music(monkeypatch):
    def beep(track, seed):
        time = np.arange(3 * RATE) / RATE
        tone = np.sin(2 * np.pi * (300 + 10 * len(track.slug)) * time) * 8000
        return np.stack([tone, tone], 1).astype(np.int16)

    monkeypatch.setattr(music, "perform", beep)


def test_every_format_is_written_with_its_tags(tmp_path):
    files = list(music_files.music_files(tmp_path))
    assert len(files) == len(music.TRACKS)
    assert {path.suffix for path in files} == {".opus", ".ogg", ".mp3", ".m4a", ".flac"}
    for path, track in zip(files, music.TRACKS, strict=True):
        with Decoder(path) as decoder:
            assert decoder.tags["title"] == track.title
            assert decoder.tags["artist"] == "Sorigil"
            assert decoder.tags["album"] == track.album
            assert sum(map(len, decoder.pieces())) == 3 * RATE


def test_files_come_one_by_one_with_progress(tmp_path):
    seen = []
    files = music_files.music_files(tmp_path, progress=lambda done, of: seen.append((done, of)))
    assert next(files).exists()
    count = len(music.TRACKS)
    assert seen == [(0, count), (1, count)]
    list(files)
    assert seen[-1] == (count, count)


def test_an_interrupted_run_is_taken_up(tmp_path, monkeypatch):
    files = music_files.music_files(tmp_path)
    done = [next(files), next(files)]
    del files
    before = [path.stat().st_mtime_ns for path in done]
    assert len(list(music_files.music_files(tmp_path))) == len(music.TRACKS)
    assert [path.stat().st_mtime_ns for path in done] == before

    monkeypatch.setattr(music, "perform", None)  # all there: nothing is made
    assert len(list(music_files.music_files(tmp_path))) == len(music.TRACKS)


def test_a_failed_encoding_leaves_nothing(tmp_path, monkeypatch):
    def broken(path, *_):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr(music_files, "encode", broken)
    with pytest.raises(OSError, match="disk full"):
        next(music_files.music_files(tmp_path))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_seed_and_version_name_the_directory(tmp_path):
    first = next(music_files.music_files(tmp_path, seed=7))
    assert first.parent.name == f"music-v{music.VERSION}-7"
