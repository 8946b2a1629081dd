"""Shipped messages and built-in sounds."""

import hashlib
from importlib import resources

import numpy as np
import pytest

from alerts.message import ENGLISH, KOREAN, Tone
from alerts.timing import (
    FIRST_CYCLE_AT_MOST,
    LANGUAGE_AT_MOST,
    RATES,
    TONE_AT_LEAST,
    TONE_AT_MOST,
    rate,
)
from alerts.voices import Status
from broadcaster.ingest import builtin
from broadcaster.ingest.loudness import LoudnessMeter
from broadcaster.ingest.messages import (
    BETWEEN_CYCLES,
    entries,
    in_order,
    prepared,
    stored_chime,
)
from broadcaster.ingest.placeholder_speech import placeholder_phrases
from broadcaster.ingest.text_to_speech import SpeechProgram
from broadcaster.ingest.voice_shelf import decode_records
from tests.broadcaster.ingest.shipped import BOOK
from zones.media_time import RATE

FORBIDDEN_HZ = (853.0, 960.0, 1050.0)
TONES = (builtin.attention_tone, builtin.evacuation_tone, builtin.exercise_tone)
SHIPPED = resources.files("alerts") / "messages"


@pytest.fixture(scope="module")
def store(shipped):
    return shipped.store


@pytest.fixture(scope="module")
def voices(shipped):
    return shipped.voices


@pytest.mark.parametrize("message", BOOK.messages.values(), ids=BOOK.messages)
def test_a_message_is_lead_tone_korean_english_in_time(voices, message):
    ready = prepared(message, voices, BOOK)
    lead, tone, pause, *spoken, quiet = ready.cycle
    assert ready.notes == ()
    assert (lead.pcm, lead.length) == (None, RATE * 40 // 1000)
    assert tone == voices.tones[message.tone]
    assert (pause.pcm, pause.length) == (None, RATE // 2)
    assert (quiet.pcm, quiet.length) == (None, BETWEEN_CYCLES - RATE)
    said = [s.pcm for s in spoken if s.pcm]
    language = {voice.pcm: phrase.language for phrase, voice in voices.phrases.items()}
    assert (language[said[0]], language[said[-1]]) == (KOREAN, ENGLISH)
    assert sum(s.length for s in ready.cycle[:-2]) <= FIRST_CYCLE_AT_MOST
    assert ready.repeated.length is None


@pytest.mark.parametrize("message", BOOK.messages.values(), ids=BOOK.messages)
def test_that_another_warning_goes_on_is_said_in_time_too(voices, message):
    ready = prepared(message, voices, BOOK, only=True)
    assert sum(segment.length for segment in ready.cycle[:-2]) <= FIRST_CYCLE_AT_MOST


@pytest.mark.parametrize("message", BOOK.messages.values(), ids=BOOK.messages)
@pytest.mark.parametrize("only", [False, True])
def test_every_language_is_short_and_neither_fast_nor_slow(voices, message, only):
    for language, (slowest, fastest) in RATES.items():
        phrases = message.wordings[language].plain(only=only)
        assert sum(voices.of(phrase).length for phrase in phrases) <= LANGUAGE_AT_MOST - RATE
        spoken = rate(phrases, voices)
        assert spoken is not None
        assert slowest <= round(spoken, 2) + 0.02
        assert spoken <= fastest + 0.02


def test_voices_are_loud_and_marked_as_synthetic(voices, store):
    there = {phrase: voice for phrase, voice in voices.phrases.items() if voice.pcm}
    assert {voice.status for voice in there.values()} == {Status.SYNTHETIC}
    for phrase, voice in sorted(there.items(), key=str)[::6]:
        meter = LoudnessMeter()
        meter.add(store.read(voice.pcm))
        loudness = meter.result()
        if voice.length > 4 * RATE:
            assert loudness.integrated_lufs == pytest.approx(-14.3, abs=0.8), phrase
        assert loudness.true_peak_dbtp is not None
        # Opus adds up to a decibel and a half to what the limiter left.
        assert loudness.true_peak_dbtp < 0.0, phrase


def test_every_text_has_its_voice_and_every_voice_its_text():
    records = decode_records((SHIPPED / "voices.json").read_bytes())
    program = SpeechProgram(("espeak-ng",))
    assert {r.phrase for r in records} == set(placeholder_phrases(BOOK, program))
    shipped = {
        entry.name: hashlib.sha256(entry.read_bytes()).hexdigest()
        for entry in SHIPPED.iterdir()
        if entry.name.endswith(".opus")
    }
    assert shipped == {record.audio: record.sha256 for record in records}


def test_what_ships_is_small():
    sizes = [len(entry.read_bytes()) for entry in SHIPPED.iterdir() if not entry.is_dir()]
    assert sum(sizes) <= 3_000_000


def test_what_every_warning_falls_back_on_is_there_first(shipped, tmp_path):
    said = list(entries(tmp_path, shipped.warm(tmp_path)))
    assert set(said[0]["messages"]) == set(BOOK.messages)
    assert [one["tone"] for one in said[1:4]] == [tone.value for tone in Tone]
    messages = [one["message"] for one in said if "message" in one]
    assert messages == [message.id for message in in_order(BOOK)]
    assert messages[:2] == ["generic-evacuate", "generic-caution"]
    assert said[-1]["faults"] == []


@pytest.mark.parametrize("tone", TONES)
def test_tones_are_none_of_the_us_systems_and_last_as_long_as_they_should(tone):
    samples = tone()
    assert TONE_AT_LEAST <= len(samples) <= 6 * RATE < TONE_AT_MOST
    spectrum = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / RATE)
    for forbidden in FORBIDDEN_HZ:
        near = np.abs(hertz - forbidden) < 10
        assert spectrum[near].sum() < 0.01 * spectrum.sum()


def test_the_evacuation_tone_has_the_three_pulses_of_iso_8201():
    loud = np.abs(builtin.evacuation_tone().astype(int)) > 1_000
    blocks = loud[: len(loud) // 480 * 480].reshape(-1, 480).any(axis=1)
    edges = np.flatnonzero(np.diff(blocks.astype(int)))
    lengths = np.diff([0, *(edges + 1), len(blocks)]) / 100
    assert len(lengths) == 11
    pulses, pauses = lengths[::2], lengths[1::2]
    assert np.all((pulses >= 0.44) & (pulses <= 0.56))
    assert np.all((pauses[[0, 1, 3, 4]] >= 0.44) & (pauses[[0, 1, 3, 4]] <= 0.56))
    assert 1.34 <= pauses[2] <= 1.66


def test_an_exercise_sounds_like_nothing_real():
    exercise = builtin.exercise_tone()
    for real in (builtin.attention_tone(), builtin.evacuation_tone()):
        size = min(len(real), len(exercise))
        assert np.abs(exercise).max() < 0.6 * np.abs(real).max()
        assert not np.array_equal(real[:size], exercise[:size])


@pytest.mark.parametrize("sound", [builtin.chime, *TONES])
def test_built_in_sounds_are_the_same_every_time_and_loop_without_a_click(sound):
    samples = sound()
    assert np.array_equal(samples, sound())
    assert np.abs(samples[[0, -1]]).max() <= 2
    assert np.abs(samples).max() < 0.7 * 32768


def test_the_chime_is_soft_and_in_the_store(store):
    chime = stored_chime(store)
    assert 8 * RATE <= chime.length <= 12 * RATE
    assert np.abs(store.read(chime.pcm)).max() < 0.1 * 32768
