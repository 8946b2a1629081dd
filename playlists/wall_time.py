"""Wall time of one place and UTC: where an hour is missing, and where one comes twice.

Rules are kept as the wall shows them, so that a programme of nine o'clock stays at nine over every
change of the clocks; what is planned is UTC, half-open. Stretches that touch on the wall touch in
UTC too: in the missing hour they may be empty, in the double one they are longer.
"""

from __future__ import annotations

import datetime as dt


def utc_at(wall: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """When a clock on the wall of `zone` shows the naive `wall`, in UTC.

    A time that comes twice means its first coming; one that is left out means as much later as
    the clocks were put forward (RFC 5545 section 3.3.5).

    Raises:
        ValueError: `wall` carries a zone of its own.
    """
    if wall.tzinfo is not None:
        raise ValueError(f"{wall.isoformat()} is no time of a wall: it carries a zone")
    return wall.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def wall_at(utc: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """What a clock on the wall of `zone` shows at `utc`, naive."""
    return utc.astimezone(zone).replace(tzinfo=None)


def is_left_out(wall: dt.datetime, zone: dt.tzinfo) -> bool:
    """Whether the clocks jump over the naive `wall`."""
    return wall_at(utc_at(wall, zone), zone) != wall.replace(fold=0)
