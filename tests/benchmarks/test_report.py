"""The results file: one part measured anew, the others kept, never half written."""

import io
import json

import pytest
from rich.console import Console

from benchmarks.goals import Goal, Goals
from benchmarks.measurement import Measurement, row, skipped
from benchmarks.report import merged, read_rows, show, write_rows

ENGINE = Goal("engine.x", "engine", "ms", "<=", 6.0, "what")
ALERTS = Goal("alerts.y", "alerts", "packets", "==", 0.0, "what")
GOALS = Goals({"engine": "sends", "alerts": "warns"}, (ENGINE, ALERTS))


def made(goal, measurement):
    return row(goal, measurement, "2026-01-01T00:00:00+00:00", {"cores": 2})


def test_a_measured_row_is_judged():
    good = made(ENGINE, Measurement("engine.x", 5.0, None, {"rounds": [5.0]}))
    bad = made(ENGINE, Measurement("engine.x", 7.0))
    assert (good["met"], bad["met"]) == (True, False)
    assert good["detail"] == {"rounds": [5.0]}
    assert good["machine"] == {"cores": 2}


def test_a_broken_condition_misses_the_goal_whatever_the_value():
    broken = made(ENGINE, Measurement("engine.x", 5.0, None, {}, "a stream broke"))
    assert (broken["value"], broken["met"], broken["broken"]) == (5.0, False, "a stream broke")


def test_a_row_that_was_not_measured_is_neither_met_nor_missed():
    absent = made(ENGINE, skipped("engine.x", "GStreamer is not installed"))
    assert (absent["value"], absent["met"]) == (None, None)
    assert absent["skipped"] == "GStreamer is not installed"


@pytest.mark.parametrize(("value", "why"), [(None, None), (1.0, "why"), (float("nan"), None)])
def test_a_measurement_has_a_value_or_a_reason(value, why):
    with pytest.raises(ValueError, match=r"engine\.x"):
        Measurement("engine.x", value, why)


def test_measuring_one_part_keeps_the_rows_of_the_others():
    before = [made(ENGINE, Measurement("engine.x", 7.0)), made(ALERTS, Measurement("alerts.y", 0))]
    fresh = [made(ENGINE, Measurement("engine.x", 5.0))]
    assert merged(before, fresh, "engine", GOALS) == [fresh[0], before[1]]


def test_rows_that_are_no_longer_goals_go():
    old = made(Goal("alerts.old", "alerts", "s", "<=", 1.0, "what"), Measurement("alerts.old", 1.0))
    assert merged([old], [], "engine", GOALS) == []


def test_the_file_is_read_as_it_was_written(tmp_path):
    file = tmp_path / "build" / "bench.json"
    rows = [made(ENGINE, Measurement("engine.x", 5.0))]
    write_rows(file, rows)
    assert read_rows(file) == rows
    assert [path.name for path in file.parent.iterdir()] == ["bench.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rows": [1]}', '{"rows": null}'])
def test_a_file_that_is_none_counts_as_nothing_measured(tmp_path, text):
    file = tmp_path / "bench.json"
    file.write_text(text, encoding="utf-8")
    assert read_rows(file) == []
    assert read_rows(tmp_path / "absent.json") == []


def test_a_result_that_json_cannot_hold_leaves_the_old_file(tmp_path):
    file = tmp_path / "bench.json"
    write_rows(file, [made(ENGINE, Measurement("engine.x", 5.0))])
    with pytest.raises(ValueError, match="JSON"):
        write_rows(file, [made(ENGINE, Measurement("engine.x", 5.0, None, {"a": float("inf")}))])
    assert json.loads(file.read_text(encoding="utf-8"))["rows"][0]["value"] == 5.0


def test_the_table_says_why_a_row_is_missing():
    printed = io.StringIO()
    rows = [
        made(ENGINE, Measurement("engine.x", 7.0)),
        made(ALERTS, skipped("alerts.y", "gcc is not installed")),
    ]
    show(rows, Console(file=printed, width=120))
    assert "NO" in printed.getvalue()
    assert "gcc is not installed" in printed.getvalue()
