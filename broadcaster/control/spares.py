"""Spare amplifiers: which zone each plays instead of a failed amplifier. Pure.

A spare listens to a stream of its own from the start, silent and awake. Taking over changes one
thing: of which zone that stream carries the sound, from the next packet on. Nothing is claimed,
stopped or begun anew, so that no warning changes anywhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from broadcaster.control.acts import TakeZone
from broadcaster.control.ground import Ground
from broadcaster.control.play_order import RefusedError
from broadcaster.engine.plan import Stream
from zones.bus import ZoneId
from zones.site import Site, Spare, StreamId, UnknownNameError

LONGEST_REASON = 200
"""Characters."""


@dataclass(frozen=True, slots=True)
class TakenZone:
    """The zone a spare plays: since when, by whom and why."""

    zone: ZoneId
    since: datetime
    who: str
    reason: str

    def to_json(self) -> dict[str, str]:
        """It as kept in the state directory."""
        since = self.since.isoformat()
        return {"zone": self.zone, "since": since, "who": self.who, "reason": self.reason}


def taken_in(fields: Mapping[str, Any]) -> TakenZone:
    """What `to_json` gave; raises KeyError, TypeError or ValueError if it is none."""
    since = datetime.fromisoformat(fields["since"]).astimezone(UTC)
    return TakenZone(ZoneId(fields["zone"]), since, str(fields["who"]), str(fields["reason"]))


class Spares:
    """Which zone each spare plays."""

    def __init__(self, taken: Mapping[StreamId, TakenZone] | None = None) -> None:
        self._taken = dict(taken or {})
        self._made: tuple[Ground, tuple[Stream, ...]] | None = None

    def of(self, spare: StreamId) -> TakenZone | None:
        """What a spare plays; None while it rests."""
        return self._taken.get(spare)

    def sent(self, ground: Ground) -> tuple[Stream, ...]:
        """Everything the engine sends; the same tuple as long as nothing changes."""
        if not self._taken:
            return ground.sent
        if self._made is None or self._made[0] is not ground:
            self._made = ground, tuple(self._as_taken(stream, ground) for stream in ground.sent)
        return self._made[1]

    def _as_taken(self, stream: Stream, ground: Ground) -> Stream:
        taken = self._taken.get(stream.id) if stream in ground.spares else None
        return stream if taken is None else replace(stream, zone=taken.zone)

    def take(self, order: TakeZone, site: Site, utc: datetime) -> tuple[Spare, ZoneId | None]:
        """Do what is ordered; the spare, and the zone it takes over or gives back.

        Raises:
            RefusedError: there is no such spare or zone, or it plays another one.
        """
        spare = _named(order.spare, site)
        before = self._taken.get(spare.id)
        if order.zone is None:
            self._taken.pop(spare.id, None)
            self._made = None
            return spare, None if before is None else before.zone
        zone = _zone_of(order.zone, site)
        if before is not None and before.zone != zone:
            raise RefusedError(
                f"{spare.id} plays {before.zone} since {before.since:%Y-%m-%d %H:%M} UTC: let it "
                f"give that back first, with `broadcaster spares give-back {spare.id}`",
                "spare",
            )
        if before is None:
            reason = order.reason.strip()[:LONGEST_REASON]
            self._taken[spare.id] = TakenZone(zone, utc, order.who, reason)
            self._made = None
        return spare, zone

    def follow(self, site: Site) -> tuple[StreamId, ...]:
        """Forget spares and zones that a site does not have; the spares that rest by it."""
        known = {spare.id for spare in site.spares}
        zones = {zone.id for zone in site.zones}
        gone = tuple(
            name
            for name, taken in self._taken.items()
            if name not in known or taken.zone not in zones
        )
        for name in gone:
            del self._taken[name]
        self._made = None
        return gone

    def memory(self) -> dict[str, Any]:
        """What must be known after a restart."""
        return {name: taken.to_json() for name, taken in self._taken.items()}


def spares_found_again(
    memory: Mapping[str, Any], adopted: Iterable[Stream], site: Site, utc: datetime
) -> Spares:
    """The spares as they were: as the engine plays them, else as they were written down."""
    playing = {stream.id: stream.zone for stream in adopted}
    taken: dict[StreamId, TakenZone] = {}
    for spare in site.spares:
        kept = None
        with suppress(KeyError, TypeError, ValueError):  # it rested, or what was written is none
            kept = taken_in(memory[spare.id])
        zone = playing.get(spare.id, None if kept is None else kept.zone)
        if zone is None or zone == spare.stream.zone:
            continue
        if kept is None or kept.zone != zone:
            kept = TakenZone(zone, utc, "unknown", "found so in the plan")
        taken[spare.id] = kept
    found = Spares(taken)
    found.follow(site)
    return found


def _named(name: str, site: Site) -> Spare:
    try:
        return site.spare(name)
    except UnknownNameError as error:
        raise RefusedError(str(error), "spare") from None


def _zone_of(name: str, site: Site) -> ZoneId:
    """The zone of that name, or the only one of an amplifier.

    Raises:
        RefusedError: there is none, or more than one.
    """
    zones = [zone.id for zone in site.zones]
    if name in zones:
        return ZoneId(name)
    own = [zone for zone in zones if any(amp.id == name for amp in site.amplifiers_of(zone))]
    if len(own) == 1:
        return own[0]
    if own:
        raise RefusedError(f"{name} plays {', '.join(own)}: name one of these zones", "zone")
    raise RefusedError(f'no zone or amplifier "{name}" here; zones are {", ".join(zones)}', "zone")
