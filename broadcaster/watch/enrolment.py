"""What to ask an amplifier for: the objects of its profile that its agent really has.

Pure but for what it is handed: `Questions` asks, this decides. Done when an agent first answers,
and again after it restarted or became another device.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

from firmware_profiles.choice import Choice, Identity, chosen, items_of
from firmware_profiles.oid import (
    IF_INDEX_OF_ADDRESS,
    IF_TYPE,
    SENSOR_PRECISION,
    SENSOR_SCALE,
    SENSOR_TYPE,
    SYS_DESCR,
    SYS_NAME,
    SYS_OBJECT_ID,
    Index,
    Oid,
)
from firmware_profiles.profile import Profile
from firmware_profiles.reading import Raw, text_of
from firmware_profiles.supervision import Item, Role
from zones.site import ProfileId

_ETHERNET: Final = 6
_LOOPBACK: Final = 24
_CELSIUS: Final = 8
_UNITS: Final = 9
"""The scale "units" of RFC 3433; each step is a factor of 1,000."""


class Questions(Protocol):
    """Asks one agent."""

    async def fetch(self, oids: tuple[Oid, ...]) -> Mapping[Oid, Raw | None]:
        """The values of some objects, None for those that are not there."""

    async def rows(self, column: Oid) -> Mapping[int, Raw]:
        """The rows of a column."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One object of one amplifier; `part` names the output, sensor or row it is about."""

    item: Item
    oid: Oid
    part: str


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What is known of an amplifier's agent, and what to ask it for."""

    identity: Identity
    choice: Choice
    name: str
    model: str
    serial: str
    asked: tuple[Asked, ...]


async def enrol(
    questions: Questions,
    profile: Profile,
    profiles: Mapping[ProfileId, Profile],
    *,
    address: str,
    outputs: int,
) -> Enrolment:
    """Find out what an agent has of its profile; raises what `questions` raises."""
    system = await questions.fetch((SYS_DESCR, SYS_OBJECT_ID, SYS_NAME))
    object_id = system.get(SYS_OBJECT_ID)
    asked: list[Asked] = []
    interface: int | None = None
    for item in items_of(profile, profiles):
        if item.place.index is Index.INTERFACE and interface is None:
            interface = await _interface(questions, address)
        asked += await _places(questions, item, interface, outputs)
    found = await questions.fetch(tuple(each.oid for each in asked))
    there = tuple(each for each in asked if found.get(each.oid) is not None)
    said = {each.item.role: text_of(found[each.oid] or "") for each in there}
    identity = Identity(
        object_id=object_id if isinstance(object_id, tuple) else (),
        description=text_of(system.get(SYS_DESCR) or ""),
        firmware=said.get(Role.FIRMWARE, ""),
    )
    return Enrolment(
        identity=identity,
        choice=chosen(profiles.values(), identity),
        name=text_of(system.get(SYS_NAME) or ""),
        model=said.get(Role.MODEL, ""),
        serial=said.get(Role.SERIAL, ""),
        asked=there,
    )


async def _places(
    questions: Questions, item: Item, interface: int | None, outputs: int
) -> list[Asked]:
    match item.place.index:
        case Index.NONE:
            return [Asked(item, item.place.oid, "")]
        case Index.OUTPUT:
            rows = range(1, outputs + 1)
            return [Asked(item, item.place.at(row), str(row)) for row in rows]
        case Index.INTERFACE:
            return [] if interface is None else [Asked(item, item.place.at(interface), "")]
        case Index.CELSIUS:
            return await _sensors(questions, item)
        case Index.ROW:
            found = await questions.rows(item.place.oid)
            return [Asked(item, item.place.at(row), f"{item.name} {row}") for row in found]


async def _interface(questions: Questions, address: str) -> int | None:
    """The interface that has the amplifier's address; else its first Ethernet port."""
    numbers = tuple(int(part) for part in address.split("."))
    at = (*IF_INDEX_OF_ADDRESS, *numbers)
    index = (await questions.fetch((at,))).get(at)
    if isinstance(index, int):
        return index
    kinds = await questions.rows(IF_TYPE)
    ports = [row for row, kind in kinds.items() if kind == _ETHERNET]
    others = [row for row, kind in kinds.items() if kind != _LOOPBACK]
    return next(iter(ports or others), None)


async def _sensors(questions: Questions, item: Item) -> list[Asked]:
    """Every temperature sensor, with the factor its own scale and precision give (RFC 3433)."""
    kinds = await questions.rows(SENSOR_TYPE)
    rows = [row for row, kind in kinds.items() if kind == _CELSIUS]
    columns = (SENSOR_SCALE, SENSOR_PRECISION)
    if not rows:
        return []
    found = await questions.fetch(tuple((*column, row) for column in columns for row in rows))
    asked = []
    for row in rows:
        scale, precision = (found.get((*column, row)) for column in columns)
        if isinstance(scale, int) and isinstance(precision, int) and abs(precision) <= 9:
            factor = 1000.0 ** (scale - _UNITS) * 10.0**-precision
            scaled = replace(item, scale=factor)
            asked.append(Asked(scaled, item.place.at(row), f"sensor {row}"))
    return asked
