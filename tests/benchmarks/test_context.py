"""Steps of a part: one that fails, or has no time, takes no other with it."""

import time
from typing import Any

import pytest

from benchmarks import bed, context, detection, runner
from benchmarks.context import Context, Step, take
from benchmarks.measurement import Measurement, MeasurementError


def on(tmp_path, seconds=60.0):
    return Context(
        rounds=1,
        deadline=time.monotonic() + seconds,
        build=tmp_path / "build",
        scratch=tmp_path,
        first_group="239.192.0.1",
        interface=bed.LOOPBACK,
        has_own_network=True,
        fifo_priority=None,
    )


def refuses(_):
    raise MeasurementError("no peer is installed")


def breaks(_):
    yield Measurement("a", 1.0)
    raise ZeroDivisionError("oh")


def test_a_refused_step_skips_its_rows_and_the_next_is_taken(tmp_path):
    steps = [Step(("a", "b"), 1, refuses), Step(("c",), 1, lambda _: [Measurement("c", 1.0)])]
    rows = {row.id: row for row in take(on(tmp_path), steps)}
    assert rows["a"].skipped == rows["b"].skipped == "no peer is installed"
    assert rows["c"].value == 1.0


def test_a_step_that_breaks_keeps_what_it_had_measured(tmp_path, capsys):
    rows = {row.id: row for row in take(on(tmp_path), [Step(("a", "b"), 1, breaks)])}
    assert rows["a"].value == 1.0
    assert rows["b"].skipped == "the measurement failed: ZeroDivisionError: oh"
    assert "Traceback" in capsys.readouterr().err


def test_a_step_that_no_longer_fits_into_the_time_is_not_begun(tmp_path):
    rows = list(take(on(tmp_path, seconds=5), [Step(("a",), 60, breaks)]))
    assert [row.id for row in rows] == ["a"]
    assert "needs about 60 s" in str(rows[0].skipped)


def test_a_row_the_step_forgot_is_named(tmp_path):
    rows = list(take(on(tmp_path), [Step(("a",), 1, lambda _: [])]))
    assert "without a word" in str(rows[0].skipped)


def test_without_a_compiler_the_reason_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MeasurementError, match="gcc is not installed"):
        on(tmp_path).program("floor")


def test_a_source_the_compiler_refuses_is_a_reason(tmp_path, monkeypatch):
    (tmp_path / "wrong.c").write_text("int main(void) { return }", encoding="ascii")
    monkeypatch.setattr(context, "SOURCES", tmp_path)
    with pytest.raises(MeasurementError, match=r"gcc refuses wrong\.c|gcc is not installed"):
        on(tmp_path).program("wrong")


def test_on_a_shared_network_the_groups_are_drawn_from_the_local_ones():
    assert bed.first_group(own_network=True) == "239.192.0.1"
    assert {bed.first_group(own_network=False).split(".")[0] for _ in range(8)} == {"239"}


def test_all_of_detection_is_measured_in_one_run(tmp_path, monkeypatch):
    monkeypatch.setattr(detection, "take", lambda _, steps: steps)
    steps: list[Any] = list(detection.measure(on(tmp_path)))
    argv = runner.command("detection", 1, runner.PART_LIMIT_S, tmp_path, tmp_path)
    assert 0 < sum(one.seconds for one in steps) <= float(argv[argv.index("--seconds") + 1])
