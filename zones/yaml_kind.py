"""The kinds of value a configuration file holds, and how each is read from its text.

A kind reads one scalar or refuses it with a sentence; it also knows its JSON Schema, as an
editor that reads YAML 1.2 sees the value.
"""

from __future__ import annotations

import datetime as dt
import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

T = TypeVar("T")
_WORD_CHARACTERS: Final = 80
"""A longer text is no misspelt word."""
_LISTED: Final = 24
"""The most words listed in a hint."""

Schema = dict[str, object]


class ValueProblem(ValueError):  # noqa: N818 - it is a problem to report, not a fault of ours
    """A text that a kind doesn't take: a sentence, and perhaps what would do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of scalar: what it is called, how it is read, and its JSON Schema.

    `values` tells a manual's reader which values there are.
    """

    called: str
    read: Callable[[str], T]
    schema: Mapping[str, object]
    values: str


def nearest(wrong: str, right: Iterable[str]) -> str | None:
    """The right word that was probably meant, None if none is near."""
    if len(wrong) > _WORD_CHARACTERS:
        return None
    choices = sorted(right)
    folded = [word for word in choices if word.casefold() == wrong.casefold()]
    # Two letters are in many words: "on" is not a misspelt "none".
    cutoff = 0.65 if len(wrong) > 2 else 0.75
    near = folded or difflib.get_close_matches(wrong, choices, n=1, cutoff=cutoff)
    return near[0] if near else None


def did_you_mean(wrong: str, right: Iterable[str]) -> str:
    """A hint with the nearest of the right words, or with all of them if they are few."""
    choices = list(dict.fromkeys(right))
    near = nearest(wrong, choices)
    if near is not None:
        return f'did you mean "{near}"?'
    if len(choices) > 1:
        shown = sorted(choices) if isinstance(right, (set, frozenset)) else choices
        return f"there are {', '.join(shown)}" if len(choices) <= _LISTED else ""
    return f'there is only "{choices[0]}"' if choices else ""


# --- words ------------------------------------------------------------------------------------

_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_OUTPUT: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}/[1-9][0-9]?")
_FILE: Final = re.compile(r"(?!/)(?!.*(^|/)\.\.(/|$))[^\\:*?\"<>|\x00-\x1f]{1,200}")
_TEXT_LIMIT: Final = 200


def _read_id(text: str) -> str:
    if _ID.fullmatch(text):
        return text
    suggestion = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40]
    hint = f'such as "{suggestion}"' if suggestion else ""
    raise ValueProblem(f'"{text}" is not a name: use a-z, 0-9 and "-", at most 40 of them', hint)


def _read_output(text: str) -> str:
    if _OUTPUT.fullmatch(text):
        return text
    raise ValueProblem(f'"{text}" is not an output', "write amplifier/number, such as amp-01/1")


def _read_text(text: str) -> str:
    if not text.strip():
        raise ValueProblem("the text is empty")
    if len(text) > _TEXT_LIMIT:
        raise ValueProblem(f"the text has {len(text)} characters; {_TEXT_LIMIT} are the most")
    if any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in text):
        raise ValueProblem("the text holds a line break or control character")
    return text


def _read_path(text: str) -> str:
    if _FILE.fullmatch(text):
        return text
    raise ValueProblem(
        f'"{text}" is not a path', 'write it relative to this file, without "..", such as music/'
    )


ID: Final = Kind("a name", _read_id, {"type": "string", "pattern": f"^{_ID.pattern}$"}, "a name")
OUTPUT: Final = Kind(
    "an output",
    _read_output,
    {"type": "string", "pattern": f"^{_OUTPUT.pattern}$"},
    "an output, like `amp-01/2`",
)
TEXT: Final = Kind(
    "a text", _read_text, {"type": "string", "minLength": 1, "maxLength": _TEXT_LIMIT}, "text"
)
PATH: Final = Kind(
    "a path", _read_path, {"type": "string", "minLength": 1, "maxLength": 200}, "a path"
)


def choice(called: str, choices: Mapping[str, T]) -> Kind[T]:
    """One of a few words, each standing for a value."""

    def read(text: str) -> T:
        if text in choices:
            return choices[text]
        raise ValueProblem(f'"{text}" is not {called}', did_you_mean(text, choices))

    values = ", ".join(f"`{word}`" for word in choices)
    return Kind(called, read, {"enum": list(choices)}, values)


# --- true and false, numbers ------------------------------------------------------------------

_YES: Final = frozenset({"yes", "on", "y", "1", "true"})
_NO: Final = frozenset({"no", "off", "n", "0", "false"})


def _read_flag(text: str) -> bool:
    if text in {"true", "false"}:
        return text == "true"
    meant = "true" if text.lower() in _YES else "false" if text.lower() in _NO else ""
    hint = f'did you mean "{meant}"?' if meant else ""
    raise ValueProblem(f'"{text}" is neither true nor false', hint)


FLAG: Final = Kind("true or false", _read_flag, {"type": "boolean"}, "`true` or `false`")

_NUMBER: Final = re.compile(r"[+-]?(0|[1-9][0-9]{0,11})(\.[0-9]{1,12})?")


def _read_number(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    bare = text.strip().lstrip("+-")
    if re.fullmatch(r"0[0-9]+", bare):
        raise ValueProblem(
            f'"{text}" begins with a zero, which YAML reads as octal',
            f"write {bare.lstrip('0') or '0'}",
        )
    if re.fullmatch(r"[0-9]+(:[0-9]+)+", bare):
        raise ValueProblem(f'"{text}" is not a number: YAML 1.1 would count it in sixties')
    if re.fullmatch(r"[0-9]+,[0-9]{1,2}", bare):
        raise ValueProblem(f'"{text}" is not a plain number', f"write {bare.replace(',', '.')}")
    if re.fullmatch(r"[0-9]+([_,' ][0-9]+)+", bare):
        digits = re.sub(r"\D", "", bare)
        raise ValueProblem(f'"{text}" is not a plain number', f"write {digits}")
    raise ValueProblem(f'"{text}" is not a plain number')


def number(called: str, least: float, most: float) -> Kind[float]:
    """A decimal number from `least` to `most`, both allowed."""

    def read(text: str) -> float:
        value = _read_number(text)
        if not least <= value <= most:
            raise ValueProblem(f"{text} is outside {least:g} to {most:g}")
        return value

    schema = {"type": "number", "minimum": least, "maximum": most}
    return Kind(called, read, schema, f"{least:g} to {most:g}")


def whole(called: str, least: int, most: int) -> Kind[int]:
    """A whole number from `least` to `most`, both allowed."""

    def read(text: str) -> int:
        value = _read_number(text)
        if "." in text:
            raise ValueProblem(f"{text} is not a whole number")
        if not least <= value <= most:
            span = f"{least} to {most}"
            message = f"{text} is outside {span}" if most > least else f"{text} must be {least}"
            raise ValueProblem(message)
        return int(value)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Kind(called, read, schema, f"{least} to {most}" if most > least else str(least))


# --- quantities with units --------------------------------------------------------------------


def quantity(
    called: str, units: Mapping[str, float], least: str, most: str, *, example: str
) -> Kind[float]:
    """A number with its unit written out, such as `5 ms`; read in the unit whose factor is 1.

    `least` and `most` are written as in the file: `1 ms`.
    """
    spelt = " or ".join(units)
    form = re.compile(rf"([+-]?[0-9.,_]+)\s*({'|'.join(map(re.escape, units))})")

    def convert(text: str) -> float:
        match = form.fullmatch(text.strip())
        if match is None:
            bare = re.fullmatch(r"([+-]?[0-9.]+)\s*(\S*)", text.strip())
            if bare is None:
                raise ValueProblem(f'"{text}" is not {called}', f"write it like {example}")
            if not bare[2]:
                raise ValueProblem(f'"{text}" has no unit', f"write it like {example}")
            raise ValueProblem(
                f'"{bare[2]}" is not a unit of {called}', f"units are {spelt}: {example}"
            )
        # Rounded, because 0.1 + 0.2 in binary must not put 120 ms beside 0.12 s.
        return round(_read_number(match[1]) * units[match[2]], 9)

    low, high = convert(least), convert(most)

    def read(text: str) -> float:
        value = convert(text)
        if not low <= value <= high:
            raise ValueProblem(f"{text} is outside {least} to {most}")
        return value

    pattern = rf"^[+-]?[0-9]+(\.[0-9]+)?\s*({'|'.join(map(re.escape, units))})$"
    schema = {"type": "string", "pattern": pattern, "examples": [example]}
    return Kind(called, read, schema, f"`{least}` to `{most}`")


SECONDS_UNITS: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0}
METRES_UNITS: Final = {"m": 1.0, "km": 1000.0}
BYTES_UNITS: Final = {"kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
DECIBEL_UNITS: Final = {"dB": 1.0}


# --- time of day ------------------------------------------------------------------------------

_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


def _read_clock(text: str) -> dt.time:
    match = _CLOCK.fullmatch(text)
    if match:
        return dt.time(int(match[1]), int(match[2]))
    loose = re.fullmatch(r"([0-9]{1,2})[:.]([0-9]{2})", text)
    if text == "24:00":
        raise ValueProblem('"24:00" is not a time of day', "write 00:00")
    if loose and int(loose[1]) < 24 and int(loose[2]) < 60:
        raise ValueProblem(f'"{text}" is not a time of day', f"write {int(loose[1]):02}:{loose[2]}")
    raise ValueProblem(f'"{text}" is not a time of day', "write it like 06:30")


def _read_hours(text: str) -> tuple[dt.time, dt.time]:
    start, dash, until = text.replace("–", "-").partition("-")
    if not dash:
        raise ValueProblem(f'"{text}" is not a stretch of the day', "write it like 22:00-06:00")
    hours = _read_clock(start.strip()), _read_clock(until.strip())
    if hours[0] == hours[1]:
        raise ValueProblem(f'"{text}" begins and ends at the same time')
    return hours


CLOCK: Final = Kind(
    "a time of day",
    _read_clock,
    {"type": "string", "pattern": f"^{_CLOCK.pattern}$"},
    "a time, like `11:00`",
)
HOURS: Final = Kind(
    "a stretch of the day",
    _read_hours,
    {"type": "string", "pattern": rf"^{_CLOCK.pattern}\s*[-–]\s*{_CLOCK.pattern}$"},
    "hours, like `22:00-06:00`",
)


# --- addresses --------------------------------------------------------------------------------


def _read_ipv4(text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        pass
    if re.fullmatch(r"[0-9.]+:[0-9]+", text):
        raise ValueProblem(f'"{text}" holds a port', 'write the port as "port: 5004" beside it')
    if ":" in text and re.fullmatch(r"[0-9a-fA-F:.]+", text):
        raise ValueProblem(f'"{text}" is an IPv6 address; only IPv4 is sent to')
    parts = text.split(".")
    if len(parts) == 4 and all(part.isascii() and part.isdecimal() for part in parts):
        large = [part for part in parts if int(part[:9]) > 255]
        if large:
            raise ValueProblem(f'"{text}" is not an IPv4 address: {large[0]} is more than 255')
        plain = ".".join(str(int(part)) for part in parts)
        raise ValueProblem(
            f'"{text}" has a part with a leading zero, which some programs read as octal',
            f"write {plain}",
        )
    raise ValueProblem(
        f'"{text}" is not an IPv4 address', "write four numbers, such as 239.192.77.1"
    )


IPV4: Final = Kind(
    "an IPv4 address", _read_ipv4, {"type": "string", "format": "ipv4"}, "an IPv4 address"
)
