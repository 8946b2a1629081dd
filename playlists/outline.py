"""The outline: for every zone what its programme is when, in UTC, as the rules give it.

Rules are worked out once here; laying tracks out in media time, minute by minute, is cheap after
that. Zones that hear the same share one lane.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from playlists.blocks import Block, blocks, by_zone
from playlists.deal import Dealer
from playlists.lane import Dealt, Supply
from playlists.levels import LevelStep, level_steps, quiet_spans, without_spans
from playlists.news import news_times
from playlists.recording import Recording
from playlists.schedule import Fill, Occurrence, Schedule, Start, occurrences
from playlists.wall_time import wall_at
from zones.bus import ZoneId
from zones.media_time import RATE, Sample
from zones.site import Daypart, Zone

LOOK_BACK = dt.timedelta(days=1)
"""An outline begins so much earlier, so that what goes on now is known from its beginning."""
BASE = "base"
QUIET_HOURS = "quiet-hours"


@dataclass(frozen=True)
class Span:
    """[begin, end) of a lane in UTC.

    Without a `supply` a playlist span plays the zone's own folder. `source` is the live source's
    name. `quiet` tells silence by quiet hours from silence by schedule.
    """

    begin: dt.datetime
    end: dt.datetime
    fill: Fill
    name: str = ""
    supply: Supply | None = None
    patience: dt.timedelta = dt.timedelta(0)
    source: str = ""
    occurrence: Occurrence | None = None


@dataclass(frozen=True)
class LaneOutline:
    """What some zones hear in common; spans do not overlap and leave no time out.

    `base` is the folder that plays when no entry does; None without one. `due` is what is put
    between tracks, with its time.
    """

    zones: tuple[ZoneId, ...]
    base: str | None
    spans: tuple[Span, ...]
    due: tuple[tuple[dt.datetime, Recording], ...] = ()


@dataclass(frozen=True)
class Outline:
    """All lanes from `begin` to `end` (UTC), and the levels of the zones."""

    begin: dt.datetime
    end: dt.datetime
    lanes: tuple[LaneOutline, ...] = ()
    levels: tuple[LevelStep, ...] = ()


@dataclass(frozen=True)
class Premises:
    """What an outline is worked out from; `zone` is the site's wall time.

    `members` are the zones of every name an entry may use, `base` the folder of each zone.
    """

    zones: tuple[Zone, ...]
    members: Mapping[str, tuple[ZoneId, ...]]
    dayparts: tuple[Daypart, ...]
    base: Mapping[ZoneId, str]
    zone: dt.tzinfo
    schedule: Schedule = field(default_factory=Schedule)
    holidays: frozenset[dt.date] = frozenset()
    dealer: Dealer | None = None


def outline(premises: Premises, begin: dt.datetime, end: dt.datetime) -> Outline:
    """The programme of all zones in [begin, end), and what of it began up to a day before."""
    first = begin - LOOK_BACK
    schedule = premises.schedule
    fired = occurrences(schedule.entries, first, end, premises.zone, premises.holidays)
    of_zone = by_zone(fired, (zone.id for zone in premises.zones), premises.members)
    resolved: dict[int, tuple[Block, ...]] = {}
    lanes: dict[tuple[object, ...], list[Zone]] = {}
    for zone in premises.zones:
        listed = of_zone[zone.id]
        resolved.setdefault(id(listed), blocks(listed))
        news = tuple(one.id for one in schedule.news if _has(premises, one.zones, zone.id))
        key = (id(listed), premises.base.get(zone.id), zone.quiet_hours, news)
        lanes.setdefault(key, []).append(zone)
    return Outline(
        first,
        end,
        tuple(
            _lane(premises, zones, resolved[id(of_zone[zones[0].id])], first, end)
            for zones in lanes.values()
        ),
        level_steps(premises.zones, premises.dayparts, begin, end, premises.zone),
    )


def _has(premises: Premises, names: Sequence[str], zone: ZoneId) -> bool:
    return any(zone in premises.members.get(name, ()) for name in names)


def _lane(
    premises: Premises,
    zones: Sequence[Zone],
    found: tuple[Block, ...],
    begin: dt.datetime,
    end: dt.datetime,
) -> LaneOutline:
    quiet = quiet_spans(zones[0].quiet_hours, begin, end, premises.zone)
    spans = [Span(a, b, Fill.SILENCE, f"{QUIET_HOURS} {a:%Y%m%dT%H%MZ}") for a, b in quiet]
    taken = list(quiet)
    for block in found:
        taken.append((block.begin, block.end))
        for a, b in without_spans(block.begin, block.end, quiet):
            spans.append(_of_block(premises, block, a, b))
    edges = {edge for span in taken for edge in span}
    for a, b in without_spans(begin, end, taken):
        # How far back the folder has been playing is not known at the beginning of the outline.
        name = f"{BASE} {a:%Y%m%dT%H%M%SZ}" if a in edges else ""
        spans.append(Span(a, b, Fill.PLAYLIST, name))
    spans.sort(key=lambda span: span.begin)
    here = zones[0].id
    return LaneOutline(
        tuple(zone.id for zone in zones),
        premises.base.get(here),
        tuple(spans),
        _due(premises, here, begin, end),
    )


def _of_block(premises: Premises, block: Block, begin: dt.datetime, end: dt.datetime) -> Span:
    """What an entry does with [begin, end) of a block."""
    occurrence = block.occurrence
    entry = occurrence.entry
    is_first = begin == occurrence.begin
    soft = entry.start is Start.SOFT and is_first
    supply: Supply | None = None
    if entry.fill is Fill.PLAYLIST and premises.dealer is not None:
        days = (
            wall_at(occurrence.begin, premises.zone).date(),
            wall_at(occurrence.end - dt.timedelta(microseconds=1), premises.zone).date(),
        )
        length = _samples(occurrence.end - occurrence.begin)
        deal = premises.dealer.deal(
            *(entry.plays, occurrence.name, occurrence.number, occurrence.begin, length, days)
        )
        skipped = block.before + (begin - block.begin)
        supply = Dealt(deal, _samples(skipped)) if deal.tracks else None
    return Span(
        *(begin, end, entry.fill, occurrence.name, supply),
        patience=entry.patience if soft else dt.timedelta(0),
        source=entry.plays if entry.fill is Fill.LIVE else "",
        occurrence=occurrence,
    )


def _due(
    premises: Premises, zone: ZoneId, begin: dt.datetime, end: dt.datetime
) -> tuple[tuple[dt.datetime, Recording], ...]:
    """The news of a zone that can be played, with its times."""
    if premises.dealer is None:
        return ()
    known = premises.dealer.pool.by_id
    mine = [one for one in premises.schedule.news if _has(premises, one.zones, zone)]
    return tuple(
        (at, known[item.recording])
        for at, item in news_times(mine, begin, end, premises.zone)
        if item.recording in known
        and known[item.recording].is_valid_on(wall_at(at, premises.zone).date())
    )


def _samples(length: dt.timedelta) -> Sample:
    return round(length.total_seconds() * RATE)
