"""What was found against what the site has: found, missing, moved, unknown. Pure.

mDNS finds devices and never supervises them: a record may be old, or lie. So only the engine id
that an agent proves, or the name its agent gives, lets an amplifier be followed elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Device:
    """One device that was found: where, by what, and what it says of itself."""

    address: str
    by: str
    name: str = ""
    description: str = ""
    vendor: str = ""
    engine_id: str = ""


@dataclass(frozen=True, slots=True)
class Expected:
    """One amplifier of the site: where it should be, and the engine id it is known by."""

    address: str
    engine_id: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What came of a look. `moved` are the amplifiers that have another address now."""

    found: Mapping[str, Device]
    missing: tuple[str, ...]
    unknown: tuple[Device, ...]
    moved: Mapping[str, str]


def taken_stock(expected: Mapping[str, Expected], devices: Iterable[Device]) -> Inventory:
    """Match what was found with what should be there.

    An engine id proves more than a name, a name more than an address. A device whose engine id or
    name two others claim as well is matched by its address only.
    """
    merged = _merged(devices)
    by_engine, by_name = _unique(merged, "engine_id"), _unique(merged, "name")
    found: dict[str, Device] = {}
    for name, each in expected.items():
        device = by_engine.get(each.engine_id) if each.engine_id else None
        if device is None and (named := by_name.get(name)) and named.by != "mdns":
            device = named
        if device is None:
            device = merged.get(each.address)
            # At its address another agent answers: that is not this amplifier.
            if device and each.engine_id and device.engine_id not in {"", each.engine_id}:
                device = None
        if device is not None:
            found[name] = device
    taken = {device.address for device in found.values()}
    return Inventory(
        found=found,
        missing=tuple(name for name in expected if name not in found),
        unknown=tuple(each for address, each in merged.items() if address not in taken),
        moved={
            name: device.address
            for name, device in found.items()
            if device.address != expected[name].address
        },
    )


def stock_told(stock: Inventory, expected: Mapping[str, Expected]) -> dict[str, Any]:
    """An inventory as it is told to commands."""
    return {
        "found": [
            {
                "amplifier": name,
                "address": device.address,
                "expected": expected[name].address,
                "by": device.by,
            }
            for name, device in stock.found.items()
        ],
        "missing": list(stock.missing),
        "unknown": [
            {
                "address": each.address,
                "name": each.name,
                "description": each.description,
                "by": each.by,
            }
            for each in stock.unknown
        ],
    }


def _merged(devices: Iterable[Device]) -> dict[str, Device]:
    """One device for each address, with all that was found of it; SNMP before mDNS."""
    merged: dict[str, Device] = {}
    for each in sorted(devices, key=lambda one: one.by == "mdns"):
        known = merged.get(each.address)
        if known is None:
            merged[each.address] = each
        else:
            merged[each.address] = Device(
                each.address,
                known.by if known.by == each.by else f"{known.by} and {each.by}",
                known.name or each.name,
                known.description or each.description,
                known.vendor or each.vendor,
                known.engine_id or each.engine_id,
            )
    return merged


def _unique(devices: Mapping[str, Device], field: str) -> dict[str, Device]:
    found: dict[str, Device] = {}
    doubled: set[str] = set()
    for device in devices.values():
        value = str(getattr(device, field))
        if value and value in found:
            doubled.add(value)
        elif value:
            found[value] = device
    return {value: device for value, device in found.items() if value not in doubled}
