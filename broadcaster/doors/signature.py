"""The signature of a request: HMAC-SHA256 over when, what and where.

    X-Key-Id: vms-1-7c1f            which key
    X-Timestamp: 1793330000         seconds of the Unix epoch
    X-Nonce: 0f8e4c...              16 to 64 characters, never used twice
    X-Signature: v1=5d41...         hex of the HMAC

over the text `v1`, timestamp, nonce, method, path with query and the hex SHA-256 of the body, each
on a line of its own and no line break after the last.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

WINDOW_S: Final = 120.0
"""How far a timestamp may be from our clock."""
KEY_HEADER: Final = "X-Key-Id"
TIME_HEADER: Final = "X-Timestamp"
NONCE_HEADER: Final = "X-Nonce"
SIGNATURE_HEADER: Final = "X-Signature"

_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
_TIME: Final = re.compile(r"[0-9]{1,12}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_=+/-]{16,64}")
_SIGNATURE: Final = re.compile(r"v1=([0-9a-f]{64})")


class NotSignedError(Exception):
    """A request without a proper signature; the text never says what was expected."""


class Headers(Protocol):
    """Headers of a request, of which one may come twice."""

    def getall(self, key: str, default: list[str]) -> list[str]:
        """Every value of a header."""


@dataclass(frozen=True, slots=True)
class Signed:
    """What a request says of its signature; nothing of it is believed yet."""

    key: str
    timestamp: int
    nonce: str
    signature: str


def signed_in(headers: Headers) -> Signed:
    """What the headers say.

    Raises:
        NotSignedError: one is missing, comes twice or has no proper form.
    """
    found = {}
    for name, form in (
        (KEY_HEADER, _KEY),
        (TIME_HEADER, _TIME),
        (NONCE_HEADER, _NONCE),
        (SIGNATURE_HEADER, _SIGNATURE),
    ):
        values = headers.getall(name, [])
        if len(values) != 1:
            raise NotSignedError(f"{name} must be there {'once' if values else 'and is missing'}")
        if form.fullmatch(values[0]) is None:
            raise NotSignedError(f"{name} has no proper form")
        found[name] = values[0]
    return Signed(
        found[KEY_HEADER],
        int(found[TIME_HEADER]),
        found[NONCE_HEADER],
        found[SIGNATURE_HEADER].removeprefix("v1="),
    )


def signature(
    secret: bytes, timestamp: int, nonce: str, method: str, path: str, body: bytes
) -> str:
    """The hex HMAC of a request."""
    digest = hashlib.sha256(body).hexdigest()
    text = f"v1\n{timestamp}\n{nonce}\n{method}\n{path}\n{digest}"
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def signing_headers(
    key: str, secret: bytes, timestamp: int, nonce: str, path: str, body: bytes
) -> Mapping[str, str]:
    """The headers that sign a POST."""
    return {
        KEY_HEADER: key,
        TIME_HEADER: str(timestamp),
        NONCE_HEADER: nonce,
        SIGNATURE_HEADER: f"v1={signature(secret, timestamp, nonce, 'POST', path, body)}",
    }


def is_right(signed: Signed, secret: bytes, method: str, path: str, body: bytes) -> bool:
    """Whether the signature is that of the secret; takes as long whether it is or not."""
    expected = signature(secret, signed.timestamp, signed.nonce, method, path, body)
    return hmac.compare_digest(expected, signed.signature)
