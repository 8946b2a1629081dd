"""What a path stands for."""

import pytest

from broadcaster.ingest.collection import audio_files
from broadcaster.ingest.errors import IngestError


@pytest.fixture
def music(tmp_path):
    for name in ("2 b.mp3", "10 c.flac", "1 a.OGG", "cover.jpg", ".hidden.mp3", "sub/저녁.opus"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    (tmp_path / ".trash").mkdir()
    (tmp_path / ".trash" / "old.mp3").write_bytes(b"x")
    return tmp_path


def names(files, music):
    return [str(file.relative_to(music)) for file in files]


def test_a_folder_is_searched_in_the_order_a_person_would_sort(music):
    assert names(audio_files(music), music) == [
        "1 a.OGG", "2 b.mp3", "10 c.flac", "sub/저녁.opus",
    ]  # fmt: skip


def test_a_file_stands_for_itself_whatever_it_is_called(music):
    assert audio_files(music / "cover.jpg") == [music / "cover.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_playlist_keeps_its_order_in_any_korean_encoding(music, encoding):
    lines = "#EXTM3U\r\n#EXTINF:3,저녁\r\nsub/저녁.opus\r\n\r\n2 b.mp3\r\n"
    playlist = music / "list.m3u"
    playlist.write_bytes(lines.encode(encoding))
    assert names(audio_files(playlist), music) == ["sub/저녁.opus", "2 b.mp3"]


def test_a_playlist_from_windows_is_understood(music):
    playlist = music / "list.m3u8"
    playlist.write_text("sub\\저녁.opus\n", "utf-8")
    assert names(audio_files(playlist), music) == ["sub/저녁.opus"]


def test_a_playlist_may_name_files_by_address_but_not_the_web(music):
    playlist = music / "list.m3u"
    playlist.write_text((music / "2 b.mp3").as_uri() + "\n")
    assert names(audio_files(playlist), music) == ["2 b.mp3"]
    playlist.write_text("2 b.mp3\nhttps://example.org/live.mp3\n")
    with pytest.raises(IngestError, match=r"list\.m3u:2: .* is a web address"):
        audio_files(playlist)


def test_nothing_to_import_is_said(tmp_path):
    with pytest.raises(IngestError, match="no audio"):
        audio_files(tmp_path)
    with pytest.raises(IngestError, match="no such file"):
        audio_files(tmp_path / "gone")
