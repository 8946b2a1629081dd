"""The commands `journal verify` and `journal export`."""

import csv
import io
import json
import sqlite3

import pytest
from click.testing import CliRunner

from broadcaster.commands.journal import journal
from broadcaster.journal import Journal, Kind
from tests.broadcaster.journal.written import LIGHT, PATIENCE, entry, write
from tests.broadcaster.station import broadcaster


@pytest.fixture
def run(state_directory):
    """Runs a command on the state directory."""

    def run_command(name, *options):
        arguments = [name, "--state", str(state_directory), *options]
        return CliRunner().invoke(journal, arguments, catch_exceptions=False)

    return run_command


def _spoil(directory):
    connection = sqlite3.connect(directory / "journal.db")
    connection.execute("DROP TRIGGER entries_are_never_changed")
    connection.execute("UPDATE entries SET facts = '{}' WHERE sequence = 2")
    connection.commit()
    connection.close()


async def test_a_sound_journal_is_said_with_its_head(run, state_directory):
    head, _ = await write(state_directory, 1, 2, 3)
    assert head is not None
    result = run("verify")
    assert result.exit_code == 0
    assert result.stdout == (
        f"journal.db: 3 rows from 1, all as they were written; head 3 {head.digest.hex()}\n"
    )
    found = json.loads(run("verify", "--json").stdout)
    assert found["ok"]
    assert found["files"][0]["head"] == {"sequence": 3, "hash": head.digest.hex()}


async def test_a_broken_journal_is_said_with_its_row(run, state_directory):
    await write(state_directory, 1, 2, 3)
    _spoil(state_directory)
    result = run("verify")
    assert result.exit_code == 1
    assert result.stderr.startswith("journal.db: broken at row 2: it is not what was written")
    found = json.loads(run("verify", "--json").stdout)
    assert not found["ok"]
    assert found["files"][0]["broken"]["row"] == 2
    assert found["files"][0]["rows"] == 1


def test_a_missing_journal_is_one_sentence(state_directory):
    for name in ("verify", "export"):
        done = broadcaster("journal", name, "--state", state_directory)
        assert done.returncode == 2
        assert done.stderr == (
            f"broadcaster: there is no journal in {state_directory}; "
            "name the state directory with --state\n"
        )


async def test_a_running_station_can_be_looked_at(run, state_directory):
    async with Journal(state_directory, LIGHT) as open_journal:
        await open_journal.record([entry(1)]).within(PATIENCE)
        assert run("verify").exit_code == 0
        assert len(run("export").stdout.splitlines()) == 1
        assert (await open_journal.record([entry(2)]).within(PATIENCE)).durable


async def test_lines_of_json_hold_the_facts_as_they_are(run, state_directory):
    await write(state_directory, 1, 2)
    lines = [json.loads(line) for line in run("export").stdout.splitlines()]
    assert [line["sequence"] for line in lines] == [1, 2]
    assert lines[0]["facts"]["title"] == "대피 안내"
    assert lines[0]["utc"] == "2026-07-01T05:30:01.000Z"
    assert lines[0]["at_sample"] == 480
    assert len(lines[0]["hash"]) == 64


async def test_csv_begins_with_a_byte_order_mark_and_calculates_nothing(
    run, state_directory, tmp_path
):
    async with Journal(state_directory, LIGHT) as open_journal:
        await open_journal.record([entry(1, subject='=HYPERLINK("x")')]).within(PATIENCE)
    output = tmp_path / "out.csv"
    assert run("export", "--format", "csv", "--output", str(output)).exit_code == 0
    octets = output.read_bytes()
    assert octets.startswith(b"\xef\xbb\xbfsequence,")
    (row,) = csv.DictReader(io.StringIO(octets.decode("utf-8-sig")))
    assert row["subject"] == '\'=HYPERLINK("x")'
    assert json.loads(row["facts"])["title"] == "대피 안내"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--from", "2026-07-01T05:30:03"], [3, 4]),
        (["--from", "2026-07-01T14:30:03+09:00"], [3, 4]),
        (["--to", "2026-07-01T05:30:03Z"], [1, 2]),
        (["--from", "2026-07-01", "--to", "2026-07-02"], [1, 2, 3, 4]),
        (["--from", "2026-07-02"], []),
        (["--kind", "fault"], [4]),
        (["--kind", "fault", "--kind", "act"], [1, 2, 3, 4]),
        (["--kind", "audit"], []),
    ],
)
async def test_rows_are_chosen_by_time_and_kind(run, state_directory, options, expected):
    await write(state_directory, 1, 2, 3)
    async with Journal(state_directory, LIGHT) as open_journal:
        await open_journal.record([entry(4, Kind.FAULT)]).within(PATIENCE)
    lines = run("export", *options).stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == expected


def test_a_time_that_is_none_is_refused(run):
    result = run("export", "--from", "yesterday")
    assert result.exit_code == 2
    assert "'yesterday' is no time" in result.stderr
