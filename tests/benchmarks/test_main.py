"""`python -m benchmarks` as a person calls it."""

import json

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command_line
from benchmarks.goals import GOALS_FILE, read_goals


@pytest.fixture
def call(tmp_path, monkeypatch):
    monkeypatch.setattr(command_line, "BUILD", tmp_path)
    return lambda *arguments: CliRunner().invoke(command_line.main, arguments)


def test_the_list_names_every_goal(call):
    listed = call("--list")
    assert listed.exit_code == 0
    for goal in read_goals(GOALS_FILE.read_text(encoding="utf-8")).rows:
        assert goal.id in listed.output


def test_an_unknown_part_is_refused_with_the_known_ones(call):
    refused = call("--only", "barn")
    assert refused.exit_code == 2
    assert "engine" in refused.output


def test_a_part_that_cannot_measure_still_answers_all_its_rows(call, tmp_path, monkeypatch):
    monkeypatch.setattr(command_line, "PART_LIMIT_S", 0.0)
    done = call("--only", "engine")
    assert done.exit_code == 0
    rows = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["rows"]
    wanted = read_goals(GOALS_FILE.read_text(encoding="utf-8")).of_part("engine")
    assert [row["id"] for row in rows] == [goal.id for goal in wanted]
    assert all(row["met"] is None and row["skipped"] for row in rows)


def test_a_part_without_rows_says_so_and_is_no_failure(call, monkeypatch):
    bare = read_goals("parts: {voice: speaks}\nrows: []")
    monkeypatch.setattr(command_line, "read_goals", lambda _: bare)
    done = call("--only", "voice")
    assert done.exit_code == 0
    assert "voice: no rows yet (speaks)" in done.output
