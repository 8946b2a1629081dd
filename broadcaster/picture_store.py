"""Pictures that came with detections: encrypted on disk, and gone after 30 days.

They show people who were merely passing by. Whoever copies the disk reads nothing without the key,
which lies beside them with mode 0600, and whoever loses the key loses the pictures.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.fernet import Fernet, InvalidToken

from broadcaster.run_directory import StateDirectory, write_whole

RETENTION: Final = timedelta(days=30)
_FOLDER: Final = "pictures"
_NAME: Final = re.compile(r"p[0-9a-f]{40}")


class PictureError(Exception):
    """A picture that can't be kept or shown; the text says why."""


def picture_name(octets: bytes) -> str:
    """The name a picture is kept under: a hash of what it shows."""
    return f"p{hashlib.blake2b(octets, digest_size=20).hexdigest()}"


class PictureStore:
    """The pictures of a station."""

    def __init__(self, state: StateDirectory) -> None:
        """Make folder and key when there are none; raises OSError or PictureError."""
        self._folder = state.path / _FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        key = state.path / "pictures.key"
        if not key.exists():
            write_whole(key, Fernet.generate_key())
        try:
            self._cipher = Fernet(key.read_bytes())
        except ValueError:
            raise PictureError(
                f"{key} is damaged: put back a copy, or remove it with the pictures"
            ) from None

    def keep(self, octets: bytes) -> str:
        """Keep a picture; its name. Raises OSError."""
        name = picture_name(octets)
        write_whole(self._folder / name, self._cipher.encrypt(octets), durable=False)
        return name

    def show(self, name: str) -> bytes:
        """A picture as it came.

        Raises:
            PictureError: there is none of that name (any more), or it was changed.
        """
        if _NAME.fullmatch(name) is None:
            raise PictureError(f'"{name[:60]}" is not the name of a picture')
        try:
            return self._cipher.decrypt((self._folder / name).read_bytes())
        except FileNotFoundError:
            days = RETENTION.days
            raise PictureError(f"no picture {name}; they are kept for {days} days") from None
        except InvalidToken:
            raise PictureError(f"picture {name} was changed, or the key was") from None

    def forget_old(self, utc: datetime) -> int:
        """Remove what is past its time, and drafts of a process that was killed; how many."""
        removed = 0
        for path in sorted(self._folder.iterdir()):
            try:
                kept_since = datetime.fromtimestamp(path.stat().st_mtime, UTC)
                if utc - kept_since > RETENTION:
                    path.unlink()
                    removed += 1
            except FileNotFoundError:
                continue
        return removed
