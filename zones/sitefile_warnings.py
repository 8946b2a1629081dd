"""The key `warnings` of the site file: what a site may choose about its warnings."""

from __future__ import annotations

from typing import Final

from zones.yaml_kind import FLAG
from zones.yaml_shape import Field, One, Record, Shape


class WarningKeys:
    """`warnings`."""

    QUIET_NEIGHBOURS: Final = Field(
        "quiet_neighbours",
        One(FLAG),
        "whether the programme falls silent in zones next to a warned one, `true` if not said",
    )
    SHAPE: Final = Shape("warnings", (QUIET_NEIGHBOURS,), "How warnings behave here.")


def quiet_neighbours(record: Record | None) -> bool:
    """Whether zones next to a warned one drop their programme; music nearby masks a warning."""
    said = None if record is None else record.may(WarningKeys.QUIET_NEIGHBOURS)
    return True if said is None else said
