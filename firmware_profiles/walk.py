"""Recorded SNMP walks: the text `snmpwalk -On` prints, as values.

One line is `.1.3.6.1.2.1.1.1.0 = STRING: "..."`; a text may go on over several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from firmware_profiles.oid import Oid, is_under, oid
from firmware_profiles.reading import Raw

MOST_OBJECTS: Final = 20_000
_LINE: Final = re.compile(
    r"\.?(?P<oid>[0-2](?:\.[0-9]+)+) = (?:(?P<type>[A-Za-z0-9-]+): ?)?(?P<value>.*)"
)
_IN_BRACKETS: Final = re.compile(r"\((-?[0-9]+)\)")
_NUMBER: Final = re.compile(r"-?[0-9]+")
_NUMBERS: Final = {"INTEGER", "Gauge32", "Counter32", "Counter64", "Unsigned32", "Timeticks"}


class WalkError(ValueError):
    """A text that is no walk; the message says which line and why."""


def parse_walk(text: str) -> dict[Oid, Raw]:
    """The values of a walk by object, in order of their identifiers.

    Objects without a value (`No Such Object`, `""`) are left out.

    Raises:
        WalkError: a line is none of a walk, or there are too many.
    """
    found: dict[Oid, Raw] = {}
    for number, name, kind, value in _lines(text):
        try:
            at = oid(name)
        except ValueError as wrong:
            raise WalkError(f"line {number}: {wrong}") from None
        raw = _value(kind, value)
        if raw is not None:
            found[at] = raw
        if len(found) > MOST_OBJECTS:
            raise WalkError(f"more than {MOST_OBJECTS:,} objects")
    if not found:
        raise WalkError("no object in it: record it with `snmpwalk -On -v2c -c COMMUNITY HOST .1`")
    return dict(sorted(found.items()))


def below(walk: Mapping[Oid, Raw], root: Oid) -> dict[Oid, Raw]:
    """The part of a walk under an identifier."""
    return {at: raw for at, raw in walk.items() if is_under(at, root)}


def _lines(text: str) -> Iterator[tuple[int, str, str, str]]:
    """Line number, identifier, type and value of each object."""
    begun, name, kind, value = 0, "", "", ""
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.fullmatch(line)
        if match is not None:
            if begun:
                yield begun, name, kind, value
            begun, name, kind, value = number, match["oid"], match["type"] or "", match["value"]
        elif begun:
            value += f"\n{line}"
        elif line.strip() and not line.startswith("#"):
            raise WalkError(
                f"line {number} is no object: record it with `snmpwalk -On`, "
                "such as .1.3.6.1.2.1.1.5.0 = STRING: amp-1"
            )
    if begun:
        yield begun, name, kind, value


def _value(kind: str, value: str) -> Raw | None:
    if kind in _NUMBERS:
        number = _IN_BRACKETS.search(value) or _NUMBER.match(value)
        if number is None:
            return None
        return int(number[1] if number.re is _IN_BRACKETS else number[0])
    if kind == "OID":
        try:
            return oid(value.strip())
        except ValueError:
            return None
    if kind == "Hex-STRING":
        octets = value.split()
        try:
            return bytes(int(octet, 16) for octet in octets)
        except ValueError:
            return None
    if kind in {"STRING", "IpAddress", "Network Address"}:
        return value.strip().strip('"')
    return None
