"""The key `warnings` of the site file: what a site may choose about its warnings."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

from zones.audible_test import DAYS
from zones.problem import Problem
from zones.yaml_kind import CLOCK, FLAG, ID, IPV4, choice
from zones.yaml_shape import Field, Inside, Many, One, OnePlaced, Record, Shape


class AudibleTestKeys:
    """`audible_test`."""

    DAY: Final = Field(
        "day",
        One(choice("a day of the month", {name: name for name in DAYS})),
        "which day of the month",
        is_required=True,
    )
    AT: Final = Field("at", One(CLOCK), "when; not in quiet hours", is_required=True)
    ZONES: Final = Field(
        "zones", Many(OnePlaced(ID), least=1, may_be_one=True), "where, everywhere if not said"
    )
    SHAPE: Final = Shape("audible_test", (DAY, AT, ZONES), "A test that people hear every month.")


class WarningKeys:
    """`warnings`."""

    QUIET_NEIGHBOURS: Final = Field(
        "quiet_neighbours",
        One(FLAG),
        "whether the programme falls silent in zones next to a warned one, `true` if not said",
    )
    SELF_TEST: Final = Field(
        "self_test",
        One(IPV4),
        "multicast group that nobody plays: every hour a hidden warning is tried there",
    )
    AUDIBLE_TEST: Final = Field(
        "audible_test", Inside(AudibleTestKeys.SHAPE), "a monthly test that people hear, and when"
    )
    SHAPE: Final = Shape(
        "warnings", (QUIET_NEIGHBOURS, SELF_TEST, AUDIBLE_TEST), "How warnings behave here."
    )


def check_warnings(record: Record | None, groups: Iterable[ipaddress.IPv4Address]) -> list[Problem]:
    """What is wrong with the group of the self-test, given those that amplifiers play."""
    group = None if record is None else record.may(WarningKeys.SELF_TEST)
    if record is None or group is None:
        return []
    if not group.is_multicast:
        text = f"{group} is no multicast group; take one beside those of the streams"
        return [record.problem(WarningKeys.SELF_TEST, text)]
    if group in set(groups):
        text = f"{group} is played by a stream: a hidden test would be heard; take a free group"
        return [record.problem(WarningKeys.SELF_TEST, text)]
    return []


def quiet_neighbours(record: Record | None) -> bool:
    """Whether zones next to a warned one drop their programme; music nearby masks a warning."""
    said = None if record is None else record.may(WarningKeys.QUIET_NEIGHBOURS)
    return True if said is None else said


def self_test_group(record: Record | None) -> str | None:
    """Where a hidden warning is tried; None for a site without self-tests."""
    group = None if record is None else record.may(WarningKeys.SELF_TEST)
    return None if group is None else str(group)
