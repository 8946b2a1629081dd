"""The goals file: whole, without doubles, and strict about its form."""

import pytest

from benchmarks.goals import GOALS_FILE, Goal, GoalError, read_goals

ROW = "{id: engine.x, unit: ms, comparison: '<=', goal: 6, means: what}"


def document(*rows: str) -> str:
    return "parts: {engine: sends}\nrows:\n" + "\n".join(f"  - {row}" for row in rows)


def test_the_goals_of_the_repository_are_whole():
    goals = read_goals(GOALS_FILE.read_text(encoding="utf-8"))
    assert {goal.part for goal in goals.rows} <= goals.parts.keys()
    assert {
        "engine.cpu_vs_c_14",
        "engine.deviation_p99_vs_c_14",
        "engine.claim_to_last_zone_p99_ms",
        "engine.start_to_first_packet_s",
    } <= {goal.id for goal in goals.of_part("engine")}


def test_a_row_reads_as_it_is_written():
    goals = read_goals(document(ROW))
    assert goals.of_part("engine") == (Goal("engine.x", "engine", "ms", "<=", 6.0, "what"),)
    assert goals.of_part("ingest") == ()


@pytest.mark.parametrize(
    ("comparison", "below", "equal", "above"),
    [("<=", True, True, False), (">=", False, True, True), ("==", False, True, False)],
)
def test_a_goal_is_met_as_its_comparison_says(comparison, below, equal, above):
    goal = Goal("engine.x", "engine", "ms", comparison, 6.0, "what")
    assert [goal.is_met_by(value) for value in (5.9, 6.0, 6.1)] == [below, equal, above]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("rows: []", "needs `parts` and `rows`"),
        (document(ROW, ROW), "same id: engine.x"),
        (document(ROW.replace("engine.x", "barn.x")), "no part 'barn'"),
        (document(ROW.replace("<=", "<")), "a comparison is one of"),
        (document(ROW.replace("6", "yes")), "must be a number"),
        (document(ROW.replace(", means: what", "")), "a row needs"),
    ],
)
def test_a_broken_goal_is_named(text, complaint):
    with pytest.raises(GoalError, match=complaint):
        read_goals(text)
