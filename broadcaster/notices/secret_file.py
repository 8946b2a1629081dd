"""Secrets of ways: read from files at the moment they are used, so that a new one counts at once.

They are never logged and never part of an error's text.
"""

from __future__ import annotations

from pathlib import Path

from broadcaster.notices.notice import NotToldError


def secret_in(path: Path) -> bytes:
    """The first line of a file.

    Raises:
        NotToldError: it cannot be read, or is empty.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise NotToldError(f"the secret {path} cannot be read: {error.strerror}") from None
    if not lines or not lines[0].strip():
        raise NotToldError(f"the secret {path} is empty: write it on its first line")
    return lines[0].strip()
