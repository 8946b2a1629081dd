"""Object identifiers of SNMP, as numbers only: names need a MIB that the station has not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

Oid = tuple[int, ...]

_FORM: Final = re.compile(r"\.?[0-2](\.(0|[1-9][0-9]{0,9})){1,127}")
_MOST: Final = 2**32 - 1

SYS_DESCR: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 1, 0)
SYS_OBJECT_ID: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 2, 0)
SYS_UPTIME: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 3, 0)
"""Hundredths of a second; begins again at 0 after 497 days (RFC 3418)."""
SYS_NAME: Final[Oid] = (1, 3, 6, 1, 2, 1, 1, 5, 0)
ENGINE_BOOTS: Final[Oid] = (1, 3, 6, 1, 6, 3, 10, 2, 1, 2, 0)
IF_INDEX_OF_ADDRESS: Final[Oid] = (1, 3, 6, 1, 2, 1, 4, 20, 1, 2)
"""ipAdEntIfIndex: the interface that has an address (RFC 4293)."""
IF_TYPE: Final[Oid] = (1, 3, 6, 1, 2, 1, 2, 2, 1, 3)
SENSOR_TYPE: Final[Oid] = (1, 3, 6, 1, 2, 1, 99, 1, 1, 1, 1)
SENSOR_SCALE: Final[Oid] = (1, 3, 6, 1, 2, 1, 99, 1, 1, 1, 2)
SENSOR_PRECISION: Final[Oid] = (1, 3, 6, 1, 2, 1, 99, 1, 1, 1, 3)
ENTERPRISES: Final[Oid] = (1, 3, 6, 1, 4, 1)


MOST_ROWS: Final = 16
"""Rows of one column that are looked at."""


class Index(Enum):
    """What the last number of an object stands for."""

    NONE = "none"
    OUTPUT = "output"
    """The number of a loudspeaker output, counted from 1."""
    INTERFACE = "interface"
    """The ifIndex of the interface that has the amplifier's address."""
    CELSIUS = "celsius"
    """Every row of the entity sensor table that measures temperature (RFC 3433)."""
    ROW = "row"
    """Every row the column has, at most `MOST_ROWS`."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object, or the column of a table whose rows are found by `index`."""

    oid: Oid
    index: Index

    def at(self, row: int | None) -> Oid:
        """The object's own identifier; `row` only where there is an index."""
        return self.oid if row is None else (*self.oid, row)


def oid(text: str) -> Oid:
    """The numbers of an identifier such as `1.3.6.1.2.1.1.1.0`.

    Raises:
        ValueError: it is none, with a sentence.
    """
    if not _FORM.fullmatch(text):
        raise ValueError(f'"{text}" is not a numeric object identifier')
    numbers = tuple(int(part) for part in text.removeprefix(".").split("."))
    if max(numbers) > _MOST:
        raise ValueError(f'"{text}" holds a number above {_MOST}')
    return numbers


def place(text: str) -> Place:
    """An identifier that may end in `<output>`, `<interface>` or `<celsius>`.

    Raises:
        ValueError: it is none, with a sentence.
    """
    for index in Index:
        ending = f".<{index.value}>"
        if index is not Index.NONE and text.endswith(ending):
            return Place(oid(text.removesuffix(ending)), index)
    return Place(oid(text), Index.NONE)


def dotted(numbers: Oid) -> str:
    """An identifier as it is written."""
    return ".".join(map(str, numbers))


def is_under(numbers: Oid, root: Oid) -> bool:
    """Whether an object lies at or below another."""
    return numbers[: len(root)] == root
