"""The library: its index, its folders, and the worker that fills it."""

import asyncio
import contextlib

import pytest

from alerts.message import KOREAN, Phrase
from alerts.voices import Status
from broadcaster.control.library_index import Entry, Index, Stamp, decode_index, encode_index
from broadcaster.control.library_keeper import LibraryKeeper, files_in
from broadcaster.control.programme import Message
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.voice_shelf import VoiceShelf
from broadcaster.run_directory import StateDirectory
from tests.broadcaster.control.bench import CHIME, FLOOD, recording
from tests.broadcaster.ingest.sounds import tone
from tests.scenarios.whole_station import write_sound
from zones.sound import PcmId, Segment

STAMP = Stamp(100, 5)


@pytest.fixture
def index():
    good, bad = Entry(STAMP, recording(1)), Entry(STAMP, None, "bad.mp3: damaged")
    return Index({"/m/a.ogg": good, "/m/bad.mp3": bad}, CHIME, {"flood-evacuate": FLOOD})


def test_the_index_comes_back_as_it_was(index):
    assert decode_index(encode_index(index)) == index


def test_names_that_are_no_utf8_survive(index):
    strange = index.with_file("/m/\udcff.ogg", Entry(STAMP, recording(2)))
    assert decode_index(encode_index(strange)) == strange


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[]", b'{"library": 99}', b"\xff", b'{"library": 1}']
)
def test_what_is_no_index_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - any of its kinds
        decode_index(text)


def test_a_library_holds_what_lies_in_its_folders(index):
    folders = {"music/": ("/m/a.ogg", "/m/bad.mp3", "/m/unknown.ogg")}
    made = index.library(folders, is_settled=True)
    assert made.folders == {"music/": (recording(1),)}
    assert made.chime == CHIME
    assert index.faults(folders) == ("bad.mp3: damaged",)


def test_many_bad_files_are_counted():
    files = {f"/{number}": Entry(STAMP, None, f"{number} is bad") for number in range(30)}
    faults = Index(files).faults({"music/": tuple(files)})
    assert len(faults) == 21
    assert faults[-1] == "10 more files cannot be played"


def test_what_a_worker_says_is_taken_up():
    index = Index()
    index = index.with_said({"chime": ["e" * 64, 0, 480_000]}, {})
    said = {"message": "flood-evacuate", "title": "flood", "cycle": [["f" * 64, 0, 9]]}
    index = index.with_said(said, {})
    assert not index.has_builtins
    index = index.with_said({"tone": "evacuate", "segment": ["d" * 64, 0, 7]}, {})
    assert index.has_builtins
    assert isinstance(index.messages["flood-evacuate"], Message)
    index = index.with_said({"file": "/x", "error": "no"}, {"/x": STAMP})
    assert index.files["/x"] == Entry(STAMP, None, "no")
    with pytest.raises(KeyError):
        index.with_said({"something": "else"}, {})


def voice_said(text, number=None, status="synthetic", why=""):
    segment = None if number is None else [f"{number:064x}", 0, 10 * number]
    return {
        "voice": {"language": "ko", "text": text}, "status": status, "why": why, "segment": segment,
    }  # fmt: skip


def test_voices_are_kept_as_said_until_no_message_says_them():
    index = Index()
    for said in (
        {"tone": "evacuate", "segment": ["d" * 64, 0, 7]},
        voice_said("가", 1),
        voice_said("나", None, "corrupt", "ko.flac: not the file that was brought in"),
        voice_said("다", 3),
    ):
        index = index.with_said(said, {})
    index = index.with_said({"voices": [["ko", "가"], ["ko", "나"]], "faults": ["oh"]}, {})
    assert decode_index(encode_index(index)) == index
    assert index.voices.told() == ("oh", "ko.flac: not the file that was brought in")
    assert [phrase.text for phrase in index.voices.voices.phrases] == ["가", "나"]
    assert index.voices.sounds() == ("d" * 64, f"{1:064x}")
    with pytest.raises(ValueError, match="shouting"):
        index.with_said(voice_said("라", 4, "shouting"), {})


def test_what_no_message_holds_is_staged_beside_them():
    index = Index()
    for number, text in enumerate("가나다", 1):
        index = index.with_said(voice_said(text, number), {})
    message = (Segment(PcmId(f"{2:064x}"), 0, 20),)
    rest = index.voices.apart_from([message])
    assert rest is not None
    assert [one.pcm for one in rest.loop if one.pcm] == [f"{1:064x}", f"{3:064x}"]
    assert Index().voices.apart_from([message]) is None


def test_a_message_that_is_in_no_catalogue_any_more_is_dropped(index):
    assert index.with_said({"messages": ["other"]}, {}).messages == {}


def test_audio_files_are_found_below_a_folder_and_nothing_else(tmp_path):
    (tmp_path / "album").mkdir()
    for name in ("a.MP3", "album/b.ogg", "cover.jpg", ".hidden.mp3", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert [path.removeprefix(f"{tmp_path}/") for path in files_in(tmp_path)] == [
        "a.MP3",
        "album/b.ogg",
    ]
    assert files_in(tmp_path / "nowhere") == {}


def test_a_playlist_names_its_files_in_order(tmp_path):
    for name in ("a.mp3", "b.mp3"):
        (tmp_path / name).write_bytes(b"x")
    playlist = tmp_path / "list.m3u8"
    playlist.write_text("#EXTM3U\nb.mp3\n\na.mp3\nmissing.mp3\nb.mp3\n")
    assert [path.rpartition("/")[2] for path in files_in(playlist)] == ["b.mp3", "a.mp3"]
    assert files_in(tmp_path / "none.m3u") == {}


class Publisher:
    """Keeps what a keeper publishes, and lets a test wait for it."""

    def __init__(self):
        self.libraries = []
        self.news = asyncio.Event()

    def __call__(self, library):
        self.libraries.append(library)
        self.news.set()

    async def until(self, is_true):
        async with asyncio.timeout(60):
            while not (self.libraries and is_true(self.libraries[-1])):
                self.news.clear()
                await self.news.wait()
        return self.libraries[-1]


@contextlib.asynccontextmanager
async def kept(state, music):
    publisher = Publisher()
    keeper = LibraryKeeper(StateDirectory(state), {"music/": music}, publisher)
    task = asyncio.create_task(keeper.run())
    try:
        yield publisher, keeper
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.mark.slow
async def test_new_files_come_in_and_a_restart_has_them_at_once(state_directory, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    write_sound(music / "one.wav", 3.0, 1)
    (music / "broken.mp3").write_bytes(b"no music at all" * 100)
    async with kept(state_directory, music) as (publisher, keeper):
        first = await publisher.until(lambda library: library.chime is not None)
        assert first.is_settled is False
        library = await publisher.until(lambda library: any(library.folders["music/"]))
        (one,) = library.folders["music/"]
        await publisher.until(lambda library: library.messages and keeper.faults)
        assert "broken.mp3" in keeper.faults[0]
        write_sound(music / "two.wav", 3.0, 2)
        await publisher.until(lambda library: len(library.folders["music/"]) == 2)
    async with kept(state_directory, music) as (publisher, _):
        library = await publisher.until(lambda library: True)
        assert one in library.folders["music/"]
        assert library.chime == first.chime
        assert library.messages
        await publisher.until(lambda library: len(library.folders["music/"]) == 2)


@pytest.mark.slow
async def test_an_empty_folder_is_said_and_leaves_the_chime(state_directory, tmp_path):
    async with kept(state_directory, tmp_path / "music") as (publisher, keeper):
        library = await publisher.until(lambda library: library.chime is not None)
        assert library.played == {"music/": ()}
        assert "the chime plays instead" in keeper.faults[0]


@pytest.mark.slow
async def test_a_voice_recorded_while_the_station_runs_is_taken_up(state_directory, tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    phrase = Phrase(KOREAN, "물을 건너지 마십시오.")
    async with kept(state_directory, music) as (publisher, _):
        library = await publisher.until(lambda library: phrase in library.voices.phrases)
        assert library.voices.phrases[phrase].status is Status.SYNTHETIC
        assert {"flood-evacuate", "generic-caution"} < set(library.messages)
        shelf = VoiceShelf(state_directory, PcmStore(state_directory / "pcm"))
        shelf.keep(phrase, tone(1.0, 500, 0.3), Status.RECORDED)
        library = await publisher.until(
            lambda library: library.voices.phrases[phrase].status is Status.RECORDED
        )
        sounds = {segment.pcm for segment in library.messages["flood-evacuate"].cycle}
        assert library.voices.phrases[phrase].pcm in sounds
