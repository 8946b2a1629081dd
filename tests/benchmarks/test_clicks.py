"""Clicks are told from fades, and from what a format adds to a steady tone."""

import numpy as np
import pytest

from benchmarks.clicks import LOWEST_DBFS, clicks, splices

RATE = 48_000
TONES = (250.0, 440.0)
BEGINS, ENDS = RATE, 2 * RATE
FADE = 480


def heard(fade, rate=RATE, noise=0.0):
    """The programme, the warning for a second, the programme; both at half of full scale."""
    at = np.arange(3 * rate)
    programme = 0.5 * np.sin(2 * np.pi * TONES[0] * at / rate + 1)
    warning = 0.5 * np.sin(2 * np.pi * TONES[1] * (at - rate) / rate - 2)
    rising = np.clip((at - rate) / max(fade, 1), 0, 1)
    falling = 1 - np.clip((at - 2 * rate) / max(fade, 1), 0, 1)
    mixed = programme * (1 - rising * falling) + warning * rising * falling
    return mixed + noise * np.random.default_rng(3).standard_normal(len(at))


def judged(sound, rate=RATE):
    found = clicks(sound, rate, TONES)
    assert found is not None
    return found


def test_both_splices_are_found_where_they_are():
    found = splices(heard(FADE), RATE, TONES)
    assert len(found) == 2
    assert abs(found[0] - BEGINS) < FADE * 2
    assert abs(found[1] - ENDS) < FADE * 2


def test_a_hard_cut_clicks_and_a_fade_does_not():
    assert judged(heard(0)).worst_dbfs > -36
    assert judged(heard(FADE)).worst_dbfs < -60


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_it_is_told_at_lower_rates_too(rate):
    assert judged(heard(0, rate), rate).worst_dbfs > -38
    assert judged(heard(rate // 100, rate), rate).worst_dbfs < -60


def test_what_the_steady_sound_has_as_well_is_no_click():
    noisy = judged(heard(FADE, noise=0.01))
    assert noisy.floor_dbfs == pytest.approx(-37.3, abs=0.5)
    assert noisy.worst_dbfs < -45


def test_one_click_among_fades_is_the_worst():
    sound = heard(FADE)
    sound[ENDS + 100] += 0.5
    found = judged(sound)
    assert found.splices == 2
    assert found.every_dbfs[0] < -60 < -36 < found.every_dbfs[1] == found.worst_dbfs


def test_without_a_splice_there_is_no_judgement():
    at = np.arange(RATE)
    assert clicks(0.5 * np.sin(2 * np.pi * 250 * at / RATE), RATE, TONES) is None


def test_nothing_heard_has_a_lowest_number():
    assert judged(heard(FADE)).worst_dbfs > LOWEST_DBFS
