"""A virtual amplifier as a device: what is wrong with it, and the objects its agent has. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from firmware_profiles.oid import (
    ENGINE_BOOTS,
    IF_INDEX_OF_ADDRESS,
    IF_TYPE,
    SYS_DESCR,
    SYS_NAME,
    SYS_OBJECT_ID,
    SYS_UPTIME,
    Oid,
)

OWN: Final[Oid] = (1, 3, 6, 1, 4, 1, 32473, 77)
"""PEN 32473 is kept for documentation (RFC 5612)."""
TRAPS: Final = {
    "line.open": 1, "line.short": 1, "line.ground": 1, "amplifier": 2, "overheat": 2, "fan": 2,
    "mains": 3, "battery": 3,
}  # fmt: skip
"""The trap a fault sends: the last number of its identifier."""
LINES: Final = {"line.open": 2, "line.short": 3, "line.ground": 4}
FAULTS: Final = (
    *LINES, "amplifier", "overheat", "fan", "mains", "battery", "stream", "clock", "config",
    "volume", "deaf", "slow", "garbage", "loss", "twice", "toobig", "elsewhere", "strange",
)  # fmt: skip
"""What can be broken, and mended again."""
EVENTS: Final = ("reboot", "firmware", "exchange", "skew")
"""What happens once."""
_IF_OPER_STATUS: Final[Oid] = (1, 3, 6, 1, 2, 1, 2, 2, 1, 8)
_IF_HC_MULTICAST: Final[Oid] = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 8)
_IF_HIGH_SPEED: Final[Oid] = (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 15)
_INTERFACE: Final = 2
_ETHERNET: Final = 6

Typed = tuple[str, int | str | Oid]
"""A value with its SNMP type: integer, gauge, counter64, ticks, text, oid or address."""


@dataclass(slots=True)
class DeviceState:
    """One device; times are monotonic seconds, `broken` maps a fault to the output it is in."""

    name: str
    address: str
    outputs: int
    started: float
    firmware: str = "1.2"
    volume: int = 80
    """The level it is set to, in percent."""
    boots: int = 1
    engine: int = 0
    broken: dict[str, int] = field(default_factory=dict)
    multicast: int = 0
    """Multicast packets before the last restart's 0; set by who counts them."""
    is_receiving: bool = True

    def restart(self, now: float) -> None:
        """Begin anew, as after a power cut."""
        self.started, self.boots = now, self.boots + 1

    def lose_its_clock(self) -> None:
        """Count its restarts anew, as after a dead battery: for SNMPv3 its time goes back."""
        self.boots = 1

    def objects(self, now: float) -> dict[Oid, Typed]:
        """Every object the agent has, in order."""
        return dict(sorted(self._objects(now)))

    def _objects(self, now: float) -> Iterator[tuple[Oid, Typed]]:
        yield SYS_DESCR, ("text", f"Sorigil virtual amplifier {self.firmware}")
        yield SYS_OBJECT_ID, ("oid", (*OWN, 10))
        yield SYS_UPTIME, ("ticks", max(0, int((now - self.started) * 100)) % 2**32)
        yield SYS_NAME, ("text", self.name)
        yield ENGINE_BOOTS, ("integer", self.boots)
        numbers = tuple(int(part) for part in self.address.split("."))
        yield (*IF_INDEX_OF_ADDRESS, *numbers), ("integer", _INTERFACE)
        yield (*IF_TYPE, _INTERFACE), ("integer", _ETHERNET)
        yield (*_IF_OPER_STATUS, _INTERFACE), ("integer", 1)
        yield (*_IF_HC_MULTICAST, _INTERFACE), ("counter64", self.multicast)
        yield (*_IF_HIGH_SPEED, _INTERFACE), ("gauge", 100)
        broken = self.broken
        own = {
            1: ("text", self.firmware),
            2: ("gauge", 912 if "overheat" in broken else 415),
            3: ("integer", 2 if "amplifier" in broken else 1),
            4: ("integer", 3 if "battery" in broken else 2 if "mains" in broken else 1),
            5: ("integer", 2 if "fan" in broken else 1),
            6: ("integer", 2 if "stream" in broken or not self.is_receiving else 1),
            7: ("integer", 1800 if "clock" in broken else 3),
            8: ("integer", 2 if "config" in broken else 1),
            10: ("gauge", 35 if "volume" in broken else self.volume),
        }
        for number, typed in own.items():
            # Text where a number should be, and far too much of it.
            yield (*OWN, 1, number, 0), ("text", "x" * 900) if "strange" in broken else typed
        for output in range(1, self.outputs + 1):
            wrong = [LINES[each] for each, at in broken.items() if each in LINES and at == output]
            yield (*OWN, 1, 9, 1, output), ("integer", wrong[0] if wrong else 1)


def next_after(objects: dict[Oid, Typed], at: Oid) -> Oid | None:
    """The first object behind an identifier, None at the end."""
    return next((oid for oid in objects if oid > at), None)
