"""US attention signals are found in whatever they hide; nothing else is."""

import numpy as np
import pytest

from broadcaster.ingest import builtin
from broadcaster.ingest.forbidden_tones import ToneDetector
from tests.broadcaster.ingest.sounds import tone
from zones.media_time import RATE


def found(samples, piece=RATE):
    detector = ToneDetector()
    for begin in range(0, len(samples), piece):
        detector.add(samples[begin : begin + piece])
    return detector.found


def attention(seconds, size=0.2):
    return tone(seconds, 853.0, size) + tone(seconds, 960.0, size)


def same_header(text=b"ZCZC-CIV-EVI-000000+0015-1231645-TEST    -"):
    bits = np.unpackbits(np.frombuffer(b"\xab" * 16 + text, np.uint8), bitorder="little")
    at = np.arange(int(len(bits) * RATE / 520.83)) * 520.83 / RATE
    hertz = np.where(bits[at.astype(int)], 2083.33, 1562.5)
    return (np.sin(2 * np.pi * np.cumsum(hertz) / RATE) * 9000).astype(np.int16)


@pytest.mark.parametrize("piece", [480, 4_799, RATE, 10 * RATE])
def test_the_attention_signal_is_found_in_pieces_of_any_length(piece):
    inside = np.concatenate([tone(2.0, 300), attention(1.5), tone(2.0, 300)])
    assert "853" in (found(inside, piece) or "")


def test_the_cadence_of_wireless_alerts_is_found():
    gap = np.zeros(RATE // 2, np.int16)
    wea = np.concatenate([attention(2.0), gap, attention(1.0), gap, attention(1.0)])
    assert "853" in (found(wea) or "")


def test_a_same_header_is_found():
    assert "SAME" in (found(np.concatenate([np.zeros(777, np.int16), same_header()])) or "")


def test_it_is_found_under_a_little_noise():
    noise = (np.random.default_rng(1).standard_normal(2 * RATE) * 900).astype(np.int16)
    assert found(attention(2.0) + noise)


@pytest.mark.parametrize("hertz", [853.0, 960.0, 1050.0, 2083.33, 1562.5, 440.0])
def test_one_tone_alone_is_music(hertz):
    assert found(tone(4.0, hertz)) is None


def test_what_we_ship_holds_none(shipped):
    for computed in (
        builtin.chime, builtin.attention_tone, builtin.evacuation_tone, builtin.exercise_tone,
    ):  # fmt: skip
        assert found(computed()) is None
    for voice in shipped.voices.phrases.values():
        assert voice.pcm is None or found(shipped.store.read(voice.pcm)) is None


def test_noise_and_silence_hold_none():
    noise = (np.random.default_rng(2).standard_normal(20 * RATE) * 5000).astype(np.int16)
    assert found(noise) is None
    assert found(np.zeros(4 * RATE, np.int16)) is None
