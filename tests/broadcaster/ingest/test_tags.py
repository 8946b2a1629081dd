"""Tags: Korean that was written in another encoding, and text that is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.ingest.tags import LONGEST, presentable, repaired_korean, tags_of

KOREAN = ["솔숲", "바람이 분다", "가을 우체국 앞에서", "서울의 달 (Live)", "BTS - 봄날"]
WESTERN = [
    "Ärger", "Beyoncé", "Détente", "Café del Mar", "Ñandú", "Für Elise", "Mötley Crüe", "ÄÖÜ",
    "À la claire fontaine", "Björk Guðmundsdóttir", "Sigur Rós – Ágætis byrjun", "plain",
]  # fmt: skip
MISREADINGS = {
    "cp949 read as latin-1": lambda text: text.encode("cp949").decode("latin-1"),
    "cp949 read as utf-8": lambda text: text.encode("cp949").decode("utf-8", "surrogateescape"),
    "utf-8 read as latin-1": lambda text: text.encode().decode("latin-1"),
    "right": lambda text: text,
}


@pytest.mark.parametrize("reading", MISREADINGS)
@pytest.mark.parametrize("text", KOREAN)
def test_korean_is_read_as_it_was_written(text, reading):
    assert repaired_korean(MISREADINGS[reading](text)) == text


@pytest.mark.parametrize("text", WESTERN)
def test_western_names_are_left_alone(text):
    assert repaired_korean(text) == text


@given(st.text(max_size=400))
def test_any_text_becomes_one_line_that_can_be_written(text):
    shown = presentable(text)
    assert shown.encode("utf-8") is not None
    assert len(shown) <= LONGEST
    assert not any(character in shown for character in "\r\n\t\0\x1b")
    assert shown == shown.strip()


@given(st.binary(max_size=60))
def test_any_bytes_become_text(data):
    assert presentable(data.decode("utf-8", "surrogateescape")).encode("utf-8") is not None
    assert presentable(data.decode("latin-1")).encode("utf-8") is not None


def test_a_file_without_title_is_called_by_its_name():
    assert tags_of({}, "저녁 바람").title == "저녁 바람"
    assert tags_of({"title": " \x00 "}, "a").title == "a"
    assert tags_of({}, "\x01").title == "?"


def test_an_album_artist_stands_in_for_the_artist():
    assert tags_of({"album_artist": "A"}, "x").artist == "A"


def test_what_royalty_reports_need_is_read_however_a_player_names_it():
    raw = {
        "tcom": "\xb1\xe8\xbc\xd2\xbf\xf9",  # CP949 read as Latin-1
        "publisher": "소리길 음반",
        "date": "2019-05-01",
        "isrc": "kr-a01-23-45678",
        "musicbrainz track id": "8f3471b5",
    }
    tags = tags_of(raw, "file")
    assert (tags.composer, tags.label, tags.year) == ("김소월", "소리길 음반", "2019")
    assert (tags.isrc, tags.musicbrainz_id, tags.genre) == ("KRA012345678", "8f3471b5", "")
