import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.detection.gauge import KEPT_S, Readings


def readings(*values, every=60.0):
    found = Readings()
    for n, value in enumerate(values):
        assert found.add(every * n, value)
    return found


def test_a_rise_is_counted_from_the_lowest_of_its_time():
    assert readings(0.5, 0.1, 0.2, 0.4).rise(600) == pytest.approx(0.3)
    assert readings(0.1, 0.5, 0.6, every=300).rise(300) == pytest.approx(0.1)
    assert readings(0.6, 0.2).rise(600) == 0


def test_a_gauge_that_reports_seldom_still_rises():
    assert readings(0.2, 0.6, every=601).rise(600) == pytest.approx(0.4 * 600 / 601)
    assert readings(0.2, 0.8, every=1_200).rise(600) == pytest.approx(0.3)


def test_where_it_goes_is_the_trend_of_half_an_hour():
    assert readings(0.1, 0.2, 0.3).reaches_in(0.6) == pytest.approx(180)
    assert readings(0.1, 0.2, 0.3).reaches_in(0.2) == 0
    assert readings(0.3, 0.2, 0.1).reaches_in(0.6) is None
    assert readings(0.30, 0.31, 0.32).reaches_in(0.6) is None
    assert readings(0.1, 0.3).reaches_in(0.6) is None


def test_an_older_reading_changes_nothing():
    found = readings(0.1, 0.2)
    assert not found.add(30.0, 9.0)
    assert not found.add(60.0, 9.0)
    assert found.newest == 0.2


def test_an_instrument_whose_clock_was_set_back_is_heard_in_its_new_time():
    found = readings(0.1, 0.2, every=3_000)
    assert found.add(0.0, 0.9)
    assert (found.newest, found.jumped()) == (0.9, False)


def test_only_what_no_water_can_do_is_a_jump():
    assert readings(0.2, 0.5).jumped()
    assert not readings(0.2, 0.35).jumped()
    assert not readings(0.2, 0.29, every=1.0).jumped()
    assert readings(0.5, 0.2).jumped()


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-10, 7_200), st.floats(-50, 100)), max_size=80))
def test_whatever_comes_the_sums_are_done(pairs):
    found, other = Readings(), readings(0.1, 0.4)
    for time, value in pairs:
        found.add(time, value)
        found.rise(600)
        left = found.reaches_in(1.5)
        assert left is None or left >= 0
        found.jumped()
        found.is_frozen_beside([other, found])
    assert all(time >= found._readings[-1][0] - KEPT_S for time, _ in found._readings)
