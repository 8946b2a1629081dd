"""Files sent in by the radio staff: `<state>/uploads/`, a folder that is watched like the others.

What is sent in is written beside, synced and renamed, so that only whole files are brought in. It
can be put on playlists and into the news; nothing plays it otherwise.
"""

from __future__ import annotations

import hashlib
import os
import unicodedata
from pathlib import Path, PurePosixPath
from typing import Final

UPLOADS: Final = "uploads"
"""The folder's name in the state directory, and as playlists choose from it."""
_LONGEST: Final = 180
"""Bytes of a file's name, of the 255 that file systems take."""


def place_of(state: Path) -> Path:
    """Where a state directory keeps what was sent in."""
    return state / UPLOADS


def kept_name(sent: str) -> str:
    """The name under which a file is kept: the last part of what was sent, without a path.

    Long names are cut and told apart by a part of their hash.

    Raises:
        ValueError: nothing of a name is left.
    """
    last = PurePosixPath(sent.replace("\\", "/")).name
    plain = "".join(c for c in unicodedata.normalize("NFC", last) if c.isprintable())
    plain = plain.strip().lstrip(".").replace("/", "")
    if not PurePosixPath(plain).stem or not plain:
        raise ValueError(f"{sent[:80]!r} is no name of a file: use one such as song.flac")
    octets = plain.encode("utf-8", "replace")
    if len(octets) <= _LONGEST:
        return octets.decode("utf-8")
    suffix = PurePosixPath(plain).suffix[:10]
    mark = f"-{hashlib.blake2b(octets, digest_size=4).hexdigest()}{suffix}"
    return octets[: _LONGEST - len(mark.encode())].decode("utf-8", "ignore") + mark


class Draft:
    """A file on its way in; kept under its name only when all of it is there."""

    def __init__(self, state: Path, name: str) -> None:
        """`name` is a kept name.

        Raises:
            OSError: it cannot be written.
        """
        folder = place_of(state)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path = folder / name
        # Hidden files are not brought in.
        self._draft = folder / f".{os.urandom(8).hex()}.part"
        self._file = self._draft.open("xb")
        self.size = 0

    def write(self, octets: bytes) -> None:
        """Add to it.

        Raises:
            OSError: it cannot be written.
        """
        self._file.write(octets)
        self.size += len(octets)

    def keep(self) -> None:
        """It is whole: from now on it is to be brought in. One of that name is replaced.

        Raises:
            OSError: it cannot be written.
        """
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._draft.replace(self.path)

    def drop(self) -> None:
        """Leave nothing of it."""
        self._file.close()
        self._draft.unlink(missing_ok=True)


def remove_drafts(state: Path) -> None:
    """Remove what was never whole; for the one process that takes files in, when it begins."""
    for draft in place_of(state).glob(".*.part"):
        draft.unlink(missing_ok=True)
