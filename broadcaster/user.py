"""What the person at this terminal is called."""

from __future__ import annotations

import getpass
import os


def user_name() -> str:
    """The name of the user this process runs for; `user 1000` for one without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # as in some containers
        return f"user {os.getuid()}"
