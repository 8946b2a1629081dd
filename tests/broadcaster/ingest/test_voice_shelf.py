"""Recordings of phrases: what is damaged is told, and what is left is spoken."""

import hashlib

import numpy as np
import pytest

from alerts.message import KOREAN, Phrase, whole
from alerts.names import SiteNames
from alerts.voices import Status
from broadcaster.catalogue_reader import (
    messages_in_force,
    put_catalogue,
    read_names,
    shipped_catalogue,
    write_names,
)
from broadcaster.ingest import IngestError, PcmStore
from broadcaster.ingest.clipping import is_clipped
from broadcaster.ingest.messages import entries
from broadcaster.ingest.text_to_speech import SpeechProgram
from broadcaster.ingest.voice_encoder import flac
from broadcaster.ingest.voice_shelf import (
    Record,
    VoiceShelf,
    decode_records,
    encode_records,
)
from tests.broadcaster.ingest.shipped import BOOK
from tests.broadcaster.ingest.sounds import KINDS, tone, write
from zones.media_time import RATE
from zones.site import Name

CAUTION = BOOK.named("generic-caution").wordings[KOREAN].plain()
PHRASE = Phrase(KOREAN, "지금 가까운 출구로 나가십시오.")
VOICE = tone(1.0, 500, 0.3)


@pytest.fixture
def store(tmp_path):
    return PcmStore(tmp_path / "pcm")


@pytest.fixture
def empty(tmp_path):
    folder = tmp_path / "shipped"
    folder.mkdir()
    return folder


def ship(folder, data, status=Status.SYNTHETIC, digest=None):
    """Put one recording of the phrase on the shelf of shipped voices."""
    (folder / "a.flac").write_bytes(data)
    digest = digest or hashlib.sha256(data).hexdigest()
    (folder / "voices.json").write_bytes(encode_records([Record(PHRASE, "a.flac", digest, status)]))


def test_a_voice_is_decoded_once_and_then_remembered(tmp_path, store, empty):
    ship(empty, flac(VOICE))
    shelf = VoiceShelf(tmp_path, store, empty)
    voice = shelf.voice(PHRASE)
    assert (voice.status, voice.length, voice.why) == (Status.SYNTHETIC, len(VOICE), "")
    assert np.array_equal(store.read(voice.pcm), VOICE)
    shelf.remember()
    (empty / "a.flac").rename(empty / "b.flac")
    (empty / "a.flac").symlink_to(empty / "b.flac")
    assert VoiceShelf(tmp_path, store, empty).voice(PHRASE) == voice
    store.discard(voice.pcm)
    assert VoiceShelf(tmp_path, store, empty).voice(PHRASE) == voice  # made anew
    assert store.contains(voice.pcm)


def test_a_file_that_is_gone_is_missing(tmp_path, store, empty):
    ship(empty, flac(VOICE))
    (empty / "a.flac").unlink()
    voice = VoiceShelf(tmp_path, store, empty).voice(PHRASE)
    assert voice.status is Status.MISSING
    assert "a.flac: No such file or directory" in voice.why


@pytest.mark.parametrize(
    ("data", "digest"),
    [
        (flac(VOICE)[:-100], hashlib.sha256(flac(VOICE)).hexdigest()),  # cut off
        (flac(VOICE), "0" * 64),  # another file
        (b"no sound at all", None),  # right checksum, but no audio
        (b"", None),
    ],
)
def test_a_file_that_is_not_what_it_was_is_corrupt(tmp_path, store, empty, data, digest):
    ship(empty, data, digest=digest)
    voice = VoiceShelf(tmp_path, store, empty).voice(PHRASE)
    assert (voice.status, voice.pcm) == (Status.CORRUPT, None)
    assert voice.why.startswith("a.flac: ")


def test_a_silent_file_is_not_spoken(tmp_path, store, empty):
    ship(empty, flac(np.zeros(RATE, np.int16)))
    assert VoiceShelf(tmp_path, store, empty).voice(PHRASE).status is Status.SILENT


def test_a_clipped_file_is_spoken_and_told(tmp_path, store, empty):
    ship(empty, flac(np.clip(tone(1.0, 300, 0.9).astype(int) * 3, -32768, 32767).astype(np.int16)))
    voice = VoiceShelf(tmp_path, store, empty).voice(PHRASE)
    assert voice.status is Status.CLIPPED
    assert voice.status.is_usable
    assert "too loud" in voice.why


def test_a_stations_own_voice_comes_first_and_falls_back_when_it_is_damaged(tmp_path, store, empty):
    ship(empty, flac(VOICE))
    shelf = VoiceShelf(tmp_path, store, empty)
    louder = tone(1.5, 400, 0.4)
    shelf.keep(PHRASE, louder, Status.RECORDED)
    own = VoiceShelf(tmp_path, store, empty).voice(PHRASE)
    assert (own.status, own.length) == (Status.RECORDED, len(louder))
    (file,) = (tmp_path / "messages").glob("*.flac")
    file.write_bytes(file.read_bytes()[:-1])
    fallen = VoiceShelf(tmp_path, store, empty).voice(PHRASE)
    assert (fallen.status, fallen.length) == (Status.SYNTHETIC, len(VOICE))
    assert "not the file that was brought in" in fallen.why


def test_a_new_recording_takes_the_place_of_the_old_one(tmp_path, store, empty):
    shelf = VoiceShelf(tmp_path, store, empty)
    for length in (1.0, 2.0):
        shelf.keep(PHRASE, tone(length, 400, 0.4), Status.RECORDED)
    assert len(list((tmp_path / "messages").glob("*.flac"))) == 1
    assert shelf.voice(PHRASE).length == 2 * RATE
    assert shelf.forget(PHRASE)
    assert not shelf.forget(PHRASE)
    assert VoiceShelf(tmp_path, store, empty).voice(PHRASE).status is Status.MISSING
    assert list((tmp_path / "messages").glob("*.flac")) == []


@pytest.mark.parametrize("text", [b"", b"{}", b'{"voices": 2, "recordings": []}', b"[1]", b"\xff"])
def test_damaged_records_are_set_aside_and_what_ships_is_spoken(tmp_path, store, empty, text):
    ship(empty, flac(VOICE))
    (tmp_path / "messages").mkdir()
    (tmp_path / "messages" / "voices.json").write_bytes(text)
    shelf = VoiceShelf(tmp_path, store, empty)
    assert shelf.voice(PHRASE).status is Status.SYNTHETIC
    assert "must be brought in again" in shelf.fault
    assert (tmp_path / "messages" / "voices.json.damaged").read_bytes() == text
    (empty / "voices.json").write_bytes(text)
    with pytest.raises(IngestError, match="install again"):
        VoiceShelf(tmp_path, store, empty)


def test_records_name_files_beside_them_and_nothing_else():
    text = encode_records([Record(PHRASE, "../../etc/passwd", "0" * 64, Status.RECORDED)])
    assert decode_records(text)[0].audio == "passwd"
    with pytest.raises(ValueError, match="recorded, synthetic or clipped"):
        decode_records(text.replace(b"recorded", b"missing"))


def test_a_disk_that_cannot_be_written_is_told_in_a_sentence(tmp_path, store, empty):
    shelf = VoiceShelf(tmp_path, store, empty)
    (tmp_path / "messages").write_text("a file where the folder should be")
    with pytest.raises(IngestError, match="messages"):
        shelf.keep(PHRASE, VOICE, Status.RECORDED)


def test_a_damaged_voice_of_ones_own_leaves_the_message_to_the_one_that_ships(shipped, tmp_path):
    store = shipped.warm(tmp_path)
    shelf = VoiceShelf(tmp_path, store)
    shelf.keep(whole(CAUTION), tone(3.0, 500, 0.3), Status.RECORDED)
    (file,) = (tmp_path / "messages").glob("*.flac")
    file.write_bytes(b"gone bad")
    said = list(entries(tmp_path, store))
    voices = [one for one in said if one.get("voice", {}).get("text") == whole(CAUTION).text]
    assert [one["status"] for one in voices] == ["corrupt"]
    (message,) = [one for one in said if one.get("message") == "generic-caution"]
    assert sum(pcm is not None for pcm, _, _ in message["cycle"]) == 7


def test_names_are_rendered_once_and_a_program_that_fails_keeps_nothing_else_away(
    shipped, tmp_path
):
    store = shipped.warm(tmp_path)
    write_names(tmp_path, SiteNames({"z": Name("물가", "Bank")}, {"e": Name("다리", "bridge")}))
    assert read_names(tmp_path).exits["e"].en == "bridge"
    source = tmp_path / "said.wav"
    write(source, KINDS["wav"], tone(1.0, 500, 0.3))
    copies = SpeechProgram(("cp", str(source), "{file}", "-S", "{text}"))
    said = list(entries(tmp_path, store, program=copies))
    names = {one["voice"]["text"] for one in said if one.get("status") == "synthetic"}
    assert {"물가.", "Bank.", "다리 쪽으로 나가십시오.", "Go to the bridge."} <= names
    failing = SpeechProgram(("false", "{file}", "{text}"))
    again = list(entries(tmp_path, store, program=failing))
    assert again[-1]["faults"] == []
    write_names(tmp_path, SiteNames({"z": Name("새 물가", "New bank")}, {}))
    last = list(entries(tmp_path, store, program=failing))
    assert "zone:z cannot be rendered: false failed with 1" in last[-1]["faults"][0]
    assert sum("message" in one for one in last) == len(BOOK.messages)


def test_a_broken_catalogue_of_its_own_leaves_a_station_what_ships(shipped, tmp_path):
    store = shipped.warm(tmp_path)
    own = tmp_path / "messages" / "messages.yaml"
    for broken in (b"schema: 1\n", b"\xff\xfe", b""):
        own.write_bytes(broken)
        book, fault = messages_in_force(tmp_path)
        assert book == BOOK
        assert "the messages that ship with the program are used" in fault
    assert list(entries(tmp_path, store))[-1]["faults"]
    mine = tmp_path / "mine.yaml"
    mine.write_text(shipped_catalogue().replace("서대문구청", "은평구청"), "utf-8")
    assert put_catalogue(tmp_path, mine).named("flood-closing").authority.ko == "은평구청"
    assert messages_in_force(tmp_path)[1] == ""


def test_clipping_is_flat_tops_and_not_loudness():
    assert not is_clipped(tone(1.0, 440, 0.99))
    assert not is_clipped(np.zeros(0, np.int16))
    assert not is_clipped(np.full(RATE, 32767, np.int16))  # one top, however long
    wide = np.clip(tone(1.0, 440, 0.9).astype(int) * 2, -32768, 32767).astype(np.int16)
    assert is_clipped(wide)
