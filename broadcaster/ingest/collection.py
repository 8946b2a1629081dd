"""What a path stands for: one file, all audio in a folder, or the entries of an M3U playlist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath
from urllib.parse import unquote, urlsplit

from broadcaster.ingest.errors import IngestError
from broadcaster.ingest.tags import repaired_korean

AUDIO_SUFFIXES = frozenset(
    {
        ".mp3", ".flac", ".ogg", ".oga", ".opus", ".m4a", ".mp4", ".aac", ".wav", ".w64", ".aif",
        ".aiff", ".wma", ".mka",
    }
)  # fmt: skip
"""In a folder only these are taken for audio; a file named by itself may be called anything."""
PLAYLIST_SUFFIXES = frozenset({".m3u", ".m3u8"})
_LARGEST_PLAYLIST = 8 << 20


def audio_files(path: Path) -> list[Path]:
    """Return the audio files a path stands for, in the order in which they are to be played.

    A folder is searched with its sub-folders, in the order a person would sort (2 before 10);
    hidden files are left out. A playlist keeps its order.

    Raises:
        IngestError: it is not there, holds no audio, or the playlist names a web address.
    """
    try:
        if path.is_dir():
            found = sorted(_audio_below(path), key=lambda file: _natural(str(file)))
        elif path.suffix.lower() in PLAYLIST_SUFFIXES:
            found = list(_playlist_entries(path))
        elif path.exists():
            found = [path]
        else:
            raise IngestError(f"{path}: no such file or folder; check the name")
    except OSError as error:
        raise IngestError(
            f"{path}: {error.strerror or error}; check the name and who may read it"
        ) from error
    if not found:
        raise IngestError(f"{path}: there is no audio in it; bring MP3, FLAC, Ogg, Opus, M4A, WAV")
    return found


def _audio_below(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        is_hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in AUDIO_SUFFIXES and not is_hidden and path.is_file():
            yield path


def _natural(text: str) -> list[tuple[int, str]]:
    """Sort key: runs of digits count as numbers."""
    return [
        (int(part), "") if part.isdecimal() and part.isascii() else (-1, part.casefold())
        for part in re.split(r"([0-9]+)", text)
    ]


def _playlist_entries(playlist: Path) -> Iterator[Path]:
    if playlist.stat().st_size > _LARGEST_PLAYLIST:
        raise IngestError(f"{playlist}: too large for a playlist; export it again")
    # M3U has no declared encoding: Korean players write CP949, newer ones UTF-8 with a mark.
    text = playlist.read_bytes().decode("utf-8-sig", "surrogateescape")
    for number, line in enumerate(text.splitlines(), 1):
        entry = repaired_korean(line).strip()
        if not entry or entry.startswith("#"):
            continue
        if entry.startswith("file://"):
            entry = unquote(urlsplit(entry).path)
        elif "://" in entry:
            raise IngestError(
                f"{playlist}:{number}: {entry} is a web address; only files can be imported"
            )
        yield _resolved(playlist.parent, entry)


def _resolved(folder: Path, entry: str) -> Path:
    """An entry is relative to its playlist; one written on Windows has backslashes."""
    plain = folder / entry
    if "\\" in entry and not plain.exists():
        return folder / Path(*PureWindowsPath(entry).parts)
    return plain
