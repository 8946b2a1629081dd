"""Make a recorded voice carry outdoors: band, presence, even level, loudness, limiter.

For small horns and rock-shaped speakers: what lies below 200 Hz only moves their cones, what lies
above 8 kHz is lost in the leaves; consonants live between 1.5 and 4.5 kHz.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from broadcaster.ingest.errors import RefusedError
from broadcaster.ingest.limiter import limited
from broadcaster.ingest.loudness import PEAK_LIMIT_DBTP, Loudness, LoudnessMeter
from zones.media_time import RATE

Pcm = NDArray[np.int16]

MESSAGE_LUFS = -14.0
"""Six decibels above every recording of the programme (-20 LUFS)."""
LONGEST = 300 * RATE
"""Samples of one language of a message: nobody listens longer to a warning."""

_BAND_HZ = (200.0, 8_000.0)
_PRESENCE_HZ = (1_500.0, 4_500.0)
_PRESENCE_DB = 3.0
_TAPS = 2_047
_COMPRESSED_ABOVE_DB = -6.0
"""Relative to the voice's own mean level."""
_RATIO = 3.0
_HOP = RATE // 100


def spoken(samples: Pcm) -> Pcm:
    """Return the voice, equally long, at -14 LUFS with its true peak under -1.5 dBTP.

    Raises:
        RefusedError: it is longer than five minutes, or too quiet to be a voice.
    """
    if len(samples) > LONGEST:
        raise RefusedError("a message longer than five minutes is not listened to; shorten it")
    voice = _evened(_filtered(samples.astype(np.float64) / 32_768.0))
    measured = _loudness(_pcm(voice)).integrated_lufs
    if measured is None:
        raise RefusedError("there is no voice in it, or one below -60 LUFS; record it again")
    gain_db = MESSAGE_LUFS - measured
    for _ in range(3):
        # The limiter takes a little of the loudness away; it is given back.
        result = np.concatenate(list(limited([_pcm(voice)], gain_db, PEAK_LIMIT_DBTP)))
        missing = MESSAGE_LUFS - (_loudness(result).integrated_lufs or MESSAGE_LUFS)
        if abs(missing) < 0.05:
            break
        gain_db += missing
    return result


def _loudness(samples: Pcm) -> Loudness:
    meter = LoudnessMeter()
    meter.add(samples)
    return meter.result()


def _pcm(voice: NDArray[np.float64]) -> Pcm:
    return np.asarray(np.rint(np.clip(voice, -1.0, 1.0) * 32_767.0), np.int16)


def _filtered(voice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Band-limit and lift the consonants with one linear-phase filter; its delay is removed."""
    hertz = np.fft.rfftfreq(_TAPS - 1, 1.0 / RATE)
    low, high = _BAND_HZ
    response = 1.0 / np.sqrt(1.0 + (low / np.maximum(hertz, 1.0)) ** 8)
    response /= np.sqrt(1.0 + (hertz / high) ** 12)
    centre = np.sqrt(_PRESENCE_HZ[0] * _PRESENCE_HZ[1])
    octaves = np.log2(np.maximum(hertz, 1.0) / centre)
    width = np.log2(_PRESENCE_HZ[1] / _PRESENCE_HZ[0])
    response *= 10.0 ** (_PRESENCE_DB / 20.0 * np.exp(-((octaves / width) ** 2) * 2.0))
    impulse = np.roll(np.fft.irfft(response), _TAPS // 2)[: _TAPS - 1] * np.hanning(_TAPS - 1)
    size = len(voice) + len(impulse)
    whole = np.fft.irfft(np.fft.rfft(voice, size) * np.fft.rfft(impulse, size), size)
    return np.asarray(whole[_TAPS // 2 : _TAPS // 2 + len(voice)])


def _evened(voice: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compress 3:1 what rises above the mean level, so that quiet words come through."""
    blocks = -(-len(voice) // _HOP)
    padded = np.zeros(blocks * _HOP)
    padded[: len(voice)] = voice
    power = np.mean(padded.reshape(blocks, _HOP) ** 2, axis=1)
    smooth = np.hanning(min(15, blocks + 2))
    level = 10.0 * np.log10(np.convolve(power, smooth / smooth.sum(), "same")[:blocks] + 1e-12)
    threshold = 10.0 * np.log10(power.mean() + 1e-12) + _COMPRESSED_ABOVE_DB
    gain_db = -np.maximum(0.0, level - threshold) * (1.0 - 1.0 / _RATIO)
    centres = (np.arange(blocks) + 0.5) * _HOP
    curve = np.interp(np.arange(len(voice)), centres, gain_db)
    return np.asarray(voice * 10.0 ** (curve / 20.0))
