"""Secrets of ways: read from files at the moment they are used, so that a new one counts at once.

They are never logged and never part of an error's text.
"""

from __future__ import annotations

from pathlib import Path

from broadcaster.notices.notice import NotToldError


def secret_in(path: Path) -> str:
    """The first line of a file, in UTF-8.

    Raises:
        NotToldError: it cannot be read, or is empty.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise NotToldError(f"the secret {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotToldError(f"the secret {path} is no text in UTF-8") from None
    if not lines or not lines[0].strip():
        raise NotToldError(f"the secret {path} is empty: write it on its first line")
    return lines[0].strip()
