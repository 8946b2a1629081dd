"""Whatever happened to the files: the journal opens, nothing good is lost, damage is said."""

import contextlib
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from broadcaster.journal import Journal
from broadcaster.journal.anchor_file import AnchorFile, read_anchor
from broadcaster.journal.chain import Head
from broadcaster.journal.database import connect
from broadcaster.journal.place import JournalPlace
from broadcaster.journal.reader import JournalReader
from broadcaster.journal.recovery import recovered
from tests.broadcaster.journal.written import LIGHT, PATIENCE, entry, rows, write


def _files(directory):
    return sorted(path.name for path in directory.iterdir() if path.suffix != ".head")


def _tamper(directory, *statements):
    connection = sqlite3.connect(directory / "journal.db")
    connection.execute("DROP TRIGGER entries_are_never_changed")
    connection.execute("DROP TRIGGER entries_are_never_removed")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def _broken(directory):
    return [verdict.broken for verdict in JournalReader(directory).verify() if verdict.broken]


async def _crashed(source, target, count=30):
    """A copy of the files as kill -9 leaves them: the rows are in the write-ahead log."""
    async with Journal(source, LIGHT) as journal:
        for number in range(count):
            assert (await journal.record([entry(number)]).within(PATIENCE)).durable
        target.mkdir()
        for path in source.iterdir():
            shutil.copy(path, target)
    assert (target / "journal.db-wal").stat().st_size


async def test_a_write_ahead_log_left_by_a_crash_is_recovered(state_directory, tmp_path):
    crashed = tmp_path / "crashed"
    await _crashed(state_directory, crashed)
    head, faults = await write(crashed, 30)
    assert (head.sequence, faults) == (31, ())
    assert _broken(crashed) == []


async def test_a_crashed_journal_can_be_checked_without_opening_it(state_directory, tmp_path):
    crashed = tmp_path / "crashed"
    await _crashed(state_directory, crashed)
    (verdict,) = JournalReader(crashed).verify()
    assert (verdict.rows, verdict.broken) == (30, None)
    assert (crashed / "journal.db-wal").stat().st_size


async def test_a_draft_left_by_a_crash_is_of_no_account(state_directory):
    (state_directory / "journal.db.draft").write_bytes(b"half of it")
    (state_directory / "journal.db.draft-journal").write_bytes(b"half of it")
    assert (await write(state_directory, 1))[1] == ()
    assert _files(state_directory) == ["journal.db"]


async def test_a_changed_row_is_named_and_a_new_file_goes_on(state_directory):
    await write(state_directory, *range(5))
    _tamper(state_directory, "UPDATE entries SET subject = 'claim-x' WHERE sequence = 3")
    assert [broken.sequence for broken in _broken(state_directory)] == [3]
    # The start checks only what the kept head does not vouch for; without it, everything.
    (state_directory / "journal.head").unlink()
    head, (fault,) = await write(state_directory, 5)
    assert "row 3: it is not what was written" in fault
    (aside,) = state_directory.glob("journal.damaged-*.db")
    assert aside.name in fault
    assert len(rows(aside)) == 5
    first, *_ = rows(state_directory / "journal.db")
    assert (first.kind, first.sequence) == ("fault", 3)
    assert fault in first.facts
    assert head.sequence == 4
    assert [broken.sequence for broken in _broken(state_directory)] == [3]
    assert len(list(JournalReader(state_directory).rows())) == 7


async def test_rows_cut_off_at_the_end_are_noticed(state_directory):
    await write(state_directory, *range(5))
    _tamper(state_directory, "DELETE FROM entries WHERE sequence > 3")
    assert str(_broken(state_directory)[0]) == ("row 4: all rows up to 5 are missing at the end")
    head, (fault,) = await write(state_directory, 9)
    assert "all rows up to 5 are missing" in fault
    # Numbers that may have been given are not given again: 6 is the fault, 7 the entry.
    assert head.sequence == 7
    assert [broken.sequence for broken in _broken(state_directory)] == [4]


async def test_a_lost_write_ahead_log_is_noticed(state_directory, tmp_path):
    crashed = tmp_path / "crashed"
    await _crashed(state_directory, crashed)
    with closing(AnchorFile(crashed / "journal.head")) as anchor:
        anchor.write(Head(30, rows(crashed / "journal.db")[-1].digest))
    for name in ("journal.db-wal", "journal.db-shm"):
        (crashed / name).unlink()
    _, (fault,) = await write(crashed, 30)
    assert "all rows up to 30 are missing" in fault


async def test_a_chain_that_was_written_anew_does_not_have_the_kept_head(state_directory, tmp_path):
    await write(state_directory, *range(5))
    other = tmp_path / "other"
    other.mkdir()
    await write(other, *range(6))
    shutil.copy(other / "journal.db", state_directory / "journal.db")
    assert "not the one that was kept" in str(_broken(state_directory)[0])
    _, (fault,) = await write(state_directory, 6)
    assert "row 5" in fault


async def test_a_file_that_is_gone_is_a_fault(state_directory):
    await write(state_directory, *range(5))
    (state_directory / "journal.db").unlink()
    assert "had rows up to 5" in str(_broken(state_directory)[0])
    head, (fault,) = await write(state_directory, 5)
    assert "is gone" in fault
    assert head.sequence == 7


async def test_a_log_without_its_file_is_kept_aside(state_directory, tmp_path):
    crashed = tmp_path / "crashed"
    await _crashed(state_directory, crashed)
    (crashed / "journal.db").unlink()
    _, (fault,) = await write(crashed, 30)
    assert "is gone" in fault
    assert list(crashed.glob("journal.damaged-*.db-wal"))


@pytest.mark.parametrize("octets", [b"", b"no database at all" * 1000])
async def test_a_file_that_is_no_journal_is_kept_aside(state_directory, octets):
    (state_directory / "journal.db").write_bytes(octets)
    _, (fault,) = await write(state_directory, 1)
    assert "damaged" in fault
    (aside,) = state_directory.glob("journal.damaged-*.db")
    assert aside.read_bytes() == octets


async def test_another_program_s_database_is_kept_aside(state_directory):
    connection = sqlite3.connect(state_directory / "journal.db")
    connection.execute("CREATE TABLE entries (sequence)")
    connection.close()
    _, (fault,) = await write(state_directory, 1)
    assert "is no journal" in fault


async def test_two_damages_in_one_second_keep_both_files(state_directory):
    for number in range(3):
        (state_directory / "journal.db").write_bytes(b"%d" % number)
        await write(state_directory, number)
    assert len(list(state_directory.glob("journal.damaged-*.db"))) == 3


@pytest.mark.parametrize("spoilt", [b"", b"\0" * 1024, b"00000000 \n" * 90, b"\xff" * 700])
async def test_a_spoilt_head_only_costs_the_full_check(state_directory, spoilt):
    await write(state_directory, *range(5))
    (state_directory / "journal.head").write_bytes(spoilt)
    assert read_anchor(state_directory / "journal.head") is None
    head, faults = await write(state_directory, 5)
    assert (head.sequence, faults) == (6, ())


async def test_a_power_cut_while_the_head_is_written_leaves_the_one_before(state_directory):
    await write(state_directory, 1)
    await write(state_directory, 2)
    path = state_directory / "journal.head"
    whole = path.read_bytes()
    for start in (0, 512):
        path.write_bytes(whole[:start] + bytes(100) + whole[start + 100 :])
        anchor = read_anchor(path)
        assert anchor is not None
        assert anchor.sequence in (1, 2)


@pytest.mark.parametrize("seed", range(40))
async def test_no_spoilt_byte_keeps_the_station_from_recording(seed, state_directory, tmp_path):
    chance = random.Random(seed)
    damaged = tmp_path / "damaged"
    await _crashed(state_directory, damaged, count=10)
    if chance.random() < 0.5:
        await write(damaged, 10)  # empties the log into the file
    names = [path for path in sorted(damaged.iterdir()) if path.stat().st_size]
    path = chance.choice(names)
    octets = bytearray(path.read_bytes())
    way = chance.choice(["flip", "cut", "zero"])
    at = chance.randrange(len(octets))
    if way == "flip":
        octets[at] ^= 1 << chance.randrange(8)
    elif way == "cut":
        del octets[at:]
    else:
        octets[at : at + 512] = bytes(len(octets[at : at + 512]))
    path.write_bytes(octets)
    head, _ = await write(damaged, 99)
    newest = list(JournalReader(damaged).rows())[-1]
    assert newest.subject == "claim-99"
    assert newest.digest == head.digest
    *_, verdict = JournalReader(damaged).verify()
    assert verdict.broken is None


class _CrashError(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", range(6))
async def test_a_crash_while_a_damaged_file_is_put_aside_loses_nothing(
    step, state_directory, tmp_path, monkeypatch
):
    crashed = tmp_path / "crashed"
    await _crashed(state_directory, crashed, count=5)
    (crashed / "journal.head").unlink()
    _tamper(crashed, "UPDATE entries SET subject = 'x' WHERE sequence = 5")
    steps = iter(range(100))
    whole = {name: getattr(Path, name) for name in ("rename", "chmod")}

    def until_the_crash(name):
        def done(path, *arguments):
            if next(steps) == step:
                raise _CrashError
            return whole[name](path, *arguments)

        return done

    with monkeypatch.context() as patched:
        for name in whole:
            patched.setattr(Path, name, until_the_crash(name))
        with contextlib.suppress(_CrashError):
            recovered(JournalPlace(crashed), connect).database.close()
    head, _ = await write(crashed, 99)
    assert head.digest == rows(crashed / "journal.db")[-1].digest
    kept = [path for path in crashed.glob("*.db") if path.name != "journal.db"]
    assert [row.sequence for path in kept for row in rows(path)] == [1, 2, 3, 4, 5]
    assert JournalReader(crashed).verify()[-1].broken is None
