"""What SNMP tells about an amplifier family: which objects there are, and what they mean.

Values of a profile's `match`, `snmp`, `items` and `traps`. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.oid import Oid, Place
from zones.site import Name


class Meaning(Enum):
    """What a number or text stands for."""

    STATES = "states"
    """A number that names a state."""
    BITS = "bits"
    """A number of which each bit is a fault."""
    GAUGE = "gauge"
    """A measured value."""
    COUNTER = "counter"
    """Something that only counts up, until it begins again."""
    TEXT = "text"


class Role(Enum):
    """What an object is used for beside being shown."""

    NONE = "none"
    FIRMWARE = "firmware"
    MODEL = "model"
    SERIAL = "serial"
    VOLUME = "volume"
    """A level that is set on the device: it stays what it was at commissioning (SAFETY F3)."""
    MULTICAST_PACKETS = "multicast_packets"
    """Multicast packets that came in at the interface: the witness of arrival."""


class Pace(Enum):
    """How often an object is asked for."""

    FAST = "fast"
    """Every 2 s while a warning plays in a zone of the amplifier, else as usual."""
    USUAL = "usual"
    SLOW = "slow"
    """Every 5 minutes: what hardly ever changes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a gauge is bad: above or below `bad`; good again only past `good` (hysteresis)."""

    is_high_bad: bool
    bad: float
    good: float


@dataclass(frozen=True, slots=True)
class Item:
    """One object, what it means, and whether an alarm may rest on it.

    `scale` turns the raw number into `unit`. `states` and `bits` name a fault, None for a state
    that is in order; a state that is not listed says nothing. Only a `is_verified` item alarms.
    """

    name: str
    title: Name
    place: Place
    meaning: Meaning
    role: Role
    pace: Pace
    scale: float
    unit: str
    fault: FaultKind | None
    limits: Limits | None
    states: Mapping[int, FaultKind | None]
    bits: Mapping[int, FaultKind]
    source: str
    is_verified: bool

    @property
    def kinds(self) -> frozenset[FaultKind]:
        """The kinds of fault that this object can show."""
        volume = FaultKind.VOLUME if self.role is Role.VOLUME else None
        named = {*self.states.values(), *self.bits.values(), self.fault, volume}
        return frozenset(kind for kind in named if kind is not None)


@dataclass(frozen=True, slots=True)
class Trap:
    """A notification and the kinds of fault it is about; it only starts a confirming poll.

    A notification without kinds says that the device began anew.
    """

    oid: Oid
    about: tuple[FaultKind, ...]
    source: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class SnmpAbility:
    """What an agent speaks: versions of `v1`, `v2c`, `v3`, and how much fits into one request."""

    versions: tuple[str, ...]
    most_oids: int
    source: str


@dataclass(frozen=True, slots=True)
class Match:
    """How a family is told by what its agent says of itself."""

    object_ids: tuple[Oid, ...]
    description: re.Pattern[str] | None
    """Found in sysDescr; its group `firmware` is the version."""
    mac_prefixes: tuple[str, ...]
    mdns_vendor: str | None
    """The text under `vendor` in its mDNS record."""


@dataclass(frozen=True, slots=True)
class Quirk:
    """Something that holds for some versions, told to people."""

    firmware: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class ReceiverPriority:
    """How a receiver itself chooses among streams: only ever a second net.

    `kind` is number, list, classes, second_port or none; `direction` high or low is the number
    that wins.
    """

    kind: str
    direction: str | None
    levels: int | None
    source: str


@dataclass(frozen=True, slots=True)
class Supervision:
    """All that can be asked of a family. `includes` names a profile whose items hold here too."""

    match: Match | None = None
    snmp: SnmpAbility | None = None
    includes: str | None = None
    items: tuple[Item, ...] = ()
    traps: tuple[Trap, ...] = ()
    quirks: tuple[Quirk, ...] = ()
    priority: ReceiverPriority | None = None
