"""Firmware versions as makers write them, and which is the older."""

from __future__ import annotations

import re
from typing import Final

_PART: Final = re.compile(r"[0-9]+|[A-Za-z]+")
_LONGEST: Final = 64

Version = tuple[tuple[int, int, str], ...]


def version(text: str) -> Version:
    """A version that can be compared: `V3.08` is 3.8, and older than `3.17`; `2.0` is `2`.

    Numbers count as numbers, words in order of the alphabet and before every number, so that
    `2.0rc1` is older than `2.0.1`. A leading word, such as `V` or `build`, says nothing.
    """
    parts = _PART.findall(text[:_LONGEST])
    while parts and not parts[0].isdigit():
        parts.pop(0)
    while parts and parts[-1].isdigit() and int(parts[-1]) == 0:
        parts.pop()
    return tuple(
        (1, int(part), "") if part.isdigit() else (0, 0, part.casefold()) for part in parts
    )


def lies_within(text: str, least: str | None, most: str | None) -> bool:
    """Whether a version lies in a range, both ends included; None stands for no limit.

    `most` takes in what only adds to it: 3.22.4 is within a range up to 3.22.
    """
    this = version(text)
    if least is not None and this < version(least):
        return False
    if most is None:
        return True
    last = version(most)
    return this[: len(last)] <= last


def overlap(one: tuple[str | None, str | None], other: tuple[str | None, str | None]) -> bool:
    """Whether two ranges have a version in common."""
    (least, most), (other_least, other_most) = one, other
    starts_late = (
        most is not None and other_least is not None and version(other_least) > version(most)
    )
    ends_early = (
        other_most is not None and least is not None and version(least) > version(other_most)
    )
    return not starts_late and not ends_early
