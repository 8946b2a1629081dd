"""Make what a file says about itself presentable: repair Korean, strip what is no text. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

TAG_NAMES = (
    "title", "artist", "album", "album_artist", "composer", "tcom", "label", "publisher",
    "organization", "tpub", "genre", "date", "year", "tdrc", "originaldate", "isrc", "tsrc",
    "musicbrainz_trackid", "musicbrainz track id",
)  # fmt: skip
"""The tags that are read, as FFmpeg calls those of ID3, Vorbis comments and MP4."""
LONGEST = 300
"""Characters of a title, artist or album that are kept."""


@dataclass(frozen=True, slots=True)
class Tags:
    """What the library shows of a recording."""

    title: str
    artist: str
    album: str
    composer: str = ""
    label: str = ""
    genre: str = ""
    year: str = ""
    isrc: str = ""
    musicbrainz_id: str = ""


def tags_of(raw: Mapping[str, str], file_stem: str) -> Tags:
    """Return the repaired tags; a file without a title is called by its name."""
    return Tags(
        title=presentable(raw.get("title", "")) or presentable(file_stem) or "?",
        artist=presentable(raw.get("artist", "") or raw.get("album_artist", "")),
        album=presentable(raw.get("album", "")),
        composer=_first(raw, "composer", "tcom"),
        label=_first(raw, "label", "publisher", "organization", "tpub"),
        genre=_first(raw, "genre"),
        year=_first(raw, "date", "year", "tdrc", "originaldate")[:4],
        isrc="".join(c for c in _first(raw, "isrc", "tsrc").upper() if c.isalnum())[:12],
        musicbrainz_id=_first(raw, "musicbrainz_trackid", "musicbrainz track id"),
    )


def _first(raw: Mapping[str, str], *names: str) -> str:
    """The first of these tags that says something; players name them differently."""
    return next((text for name in names if (text := presentable(raw.get(name, "")))), "")


def presentable(text: str) -> str:
    """Return the text repaired, in one line, composed (NFC), at most 300 characters."""
    repaired = unicodedata.normalize("NFC", repaired_korean(text))
    one_line = "".join(" " if character.isspace() else character for character in repaired)
    kept = "".join(c for c in one_line if unicodedata.category(c) not in ("Cc", "Cs", "Co", "Cn"))
    return " ".join(kept.split())[:LONGEST].rstrip()


def repaired_korean(text: str) -> str:
    """Return text that was read in the wrong encoding as it was meant.

    Old Korean software writes CP949 where the tag's format promises Latin-1 or UTF-8, so the
    text arrives as "¼Ö½£" or as undecodable bytes (here: surrogate escapes). It is taken for
    Korean only if its bytes are whole KS X 1001 characters and Hangul among them, which no
    Western word is: those have single accented letters between plain ones.
    """
    data = _as_bytes(text)
    if data is None:
        return text
    for encoding in ("utf-8", "cp949"):
        try:
            meant = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8" or _is_korean(data, meant):
            return meant
    # Not Korean: what cannot be shown is shown as such, the rest was right already.
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _as_bytes(text: str) -> bytes | None:
    """The tag's own bytes, if the text can be a wrong reading of them."""
    if text.isascii():
        return None
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        pass
    if any("\udc80" <= character <= "\udcff" for character in text):
        return text.encode("utf-8", "surrogateescape")
    return None


def _is_korean(data: bytes, meant: str) -> bool:
    pairs, single, index = 0, 0, 0
    while index < len(data):
        if data[index] < 0x80:
            index += 1
        elif index + 1 < len(data) and data[index + 1] >= 0xA1:
            pairs += 1
            index += 2
        else:
            # The rare syllables of CP949 have a letter as their second byte.
            single += 1
            index += 2
    hangul = sum("\uac00" <= character <= "\ud7a3" for character in meant)
    return hangul > 0 and pairs > 0 and pairs >= 2 * single
