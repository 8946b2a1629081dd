"""A part's process: every row answered, however the process behaves."""

import sys

from benchmarks.goals import Goal, Goals
from benchmarks.runner import command, rows_of_part, run_part

GOALS = Goals(
    {"engine": "sends", "voice": "speaks"},
    tuple(Goal(f"engine.{name}", "engine", "ms", "<=", 6.0, "what") for name in "abc"),
)
FACTS = 'print(\'{"machine": {"cores": 2}}\', flush=True)\n'
ROW_A = (
    'print(\'{"id": "engine.a", "value": 5, "skipped": null, "detail": {"x": NaN}}\', flush=True)\n'
)


def script(text):
    return [sys.executable, "-c", text]


def rows_from(text, limit_s=30.0):
    said: list[str] = []
    rows = rows_of_part(GOALS, "engine", script(text), limit_s, said.append)
    return {row["id"]: row for row in rows}, said


def test_rows_the_part_said_nothing_about_are_skipped_with_a_reason():
    rows, _ = rows_from(FACTS + ROW_A)
    assert list(rows) == ["engine.a", "engine.b", "engine.c"]
    assert (rows["engine.a"]["value"], rows["engine.a"]["met"]) == (5, True)
    assert rows["engine.a"]["detail"] == {"x": None}
    assert rows["engine.b"]["met"] is None
    assert "without a word" in rows["engine.b"]["skipped"]
    assert rows["engine.c"]["machine"] == {"cores": 2}


def test_a_part_that_breaks_keeps_what_it_measured():
    rows, _ = rows_from(FACTS + ROW_A + "raise SystemExit(3)")
    assert rows["engine.a"]["met"] is True
    assert "ended with code 3" in rows["engine.b"]["skipped"]


def test_a_part_that_hangs_is_ended_at_its_limit_with_its_children():
    child = "import subprocess, sys; "
    child += "subprocess.run([sys.executable, '-c', 'import signal; signal.pause()'])"
    rows, _ = rows_from(FACTS + ROW_A + child, limit_s=1.0)
    assert rows["engine.a"]["met"] is True
    assert "ended at its limit of 1 s" in rows["engine.b"]["skipped"]


def test_a_row_that_is_no_goal_is_named_and_left_out():
    rows, said = rows_from(ROW_A.replace("engine.a", "engine.z"))
    assert "engine.z" not in rows
    assert any("engine.z" in sentence for sentence in said)


def test_a_part_without_rows_says_so_and_starts_nothing():
    said: list[str] = []
    assert rows_of_part(GOALS, "voice", ["/nonexistent"], 30.0, said.append) == []
    assert said == ["voice: no rows yet (speaks)"]


def test_a_part_that_does_not_exist_yet_is_a_reason_and_no_crash(tmp_path):
    said = run_part(command("nowhere", 4, 60.0, tmp_path, tmp_path), 60.0)
    assert said.ending is not None
    assert said.machine["cores"] >= 1
