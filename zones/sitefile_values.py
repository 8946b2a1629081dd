"""The kinds of value that only a site file has: DSCPs, formats, places, levels by daypart."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeVar

from zones.geometry import Point
from zones.priority import PRIORITIES, PriorityError, parse_priority
from zones.problem import Problem
from zones.site import Evidence
from zones.stream_format import FORMATS
from zones.yaml_document import Listing, Node, Table
from zones.yaml_kind import (
    BYTES_UNITS,
    DECIBEL_UNITS,
    IPV4,
    METRES_UNITS,
    SECONDS_UNITS,
    Kind,
    Schema,
    ValueProblem,
    choice,
    did_you_mean,
    number,
    quantity,
)
from zones.yaml_shape import Many, One, Placed, Reading

T = TypeVar("T")

# --- kinds of value ---------------------------------------------------------------------------

_DSCP_NAMES: Final = {
    # RFC 2474, 2597, 3246, 5865.
    "EF": 46,
    "VOICE-ADMIT": 44,
    "BE": 0,
    **{f"CS{n}": 8 * n for n in range(8)},
    **{f"AF{c}{d}": 8 * c + 2 * d for c in range(1, 5) for d in range(1, 4)},
}


def _read_dscp(text: str) -> int:
    if text.upper() in _DSCP_NAMES:
        return _DSCP_NAMES[text.upper()]
    if text.isascii() and text.isdecimal() and len(text) < 3 and int(text) < 64:
        return int(text)
    raise ValueProblem(f'"{text}" is not a DSCP', "write EF, AF41, CS5 ... or a number 0 to 63")


def _read_priority(text: str) -> int:
    try:
        return parse_priority(text)
    except PriorityError as error:
        hint = did_you_mean(text, PRIORITIES) if not text.isdecimal() else "0 to 255"
        raise ValueProblem(f'"{text}" is not a priority', hint) from error


_INTERFACE_NAME: Final = re.compile(r"[^\s/:]{1,15}")
"""What Linux takes as the name of a network interface (IFNAMSIZ less one)."""
_ANY: Final = frozenset({"any", "all", "auto", "default", "*"})


def _read_interface(text: str) -> str:
    if re.fullmatch(r"[0-9.]+", text):
        address = IPV4.read(text)
        if address.is_unspecified or address.is_multicast or address.is_reserved:
            raise ValueProblem(f"{text} is no address of an interface", "it is never guessed")
        return str(address)
    if text.lower() in _ANY:
        raise ValueProblem(f'"{text}" is no interface', "it is never guessed: write eth1, say")
    if _INTERFACE_NAME.fullmatch(text):
        return text
    raise ValueProblem(f'"{text}" is no interface', "write its name, such as eth1, or its address")


INTERFACE_KIND: Final = Kind(
    "an interface",
    _read_interface,
    {"type": "string", "pattern": f"^{_INTERFACE_NAME.pattern}$"},
    "a name, like `eth1`, or an IPv4 address",
)
DSCP_KIND: Final = Kind(
    "a DSCP",
    _read_dscp,
    {"anyOf": [{"enum": sorted(_DSCP_NAMES)}, {"type": "integer", "minimum": 0, "maximum": 63}]},
    "`EF`, `AF41`, `CS5` ..., or 0 to 63",
)
PRIORITY_KIND: Final = Kind(
    "a priority",
    _read_priority,
    {"anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0, "maximum": 255}]},
    "`evacuate`, `warning`, `caution` ..., or 0 to 255",
)
FORMAT_KIND: Final = choice("a stream format", {name: name for name in FORMATS})
EVIDENCE_KIND: Final = choice("a way of reporting", {each.value: each for each in Evidence})
MEASURES_KIND: Final = choice(
    "a measured quantity",
    {
        name: name
        for name in ("water_level", "flow", "rain", "wind", "temperature", "soil_moisture")
    },
)
DETECTS_KIND: Final = choice(
    "something a camera detects",
    {
        name: name
        for name in ("smoke", "fire", "thermal", "water_level", "flood", "crowd", "person")
    },
)
PACKET_TIME_KIND: Final = quantity(
    "a packet time", {"ms": 1e-3, "us": 1e-6}, "125 us", "60 ms", example="5 ms"
)
DELAY_KIND: Final = quantity("a delay", SECONDS_UNITS, "0 ms", "10 s", example="200 ms")
PERIOD_KIND: Final = quantity("a period", SECONDS_UNITS, "100 ms", "24 h", example="60 s")
SOURCE_DELAY_KIND: Final = quantity("a delay", SECONDS_UNITS, "0 s", "6 h", example="10 s")
DISTANCE_KIND: Final = quantity("a distance", METRES_UNITS, "0 m", "100 km", example="120 m")
LENGTH_KIND: Final = quantity("a length", METRES_UNITS, "1 m", "100 km", example="2.4 km")
LEVEL_KIND: Final = quantity("a level", DECIBEL_UNITS, "-60 dB", "0 dB", example="-12 dB")
BUDGET_KIND: Final = quantity("a size", BYTES_UNITS, "100 MB", "100 TB", example="20 GB")


# --- readings that are more than one scalar ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class PointReading(Reading[Point]):
    """A place, as `[latitude, longitude]` in degrees."""

    def read(self, node: Node, subject: str, problems: list[Problem]) -> Point | None:
        """The point; latitude and longitude the wrong way round are noticed near Korea."""
        if not isinstance(node, Listing) or len(node.items) != 2:
            problems.append(
                node.place.problem(
                    f"{subject}: needs [latitude, longitude]", "such as [37.5889, 126.9430]"
                )
            )
            return None
        numbers = Many(One(number("degrees", -180, 180))).read(node, subject, problems)
        if numbers is None:
            return None
        latitude, longitude = numbers
        looks_swapped = 124 <= latitude <= 132 and 33 <= longitude <= 39
        if abs(latitude) > 90 or looks_swapped:
            hint = f"did you mean [{longitude:g}, {latitude:g}]?" if abs(longitude) <= 90 else ""
            problems.append(
                node.place.problem(f"{subject}: {latitude:g} is no latitude; it comes first", hint)
            )
            return None
        return Point(latitude, longitude)

    def values(self) -> str:
        """Two numbers."""
        return "[latitude, longitude]"

    def schema(self) -> Schema:
        """An array of two numbers."""
        return {
            "type": "array",
            "prefixItems": [
                {"type": "number", "minimum": -90, "maximum": 90},
                {"type": "number", "minimum": -180, "maximum": 180},
            ],
            "minItems": 2,
            "maxItems": 2,
        }


@dataclass(frozen=True, slots=True)
class ByName(Reading[tuple[tuple[Placed[str], T], ...]]):
    """A small table of values under names that are checked later."""

    value: Reading[T]

    def read(
        self, node: Node, subject: str, problems: list[Problem]
    ) -> tuple[tuple[Placed[str], T], ...] | None:
        """The names with their places, and the values; None if any could not be read."""
        if not isinstance(node, Table):
            problems.append(node.place.problem(f"{subject}: needs a table of name: value"))
            return None
        pairs = [
            (Placed(key.text, key.place), self.value.read(value, f"{subject}.{key.text}", problems))
            for key, value in node.entries
        ]
        whole_pairs = tuple((name, value) for name, value in pairs if value is not None)
        return whole_pairs if len(whole_pairs) == len(pairs) else None

    def values(self) -> str:
        """A table of the inner values."""
        return f"a table of {self.value.values()}"

    def schema(self) -> Schema:
        """An object with free keys."""
        return {"type": "object", "additionalProperties": self.value.schema()}
