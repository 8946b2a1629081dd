"""One-time codes from an authenticator app: RFC 6238 with SHA-1, 6 digits, 30 s."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
from typing import Final
from urllib.parse import quote

STEP: Final = 30
"""Seconds that a code is shown."""
_DIGITS: Final = 6
_EARLIER_OR_LATER: Final = 1
"""Steps by which the app's clock may differ from ours."""


def new_secret() -> str:
    """A secret for a new app, in base32 as the apps want it."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def address(secret: str, name: str, station: str) -> str:
    """What an app takes as a link or a QR code."""
    label = quote(f"{station}:{name}")
    return f"otpauth://totp/{label}?secret={secret}&issuer={quote(station)}"


def code_at(secret: str, step: int) -> str:
    """The code of a step since 1970 (RFC 4226 section 5.3)."""
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    (number,) = struct.unpack_from(">I", digest, offset)
    return str((number & 0x7FFFFFFF) % 10**_DIGITS).zfill(_DIGITS)


def step_of(secret: str, code: str, now: float, after: int) -> int | None:
    """The step whose code this is, near `now` (UTC seconds) and later than `after`; else None.

    A code that was used is refused for good: its step is the next `after`.
    """
    current = int(now) // STEP
    digits = code.replace(" ", "")
    for step in range(current - _EARLIER_OR_LATER, current + _EARLIER_OR_LATER + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), digits.encode()):
            return step
    return None
