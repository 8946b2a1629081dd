"""One call from a file to a recording."""

import numpy as np
import pytest

from broadcaster.ingest import PcmStore, import_recording
from broadcaster.ingest.errors import RefusedError
from broadcaster.ingest.loudness import PROGRAMME_LUFS
from broadcaster.ingest.mp3_header import id3_length
from tests.broadcaster.ingest.sounds import KINDS, WAV, tone, write
from zones.media_time import RATE


@pytest.fixture
def store(tmp_path):
    return PcmStore(tmp_path / "pcm")


@pytest.mark.parametrize("name", ["flac", "mp3", "ogg", "opus", "m4a"])
def test_tags_length_and_level_are_known(tmp_path, store, name):
    path = write(
        tmp_path / f"x.{name}", KINDS[name], tone(3.0), title="솔숲", artist="Sorigil", album="산길"
    )
    recording = import_recording(path, store)
    assert (recording.title, recording.artist, recording.album) == ("솔숲", "Sorigil", "산길")
    assert recording.length == store.length(recording.pcm) == 3 * RATE
    # A sine of 0.25 full scale is -15.05 dBFS rms; K-weighting takes 0.7 dB at 440 Hz, and LAME
    # another 0.45 dB as its head-room.
    assert recording.loudness_lufs is not None
    assert recording.loudness_lufs == pytest.approx(-15.9, abs=0.4)
    assert recording.loudness_lufs + recording.gain_db == pytest.approx(PROGRAMME_LUFS, abs=0.01)


def test_silence_around_the_sound_is_outside_the_cue_points(tmp_path, store):
    quiet = np.zeros(RATE, np.int16)
    path = write(tmp_path / "x.wav", WAV, np.concatenate([quiet, tone(1.0), quiet]))
    recording = import_recording(path, store)
    assert recording.cue_in == pytest.approx(RATE - RATE // 100, abs=50)
    assert recording.cue_out == pytest.approx(2 * RATE + RATE // 100, abs=50)


def test_without_tags_the_file_name_is_the_title(tmp_path, store):
    assert import_recording(write(tmp_path / "저녁.wav", WAV), store).title == "저녁"


def test_importing_twice_gives_the_same_recording(tmp_path, store):
    path = write(tmp_path / "x.flac", KINDS["flac"], title="A")
    assert import_recording(path, store) == import_recording(path, store)
    copy = write(tmp_path / "y.flac", KINDS["flac"], title="B")
    other = import_recording(copy, store)
    assert other.pcm == import_recording(path, store).pcm
    assert other.id != import_recording(path, store).id


def test_nothing_but_silence_is_refused(tmp_path, store):
    path = write(tmp_path / "x.wav", WAV, np.zeros(RATE, np.int16))
    with pytest.raises(RefusedError, match="nothing but silence"):
        import_recording(path, store)


def test_a_peak_is_never_raised_over_the_limit(tmp_path, store):
    ticks = np.zeros(4 * RATE, np.int16)
    ticks[:: RATE // 2] = 20_000
    recording = import_recording(write(tmp_path / "x.wav", WAV, ticks), store)
    assert recording.true_peak_dbtp is not None
    assert recording.true_peak_dbtp + recording.gain_db <= -1.49


def test_progress_reaches_the_announced_length(tmp_path, store):
    seen = []
    import_recording(
        write(tmp_path / "x.wav", WAV, tone(2.0)),
        store,
        progress=lambda done, of: seen.append((done, of)),
    )
    assert seen[-1] == (2 * RATE, 2 * RATE)


def id3v2(title, artist, encoding=0):
    """An ID3v2.3 tag whose texts claim an encoding and hold whatever they hold."""
    frames = b""
    for name, text in ((b"TIT2", title), (b"TPE1", artist)):
        content = bytes([encoding]) + text
        frames += name + len(content).to_bytes(4, "big") + b"\0\0" + content
    size = len(frames)
    sizes = bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\0\0" + sizes + frames


def id3v1(title, artist):
    return b"TAG" + title.ljust(30, b"\0") + artist.ljust(30, b"\0") + bytes(64) + b"\xff"


@pytest.mark.parametrize("place", ["id3v2", "id3v1"])
def test_korean_tags_of_old_software_are_read_as_they_were_meant(tmp_path, store, place):
    sound = write(tmp_path / "plain.mp3", KINDS["mp3"], tone(1.0)).read_bytes()
    sound = sound[id3_length(sound[:10]) :]  # the encoder's own tag, which would come first
    title, artist = "가을 우체국 앞에서".encode("cp949"), "윤도현".encode("cp949")
    path = tmp_path / "song.mp3"
    if place == "id3v2":
        path.write_bytes(id3v2(title, artist) + sound)
    else:
        path.write_bytes(sound + id3v1(title, artist))
    recording = import_recording(path, store)
    assert (recording.title, recording.artist) == ("가을 우체국 앞에서", "윤도현")


def test_a_dynamic_recording_is_limited_to_be_as_loud_as_the_others(tmp_path, store):
    quiet = tone(6.0, 440, 0.02)
    quiet[RATE : RATE + 4800] = tone(0.1, 300, 0.5)
    recording = import_recording(write(tmp_path / "x.flac", KINDS["flac"], quiet), store)
    assert recording.loudness_lufs is not None
    assert recording.true_peak_dbtp is not None
    assert recording.loudness_lufs + recording.gain_db > PROGRAMME_LUFS - 6.0
    assert recording.true_peak_dbtp + recording.gain_db <= -1.4
    assert list(store.ids()) == [recording.pcm]  # the unlimited sound is not kept
