"""Keeps the as-run log: once a second what is on air, and an entry when a track has ended.

The entries go to the journal; without a witness one says that it is not verified.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from broadcaster.control.acts import Recorded
from broadcaster.control.witnesses import Witnesses
from broadcaster.engine.plan import Plan
from broadcaster.journal.entry import Entry, Kind
from broadcaster.witness import Fact
from playlists.as_run import AsRunBook, Heard
from playlists.recording import Recording
from zones.bus import Claim, ZoneId
from zones.media_time import RATE, Sample, WallAnchor, seconds
from zones.site import Site
from zones.sound import PcmId

EVERY: Sample = RATE
BEHIND: Sample = 2 * RATE
"""What is noted lies so far back: by then the witnesses have spoken."""
LONGEST_GAP: Sample = 10 * RATE
"""A longer time in which nobody looked is left out."""
WHAT = "track"
"""What an entry of the programme says it is; warnings have as-run entries of their own."""


class AsRunLog:
    """What was heard of the programme, from this control's beginning on."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._book = AsRunBook()
        self._until: Sample | None = None
        self.over: tuple[Heard, ...] = ()
        """What the last look found to be over, heard or not."""

    def look(
        self,
        plan: Plan,
        site: Site,
        witnesses: Witnesses,
        known: Mapping[PcmId, Recording],
        anchor: WallAnchor,
    ) -> Recorded | None:
        """Note what is on air; what has ended as entries for the journal, if anything has.

        `known` are the recordings by their sound; `anchor` is both clocks, read now.
        """
        now = anchor.sample - BEHIND
        begin = self._until
        self.over = ()
        if begin is not None and now - begin < EVERY:
            return None
        self._until = now
        if begin is None or now - begin > LONGEST_GAP:
            return None
        for zone, bus in buses_of(plan, site).items():
            is_seen = _is_seen(witnesses, site, zone, anchor.sample)
            self._book.watch(zone, bus, begin, now, is_seen=is_seen)
        self.over = self._book.over(now)
        ended = [one for one in self.over if one.on_air]
        if not ended:
            return None
        return Recorded(tuple(_entry(one, plan, known, anchor) for one in ended))


def buses_of(plan: Plan, site: Site) -> dict[ZoneId, list[Claim]]:
    """The claims of each zone."""
    buses: dict[ZoneId, list[Claim]] = {zone.id: [] for zone in site.zones}
    for claim in plan.claims:
        if claim.zone in buses:
            buses[claim.zone].append(claim)
    return buses


def _is_seen(witnesses: Witnesses, site: Site, zone: ZoneId, now: Sample) -> bool:
    """Whether somebody saw the right sound leave, on every stream of a zone."""
    streams = site.streams_of(zone)
    return bool(streams) and all(
        any(one.value for one in witnesses.seen(stream.id, Fact.SENT, now)) for stream in streams
    )


def _entry(one: Heard, plan: Plan, known: Mapping[PcmId, Recording], anchor: WallAnchor) -> Entry:
    recording = known.get(one.pcm) if one.pcm is not None else None
    planned, began = plan.anchor.utc_at(one.planned), anchor.utc_at(one.began)
    late = one.began - one.planned
    facts: dict[str, Any] = {
        "what": WHAT,
        "claim": one.claim,
        "planned": planned.isoformat(timespec="milliseconds"),
        "began": began.isoformat(timespec="milliseconds"),
        # By both clocks: what the wall says now, against what was planned by.
        "error_ms": round((began - planned).total_seconds() * 1000, 1) if late < RATE else None,
        "seconds": round(seconds(one.on_air), 1),
        "planned_seconds": round(seconds(one.length), 1),
        "witnessed_seconds": round(seconds(one.witnessed), 1),
        "verified": one.is_verified,
        "zones": list(one.zones),
        "ended": one.ended,
        "interrupted_by": list(one.by),
        "pcm": one.pcm,
    }
    if recording is not None:
        for name in ("id", "title", "artist", "album", "composer", "label", "isrc", "rights"):
            facts["recording" if name == "id" else name] = getattr(recording, name)
        facts["role"] = recording.role.value
    else:
        facts["title"] = one.source or str(one.claim)
    subject = recording.id if recording is not None else str(one.claim)[:200]
    return Entry(kind=Kind.AS_RUN, subject=subject, utc=began, at=one.began, facts=facts)
