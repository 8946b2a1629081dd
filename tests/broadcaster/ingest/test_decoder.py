"""Decoding: exact lengths, proper downmix, and a reason for every refusal."""

import wave

import numpy as np
import pytest

from broadcaster.ingest.decoder import Decoder
from broadcaster.ingest.errors import DamagedError, IngestError, NotAudioError, RefusedError
from tests.broadcaster.ingest.sounds import KINDS, WAV, tone, write
from zones.media_time import RATE


def decoded(path):
    with Decoder(path) as decoder:
        return np.concatenate(list(decoder.pieces()))


def write_wav(path, samples, rate):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1 if samples.ndim == 1 else samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("count", [2_500, RATE, 70_001, 100_003])
def test_the_length_is_exact_to_the_sample(tmp_path, name, count):
    path = write(tmp_path / f"x.{name}", KINDS[name], tone(3.0)[:count])
    assert len(decoded(path)) == count


@pytest.mark.parametrize("name", KINDS)
def test_the_sound_is_in_its_place(tmp_path, name):
    original = tone(1.0)
    found = decoded(write(tmp_path / f"x.{name}", KINDS[name], original))
    middle = slice(RATE // 4, 3 * RATE // 4)
    error = found[middle].astype(float) - original[middle]
    assert np.sqrt(np.mean(error**2)) < 0.05 * np.abs(original).max()


def test_16_bit_mono_at_our_rate_passes_bit_for_bit(tmp_path):
    samples = np.random.default_rng(1).integers(-32768, 32768, 10_000).astype(np.int16)
    assert np.array_equal(decoded(write_wav(tmp_path / "x.wav", samples, RATE)), samples)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 96_000, 192_000])
def test_other_rates_keep_their_duration(tmp_path, rate):
    count = rate + 7
    path = write_wav(tmp_path / "x.wav", tone(2.0, rate=rate)[:count], rate)
    found = decoded(path)
    assert len(found) == round(count * RATE / rate)
    assert np.abs(found[1000:-1000]).max() == pytest.approx(0.25 * 32767, rel=0.02)


def test_both_sides_are_heard_equally_and_never_clip(tmp_path):
    left, right = tone(1.0, 300, 0.9), tone(1.0, 500, 0.9)
    found = decoded(write_wav(tmp_path / "x.wav", np.stack([left, right], 1), RATE))
    expected = (left.astype(int) + right) / 2
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", RefusedError, "the file is empty"),
        (b"hello, I am a letter" * 100, NotAudioError, "not an audio file"),
        (b"RIFF\x24\x00\x00\x00WAVE", NotAudioError, "."),
        (bytes(5000), NotAudioError, "not an audio file"),
    ],
    ids=["empty", "text", "header only", "zeros"],
)
def test_what_is_no_audio_is_refused_with_a_reason(tmp_path, content, error, says):
    path = tmp_path / "x.mp3"
    path.write_bytes(content)
    with pytest.raises(error, match=says) as raised:
        decoded(path)
    assert str(path) in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(IngestError, match=r"gone\.mp3: No such file"):
        decoded(tmp_path / "gone.mp3")


def test_a_directory_is_no_audio(tmp_path):
    with pytest.raises(IngestError, match=str(tmp_path)):
        decoded(tmp_path)


def test_a_header_without_sound_is_refused(tmp_path):
    path = write_wav(tmp_path / "x.wav", np.zeros(0, np.int16), RATE)
    with pytest.raises(IngestError, match=r"not one sample|not an audio file"):
        decoded(path)


@pytest.mark.parametrize("name", ["flac", "m4a", "mp3"])
def test_a_file_cut_off_is_damaged(tmp_path, name):
    path = write(tmp_path / f"x.{name}", KINDS[name], tone(6.0))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises((DamagedError, NotAudioError), match=r"copy|not an audio file"):
        decoded(path)


def test_the_name_tells_nothing(tmp_path):
    path = write(tmp_path / "x.mp3", WAV, tone(0.5))
    assert len(decoded(path)) == RATE // 2


def test_an_mp3_that_does_not_say_its_length_is_taken_as_it_is(tmp_path):
    first = write(tmp_path / "a.mp3", KINDS["mp3"], tone(2.0)).read_bytes()
    header = first.index(b"Info", 4) if b"Info" in first else first.index(b"Xing")
    without = bytearray(first)
    without[header : header + 4] = bytes(4)
    (tmp_path / "b.mp3").write_bytes(without + bytes(20_000))
    assert len(decoded(tmp_path / "b.mp3")) >= 2 * RATE


def test_mp3_frames_joined_from_several_files_are_all_played(tmp_path):
    one = write(tmp_path / "a.mp3", KINDS["mp3"], tone(2.0)).read_bytes()
    (tmp_path / "b.mp3").write_bytes(one * 5)
    assert len(decoded(tmp_path / "b.mp3")) >= 10 * RATE
