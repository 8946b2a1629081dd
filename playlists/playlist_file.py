"""Playlists as other programs write and read them: M3U and M3U8, PLS, XSPF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote, unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

import defusedxml.ElementTree  # type: ignore[import-untyped]
from defusedxml import DefusedXmlException

MOST_TRACKS = 10_000
_XSPF = "http://xspf.org/ns/0/"


class PlaylistFileError(ValueError):
    """A file that is no playlist of its kind; the text says why."""


class Form(Enum):
    """A kind of playlist file, by its suffix."""

    M3U = ".m3u"
    M3U8 = ".m3u8"
    PLS = ".pls"
    XSPF = ".xspf"


@dataclass(frozen=True, slots=True)
class Listed:
    """A track as a playlist file names it: a path or an address, a title, seconds if known."""

    location: str
    title: str = ""
    length: float | None = None


def form_of(suffix: str) -> Form:
    """The form that a file's suffix stands for.

    Raises:
        PlaylistFileError: none.
    """
    try:
        return Form(suffix.lower())
    except ValueError:
        known = ", ".join(form.value for form in Form)
        raise PlaylistFileError(f'"{suffix}" is no playlist; there are {known}') from None


def read_list(text: str, form: Form) -> tuple[Listed, ...]:
    """The tracks that a playlist file's text names, in order.

    Raises:
        PlaylistFileError: it is no playlist of that form, or too long.
    """
    if form is Form.XSPF:
        found = tuple(_xspf_tracks(text))
    elif form is Form.PLS:
        found = tuple(_pls_tracks(text))
    else:
        found = tuple(_m3u_tracks(text))
    if len(found) > MOST_TRACKS:
        raise PlaylistFileError(f"{len(found)} tracks; a playlist may have {MOST_TRACKS}")
    return found


def written_list(tracks: Iterable[Listed], form: Form, title: str = "") -> str:
    """A playlist file's text that names these tracks."""
    listed = list(tracks)
    if form is Form.XSPF:
        return _xspf_text(listed, title)
    if form is Form.PLS:
        return _pls_text(listed)
    lines = ["#EXTM3U", *([f"#PLAYLIST:{_line(title)}"] if title else [])]
    for one in listed:
        length = -1 if one.length is None else round(one.length)
        lines += [f"#EXTINF:{length},{_line(one.title)}", one.location]
    return "\n".join(lines) + "\n"


def path_of(location: str) -> str | None:
    """The path that a location names; None if it is an address elsewhere."""
    parts = urlsplit(location)
    if parts.scheme == "file":
        return unquote(parts.path)
    return None if "://" in location else location


# --- M3U ---


def _m3u_tracks(text: str) -> Iterator[Listed]:
    title, length = "", None
    for raw in text.removeprefix("\ufeff").splitlines():
        line = raw.strip()
        about = re.match(r"#EXTINF:\s*(-?[0-9.]+)[^,]*,(.*)", line)
        if about is not None:
            seconds = float(about[1]) if about[1].strip("-.").replace(".", "", 1) else -1.0
            title, length = about[2].strip(), seconds if seconds > 0 else None
        elif line and not line.startswith("#"):
            yield Listed(line, title, length)
            title, length = "", None


# --- PLS ---


def _pls_tracks(text: str) -> Iterator[Listed]:
    if not re.search(r"^\s*\[playlist\]", text, re.IGNORECASE | re.MULTILINE):
        raise PlaylistFileError("this is no PLS file: it does not begin with [playlist]")
    fields: dict[int, dict[str, str]] = {}
    for line in text.splitlines():
        found = re.fullmatch(r"\s*(File|Title|Length)([0-9]{1,5})\s*=\s*(.*)", line, re.IGNORECASE)
        if found is not None:
            fields.setdefault(int(found[2]), {})[found[1].lower()] = found[3].strip()
    for _, one in sorted(fields.items()):
        if one.get("file"):
            length = one.get("length", "-1")
            known = length.isdecimal() and int(length) > 0
            yield Listed(one["file"], one.get("title", ""), float(length) if known else None)


def _pls_text(listed: list[Listed]) -> str:
    lines = ["[playlist]"]
    for number, one in enumerate(listed, 1):
        length = -1 if one.length is None else round(one.length)
        lines += [f"File{number}={one.location}", f"Title{number}={_line(one.title)}"]
        lines.append(f"Length{number}={length}")
    return "\n".join([*lines, f"NumberOfEntries={len(listed)}", "Version=2", ""])


# --- XSPF ---


def _xspf_tracks(text: str) -> Iterator[Listed]:
    try:
        root = defusedxml.ElementTree.fromstring(text)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise PlaylistFileError(f"this is no XSPF file: {error}") from None
    if root.tag != f"{{{_XSPF}}}playlist":
        raise PlaylistFileError("this is no XSPF file: it holds no playlist of XSPF version 1")
    for track in root.iter(f"{{{_XSPF}}}track"):
        location = track.findtext(f"{{{_XSPF}}}location", "").strip()
        if location:
            duration = track.findtext(f"{{{_XSPF}}}duration", "").strip()
            length = int(duration) / 1000 if duration.isdecimal() else None
            yield Listed(
                location if "://" in location else unquote(location),
                track.findtext(f"{{{_XSPF}}}title", "").strip(),
                length,
            )


def _xspf_text(listed: list[Listed], title: str) -> str:
    root = Element("playlist", {"version": "1", "xmlns": _XSPF})
    if title:
        SubElement(root, "title").text = title
    tracks = SubElement(root, "trackList")
    for one in listed:
        track = SubElement(tracks, "track")
        SubElement(track, "location").text = _address(one.location)
        if one.title:
            SubElement(track, "title").text = one.title
        if one.length is not None:
            SubElement(track, "duration").text = str(round(one.length * 1000))
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _address(location: str) -> str:
    """A location as XSPF wants it, a URI."""
    if "://" in location:
        return location
    return ("file://" if location.startswith("/") else "") + quote(location)


def _line(text: str) -> str:
    return " ".join(text.split())
