"""The demo's music: listened to by measuring."""

from itertools import pairwise

import numpy as np
import pytest

from broadcaster.simulator import melody, music
from broadcaster.simulator.instruments import RATE, fast_length, pluck
from broadcaster.simulator.melody import Part

SHORTEST = min(music.TRACKS, key=lambda track: len(track.tune.form) * track.tune.bar_beats)


@pytest.fixture(scope="module")
def performed():
    return music.perform(SHORTEST)


def scored(track):
    return melody.score(track.tune, np.random.default_rng(3))


def test_same_seed_gives_the_same_samples(performed):
    assert np.array_equal(performed, music.perform(SHORTEST))


def test_another_seed_gives_another_melody():
    tune = SHORTEST.tune
    assert melody.score(tune, np.random.default_rng(1)) != melody.score(
        tune, np.random.default_rng(2)
    )


def test_it_is_a_stereo_piece_of_60_to_150_seconds(performed):
    assert performed.shape[1] == 2
    assert 60 * RATE <= len(performed) <= 150 * RATE


def test_it_is_at_the_target_and_never_clips(performed):
    sides = performed.T.astype(np.float32) / 32768
    # The mastering bends peaks and fades the end after levelling, hence the tolerance.
    assert music.loudness(sides) == pytest.approx(music.TARGET_LUFS, abs=0.5)
    assert np.abs(performed).max() < 0.92 * 32768


def test_it_begins_and_ends_in_silence_without_a_click(performed):
    assert np.abs(performed[:4]).max() < 20
    assert np.abs(performed[-4:]).max() < 20


def test_it_has_no_hole_and_notes_keep_coming(performed):
    power = np.mean(performed[: len(performed) // RATE * RATE].astype(float) ** 2, axis=1)
    by_second = np.sqrt(power.reshape(-1, RATE).mean(axis=1))
    assert by_second[1:-4].min() > 100  # -50 dBFS


def test_its_sound_lies_where_outdoor_speakers_play(performed):
    spectrum = np.abs(np.fft.rfft(performed.mean(axis=1))) ** 2
    hertz = np.fft.rfftfreq(len(performed), 1 / RATE)
    share = spectrum[(hertz > 150) & (hertz < 6000)].sum() / spectrum.sum()
    assert share > 0.7


def test_neighbours_in_the_list_differ():
    for one, next_one in pairwise(music.TRACKS):
        assert one.tune != next_one.tune
        assert (one.tune.scale, one.tune.metre) != (next_one.tune.scale, next_one.tune.metre)
        assert one.voicing.tempo != next_one.voicing.tempo


@pytest.mark.parametrize("track", music.TRACKS, ids=lambda track: track.slug)
def test_each_melody_stays_in_its_scale_and_comes_home(track):
    notes = [note for note in scored(track) if note.part is Part.MELODY]
    classes = {(note.pitch - track.tune.root) % 12 for note in notes}
    assert classes <= set(track.tune.scale)
    if track.tune.form[-1].islower():
        assert (notes[-1].pitch - track.tune.root) % 12 == 0


@pytest.mark.parametrize("track", music.TRACKS, ids=lambda track: track.slug)
def test_each_melody_repeats_its_motif(track):
    tune = track.tune
    notes = [note for note in scored(track) if note.part is Part.MELODY]
    phrase = tune.bar_beats * melody.PHRASE_BARS
    first = melody.INTRO_BARS * tune.bar_beats

    def rhythm(begin):
        bars = 2 * tune.bar_beats
        return [n.length for n in notes if first + begin <= n.start < first + begin + bars]

    assert rhythm(0) == rhythm(2 * tune.bar_beats)  # the echo
    if tune.form[0].lower() == tune.form[1].lower():
        assert rhythm(0) == rhythm(phrase)  # the phrase comes again


@pytest.mark.parametrize("pitch_hz", [98.0, 261.63, 440.0, 987.77])
def test_a_string_is_in_tune_within_three_cents(pitch_hz):
    tone = pluck(np.random.default_rng(5), pitch_hz, 2.0, brightness=0.3, decay=3.0)
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 8 * len(tone)))
    hertz = np.fft.rfftfreq(8 * len(tone), 1 / RATE)
    near = (hertz > pitch_hz * 0.94) & (hertz < pitch_hz * 1.06)
    found = hertz[near][spectrum[near].argmax()]
    assert abs(1200 * np.log2(found / pitch_hz)) < 3


def test_fast_length_is_the_least_smooth_number():
    smooth = sorted(2**a * 3**b * 5**c for a in range(12) for b in range(8) for c in range(6))
    for count in (1, 7, 11, 13, 101, 1000, 1001):
        assert fast_length(count) == min(n for n in smooth if n >= count)
