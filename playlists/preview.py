"""What will really play: the very expansion that is played, made ahead, and what is wrong with it.

Nothing here guesses: the lanes are laid out by the function that lays out the plan, from what
stands in it now.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from playlists.blocks import Conflict, by_zone, conflicts
from playlists.lane import Circle, Dealt, Due, Item, Stretch, laid_out
from playlists.outline import LaneOutline, Premises, Span, outline
from playlists.recording import Recording
from playlists.rotation import Rotation
from playlists.schedule import Fill, lost_to_the_clocks, occurrences
from playlists.wall_time import wall_at
from zones.bus import ZoneId
from zones.media_time import RATE, Sample, WallAnchor
from zones.sound import PcmId

MOST_FINDINGS = 2_000
_CHIME = "only the built-in chime would sound"


@dataclass(frozen=True, slots=True)
class Planned:
    """A track as it will begin (UTC), in which zones, and for which entry; "" for the folder."""

    at: dt.datetime
    length: Sample
    zones: tuple[ZoneId, ...]
    entry: str
    recording: Recording | None
    pcm: PcmId | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A time in which zones would not hear what was meant: why, and what to do.

    `is_silent` if nobody would hear a recording at all.
    """

    begin: dt.datetime
    end: dt.datetime
    zones: tuple[ZoneId, ...]
    entry: str
    reason: str
    remedy: str
    is_silent: bool = False

    @property
    def zone_minutes(self) -> float:
        """How much time of how many zones it concerns."""
        return (self.end - self.begin).total_seconds() / 60 * len(self.zones)


@dataclass(frozen=True)
class Preview:
    """The coming days: tracks, findings, conflicts, and intended silence with its reason."""

    begin: dt.datetime
    end: dt.datetime
    planned: tuple[Planned, ...]
    findings: tuple[Finding, ...]
    conflicts: tuple[Conflict, ...]
    silences: tuple[tuple[dt.datetime, dt.datetime, tuple[ZoneId, ...], str], ...]

    @property
    def unplayable_minutes(self) -> float:
        """Zone-minutes in which something else than what was meant would play."""
        return sum(finding.zone_minutes for finding in self.findings)


def preview(
    premises: Premises,
    rotations: Mapping[str, Rotation],
    anchor: WallAnchor,
    begin: dt.datetime,
    end: dt.datetime,
    *,
    standing: Mapping[ZoneId, tuple[Item, ...]] | None = None,
    is_stored: Callable[[PcmId], bool] = lambda _: True,
) -> Preview:
    """What plays in [begin, end), with everything that is wrong about it today.

    `rotations` are those of the folders, `standing` what the plan holds for each zone already;
    `is_stored` tells whether a recording's sound can be staged.
    """
    found = outline(premises, begin, end)
    work = _Look(premises, rotations, anchor, begin, end, is_stored)
    for lane in found.lanes:
        work.lane(lane, (standing or {}).get(lane.zones[0], ()))
    work.clocks()
    work.news()
    ordered = sorted(work.findings, key=lambda one: (one.begin, one.zones))
    return Preview(
        begin,
        end,
        tuple(sorted(work.planned, key=lambda one: (one.at, one.zones))),
        tuple(ordered[:MOST_FINDINGS]),
        work.conflicts(),
        tuple(sorted(work.silences)),
    )


_GRID = dt.timedelta(milliseconds=1)


class _Look:
    """A preview in the making."""

    def __init__(
        self,
        premises: Premises,
        rotations: Mapping[str, Rotation],
        anchor: WallAnchor,
        begin: dt.datetime,
        end: dt.datetime,
        is_stored: Callable[[PcmId], bool],
    ) -> None:
        self.planned: list[Planned] = []
        self.findings: list[Finding] = []
        self.silences: list[tuple[dt.datetime, dt.datetime, tuple[ZoneId, ...], str]] = []
        self._premises = premises
        self._rotations = rotations
        self._anchor = anchor
        self._begin, self._end = begin, end
        self._is_stored = is_stored
        self._by_pcm = {one.pcm: one for rotation in rotations.values() for one in rotation.order}
        if premises.dealer is not None:
            self._by_pcm |= {one.pcm: one for one in premises.dealer.pool.by_id.values()}

    def lane(self, lane: LaneOutline, standing: tuple[Item, ...]) -> None:
        """Look at one lane."""
        base = self._rotations.get(lane.base or "")
        begin, end = self._anchor.sample_at(self._begin), self._anchor.sample_at(self._end)
        items = laid_out(
            standing,
            self._stretches(lane, base),
            end,
            start=begin,
            keep_from=begin,
            due=tuple(Due(self._anchor.sample_at(at), one) for at, one in lane.due),
        )
        spans = [span for span in lane.spans if span.end > self._begin and span.begin < self._end]
        self._name(lane, items, spans)
        for span in spans:
            self.findings += self._of_span(lane, span, base)

    def _stretches(self, lane: LaneOutline, base: Rotation | None) -> tuple[Stretch, ...]:
        rotation = base or Rotation((), 0)
        return tuple(
            Stretch(
                self._anchor.sample_at(span.begin),
                self._anchor.sample_at(span.end),
                span.supply or Circle(rotation, span.name),
                span.name,
                round(span.patience.total_seconds() * RATE),
                Circle(rotation, span.name) if span.supply is not None else None,
            )
            for span in lane.spans
            if span.fill is Fill.PLAYLIST
        )

    def _name(self, lane: LaneOutline, items: tuple[Item, ...], spans: list[Span]) -> None:
        """Say of each item which entry it belongs to, and whether its sound is there."""
        place = 0
        for start, segment in items:
            at = self._anchor.utc_at(start)
            if at >= self._end:
                break
            # A sample and a microsecond are not the same grid: an item on the edge is of the next.
            while place + 1 < len(spans) and spans[place + 1].begin <= at + _GRID:
                place += 1
            occurrence = spans[place].occurrence if spans else None
            entry = str(occurrence.entry.id) if occurrence is not None else ""
            recording = self._by_pcm.get(segment.pcm) if segment.pcm is not None else None
            self.planned.append(
                Planned(at, segment.length, lane.zones, entry, recording, segment.pcm)
            )
            if segment.pcm is not None and not self._is_stored(segment.pcm):
                name = recording.title if recording is not None else segment.pcm[:12]
                self._find(
                    *(at, self._anchor.utc_at(start + segment.length), lane.zones, entry),
                    f'the sound of "{name}" is not in the store',
                    "import its file again",
                )

    def _of_span(self, lane: LaneOutline, span: Span, base: Rotation | None) -> Iterator[Finding]:
        begin, end = max(span.begin, self._begin), min(span.end, self._end)
        if span.fill is Fill.SILENCE:
            self.silences.append((begin, end, lane.zones, span.name))
            return
        if span.fill is Fill.LIVE:
            return
        occurrence = span.occurrence
        has_base = base is not None and len(base) > 0
        if occurrence is None:
            if not has_base:
                where = lane.base or "the site file's programme"
                yield Finding(
                    *(begin, end, lane.zones, "", f"there is no recording in {where}: {_CHIME}"),
                    "put audio files there, or schedule a playlist",
                    is_silent=True,
                )
            return
        entry = occurrence.entry
        if span.supply is None:
            yield Finding(
                *(begin, end, lane.zones, str(entry.id)),
                f'playlist "{entry.plays}" has nothing that may be played then',
                "add recordings to it, import their files, or renew their rights",
                is_silent=not has_base,
            )
        elif isinstance(span.supply, Dealt):
            yield from self._of_deal(lane, span, span.supply, begin, end)

    def _of_deal(
        self, lane: LaneOutline, span: Span, supply: Dealt, begin: dt.datetime, end: dt.datetime
    ) -> Iterator[Finding]:
        entry = span.occurrence.entry if span.occurrence is not None else None
        name = str(entry.id) if entry is not None else ""
        for one in supply.deal.missing:
            yield Finding(begin, begin, lane.zones, name, one.reason, one.remedy)
        deal = supply.deal
        over = begin + dt.timedelta(seconds=deal.length / RATE)
        if not deal.is_endless and over < end:
            minutes = (end - over).total_seconds() / 60
            yield Finding(
                *(over, over, lane.zones, name),
                f"its list ends {minutes:.0f} min before its time; the folder plays on",
                "lengthen the list, shorten the entry, or let the list repeat",
            )

    def clocks(self) -> None:
        """Entries that the change of the clocks leaves no time for."""
        premises = self._premises
        lost = lost_to_the_clocks(
            *(premises.schedule.entries, self._begin, self._end, premises.zone, premises.holidays)
        )
        for entry, wall in lost:
            at = self._begin
            self._find(
                *(at, at, (), str(entry.id)),
                f"at {wall:%Y-%m-%d %H:%M} the clocks are put forward over all of it",
                "move that one occurrence",
            )

    def news(self) -> None:
        """News whose recording is not at hand, or may not be played."""
        premises = self._premises
        known = {} if premises.dealer is None else premises.dealer.pool.by_id
        first = wall_at(self._begin, premises.zone).date()
        last = wall_at(self._end, premises.zone).date()
        for item in premises.schedule.news:
            if item.last < first or item.first > last:
                continue
            recording = known.get(item.recording)
            zones = tuple({z: None for name in item.zones for z in premises.members.get(name, ())})
            if recording is None:
                self._find(
                    *(self._begin, self._begin, zones, item.id),
                    f"its recording {item.recording} is not at hand",
                    "import its file again, or take the news off",
                )
            elif not recording.is_valid_on(max(first, item.first)):
                self._find(
                    *(self._begin, self._begin, zones, item.id),
                    f'"{recording.title}" may not be played on that day',
                    "renew its rights, or take the news off",
                )

    def conflicts(self) -> tuple[Conflict, ...]:
        """Every two entries that want the same time; zones in the same conflict are told once."""
        premises = self._premises
        fired = occurrences(
            *(premises.schedule.entries, self._begin, self._end, premises.zone, premises.holidays)
        )
        found: dict[object, Conflict] = {}
        listed = by_zone(fired, (zone.id for zone in premises.zones), premises.members)
        for zone, mine in listed.items():
            for one in conflicts(zone, mine):
                found.setdefault((one.winner, one.loser), one)
        return tuple(found.values())

    def _find(
        self,
        begin: dt.datetime,
        end: dt.datetime,
        zones: tuple[ZoneId, ...],
        entry: str,
        reason: str,
        remedy: str,
    ) -> None:
        self.findings.append(Finding(begin, end, zones, entry, reason, remedy))
