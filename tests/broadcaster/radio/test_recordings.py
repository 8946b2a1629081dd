"""Finding recordings, and what people say of them."""

from contextlib import closing

import pytest

from broadcaster.radio.recordings import Recordings, RecordingsError
from broadcaster.radio.station import RadioStation
from broadcaster.run_directory import RunDirectory, StateDirectory
from playlists.recording import Recording, Role
from tests.broadcaster.control.bench import site
from zones.media_time import RATE
from zones.sound import PcmId


def recording(number, title="", artist="", pcm=None, **fields):
    sound = PcmId(f"{number if pcm is None else pcm:064x}")
    length = 200 * RATE
    return Recording(
        *(f"{number:016x}", title or f"Track {number}", artist, "", sound, length, 0, length, 0.0),
        **fields,
    )


@pytest.fixture
def shelf(tmp_path):
    with closing(Recordings(tmp_path)) as recordings:
        recordings.add(
            [
                ("/a.flac", recording(1, "새벽 물소리", "소리길 악단")),
                ("/b.flac", recording(2, "밤바다", "Café del Mar", genre="ambient")),
                ("/c.flac", recording(3, "Night Sea 🌊", "x" * 300)),
                ("/d.flac", recording(4, "Another name", pcm=1)),
                ("/e\udcff.flac", recording(5, '100% _pure_ "quoted"')),
            ]
        )
        yield recordings


def found(shelf, words):
    return [int(kept.recording.id, 16) for kept in shelf.search(words)]


@pytest.mark.parametrize(
    ("words", "numbers"),
    [
        ("새벽", [1]),
        ("물소 악단", [1]),
        ("바다", [2]),  # within a word: Korean is written together
        ("CAFÉ", [2]),
        ("ambi", [2]),
        ("night sea", [3]),
        ("100%", [5]),
        ('"quoted"', [5]),
        ("%", [5, 4, 3, 2, 1]),
        ("nothing like it", []),
        ("", [5, 4, 3, 2, 1]),
    ],
)
def test_words_and_parts_of_words_find_recordings(shelf, words, numbers):
    assert found(shelf, words) == numbers


def test_adding_again_keeps_what_people_said(shelf):
    shelf.say("0000000000000002", {"tags": ["가을"], "valid_until": "2027-01-31", "role": "news"})
    assert shelf.add([("/b.flac", recording(2, "밤바다"))]) == 0
    said = shelf.one("0000000000000002").recording
    assert (said.tags, said.role) == (("가을",), Role.NEWS)
    assert found(shelf, "가을") == [2]
    assert list(shelf.edited()) == ["0000000000000002"]
    shelf.say("0000000000000002", {"tags": None, "valid_until": None, "role": None})
    assert shelf.one("0000000000000002").recording.tags == ()
    assert shelf.edited() == {}


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"length": 3}, "cannot be edited"),
        ({"role": "song"}, "roles are music, news"),
        ({"cue_out": 0}, "must lie in order"),
        ({"segue": 900 * RATE}, "segue point"),
        ({"valid_until": "tomorrow"}, "is no day; write it like"),
    ],
)
def test_nonsense_is_not_kept(shelf, said, says):
    with pytest.raises(RecordingsError, match=says):
        shelf.say("0000000000000001", said)
    assert shelf.edited() == {}


def test_a_recording_is_known_by_the_beginning_of_its_id(shelf):
    assert shelf.one("0000000000000003").recording.title == "Night Sea 🌊"
    for name, says in (("00", "more than one"), ("ff", "no recording"), ("", "more than one")):
        with pytest.raises(RecordingsError, match=says):
            shelf.one(name)


def test_equal_sound_under_two_names_is_found(shelf):
    (together,) = shelf.alike()
    assert {kept.recording.title for kept in together} == {"새벽 물소리", "Another name"}


def test_what_is_removed_is_found_no_more(shelf):
    shelf.remove("0000000000000001")
    assert found(shelf, "새벽") == []
    assert len(shelf) == 4


def test_another_process_sees_a_change(shelf, tmp_path):
    with closing(Recordings(tmp_path)) as other:
        before = other.stamp
        shelf.say("0000000000000001", {"rights": "KOMCA"})
        assert other.stamp != before
        assert other.one("0000000000000001").recording.rights == "KOMCA"


def test_a_damaged_database_says_what_to_do(tmp_path):
    (tmp_path / "recordings.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(RecordingsError, match="move it away"):
        Recordings(tmp_path)


def test_a_recording_may_lie_in_several_files_and_a_file_hold_another_one(tmp_path):
    kept = Recordings(tmp_path)
    one, two, three = (recording(number) for number in (1, 2, 3))
    kept.add([("/a/one.flac", one)])
    kept.add([("/b/same.flac", one), ("/b/two.flac", two)])
    assert kept.files() == {"/a/one.flac": one.id, "/b/same.flac": one.id, "/b/two.flac": two.id}
    kept.add([("/b/two.flac", three)])
    assert kept.files()["/b/two.flac"] == three.id
    kept.remove(one.id)
    assert list(kept.files()) == ["/b/two.flac"]


def test_what_lies_in_a_folder_plays_whatever_file_it_was_first_brought_in_from(tmp_path):
    music = tmp_path / "music"
    music.mkdir()
    (music / "same.flac").write_bytes(b"x")
    station = RadioStation(
        site(), tmp_path / "config.yaml", StateDirectory(tmp_path), RunDirectory(tmp_path)
    )
    station.recordings.add([("/a/one.flac", recording(1)), ("/a/two.flac", recording(2))])
    station.recordings.add([(str(music / "same.flac"), recording(1))])
    station.recordings.add([(str(music / "gone.flac"), recording(2))])
    assert [one.title for one in station.pool.folders["music/"]] == ["Track 1"]
