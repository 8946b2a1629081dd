"""The PCM store: named by content, whole or not there."""

import errno
import hashlib
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from broadcaster.ingest.errors import StoreError, StoreFullError
from broadcaster.ingest.pcm_store import PcmStore
from tests.broadcaster.ingest.sounds import tone
from zones.sound import PcmId


@pytest.fixture
def store(tmp_path):
    return PcmStore(tmp_path / "pcm")


def files(store):
    return sorted(path for path in store.directory.rglob("*") if path.is_file())


def test_the_name_is_the_hash_of_the_little_endian_bytes(store):
    samples = tone(0.1)
    pcm_id = store.add(samples)
    assert pcm_id == hashlib.sha256(samples.astype("<i2").tobytes()).hexdigest()
    assert store.path(pcm_id) == store.directory / pcm_id[:2] / f"{pcm_id}.pcm"
    assert files(store) == [store.path(pcm_id)]


@given(samples=arrays(np.int16, st.integers(1, 3000)), cuts=st.lists(st.integers(0, 3000)))
@settings(deadline=None, max_examples=30)  # a busy disk takes its time
def test_in_pieces_or_whole_it_is_the_same_recording(tmp_path_factory, samples, cuts):
    store = PcmStore(tmp_path_factory.mktemp("pcm"))
    whole = store.add(samples)
    pieces = np.split(samples, sorted(min(cut, len(samples)) for cut in cuts))
    assert store.add(iter(pieces)) == whole
    assert store.length(whole) == len(samples)
    assert np.array_equal(store.read(whole), samples)


def test_reading_maps_and_refuses_writing(store):
    read = store.read(store.add(tone(0.1)))
    with pytest.raises(ValueError, match="read-only"):
        read[0] = 1


def test_equal_sound_is_stored_once(store):
    assert store.add(tone(0.1)) == store.add(tone(0.1))
    assert len(files(store)) == 1
    assert list(store.ids()) == [store.add(tone(0.1))]


def test_what_is_not_there_is_said_so(store):
    missing = PcmId("ab" * 32)
    assert not store.contains(missing)
    for question in (store.read, store.length):
        with pytest.raises(StoreError, match="import the recording again"):
            question(missing)


def test_no_sample_is_no_recording(store):
    for nothing in (np.zeros(0, np.int16), iter(())):
        with pytest.raises(StoreError, match="not one sample"):
            store.add(nothing)
    assert files(store) == []


def test_only_canonical_samples_are_taken(store):
    for wrong in (np.zeros(4), np.zeros((2, 2), np.int16), np.zeros(4, np.uint16)):
        with pytest.raises(TypeError, match="one-dimensional int16"):
            store.add(wrong)
    assert files(store) == []


def test_an_error_half_way_leaves_nothing(store):
    def pieces():
        yield tone(0.1)
        raise RuntimeError("decoder broke")

    with pytest.raises(RuntimeError, match="decoder broke"):
        store.add(pieces())
    assert files(store) == []


def test_a_full_disk_is_named_and_leaves_nothing(store, monkeypatch):
    written: list[int] = []
    real_write = os.write

    def full_after_one(descriptor, data):
        if written:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written.append(len(data))
        return real_write(descriptor, data[: len(data) // 2])  # and short writes are continued

    monkeypatch.setattr(os, "write", full_after_one)
    with pytest.raises(StoreFullError, match="no space is left"):
        store.add(tone(0.1))
    assert files(store) == []


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "pcm").write_text("a file in the way")
    with pytest.raises(StoreError, match="pcm: File exists"):
        PcmStore(tmp_path / "pcm")
