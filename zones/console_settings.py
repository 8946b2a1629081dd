"""Where people reach the station by browser, and who else may vouch for them. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DEFAULT_CONSOLE_HOST: Final = "127.0.0.1"
DEFAULT_CONSOLE_PORT: Final = 8080

ROLES: Final = ("viewer", "radio", "operator", "police", "technician", "administrator")
"""What somebody can be to the station."""


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """A provider of OpenID Connect whose word the console takes for who somebody is.

    `secret_file` is relative to the site file. The `claim` of an ID token holds the groups of a
    person; `roles` says which role each group has here.
    """

    issuer: str
    client: str
    secret_file: str
    claim: str
    roles: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """Where the console listens and by which names it is called.

    `certificate` and `key` are files in PEM, relative to the site file; without them there is TLS
    only with the certificate that `broadcaster tls init` made.
    """

    host: str = DEFAULT_CONSOLE_HOST
    port: int = DEFAULT_CONSOLE_PORT
    names: tuple[str, ...] = ()
    certificate: str | None = None
    key: str | None = None
    single_sign_on: SingleSignOn | None = None

    def __str__(self) -> str:
        """Where it listens and what it is called, for a sentence."""
        return f"{self.host}:{self.port}" + "".join(f" {name}" for name in self.names)
