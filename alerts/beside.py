"""Quiet beside warned zones: music a few metres away masks a warning (SAFETY B3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alerts.claim_name import Role
from alerts.draft import BESIDE, Draft
from alerts.ending import spoken_in
from zones.bus import Claim, Kind, ZoneId
from zones.media_time import Sample
from zones.priority import is_emergency
from zones.sound import Silence

_ENDINGS = (Role.ENDING, Role.ONLY)
_MESSAGES = (Role.MESSAGE, Role.TURNS, Role.CONFLICT, *_ENDINGS)


def keep_quiet_beside(draft: Draft, neighbours: Mapping[ZoneId, Iterable[ZoneId]]) -> None:
    """Silence the programme beside warned zones for as long as these are warned.

    The silence lies below every announcement, so that a zone which carries a message of its own is
    heard.
    """
    lifted: dict[ZoneId, Sample | None] = {}
    for zone in draft.zones:
        until = _warned_until(draft, zone)
        if until is not None and until <= draft.now:
            continue
        for beside in neighbours.get(zone, ()):
            before = lifted.get(beside, until)
            lifted[beside] = None if until is None or before is None else max(until, before)
    name = None
    for zone in dict.fromkeys((*lifted, *draft.zones)):
        standing = _standing(draft, zone)
        if zone not in lifted:
            if standing is not None:
                draft.end(standing, draft.now)
            continue
        until = lifted[zone]
        if standing is None or _ends_before(standing, until):
            name = name or draft.named((), Role.BESIDE)
            start = draft.now if standing is None else standing.until
            draft.add(name, zone, Kind.PROGRAMME, BESIDE, Silence(), start, until)
        elif until is not None:
            draft.end(standing, until)


def _warned_until(draft: Draft, zone: ZoneId) -> Sample | None:
    """When a zone's last ending is over, its rest included; None while that is not known."""
    over: list[Sample | None] = [draft.now]
    for name, claim in draft.claims(zone, *_MESSAGES):
        if not is_emergency(claim.priority) or _is_over(claim, draft.now):
            continue
        spoken = spoken_in(draft, zone, [claim]) if name.role in _ENDINGS else None
        over.append(claim.until if spoken is None else spoken)
    known = [sample for sample in over if sample is not None]
    return max(known) if len(known) == len(over) else None


def _is_over(claim: Claim, now: Sample) -> bool:
    return claim.until is not None and claim.until <= now


def _standing(draft: Draft, zone: ZoneId) -> Claim | None:
    """The silence that lasts longest there, if it has not ended."""
    found = [
        claim for _, claim in draft.claims(zone, Role.BESIDE) if not _is_over(claim, draft.now)
    ]
    endless = (claim for claim in found if claim.until is None)
    return next(endless, max(found, key=lambda claim: claim.until or 0, default=None))


def _ends_before(claim: Claim, until: Sample | None) -> bool:
    return claim.until is not None and (until is None or claim.until < until)
