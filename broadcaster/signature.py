"""The signature of a request: HMAC-SHA256 over when, what and where.

    X-Key-Id: vms-1-7c1f            which key
    X-Timestamp: 1793330000         seconds of the Unix epoch
    X-Nonce: 0f8e4c...              16 to 64 characters, never used twice
    X-Signature: v1=5d41...         hex of the HMAC

over the text `v1`, timestamp, nonce, method, path with query and the hex SHA-256 of the body, each
on a line of its own and no line break after the last. Who reports to the station signs so, and so
does the station when it tells others.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

KEY_HEADER: Final = "X-Key-Id"
TIME_HEADER: Final = "X-Timestamp"
NONCE_HEADER: Final = "X-Nonce"
SIGNATURE_HEADER: Final = "X-Signature"


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
