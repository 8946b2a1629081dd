"""ID tokens of OpenID Connect: whether one is genuine, for us, and of now. RS256 only.

OpenID Connect Core 1.0 section 3.1.3.7, RFC 7515 (signature), RFC 7517 (keys).
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.hashes import SHA256

LEEWAY: Final = 60.0
"""Seconds by which the provider's clock may differ from ours."""
_SHORTEST_KEY: Final = 2048
"""Bits of a key that is still trusted."""

Claims = Mapping[str, Any]


class IdTokenError(Exception):
    """A token that is not to be believed; the text says why."""


class UnknownKeyError(IdTokenError):
    """It is signed with a key that is not among those known; there may be new ones."""


def claims_of(
    token: str,
    keys: Iterable[Mapping[str, Any]],
    *,
    issuer: str,
    client: str,
    nonce: str,
    now: float,
) -> Claims:
    """What a token says, once it is proven; `keys` are the provider's as JWK, `now` UTC seconds.

    Raises:
        UnknownKeyError: none of the keys signed it.
        IdTokenError: it is malformed, forged, expired, or for somebody else.
    """
    parts = token.split(".")
    if len(parts) != 3:
        raise IdTokenError("it is no signed token")
    header, claims = _object(parts[0]), _object(parts[1])
    if header.get("alg") != "RS256":
        raise IdTokenError(f"it is signed by {header.get('alg')!r}; RS256 is asked for")
    key = _key(keys, header.get("kid"))
    try:
        signed = f"{parts[0]}.{parts[1]}".encode()
        key.verify(_octets(parts[2]), signed, PKCS1v15(), SHA256())
    except InvalidSignature:
        raise IdTokenError("its signature is wrong") from None
    _check(claims, issuer, client, nonce, now)
    return claims


def _check(claims: Claims, issuer: str, client: str, nonce: str, now: float) -> None:
    if claims.get("iss") != issuer:
        raise IdTokenError(f"it is of {claims.get('iss')!r}, not of {issuer}")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client not in audiences or (len(audiences) > 1 and claims.get("azp") != client):
        raise IdTokenError("it is for somebody else")
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int | float) or not isinstance(issued, int | float):
        raise IdTokenError("it does not say when it was issued and when it expires")
    if now > expires + LEEWAY or issued > now + LEEWAY:
        raise IdTokenError("it has expired, or its clock or ours is wrong")
    if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise IdTokenError("it answers another question than ours")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise IdTokenError("it does not say who it is about")


def _key(keys: Iterable[Mapping[str, Any]], wanted: object) -> RSAPublicKey:
    for key in keys:
        if key.get("kty") != "RSA" or key.get("use", "sig") != "sig":
            continue
        if wanted is not None and key.get("kid") != wanted:
            continue
        numbers = RSAPublicNumbers(_number(key.get("e")), _number(key.get("n")))
        try:
            public = numbers.public_key()
        except ValueError as error:
            raise IdTokenError(f"the provider's key is none: {error}") from None
        if public.key_size < _SHORTEST_KEY:
            raise IdTokenError(f"the provider's key has {public.key_size} bits only")
        return public
    raise UnknownKeyError("it is signed with a key the provider does not list")


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_octets(part))
    except (ValueError, RecursionError):
        raise IdTokenError("it is no signed token") from None
    if not isinstance(value, dict):
        raise IdTokenError("it is no signed token")
    return value


def _octets(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part.encode("ascii") + b"=" * (-len(part) % 4))
    except ValueError:
        raise IdTokenError("it is no signed token") from None


def _number(text: object) -> int:
    if not isinstance(text, str):
        raise IdTokenError("the provider's key is none")
    return int.from_bytes(_octets(text), "big")
