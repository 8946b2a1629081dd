"""Passwords as argon2id hashes (RFC 9106), and which passwords are accepted."""

from __future__ import annotations

from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST: Final = 10
LONGEST: Final = 200
"""Characters of a password."""

_HASHER: Final = PasswordHasher()


def weakness(password: str, name: str) -> str:
    """Why a password of a person is not accepted, in a sentence; empty when it is."""
    if not SHORTEST <= len(password) <= LONGEST:
        return f"a password has {SHORTEST} to {LONGEST} characters"
    if name.casefold() in password.casefold() or len(set(password)) < 5:
        return "that password is too easy to guess: don't use the name, nor the same few letters"
    return ""


def password_hash(password: str) -> str:
    """The hash of a password, with its salt and parameters. Takes some 50 ms and 64 MiB."""
    return _HASHER.hash(password)


def is_password(password: str, kept: str) -> bool:
    """Whether a password has this hash. Takes as long as `password_hash`."""
    try:
        return _HASHER.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def nobodys_hash() -> str:
    """A hash to compare with when there is no such person: the answer must take as long."""
    return password_hash("nobody has this password")
