"""Which spare amplifier could take over for a failed one. Pure; people decide."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from broadcaster.watch.fault import Fault
from broadcaster.watch.place import zones_of
from firmware_profiles.fault_kind import FaultKind
from zones.site import Site

SILENCING: Final = frozenset(
    {FaultKind.LINK, FaultKind.AMPLIFIER, FaultKind.MULTICAST, FaultKind.STREAM}
)
"""The kinds by which an amplifier falls silent while its loudspeakers are well."""


def taken_zones(snapshot: Mapping[str, Any]) -> dict[str, str]:
    """The zone that each spare at work plays, in a snapshot of control."""
    spares = snapshot.get("spares") or ()
    return {str(one["id"]): str(one["zone"]) for one in spares if one.get("zone")}


def heard_by(site: Site, amplifier: str, taken: Mapping[str, str]) -> set[str]:
    """The zones an amplifier plays: its own, and the one it has taken over as a spare."""
    own = {str(zone) for zone in zones_of(site, amplifier)}
    names = [str(spare.id) for spare in site.spares if spare.amplifier == amplifier]
    return own | {taken[name] for name in names if name in taken}


def proposals(
    faults: Collection[Fault], site: Site, taken: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The spares that are free for each fault that silences an amplifier, by the fault's id.

    A spare that is ill itself is not proposed, nor one for zones that all have a spare already.
    """
    silencing = [each for each in faults if each.is_there and each.key.kind in SILENCING]
    ill = {each.key.amplifier for each in silencing}
    free = tuple(
        str(spare.id)
        for spare in site.spares
        if spare.id not in taken and str(spare.amplifier) not in ill
    )
    if not free:
        return {}
    return {
        each.key.id: free
        for each in silencing
        if set(zones_of(site, each.key.amplifier)) - set(taken.values())
    }
