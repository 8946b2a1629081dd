"""Steering by hand: skip, play next, hold, take over live, hand back. Values only.

What is steered is the plan as it stands; the schedule goes on from there at its next start. A hold
and a live take-over have an end of their own, so that a forgotten one gives the programme back, and
they lie below every announcement.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from broadcaster.control.acts import Command
from broadcaster.control.play_order import RefusedError
from broadcaster.control.programme import LEAD, SCHEDULE, STEERED, Standing, is_programme
from broadcaster.engine.ring import RingError
from playlists.lane import Item, cut_off, followed_by
from playlists.recording import Recording
from zones.bus import Claim, ClaimId, Kind, ZoneId, withdrawn
from zones.media_time import RATE, Sample
from zones.priority import QUIET_HOURS
from zones.sound import Ring, Silence, Source, Timeline

SKIP_FADE: Sample = RATE
HOLD_LIMIT: Sample = 10 * 60 * RATE
"""A hold that nobody ends gives the programme back after ten minutes."""
LIVE_LIMIT: Sample = 4 * 3600 * RATE
HOLD = ClaimId("hold")


class Steering(Enum):
    """What somebody does with the running programme."""

    SKIP = "skip"
    NEXT = "next"
    HOLD = "hold"
    TAKE_OVER = "take-over"
    HAND_BACK = "hand-back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Steer(Command):
    """Steer the programme of zones and groups; NEXT plays a `recording`, TAKE_OVER a `source`."""

    zones: tuple[str, ...]
    steering: Steering
    recording: Recording | None = None
    source: str = ""


def read_steer(
    fields: Mapping[str, Any], known: Iterable[Recording], now: Sample, place: Callable[[str], Any]
) -> Steer:
    """The order that a command of the link gives; `place` finds the ring of a live source.

    Raises:
        RefusedError: it makes no sense, with the field that is wrong.
    """
    words = {one.value: one for one in Steering}
    steering = words.get(str(fields.get("act")))
    if steering is None:
        raise RefusedError(f"{fields.get('act')!r} steers nothing; use {', '.join(words)}", "act")
    zones = fields.get("zones")
    if not isinstance(zones, list) or not all(isinstance(zone, str) for zone in zones):
        raise RefusedError("zones: not a list of names", "zones")
    recording = None
    if steering is Steering.NEXT:
        name = str(fields.get("recording", ""))
        found = [one for one in known if name and one.id.startswith(name)]
        if len(found) != 1:
            how = "no recording" if not found else "more than one recording"
            raise RefusedError(f"there is {how} {name!r} at hand", "recording")
        recording = found[0]
    source = str(fields.get("source", ""))
    if steering is Steering.TAKE_OVER:
        try:
            place(source)
        except RingError as error:
            raise RefusedError(str(error), "source") from None
    return Steer(
        key=str(fields.get("key", "")),
        who=str(fields.get("who", "")),
        at=now,
        zones=tuple(zones),
        steering=steering,
        recording=recording,
        source=source,
    )


def steered(standing: Standing, order: Steer, zones: Collection[ZoneId], now: Sample) -> Standing:
    """The plan's programme after an order, to be extended from there.

    Raises:
        RefusedError: a zone is silent by schedule, which nobody takes over.
    """
    match order.steering:
        case Steering.SKIP:
            return _with_timelines(
                standing, zones, lambda items: cut_off(items, now + LEAD, SKIP_FADE)
            )
        case Steering.NEXT if order.recording is not None:
            recording = order.recording
            return _with_timelines(
                standing, zones, lambda items: followed_by(items, recording, now + LEAD)
            )
        case Steering.HOLD | Steering.TAKE_OVER:
            return _held(standing, order, zones, now)
        case _:
            return _handed_back(standing, zones, now + LEAD)


def _with_timelines(
    standing: Standing,
    zones: Collection[ZoneId],
    changed: Callable[[tuple[Item, ...]], tuple[Item, ...]],
) -> Standing:
    """The timelines of these zones changed; zones that share one go on sharing it."""
    made: dict[int, Timeline] = {}
    claims: list[Claim] = []
    for claim in standing.claims:
        if claim.id == SCHEDULE and claim.zone in zones and isinstance(claim.source, Timeline):
            source = made.get(id(claim.source)) or Timeline(changed(claim.source.items))
            made[id(claim.source)] = source
            claims.append(replace(claim, source=source))
        else:
            claims.append(claim)
    return replace(standing, claims=tuple(claims))


def _held(standing: Standing, order: Steer, zones: Collection[ZoneId], now: Sample) -> Standing:
    """A claim above the schedule, until somebody hands back or its time is over."""
    is_hold = order.steering is Steering.HOLD
    source: Source = Silence() if is_hold else Ring(order.source)
    name = HOLD if is_hold else ClaimId(f"take-over {order.source}")
    claims = list(_handed_back(standing, zones, now + LEAD).claims)
    for zone in sorted(zones):
        start = _end_of_track(standing, zone, now + LEAD) if is_hold else now + LEAD
        until = start + (HOLD_LIMIT if is_hold else LIVE_LIMIT)
        quiet = [
            claim
            for claim in standing.claims
            if claim.zone == zone and is_programme(claim) and claim.priority == QUIET_HOURS
            and claim.start is not None and (claim.until is None or claim.until > start)
        ]  # fmt: skip
        first = min((claim.start for claim in quiet if claim.start is not None), default=until)
        if first <= start and not is_hold:
            raise RefusedError(f"zone {zone} is silent by schedule; change the schedule", "zones")
        until = max(start, min(until, first))
        # One claim of a name and zone: an earlier one that has ended makes room.
        claims = [c for c in claims if (c.id, c.zone) != (name, zone)]
        claims.append(Claim(name, zone, Kind.PROGRAMME, STEERED, source, start=start, until=until))
    return replace(standing, claims=tuple(claims), sources={**standing.sources, str(name): source})


def _handed_back(standing: Standing, zones: Collection[ZoneId], at: Sample) -> Standing:
    claims = tuple(
        withdrawn(claim, at)
        if claim.zone in zones and is_programme(claim) and claim.priority == STEERED
        else claim
        for claim in standing.claims
    )
    return replace(standing, claims=claims)


def _end_of_track(standing: Standing, zone: ZoneId, now: Sample) -> Sample:
    """Where the track that the schedule plays ends: a hold cuts nothing."""
    for claim in standing.claims:
        if claim.zone == zone and claim.id == SCHEDULE and isinstance(claim.source, Timeline):
            for start, segment in claim.source.covering(now, now + 1):
                return start + segment.length
    return now
