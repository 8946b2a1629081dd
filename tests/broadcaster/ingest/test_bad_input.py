"""Files as they come: broken, absurd, hostile. Each gets a reason, and nothing else breaks."""

import struct
import wave

import numpy as np
import pytest

from broadcaster.ingest.confined_reader import ConfinedReader
from broadcaster.ingest.errors import IngestError, RefusedError
from broadcaster.ingest.importer import import_message, import_recording
from broadcaster.ingest.limits import Limits
from broadcaster.ingest.pcm_store import PcmStore
from tests.broadcaster.ingest.sounds import KINDS, WAV, tone, write
from tests.broadcaster.ingest.test_forbidden_tones import attention
from zones.media_time import RATE

MUTANTS = 200


@pytest.fixture(scope="module")
def reader():
    with ConfinedReader() as shared:
        yield shared


@pytest.fixture
def store(tmp_path):
    return PcmStore(tmp_path / "pcm")


def mutated(data, chance):
    """One of the ways in which files go bad, or are made bad."""
    changed = bytearray(data)
    size = len(changed)
    at = int(chance.integers(size))
    match int(chance.integers(8)):
        case 0:
            del changed[at:]
        case 1:
            for index in chance.integers(size, size=1 + size // 500):
                changed[index] ^= 1 << int(chance.integers(8))
        case 2:  # the header
            for index in chance.integers(min(size, 200), size=6):
                changed[index] = int(chance.integers(256))
        case 3:
            changed[at : at + 512] = bytes(512)
        case 4:
            changed[at:at] = chance.bytes(700)
        case 5:
            changed[at : at + 64] = b"\xff" * 64
        case 6:
            del changed[at : at + size // 4]
        case 7:  # a length field that promises the moon
            start = int(chance.integers(min(size, 400) - 4))
            changed[start : start + 4] = struct.pack("<I", 0x7FFFFFFF)
    return bytes(changed)


@pytest.mark.slow
@pytest.mark.parametrize("name", KINDS)
def test_mutated_files_are_imported_or_refused_with_a_reason(tmp_path, reader, store, name):
    chance = np.random.default_rng(list(name.encode()))
    sound = tone(1.5) + (chance.standard_normal(RATE * 3 // 2) * 200).astype(np.int16)
    good = write(tmp_path / f"x.{name}", KINDS[name], sound, title="T", artist="A").read_bytes()
    limits = Limits(cpu_seconds=20, idle_seconds=20.0, longest=60 * RATE)
    list(reader.read(tmp_path / f"x.{name}", limits))
    process = reader._process
    reasons: list[tuple[str, str]] = []
    for number in range(MUTANTS):
        path = tmp_path / f"mutant-{number}.{name}"
        path.write_bytes(mutated(good, chance))
        try:
            recording = import_recording(path, store, reader=reader, limits=limits)
        except IngestError as error:
            reasons.append((str(path), str(error)))
        else:
            assert store.length(recording.pcm) == recording.length
        path.unlink()
    assert 0 < len(reasons) < MUTANTS
    for path_text, said in reasons:
        assert path_text in said
        assert len(said) > len(path_text) + 20
    assert reader._process is process  # the reading process itself never broke
    assert list(store.directory.glob("*.part")) == []


def announced_wav(path, seconds, *, rate=8_000, channels=1, bits=16, is_sparse=False):
    """A header that announces so many seconds; the sound is a hole in the file, or missing."""
    block = channels * bits // 8
    size = seconds * rate * block
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * block, block, bits)
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", size)
    path.write_bytes(b"RIFF" + struct.pack("<I", size + len(head)) + head)
    if is_sparse:
        with path.open("rb+") as file:
            file.truncate(8 + len(head) + size)
    return path


def reason(path, store, reader, limits=None):
    with pytest.raises(IngestError) as refused:
        import_recording(path, store, reader=reader, limits=limits)
    assert list(store.ids()) == []
    return str(refused.value)


def test_a_day_of_sound_is_refused_before_it_is_decoded(tmp_path, store, reader):
    path = announced_wav(tmp_path / "day.wav", 86_400, is_sparse=True)
    assert "24 h 0 min long; at most 6 h 0 min" in reason(path, store, reader)


def test_more_than_is_allowed_is_refused_also_if_not_announced(tmp_path, store, reader):
    path = write(tmp_path / "x.flac", KINDS["flac"], tone(4.0))
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # STREAMINFO's 36-bit number of samples
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert "long; at most" in reason(path, store, reader, Limits(longest=2 * RATE))


def test_a_file_too_large_is_refused(tmp_path, store, reader):
    path = write(tmp_path / "x.wav", WAV)
    assert "GB can be imported" in reason(path, store, reader, Limits(largest_bytes=1000))


@pytest.mark.slow
def test_an_hour_of_silence_is_refused(tmp_path, store, reader):
    path = announced_wav(tmp_path / "silence.wav", 3_600, is_sparse=True)
    assert "nothing but silence" in reason(path, store, reader)


def test_a_promise_of_sound_without_sound_is_refused(tmp_path, store, reader):
    assert "x.wav" in reason(announced_wav(tmp_path / "x.wav", 60), store, reader)


def test_one_sample_is_no_recording(tmp_path, store, reader):
    path = write(tmp_path / "x.wav", WAV, np.full(1, 20_000, np.int16))
    assert "click" in reason(path, store, reader)


def test_eight_channels_at_192_khz_are_brought_down(tmp_path, store, reader):
    one = tone(1.0, rate=192_000)
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setnchannels(8)
        file.setsampwidth(2)
        file.setframerate(192_000)
        file.writeframes(np.repeat(one[:, None], 8, axis=1).astype("<i2").tobytes())
    recording = import_recording(tmp_path / "x.wav", store, reader=reader)
    assert recording.length == RATE
    assert 1_000 < np.abs(store.read(recording.pcm)).max() <= 32_767


def test_a_file_called_what_it_is_not_is_read_for_what_it_is(tmp_path, store, reader):
    path = write(tmp_path / "song.mp3", KINDS["flac"], title="T")
    assert import_recording(path, store, reader=reader).title == "T"


@pytest.mark.parametrize(
    "name", ["저녁 바람.wav", "🌊🎶.wav", "x" * 240 + ".wav", "-rf.wav", "a\nb.wav", "100% %s.wav"]
)
def test_any_name_can_be_imported(tmp_path, store, reader, name):
    recording = import_recording(write(tmp_path / name, WAV), store, reader=reader)
    assert "\n" not in recording.title


def test_a_name_longer_than_the_system_allows_is_a_reason(tmp_path, store, reader):
    assert "too long" in reason(tmp_path / ("x" * 300 + ".wav"), store, reader)


def test_tags_are_never_paths(tmp_path, store, reader):
    path = write(tmp_path / "x.flac", KINDS["flac"], title="../../etc/passwd", album="/\0/")
    recording = import_recording(path, store, reader=reader)
    assert recording.title == "../../etc/passwd"
    assert store.path(recording.pcm).parent.parent == store.directory


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.m3u8", b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n"),
        ("x.ffconcat", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("x.sdp", b"v=0\nc=IN IP4 239.0.0.1\nm=audio 5004 RTP/AVP 0\n"),
    ],
)
def test_a_list_of_other_files_is_not_followed(tmp_path, store, reader, name, content):
    (tmp_path / name).write_bytes(content)
    assert "not an audio file" in reason(tmp_path / name, store, reader)


def test_a_picture_is_no_audio(tmp_path, store, reader):
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    assert "x.png" in reason(tmp_path / "x.png", store, reader)


def test_a_us_attention_signal_is_never_imported(tmp_path, store, reader):
    path = write(tmp_path / "x.flac", KINDS["flac"], np.concatenate([tone(1.0), attention(2.0)]))
    assert "must never be broadcast" in reason(path, store, reader)
    with pytest.raises(RefusedError, match="must never be broadcast"):
        import_message(path, store, reader)


def test_a_spoken_message_is_cut_to_its_sound_and_levelled(tmp_path, store, reader):
    quiet = np.zeros(RATE, np.int16)
    path = write(tmp_path / "x.flac", KINDS["flac"], np.concatenate([quiet, tone(2.0, 800), quiet]))
    message = import_message(path, store, reader)
    assert store.length(message.pcm) == message.length
    assert 2.0 * RATE <= message.length <= 2.1 * RATE
    assert message.title == "x"


def test_a_message_of_ten_minutes_is_refused(tmp_path, store, reader):
    path = announced_wav(tmp_path / "x.wav", 600, is_sparse=True)
    with pytest.raises(RefusedError, match="10 min long; at most 5 min"):
        import_message(path, store, reader)
