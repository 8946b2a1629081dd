"""Durable is said when it is; and a disk that refuses, hangs or is full stops nothing."""

import asyncio
import errno
import sqlite3

import pytest

from broadcaster.journal import EntryError, Journal, Kind
from broadcaster.journal import writer as writing
from broadcaster.journal.anchor_file import read_anchor
from broadcaster.journal.chain import Head
from broadcaster.journal.database import connect_to_read
from broadcaster.journal.reader import JournalReader
from tests.broadcaster.journal.disk import Disk, full, input_output_error, read_only
from tests.broadcaster.journal.written import LIGHT, PATIENCE, entry, rows, write


@pytest.fixture
def disk():
    disk = Disk()
    yield disk
    disk.answers.set()


async def _until(is_so):
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - what it waits for happens in a thread
            await asyncio.sleep(0.001)


async def test_what_is_durable_can_be_read_while_the_journal_is_open(state_directory):
    async with Journal(state_directory, LIGHT) as journal:
        assert await journal.opened(PATIENCE)
        outcome = await journal.record([entry(1), entry(2)]).within(PATIENCE)
        assert outcome.durable
        found = list(JournalReader(state_directory).rows())
        assert [row.subject for row in found] == ["claim-1", "claim-2"]
        assert journal.head == Head(2, found[-1].digest)
        assert journal.faults == ()


async def test_entries_may_be_handed_over_before_the_file_is_open(state_directory):
    async with Journal(state_directory, LIGHT) as journal:
        record = journal.record([entry(1)])
        assert not record.outcome.durable
        assert (await record.settled()).durable


async def test_leaving_writes_what_waits(state_directory):
    async with Journal(state_directory, LIGHT) as journal:
        records = [journal.record([entry(n)]) for n in range(300)]
        journal.record([entry(1, Kind.FAULT, storm="s")])
        journal.record([entry(2, Kind.FAULT, storm="s")])
    assert all(record.outcome.durable for record in records)
    found = rows(state_directory / "journal.db")
    assert len(found) == 302
    assert '"counted":1' in found[-1].facts
    anchor = read_anchor(state_directory / "journal.head")
    assert anchor == Head(302, found[-1].digest)


async def test_the_next_opening_goes_on_where_the_last_one_ended(state_directory):
    first, _ = await write(state_directory, 1, 2, 3)
    second, faults = await write(state_directory, 4)
    assert (first.sequence, second.sequence) == (3, 4)
    assert faults == ()
    (verdict,) = JournalReader(state_directory).verify()
    assert (verdict.broken, verdict.rows) == (None, 4)


async def test_what_comes_while_a_commit_runs_goes_into_the_next_one(state_directory, disk):
    async with Journal(state_directory, disk.setting()) as journal:
        await journal.record([entry(0)]).within(PATIENCE)
        disk.hang()
        records = [journal.record([entry(1)])]
        await _until(disk.hangs.is_set)
        disk.errors = commits = _Noting()
        records += [journal.record([entry(n)]) for n in range(2, 200)]
        disk.answers.set()
        for record in records:
            assert (await record.within(PATIENCE)).durable
    assert commits.asked == 2


class _Noting(list):
    """No error, but a count of how often there was none: once for each commit."""

    asked = 0

    def __bool__(self):
        self.asked += 1
        return False


async def test_a_disk_that_hangs_holds_up_neither_loop_nor_answer(
    state_directory, disk, monkeypatch
):
    monkeypatch.setattr(writing, "DEADLINE", 0.0)
    async with Journal(state_directory, disk.setting()) as journal:
        await journal.record([entry(0)]).within(PATIENCE)
        disk.hang()
        record = journal.record([entry(1)])
        await _until(disk.hangs.is_set)
        # The loop turns on while the disk has not answered.
        outcome = await record.within(0.01)
        assert not outcome.durable
        assert "has not taken it" in outcome.reason
        assert any("has not answered" in fault for fault in journal.faults)
        later = [journal.record([entry(n)]) for n in range(2, 1000)]
        disk.answers.set()
        assert (await record.settled()).durable
        for one in later:
            assert (await one.settled()).durable
        assert any("took" in fault for fault in journal.faults)


@pytest.mark.parametrize("refusal", [input_output_error, read_only, full])
async def test_a_refusal_is_said_at_once_and_tried_again(state_directory, disk, refusal):
    async with Journal(state_directory, disk.setting()) as journal:
        await journal.record([entry(0)]).within(PATIENCE)
        # A full disk is asked twice: there may be ballast to give up.
        disk.errors = [refusal(), refusal()]
        record = journal.record([entry(1)])
        outcome = await record.within(PATIENCE)
        assert not outcome.durable
        assert outcome.reason == str(refusal())
        assert (await record.settled()).durable
        assert record.outcome.durable
        await _until(lambda: not journal.faults)
    assert [row.subject for row in rows(state_directory / "journal.db")] == ["claim-0", "claim-1"]


async def test_while_the_disk_refuses_others_are_told_without_a_wait(
    state_directory, disk, monkeypatch
):
    monkeypatch.setattr(writing, "FIRST_RETRY", PATIENCE)
    async with Journal(state_directory, disk.setting()) as journal:
        disk.errors = [input_output_error() for _ in range(2)]
        await journal.record([entry(0)]).within(PATIENCE)
        record = journal.record([entry(1)])
        assert (await record.within(0)).reason == "disk I/O error"
        assert journal.faults == ("the journal is not written: disk I/O error; 2 entries wait",)


async def test_a_file_that_cannot_be_opened_is_tried_again(state_directory, disk):
    disk.opening_errors = [input_output_error(), OSError(errno.EIO, "Input/output error")]
    async with Journal(state_directory, disk.setting()) as journal:
        record = journal.record([entry(1)])
        await record.within(PATIENCE)
        assert (await record.settled()).durable


async def test_a_commit_that_failed_but_is_in_the_file_is_not_written_twice(state_directory, disk):
    async with Journal(state_directory, disk.setting()) as journal:
        await journal.record([entry(0)]).within(PATIENCE)
        disk.after_commit = [input_output_error()]
        record = journal.record([entry(1)])
        assert not (await record.within(PATIENCE)).durable
        assert (await record.settled()).durable
        await journal.record([entry(2)]).within(PATIENCE)
    found = [row.subject for row in rows(state_directory / "journal.db")]
    assert found == ["claim-0", "claim-1", "claim-2"]


async def test_a_full_disk_takes_acts_from_the_ballast(state_directory, disk):
    (state_directory / "journal.ballast").write_bytes(bytes(1 << 20))
    async with Journal(state_directory, disk.setting(ballast=1 << 20)) as journal:
        await journal.record([entry(0)]).within(PATIENCE)
        disk.errors = [full()]
        assert (await journal.record([entry(1)]).within(PATIENCE)).durable
        assert not (state_directory / "journal.ballast").exists()
        assert "make room now" in journal.faults[0]


async def test_ballast_is_made_again_when_there_is_room(state_directory, disk, monkeypatch):
    monkeypatch.setattr(writing, "BALLAST_EVERY", 0.05)
    async with Journal(state_directory, disk.setting(ballast=1 << 20)) as journal:
        ballast = state_directory / "journal.ballast"
        await _until(ballast.exists)
        disk.errors = [full()]
        await journal.record([entry(1)]).within(PATIENCE)
        await _until(lambda: ballast.exists() and not journal.faults)
        assert ballast.stat().st_size == 1 << 20


async def test_a_disk_without_room_for_ballast_is_a_fault(state_directory, disk, monkeypatch):
    monkeypatch.setattr(writing, "BALLAST_EVERY", 0.05)
    async with Journal(state_directory, disk.setting(ballast=1 << 50)) as journal:
        await _until(lambda: bool(journal.faults))
        assert "no room for its ballast" in journal.faults[0]
        assert (await journal.record([entry(1)]).within(PATIENCE)).durable


async def test_what_could_not_be_kept_is_counted_in_the_journal(state_directory, disk, monkeypatch):
    monkeypatch.setattr(writing, "FIRST_RETRY", 0.3)
    async with Journal(state_directory, disk.setting(most=2)) as journal:
        disk.errors = [input_output_error()]
        first = journal.record([entry(0)])
        await first.within(PATIENCE)
        faults = [journal.record([entry(n, Kind.FAULT)]) for n in range(5)]
        assert not (await faults[-1].settled()).durable
        act = journal.record([entry(9)])
        assert (await act.settled()).durable
        await journal.record([entry(10)]).settled()
    found = rows(state_directory / "journal.db")
    assert any('"not_kept":{"fault":4}' in row.facts for row in found)


async def test_a_second_writer_is_refused_and_waits_its_turn(state_directory):
    async with Journal(state_directory, LIGHT) as journal:
        await journal.record([entry(0)]).within(PATIENCE)
        async with Journal(state_directory, LIGHT) as other:
            record = other.record([entry(1)])
            assert "another process writes the journal" in (await record.within(PATIENCE)).reason
            await journal.__aexit__(None, None, None)
            assert (await record.settled()).durable
    assert len(rows(state_directory / "journal.db")) == 2


async def test_a_journal_of_a_later_version_is_left_alone(state_directory):
    await write(state_directory, 1)
    connection = sqlite3.connect(state_directory / "journal.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    async with Journal(state_directory, LIGHT) as journal:
        outcome = await journal.record([entry(2)]).within(PATIENCE)
    assert "later version" in outcome.reason
    assert len(list(state_directory.glob("*.db"))) == 1


async def test_an_entry_that_cannot_be_recorded_takes_nothing_with_it(state_directory):
    async with Journal(state_directory, LIGHT) as journal:
        with pytest.raises(EntryError):
            journal.record([entry(1), entry(2, facts={"x": object()})])
        assert (await journal.record([entry(3)]).within(PATIENCE)).durable
    assert [row.subject for row in rows(state_directory / "journal.db")] == ["claim-3"]


async def test_the_station_goes_on_while_somebody_reads(state_directory):
    await write(state_directory, *range(20))
    reader = connect_to_read(state_directory / "journal.db")
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM entries").fetchone()
    try:
        head, faults = await write(state_directory, 20, 21)
    finally:
        reader.close()
    assert head.sequence == 22
    assert faults == ()


async def test_rows_can_neither_be_changed_nor_removed_by_a_slip(state_directory):
    await write(state_directory, 1)
    connection = sqlite3.connect(state_directory / "journal.db")
    for statement in ("UPDATE entries SET subject = 'x'", "DELETE FROM entries"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.close()


async def test_a_storm_of_faults_becomes_few_rows(state_directory):
    async with Journal(state_directory, LIGHT) as journal:
        for number in range(5000):
            journal.record([entry(number, Kind.FAULT, storm="camera-214 smoke")])
        assert (await journal.record([entry(1)]).within(PATIENCE)).durable
    found = rows(state_directory / "journal.db")
    assert len(found) < 100
    counted = [row for row in found if "counted" in row.facts]
    assert counted


async def test_the_kinds_are_kept_apart(state_directory):
    async with Journal(state_directory, LIGHT) as journal:
        for number, kind in enumerate(Kind):
            await journal.record([entry(number, kind, subject="zone-3")]).within(PATIENCE)
    reader = JournalReader(state_directory)
    for kind in Kind:
        assert [row.kind for row in reader.rows(kind=kind)] == [kind]
    assert len(list(reader.rows(subject="zone-3", after=2))) == len(Kind) - 2
    assert list(reader.rows(subject="zone-4")) == []
    found = [reader.newest(kind=kind, subject="zone-3") for kind in Kind]
    assert [row and row.sequence for row in found] == list(range(1, len(Kind) + 1))
    assert reader.newest() == found[-1]
    assert reader.newest(subject="zone-4") is None
