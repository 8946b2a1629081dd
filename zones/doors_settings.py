"""Where detections come in, and how their senders are known. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_DOORS_HOST: Final = "127.0.0.1"
DEFAULT_DOORS_PORT: Final = 8090


@dataclass(frozen=True, slots=True)
class DoorsSettings:
    """Where the doors listen.

    `certificate` and `key` are files in PEM, relative to the site file; without them the doors
    speak plain HTTP, on this machine only. With `clients`, a file of certificate authorities, a
    sender may show a certificate instead of signing.
    """

    host: str = DEFAULT_DOORS_HOST
    port: int = DEFAULT_DOORS_PORT
    certificate: str | None = None
    key: str | None = None
    clients: str | None = None

    def __str__(self) -> str:
        """Where they listen, for a sentence."""
        return f"{self.host}:{self.port}"
