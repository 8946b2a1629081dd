"""Whether quiet hours are kept: nothing below a warning begins, and no programme plays. Pure."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

from alerts.claim_name import parse_claim_name
from broadcaster.engine.plan import Plan
from zones.bus import Turn, ZoneId
from zones.media_time import RATE, Sample, samples
from zones.priority import LOWEST_ANNOUNCEMENT, LOWEST_EMERGENCY
from zones.site import Site
from zones.sound import Silence, pieces

_RUNS_ON: Final[Sample] = samples(180)
"""What ran when the wall clock stepped into quiet hours is played to its end."""
_SHORT: Final[Sample] = RATE
"""The wall clock's second is not the sample's: a moment at the edge of an hour is neither."""


class QuietHours:
    """The quiet hours of a site by its own wall clock (SAFETY F4)."""

    def __init__(self, site: Site) -> None:
        hours = ((zone.id, zone.quiet_hours) for zone in site.zones)
        self._hours = {zone: quiet for zone, quiet in hours if quiet is not None}
        self._zone = ZoneInfo(site.time_zone)
        self._looked_at: int | None = None
        self._stepped_at: Sample = -_RUNS_ON
        self._begun: dict[tuple[str, ...], Sample] = {}
        """When each exercise was first heard."""

    def stepped(self, at: Sample) -> None:
        """The wall clock stepped."""
        self._stepped_at = at

    def is_due(self, plan: Plan, at: Sample) -> bool:
        """Whether a plan plays in quiet hours that was not looked at in them yet."""
        if plan.revision == self._looked_at or not self._hours:
            return False
        if not any(self._is_quiet(zone, at, plan) for zone in list(self._hours)[:1]):
            return False
        self._looked_at = plan.revision
        return True

    def keeps(self, zone: ZoneId, turn: Turn, plan: Plan) -> bool:
        """Whether what a zone hears is allowed at its hour; live announcements of people are.

        What is announced may go on over the beginning of quiet hours, an exercise with its last
        word too; a programme may not.
        """
        claim = turn.claim
        if zone not in self._hours or claim.priority >= LOWEST_EMERGENCY:
            return True
        if isinstance(claim.source, Silence) or turn.until - turn.start <= _SHORT:
            return True
        is_announced = claim.priority >= LOWEST_ANNOUNCEMENT
        begun = turn.origin if is_announced else turn.start
        name = parse_claim_name(claim.id)
        if name is not None:
            begun = self._begun.setdefault(name.alerts, begun)
        if begun < self._stepped_at + _RUNS_ON:
            return True
        if not self._is_quiet(zone, begun + (0 if is_announced else _SHORT), plan):
            return True
        heard = pieces(claim.source, turn.origin, turn.start, turn.until)
        return all(piece.segment.pcm is None for piece in heard)

    def _is_quiet(self, zone: ZoneId, at: Sample, plan: Plan) -> bool:
        begin, end = self._hours[zone]
        now = plan.anchor.utc_at(at).astimezone(self._zone).time()
        return begin <= now < end if begin < end else now >= begin or now < end
