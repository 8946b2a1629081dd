"""Files that are sent in: their names, and that only whole ones are kept."""

import pytest

from broadcaster.radio.uploads import Draft, kept_name, place_of, remove_drafts


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("곡 하나.mp3", "곡 하나.mp3"),
        ("../../etc/passwd.wav", "passwd.wav"),
        ("C:\\Music\\바다.flac", "바다.flac"),
        ("🎵.ogg", "🎵.ogg"),
        ("...hidden.mp3", "hidden.mp3"),
        ("a\nb\x00c.mp3", "abc.mp3"),
    ],
)
def test_a_name_keeps_its_last_part(sent, kept):
    assert kept_name(sent) == kept


def test_long_names_are_cut_and_told_apart():
    first, second = kept_name("가" * 300 + "1.mp3"), kept_name("가" * 300 + "2.mp3")
    assert first != second
    for name in (first, second):
        assert len(name.encode()) <= 180
        assert name.endswith(".mp3")


@pytest.mark.parametrize("sent", ["", "/", "..", "a/..", "\n"])
def test_no_name_is_refused(sent):
    with pytest.raises(ValueError, match="no name of a file"):
        kept_name(sent)


def test_only_what_is_whole_is_kept_and_replaces_what_was(tmp_path):
    for octets in (b"old", b"new"):
        draft = Draft(tmp_path, "a.mp3")
        draft.write(octets)
        draft.keep()
    assert (place_of(tmp_path) / "a.mp3").read_bytes() == b"new"
    (place_of(tmp_path) / ".0123.part").write_bytes(b"half")
    Draft(tmp_path, "c.mp3").drop()
    remove_drafts(tmp_path)
    assert [one.name for one in place_of(tmp_path).iterdir()] == ["a.mp3"]
