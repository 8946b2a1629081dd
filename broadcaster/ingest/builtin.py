"""Sounds that are always there because they are computed: the chime and the attention tones.

Pure numpy; the same bytes at every call.
"""

import numpy as np
from numpy.typing import NDArray

from zones.media_time import RATE

CHIME_SECONDS = 10
ATTENTION_HZ = (660.0, 880.0)
"""A rising fourth, one tone after the other. Our own: it is no national siren pattern, and far
from the tones of the US systems (853 with 960 Hz, 1050 Hz), which must never be produced
(47 CFR 11.45)."""
ATTENTION_NOTE_SECONDS = 0.5
ATTENTION_REPEATS = 4
EVACUATE_HZ = 784.0
EVACUATE_PULSE_SECONDS = 0.46
EVACUATE_QUIET_SECONDS = 1.38
"""ISO 8201: three pulses of 0.5 s with 0.5 s between, then 1.5 s of quiet, each within 10 %. A
little shorter than the middle, so that two groups are over within six seconds."""
EVACUATE_GROUPS = 2
EXERCISE_HZ = (784.0, 587.0)
"""A falling call, slower and softer than what is real: whoever knows the tones hears no danger."""
EXERCISE_NOTE_SECONDS = 0.9
EXERCISE_REPEATS = 2

_CHIME_NOTES = ((0.4, 587.33, 0.5), (1.3, 783.99, 0.42), (2.2, 880.0, 0.36), (3.5, 587.33, 0.3))
"""Start in seconds, frequency, size: the notes of a small bell."""
_BELL = ((1.0, 1.0, 2.6), (2.0, 0.32, 1.7), (3.01, 0.12, 1.1))
"""Partial, size, seconds to -60 dB divided by ln(1000)."""


def chime() -> NDArray[np.int16]:
    """Return the endless fallback, 10 s to be looped: four soft bells, then quiet.

    Something gentle that says "the station lives, its programme does not"; about -30 LUFS.
    """
    sound = np.zeros(CHIME_SECONDS * RATE)
    for start, pitch_hz, size in _CHIME_NOTES:
        begin = round(start * RATE)
        time = np.arange(len(sound) - begin) / RATE
        for partial, share, life in _BELL:
            tone = np.sin(2.0 * np.pi * pitch_hz * partial * time) * np.exp(-time * 2.0 / life)
            sound[begin:] += 0.09 * size * share * tone * np.minimum(time / 0.006, 1.0)
    return _pcm(_soft_ends(sound, 0.5))


def attention_tone() -> NDArray[np.int16]:
    """Return the attention tone, 4 s: a rising two-tone call, four times.

    Each note holds its level, with two overtones so that small horns and rock-shaped speakers,
    weak below 300 Hz, carry it. Peak -6.6 dBFS,
    about -12 LUFS: a little above the voice that follows.
    """
    notes = [_note(pitch_hz, ATTENTION_NOTE_SECONDS) for pitch_hz in ATTENTION_HZ]
    sound = np.tile(np.concatenate(notes), ATTENTION_REPEATS)
    return _pcm(sound * _PEAK / np.abs(sound).max())


def evacuation_tone() -> NDArray[np.int16]:
    """Return the evacuation tone, 6 s: the three pulses of ISO 8201, twice, as loud as above."""
    pulse = _note(EVACUATE_HZ, EVACUATE_PULSE_SECONDS)
    pause = np.zeros(len(pulse))
    group = np.concatenate([pulse, pause, pulse, pause, pulse])
    quiet = np.zeros(round(EVACUATE_QUIET_SECONDS * RATE))
    sound = np.concatenate([np.tile(np.concatenate([group, quiet]), EVACUATE_GROUPS - 1), group])
    return _pcm(sound * _PEAK / np.abs(sound).max())


def exercise_tone() -> NDArray[np.int16]:
    """Return the tone of exercises and tests, 3.6 s: a falling call, twice, 6 dB softer."""
    notes = [_note(pitch_hz, EXERCISE_NOTE_SECONDS) for pitch_hz in EXERCISE_HZ]
    sound = np.tile(np.concatenate(notes), EXERCISE_REPEATS)
    return _pcm(sound * (0.5 * _PEAK) / np.abs(sound).max())


_PEAK = 0.467


def _note(pitch_hz: float, length: float) -> NDArray[np.float64]:
    time = np.arange(round(length * RATE)) / RATE
    edge = np.minimum(np.minimum(time, time[::-1]) / 0.012, 1.0)
    envelope = np.sin(0.5 * np.pi * edge) ** 2 * (0.8 + 0.2 * np.exp(-time * 8.0))
    turn = 2.0 * np.pi * pitch_hz * time
    voice = np.sin(turn) + 0.35 * np.sin(2.0 * turn) + 0.18 * np.sin(3.0 * turn)
    return np.asarray(voice * envelope)


def _soft_ends(sound: NDArray[np.float64], fade: float) -> NDArray[np.float64]:
    count = round(fade * RATE)
    sound[-count:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, count + 1) / count)
    return sound


def _pcm(sound: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.rint(np.clip(sound, -1.0, 1.0) * 32_767.0).astype(np.int16)
