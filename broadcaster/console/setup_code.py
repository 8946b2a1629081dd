"""The code that makes the first administrator: only who can read the run directory has it."""

from __future__ import annotations

import hmac
import logging
import secrets
from pathlib import Path
from typing import Final

from broadcaster.run_directory import write_whole

FILE: Final = "console-setup-code"

log = logging.getLogger(__name__)


class SetupCode:
    """A code in a file of mode 0600, good until it was used once."""

    def __init__(self, run: Path) -> None:
        """`run` is the run directory."""
        self.path = run / FILE
        self._code = ""

    @property
    def is_asked_for(self) -> bool:
        """Whether the station still waits for its first administrator."""
        return bool(self._code)

    def make(self) -> None:
        """Write a new code, and say in the log where; raises OSError."""
        self._code = secrets.token_hex(8)
        write_whole(self.path, f"{self._code}\n".encode(), durable=False)
        log.warning(
            "nobody can sign in yet: open the page /setup and use the code in %s", self.path
        )

    def is_right(self, code: str) -> bool:
        """Whether this is the code."""
        return self.is_asked_for and hmac.compare_digest(code.strip().encode(), self._code.encode())

    def remove(self) -> None:
        """Make the code worthless."""
        self._code = ""
        self.path.unlink(missing_ok=True)
