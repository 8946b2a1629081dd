"""A disk that fails at any moment, in any way: what was called durable is there, once."""

import asyncio
import random
from collections import Counter

import pytest

from broadcaster.journal import Journal
from broadcaster.journal import writer as writing
from broadcaster.journal.reader import JournalReader
from tests.broadcaster.journal.disk import Disk, full, input_output_error, read_only
from tests.broadcaster.journal.written import PATIENCE, entry


class _Unsteady(Disk):
    """Fails before a commit, after one, or at an opening, as chance has it."""

    def __init__(self, chance):
        super().__init__()
        self._chance = chance
        self.is_steady = False

    def _fails(self):
        return not self.is_steady and self._chance.random() < 0.3

    def _failure(self):
        return self._chance.choice([full, input_output_error, read_only])()

    def connect(self, path):
        if self._fails():
            raise self._failure()
        return super().connect(path)

    def commit(self, connection):
        if self._fails():
            raise self._failure()
        super().commit(connection)
        if self._fails():
            raise input_output_error()


@pytest.mark.parametrize("seed", range(25))
async def test_every_entry_is_written_exactly_once(seed, state_directory, monkeypatch):
    monkeypatch.setattr(writing, "FIRST_RETRY", 0.001)
    monkeypatch.setattr(writing, "LAST_RETRY", 0.002)
    chance = random.Random(seed)
    disk = _Unsteady(chance)
    subjects: list[str] = []
    for _ in range(3):
        async with Journal(state_directory, disk.setting()) as journal:
            disk.is_steady = False
            records = []
            for _ in range(chance.randrange(1, 40)):
                few = [f"{len(subjects) + one}" for one in range(chance.randrange(1, 4))]
                subjects += few
                record = journal.record([entry(int(one), subject=one) for one in few])
                records.append(record)
                if chance.random() < 0.3:
                    outcome = await record.within(PATIENCE)
                    if outcome.durable:
                        assert set(few) <= _written(state_directory).keys()
            disk.is_steady = True
            async with asyncio.timeout(PATIENCE):
                for record in records:
                    assert (await record.settled()).durable
    assert _written(state_directory) == Counter(subjects)
    assert [verdict.broken for verdict in JournalReader(state_directory).verify()] == [None]


def _written(directory):
    return Counter(row.subject for row in JournalReader(directory).rows())
