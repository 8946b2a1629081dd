"""Readings over time: added up by the hour, bounded, and found again."""

import sqlite3

import pytest

from broadcaster.watch import reading_store
from broadcaster.watch.reading_store import HOUR, LONGEST, Readings, ReadingStore

NOON = 1_793_332_800.0 // HOUR * HOUR


def spans(*values, hour=NOON, name="heat"):
    readings = Readings()
    for value in values:
        readings.add("amp-05", name, "°C", value, hour)
    return readings.take()


def test_an_hour_has_its_least_mean_and_greatest_value(tmp_path):
    store = ReadingStore(tmp_path)
    assert store.spans("amp-05", "heat", 0) == []
    store.write(spans(40, 60), NOON)
    store.write(spans(20, hour=NOON + 60), NOON)
    (found,) = store.spans("amp-05", "heat", NOON)
    assert (found.least, found.mean, found.greatest, found.count) == (20, 40, 60, 3)
    assert (found.hour, found.unit) == (NOON, "°C")
    assert (tmp_path / "readings.db").stat().st_mode & 0o077 == 0


def test_what_was_taken_is_not_written_twice():
    readings = Readings()
    readings.add("amp-05", "heat", "", 1.0, NOON)
    assert len(readings.take()) == 1
    assert readings.take() == []


def test_only_what_was_asked_for_is_given(tmp_path):
    store = ReadingStore(tmp_path)
    store.write([*spans(1, hour=NOON - HOUR), *spans(2), *spans(3, name="fan")], NOON)
    assert [one.mean for one in store.spans("amp-05", "heat", NOON - 10 * HOUR)] == [1, 2]
    assert [one.mean for one in store.spans("amp-05", "heat", NOON + 5)] == [2]
    assert store.spans("amp-06", "heat", 0) == []


def test_what_is_too_old_or_too_much_goes(tmp_path, monkeypatch):
    store = ReadingStore(tmp_path)
    store.write(spans(1, hour=NOON - LONGEST - HOUR), NOON - LONGEST)
    store.write(spans(2), NOON)
    assert [one.mean for one in store.spans("amp-05", "heat", 0)] == [2]
    monkeypatch.setattr(reading_store, "MOST_ROWS", 10)
    for hour in range(1, 30):
        store.write(spans(hour, hour=NOON + hour * HOUR), NOON + hour * HOUR)
    kept = [one.mean for one in store.spans("amp-05", "heat", 0)]
    assert len(kept) <= 10
    assert kept[-1] == 29


def test_a_file_that_is_none_is_an_error_of_its_own(tmp_path):
    (tmp_path / "readings.db").write_bytes(b"no database" * 100)
    with pytest.raises(sqlite3.Error):
        ReadingStore(tmp_path).write(spans(1), NOON)
