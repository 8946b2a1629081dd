"""The signature of a request that comes in: read from its headers, and compared."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final, Protocol

from broadcaster.signature import KEY_HEADER as KEY_HEADER
from broadcaster.signature import NONCE_HEADER as NONCE_HEADER
from broadcaster.signature import SIGNATURE_HEADER as SIGNATURE_HEADER
from broadcaster.signature import TIME_HEADER as TIME_HEADER
from broadcaster.signature import signature as signature
from broadcaster.signature import signing_headers as signing_headers

WINDOW_S: Final = 120.0
"""How far a timestamp may be from our clock."""
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


def is_right(signed: Signed, secret: bytes, method: str, path: str, body: bytes) -> bool:
    """Whether the signature is that of the secret; takes as long whether it is or not."""
    expected = signature(secret, signed.timestamp, signed.nonce, method, path, body)
    return hmac.compare_digest(expected, signed.signature)
