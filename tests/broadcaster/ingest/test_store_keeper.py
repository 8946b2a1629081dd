"""The store within bounds: eviction, remains, scrub."""

import os
import signal
import subprocess
import sys

import pytest

from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.store_keeper import DAMAGED, evict, remove_remains, scrub, size_of
from tests.broadcaster.ingest.sounds import tone
from zones.media_time import RATE


@pytest.fixture
def store(tmp_path):
    return PcmStore(tmp_path / "pcm")


@pytest.fixture
def four(store):
    """Four recordings of a second; the first was wanted the longest time ago."""
    ids = [store.add(tone(1.0, 200 + 100 * number)) for number in range(4)]
    for age, pcm_id in enumerate(ids):
        os.utime(store.path(pcm_id), ns=(age * 10**9, age * 10**9))
    return ids


SECOND = 2 * RATE


def test_size_counts_all(store, four):
    size = size_of(store)
    assert (size.recordings, size.samples, size.bytes) == (4, 4 * RATE, 4 * SECOND)
    assert size.free_bytes > 0


def test_what_was_not_wanted_longest_goes_first(store, four):
    evicted = evict(store, 2 * SECOND, protected=())
    assert (evicted.ids, evicted.bytes, evicted.over_bytes) == (tuple(four[:2]), 2 * SECOND, 0)
    assert list(store.ids()) == sorted(four[2:])


def test_what_is_protected_is_never_evicted(store, four):
    evicted = evict(store, 0, protected={four[0], four[3]})
    assert evicted.ids == (four[1], four[2])
    assert evicted.over_bytes == 2 * SECOND
    assert all(store.contains(pcm_id) for pcm_id in (four[0], four[3]))


def test_within_the_budget_nothing_goes(store, four):
    assert evict(store, 4 * SECOND, protected=()).ids == ()


def test_importing_again_counts_as_wanted(store, four):
    store.add(tone(1.0, 200))
    assert evict(store, 3 * SECOND, protected=()).ids == (four[1],)


def test_who_maps_an_evicted_recording_keeps_it(store, four):
    mapped = store.read(four[0])
    evict(store, 0, protected=())
    assert len(mapped) == RATE
    assert int(mapped[7]) == int(tone(1.0, 200)[7])


def test_a_scrub_names_what_is_damaged(store, four):
    flip(store.path(four[2]))
    seen: list[tuple[int, int]] = []
    found = scrub(store, progress=lambda done, of: seen.append((done, of)))
    assert (found.recordings, found.bytes, found.damaged) == (4, 4 * SECOND, (four[2],))
    assert seen[-1] == (4 * SECOND, 4 * SECOND)
    assert store.contains(four[2])


def test_set_aside_it_is_written_anew_by_the_next_import(store, four):
    path = store.path(four[2])
    flip(path)
    scrub(store, set_aside=True)
    assert path.with_suffix(DAMAGED).exists()
    assert not store.contains(four[2])
    assert store.add(tone(1.0, 400)) == four[2]
    assert scrub(store).damaged == ()


def flip(path):
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)


KILLED_HALF_WAY = """
import sys
from pathlib import Path
import numpy as np
from broadcaster.ingest.pcm_store import PcmStore
def pieces():
    yield np.ones(100_000, np.int16)
    print("half-way", flush=True)
    sys.stdin.read()
    yield np.ones(1, np.int16)
PcmStore(Path(sys.argv[1])).add(pieces())
"""


def test_the_remains_of_a_killed_import_are_removed_but_not_those_of_a_living_one(store):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED_HALF_WAY, str(store.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"half-way\n"
        assert remove_remains(store) == 0
        assert list(store.ids()) == []
        process.send_signal(signal.SIGKILL)
    assert remove_remains(store) == 1
    assert [path for path in store.directory.rglob("*") if path.is_file()] == []
