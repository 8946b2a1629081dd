"""Which profile an amplifier gets: chosen by what its agent says of itself, and never by chance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from firmware_profiles.oid import Oid, dotted, is_under
from firmware_profiles.profile import Profile
from firmware_profiles.supervision import Item, Trap
from firmware_profiles.version import lies_within, overlap
from zones.site import ProfileId


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself; empty where it says nothing."""

    object_id: Oid = ()
    description: str = ""
    mdns_vendor: str = ""
    firmware: str = ""
    """Its version where an object of its own tells it; else it is looked for in `description`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The one profile that fits, or None and why not.

    `firmware` is the version the device says it has, "" when it does not say. `is_in_range` is
    False when the family is right and the profile is for other versions: then `why` says which.
    """

    profile: Profile | None
    firmware: str
    is_in_range: bool
    why: str


def chosen(profiles: Iterable[Profile], identity: Identity) -> Choice:
    """The profile of a device.

    The longest beginning of sysObjectID wins, then a description that fits, then the version.
    """
    fitting = [(rank, p) for p in profiles if (rank := _rank(p, identity)) is not None]
    if not fitting:
        return Choice(None, identity.firmware, True, _unknown(identity))
    best = max(rank for rank, _ in fitting)
    family = [profile for rank, profile in fitting if rank == best]
    found = [(p, firmware_in(p, identity)) for p in family]
    inside = [
        (p, v) for p, v in found if not v or lies_within(v, p.firmware.least, p.firmware.most)
    ]
    if len(inside) == 1:
        profile, firmware = inside[0]
        return Choice(profile, firmware, True, "")
    if inside:
        names = ", ".join(str(profile.id) for profile, _ in inside)
        return Choice(None, inside[0][1], True, f"more than one profile fits: {names}")
    profile, firmware = found[0]
    ranges = "; ".join(f"{p.id} is for {_range(p)}" for p, _ in found)
    return Choice(profile, firmware, False, f"firmware {firmware} has no profile: {ranges}")


def firmware_in(profile: Profile, identity: Identity) -> str:
    """The version a device has, as its profile reads it; "" when it does not say."""
    if identity.firmware:
        return identity.firmware
    match = profile.supervision.match
    if match is None or match.description is None:
        return ""
    if "firmware" not in match.description.groupindex:
        return ""
    found = match.description.search(identity.description)
    return "" if found is None else found["firmware"] or ""


def twins(profiles: Iterable[Profile]) -> Iterator[str]:
    """A sentence for each pair of profiles that could both be chosen for one device."""
    known = sorted(profiles, key=lambda each: each.id)
    for place, one in enumerate(known):
        for other in known[place + 1 :]:
            first, second = one.supervision.match, other.supervision.match
            if first is None or second is None:
                continue
            shared = set(first.object_ids) & set(second.object_ids)
            patterns = (
                None if each.description is None else each.description.pattern
                for each in (first, second)
            )
            ranges = ((p.firmware.least, p.firmware.most) for p in (one, other))
            if shared and len(set(patterns)) == 1 and overlap(*ranges):
                yield (
                    f"{one.id} and {other.id} are both for {dotted(min(shared))}: give them "
                    "firmware ranges that do not overlap, or descriptions"
                )


def items_of(profile: Profile, profiles: Mapping[ProfileId, Profile]) -> tuple[Item, ...]:
    """The objects of a profile: its own, and those of the profile it includes."""
    own = profile.supervision.items
    included = _included(profile, profiles)
    names = {item.name for item in own}
    if included is None:
        return own
    return (*own, *(item for item in included.supervision.items if item.name not in names))


def traps_of(profile: Profile, profiles: Mapping[ProfileId, Profile]) -> tuple[Trap, ...]:
    """The notifications of a profile: its own, and those of the profile it includes."""
    included = _included(profile, profiles)
    own = profile.supervision.traps
    return own if included is None else (*own, *included.supervision.traps)


def _included(profile: Profile, profiles: Mapping[ProfileId, Profile]) -> Profile | None:
    name = profile.supervision.includes
    return None if name is None else profiles.get(ProfileId(name))


def _rank(profile: Profile, identity: Identity) -> tuple[int, bool] | None:
    """How well a profile fits, the greater the better; None when it does not."""
    match = profile.supervision.match
    if match is None:
        return None
    below = [len(root) for root in match.object_ids if is_under(identity.object_id, root)]
    if match.object_ids and not below:
        return None
    if match.description is not None:
        if match.description.search(identity.description):
            return max(below, default=0), True
        return None
    return (max(below), False) if below else None


def _unknown(identity: Identity) -> str:
    if not identity.object_id and not identity.description:
        return "the device says nothing of itself"
    named = dotted(identity.object_id) or repr(identity.description)
    return f"no family is known for {named}; generic-mib2 watches the standard objects"


def _range(profile: Profile) -> str:
    least, most = profile.firmware.least, profile.firmware.most
    if least is None and most is None:
        return "every version"
    if most is None:
        return f"{least} and later"
    return f"{least} to {most}" if least is not None else f"versions up to {most}"
