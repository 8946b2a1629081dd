"""Shipped messages and built-in sounds."""

import hashlib
from importlib import resources

import numpy as np
import pytest

from broadcaster.ingest import IngestError, PcmStore, builtin
from broadcaster.ingest.loudness import LoudnessMeter
from broadcaster.ingest.messages import (
    BETWEEN_CYCLES,
    LEAD,
    message_texts,
    prepared_message,
    stored_chime,
)
from zones.media_time import RATE

FORBIDDEN_HZ = (853.0, 960.0, 1050.0)


@pytest.fixture
def store(tmp_path):
    return PcmStore(tmp_path / "pcm")


@pytest.mark.parametrize("name", sorted(message_texts()))
def test_a_message_is_lead_tone_korean_english(store, name):
    message = prepared_message(name, store)
    assert [language for language, _ in message.parts] == ["ko", "en"]
    cycle = message.cycle
    assert (cycle[0].pcm, cycle[0].length) == (None, LEAD)
    assert cycle[1].pcm == message.tone.pcm
    assert [segment.pcm for segment in cycle[3::2] if segment.pcm] == [
        sound.pcm for _, sound in message.parts
    ]
    assert (cycle[-1].pcm, cycle[-1].length) == (None, BETWEEN_CYCLES)
    assert message.repeated.length is None
    assert message.once.once_length == message.repeated.loop_length - BETWEEN_CYCLES
    assert all(store.contains(s.pcm) for s in cycle if s.pcm)


@pytest.mark.parametrize("name", sorted(message_texts()))
def test_both_languages_are_spoken_within_30_seconds(store, name):
    assert prepared_message(name, store).once.once_length <= 30 * RATE


@pytest.mark.parametrize("name", sorted(message_texts()))
def test_voices_are_loud_and_marked_as_synthetic(store, name):
    message = prepared_message(name, store)
    assert message.text.is_synthetic
    for _, sound in message.parts:
        meter = LoudnessMeter()
        meter.add(store.read(sound.pcm))
        loudness = meter.result()
        assert loudness.integrated_lufs == pytest.approx(-14.3, abs=0.5)
        assert loudness.true_peak_dbtp is not None
        assert loudness.true_peak_dbtp <= -1.0


def test_every_shipped_voice_is_the_one_in_the_catalogue():
    directory = resources.files("alerts") / "messages"
    named = {part.audio: part.sha256 for text in message_texts().values() for part in text.parts}
    shipped = {
        entry.name: hashlib.sha256(entry.read_bytes()).hexdigest()
        for entry in directory.iterdir()
        if entry.name.endswith(".opus")
    }
    assert shipped == named


def test_an_unknown_message_is_answered_with_those_there_are(store):
    with pytest.raises(IngestError, match="flood-evacuate, wildfire-caution"):
        prepared_message("tsunami", store)


def test_the_attention_tone_is_none_of_the_us_systems():
    tone = builtin.attention_tone()
    assert 3 * RATE <= len(tone) <= 6 * RATE
    spectrum = np.abs(np.fft.rfft(tone)) ** 2
    hertz = np.fft.rfftfreq(len(tone), 1 / RATE)
    for forbidden in FORBIDDEN_HZ:
        near = np.abs(hertz - forbidden) < 10
        assert spectrum[near].sum() < 0.01 * spectrum.sum()


@pytest.mark.parametrize("sound", [builtin.chime, builtin.attention_tone])
def test_built_in_sounds_are_the_same_every_time_and_loop_without_a_click(sound):
    samples = sound()
    assert np.array_equal(samples, sound())
    assert np.abs(samples[[0, -1]]).max() <= 2
    assert np.abs(samples).max() < 0.7 * 32768


def test_the_chime_is_soft_and_in_the_store(store):
    chime = stored_chime(store)
    assert 8 * RATE <= chime.length <= 12 * RATE
    assert np.abs(store.read(chime.pcm)).max() < 0.1 * 32768
