"""Loudness, true peak, limiter and speech chain against second implementations."""

import shutil
import subprocess

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.bs1770 import integrated_lufs
from broadcaster.ingest.errors import RefusedError
from broadcaster.ingest.limiter import limited
from broadcaster.ingest.loudness import (
    Loudness,
    LoudnessMeter,
    levelling_gain,
    missing_loudness,
)
from broadcaster.ingest.speech import MESSAGE_LUFS, spoken
from tests.broadcaster.ingest.sounds import tone
from zones.media_time import RATE


def measured(samples, piece=10_000):
    meter = LoudnessMeter()
    for begin in range(0, len(samples), piece):
        meter.add(samples[begin : begin + piece])
    return meter.result()


def music_like(seconds=12, seed=1):
    """Bursts of coloured noise and tones at changing levels, with a quiet middle."""
    chance = np.random.default_rng(seed)
    count = seconds * RATE
    noise = np.convolve(chance.standard_normal(count), np.hanning(16) / 8, "same")
    envelope = np.repeat(10 ** (chance.uniform(-40, -14, seconds * 4) / 20), RATE // 4)
    return np.asarray(np.clip(noise * envelope * 20000, -32768, 32767), np.int16)


def oversampled_peak_db(samples, times=16):
    spectrum = np.fft.rfft(samples / 32768.0, 2 * len(samples))
    fine = np.fft.irfft(spectrum, 2 * len(samples) * times) * times
    return 20 * np.log10(np.abs(fine).max())


@pytest.mark.parametrize("seed", range(4))
def test_loudness_agrees_with_the_recommendation_within_a_tenth(seed):
    samples = music_like(seed=seed)
    assert measured(samples).integrated_lufs == pytest.approx(integrated_lufs(samples), abs=0.1)


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs the program ffmpeg")
def test_true_peak_agrees_with_ffmpeg(tmp_path):
    samples = music_like()
    (tmp_path / "x.raw").write_bytes(samples.astype("<i2").tobytes())
    command = [
        "ffmpeg", "-hide_banner", "-f", "s16le", "-ar", "48000", "-ac", "1", "-i",
        str(tmp_path / "x.raw"), "-af", "ebur128=peak=true", "-f", "null", "-",
    ]  # fmt: skip
    report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    summary = report[report.rindex("Summary") :]
    peak = float(summary[summary.rindex("Peak:") :].split()[1])
    integrated = float(summary[summary.index("I:") :].split()[1])
    ours = measured(samples)
    assert ours.true_peak_dbtp == pytest.approx(peak, abs=0.15)
    assert ours.integrated_lufs == pytest.approx(integrated, abs=0.1)


def test_peaks_between_samples_are_found():
    # A quarter of the sample rate at 45 degrees: samples reach 0.707 of the wave.
    wave = np.sin(np.pi / 2 * np.arange(RATE) + np.pi / 4) * 20000
    samples = np.rint(wave * np.hanning(RATE) ** 0.1).astype(np.int16)
    found = measured(samples).true_peak_dbtp
    assert found == pytest.approx(20 * np.log10(20000 / 32768), abs=0.1)


@pytest.mark.parametrize("piece", [1, 47, 48_000, 10**6])
def test_true_peak_does_not_depend_on_the_pieces(piece):
    samples = music_like(2)[: 3_000 if piece == 1 else None]
    assert measured(samples, piece).true_peak_dbtp == pytest.approx(
        measured(samples).true_peak_dbtp, abs=1e-4
    )


def test_silence_and_single_samples_have_no_loudness():
    assert measured(np.zeros(RATE, np.int16)) == Loudness(None, None)
    assert measured(tone(1 / RATE)).integrated_lufs is None


def test_the_gain_stops_at_the_peak_and_the_limiter_gives_the_rest():
    dynamic = Loudness(-30.0, -6.0)
    assert levelling_gain(dynamic) == pytest.approx(4.5)
    assert missing_loudness(dynamic) == pytest.approx(5.5)
    assert levelling_gain(Loudness(-12.0, 0.0)) == pytest.approx(-8.0)
    assert missing_loudness(Loudness(-12.0, 0.0)) == 0.0
    assert levelling_gain(Loudness(None, None)) == missing_loudness(Loudness(None, None)) == 0.0


@given(
    seed=st.integers(0, 10**6),
    gain_db=st.floats(-20, 24),
    ceiling=st.floats(-12, -1),
    cuts=st.lists(st.integers(0, 20_000), max_size=8),
)
@settings(max_examples=25, deadline=None)
def test_the_limiter_keeps_length_and_ceiling_in_pieces_of_any_length(seed, gain_db, ceiling, cuts):
    chance = np.random.default_rng(seed)
    noise = np.convolve(chance.standard_normal(20_000), np.hanning(12) / 6, "same")
    swells = np.repeat(chance.uniform(0, 1, 40), 500) ** 3
    samples = np.asarray(np.clip(noise * swells * 15000, -32768, 32767), np.int16)
    whole = np.concatenate(list(limited([samples], gain_db, ceiling)))
    pieces = np.split(samples, sorted(cuts))
    assert np.array_equal(whole, np.concatenate(list(limited(pieces, gain_db, ceiling))))
    assert len(whole) == len(samples)
    assert oversampled_peak_db(whole) <= ceiling + 0.05


def test_what_stays_below_the_ceiling_only_gets_the_gain():
    samples = tone(0.5, 440, 0.1)
    passed = np.concatenate(list(limited([samples], 6.0206, -1.5)))
    assert np.abs(passed - 2.0 * samples).max() <= 1


def test_the_limiter_recovers_after_a_peak():
    samples = tone(3.0, 440, 0.1)
    samples[RATE // 2 : RATE // 2 + 100] = 30_000
    passed = np.concatenate(list(limited([samples], 10.0, -1.5)))
    before, after = passed[: RATE // 4], passed[2 * RATE :]
    assert np.abs(after).max() == pytest.approx(np.abs(before).max(), rel=0.01)


@pytest.fixture(scope="module")
def voice(shipped):
    longest = max(shipped.voices.phrases.values(), key=lambda one: one.length)
    return np.array(shipped.store.read(longest.pcm))


def test_a_quiet_voice_becomes_as_loud_as_a_message_has_to_be(voice):
    quiet = np.asarray(voice // 12, np.int16)
    result = measured(spoken(quiet))
    assert len(spoken(quiet)) == len(quiet)
    assert result.integrated_lufs == pytest.approx(MESSAGE_LUFS, abs=0.2)
    assert result.true_peak_dbtp is not None
    assert result.true_peak_dbtp <= -1.45


def test_rumble_and_hiss_are_taken_out_of_a_voice(voice):
    hum = tone(len(voice) / RATE, 60.0, 0.25)[: len(voice)]
    hiss = tone(len(voice) / RATE, 14_000.0, 0.05)[: len(voice)]
    shaped = spoken(np.asarray(voice // 3 + hum + hiss, np.int16))
    spectrum = np.abs(np.fft.rfft(shaped)) ** 2
    hertz = np.fft.rfftfreq(len(shaped), 1 / RATE)
    for wrong in (60.0, 14_000.0):
        assert spectrum[np.abs(hertz - wrong) < 20].sum() < 0.005 * spectrum.sum()


def test_what_is_no_voice_is_refused():
    with pytest.raises(RefusedError, match="five minutes"):
        spoken(np.ones(301 * RATE, np.int16))
    with pytest.raises(RefusedError, match="no voice"):
        spoken(np.zeros(RATE, np.int16))
