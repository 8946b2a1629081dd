"""The programme as claims: the schedule's timeline, below it what never ends, above it silence.

Every zone is claimed by a timeline that reaches an hour ahead (20), an endless list of the same
recordings (12), an endless list of all there are (6) and the built-in chime (0). If control dies,
the engine plays the timeline to its end, then the list, for ever; if a file is missing, what lies
below it sounds. Quiet hours and silence by schedule lie above all of them (21) and, like the levels
of the hour, reach two days ahead, so that a night is quiet without control too.

Sources that stand in the plan are taken on: an item of a timeline never moves, a loop keeps its
phase, and nothing that sounds now is replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from broadcaster.control.voice_index import VoiceIndex
from broadcaster.engine.plan import GainStep
from broadcaster.radio.uploads import UPLOADS
from playlists.lane import Circle, Due, Item, Stretch, laid_out
from playlists.outline import QUIET_HOURS, LaneOutline, Outline, Span, outline
from playlists.premises import site_premises
from playlists.recording import Recording
from playlists.rotation import Rotation
from playlists.schedule import Fill
from playlists.timeline import endless, playable
from zones import priority
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import RATE, Sample, WallAnchor, samples
from zones.site import Site
from zones.sound import Ring, Segment, Sequence, Silence, Source, Timeline, pieces

SCHEDULE = ClaimId("schedule")
DEFAULT_LIST = ClaimId("default-list")
FALLBACK = ClaimId("fallback")
CHIME = ClaimId("chime")
_PRIORITIES = {
    SCHEDULE: priority.PROGRAMME,
    DEFAULT_LIST: priority.DEFAULT_LIST,
    FALLBACK: priority.FALLBACK_FOLDER,
    CHIME: priority.CHIME,
}

HORIZON: Sample = samples(3600 + 150)
"""How far a timeline reaches: an hour, and what passes until it is extended again."""
SHORT_HORIZON: Sample = samples(75)
"""The same while music is still being brought in: a little more than what the engine stages."""
LEAD: Sample = samples(0.5)
"""A programme begins this long after it was planned, so that its first note is heard."""
KEPT: Sample = samples(60)
"""What ended longer ago is dropped from a timeline."""
PROMISED: Sample = samples(20)
"""What begins within this time stays when the schedule is changed: it is being staged."""
OUTLINED = timedelta(hours=50)
"""How far quiet hours, live sources and levels are planned."""
STEERED = priority.Priority(22)
"""Live take-over and hold by hand: above the schedule and its silences, below all announcements."""
ALWAYS: Sample = -(1 << 52)
"""Before any sample: since when the warning level holds. Every step of the hour is later."""


@dataclass(frozen=True, slots=True)
class Message:
    """A prepared message: the segments of one cycle, the last of them the quiet between two."""

    title: str
    cycle: tuple[Segment, ...]

    @property
    def repeated(self) -> Sequence:
        """Over and over."""
        return Sequence(loop=self.cycle)

    @property
    def once(self) -> Sequence:
        """A single time, without the quiet at its end."""
        return Sequence(once=self.cycle[:-1] or self.cycle)


@dataclass(frozen=True)
class Library:
    """The sound at hand: recordings by the folder a programme entry names, chime, messages.

    While it is not settled, more music is on its way and little is planned ahead.
    """

    folders: Mapping[str, tuple[Recording, ...]] = field(default_factory=dict)
    chime: Segment | None = None
    messages: Mapping[str, Message] = field(default_factory=dict)
    is_settled: bool = True
    voices: VoiceIndex = field(default_factory=VoiceIndex)

    places: Mapping[str, str] = field(default_factory=dict)
    """The recording that each file holds, by the file's path."""
    waiting: int = 0
    """Files that are there and not yet brought in."""

    @property
    def played(self) -> Mapping[str, tuple[Recording, ...]]:
        """The folders that the programme plays by itself: not what was only sent in."""
        return {name: found for name, found in self.folders.items() if name != UPLOADS}

    def titles(self) -> dict[str, str]:
        """The title of each recording's sound."""
        return {one.pcm: one.title for folder in self.folders.values() for one in folder}


@dataclass(frozen=True)
class Standing:
    """What the present plan holds."""

    claims: tuple[Claim, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    gain_steps: tuple[GainStep, ...] = ()


def is_programme(claim: Claim) -> bool:
    """Whether a claim is made here, and nobody else's."""
    return claim.kind is Kind.PROGRAMME


def rotations(library: Library, seed: int) -> dict[str, Rotation]:
    """The order in which each folder's recordings play; worked out once for a library."""
    folders = dict(library.played)
    folders[_ALL] = tuple({one.pcm: one for every in folders.values() for one in every}.values())
    return {name: Rotation(playable(found), seed) for name, found in folders.items()}


def site_outline(site: Site, now: datetime) -> Outline:
    """The outline of a site without a schedule."""
    return outline(site_premises(site, ZoneInfo(site.time_zone)), now, reach(now))


def reach(now: datetime) -> datetime:
    """How far an outline reaches; the same for some hours, so that plans are alike meanwhile."""
    whole = now.replace(hour=now.hour // 6 * 6, minute=0, second=0, microsecond=0)
    return whole + timedelta(hours=6) + OUTLINED


def quiet_zones(
    claims: Iterable[Claim], zones: Collection[ZoneId], now: Sample
) -> tuple[ZoneId, ...]:
    """Which of these zones have quiet hours at `now`."""
    return tuple(
        claim.zone
        for claim in claims
        if claim.zone in zones and claim.id.startswith(QUIET_HOURS) and _holds(claim, now)
    )


def as_it_stands(standing: Standing, zones: Collection[ZoneId]) -> Standing:
    """The programme of these zones, unchanged: until it is known what it shall be."""
    claims = tuple(c for c in standing.claims if is_programme(c) and c.zone in zones)
    used = {id(claim.source) for claim in claims}
    sources = {name: source for name, source in standing.sources.items() if id(source) in used}
    levels = (step for step in standing.gain_steps if step.below_priority <= priority.CAUTION)
    return Standing(claims, sources, tuple(levels))


def programme(
    plan: Outline,
    zones: Iterable[ZoneId],
    library: Library,
    dealt: Mapping[str, Rotation],
    standing: Standing,
    anchor: WallAnchor,
    now: Sample,
    *,
    is_changed: bool = False,
) -> Standing:
    """The programme claims of all `zones`, with their sources and levels, at `now`.

    `dealt` are the `rotations` of the library. If the schedule or the clock `is_changed`, what
    was laid out beyond the next seconds is laid out anew.
    """
    work = _Programme(plan, library, dealt, standing, anchor, now, is_changed)
    for lane in plan.lanes:
        work.add_lane(lane)
    work.add_chime()
    work.keep_steered()
    return Standing(work.claims(tuple(zones)), work.sources, work.levels())


_CHIME = "chime"
_SILENCE = "silence"
_ALL = "*"
_EMPTY = Rotation((), 0)


def _list(folder: str) -> str:
    return f"list {folder}"


class _Programme:
    """The programme in the making."""

    def __init__(
        self,
        plan: Outline,
        library: Library,
        dealt: Mapping[str, Rotation],
        standing: Standing,
        anchor: WallAnchor,
        now: Sample,
        is_changed: bool,
    ) -> None:
        self.sources: dict[str, Source] = {}
        self._plan = plan
        self._library = library
        self._dealt = dealt
        self._standing = standing
        self._anchor = anchor
        self._now = now
        self._is_changed = is_changed
        self._horizon = HORIZON if library.is_settled else SHORT_HORIZON
        self._begun = {(c.zone, c.id): c for c in standing.claims if is_programme(c)}
        self._endless: dict[ZoneId, list[tuple[ClaimId, str]]] = {}
        self._timed: list[Claim] = []

    # --- lanes ---

    def add_lane(self, lane: LaneOutline) -> None:
        """The timeline of a lane, the list below it, and what silences it."""
        if lane.base is not None:
            self._add_list(lane.base, lane)
        stretches = self._stretches(lane)
        due = tuple(Due(self._sample(at), recording) for at, recording in lane.due)
        for zones in self._by_timeline(lane.zones):
            self._add_timeline(zones, lane, stretches, due)
        for span in lane.spans:
            if span.fill is not Fill.PLAYLIST and span.end > self._utc(self._now):
                self._add_timed(lane, span)
        for zone in lane.zones:
            names = [] if lane.base is None else [(DEFAULT_LIST, _list(lane.base))]
            self._endless.setdefault(zone, []).extend([*names, (FALLBACK, _list(_ALL))])

    def _by_timeline(self, zones: Iterable[ZoneId]) -> list[tuple[ZoneId, ...]]:
        """The zones of a lane, apart if they do not hear the same now."""
        found: dict[int, list[ZoneId]] = {}
        for zone in zones:
            claim = self._begun.get((zone, SCHEDULE))
            found.setdefault(id(claim.source) if claim else 0, []).append(zone)
        return [tuple(together) for together in found.values()]

    def _add_timeline(
        self,
        zones: tuple[ZoneId, ...],
        lane: LaneOutline,
        stretches: tuple[Stretch, ...],
        due: tuple[Due, ...],
    ) -> None:
        claim = self._begun.get((zones[0], SCHEDULE))
        before = claim.source if claim is not None else None
        timeline = before if isinstance(before, Timeline) else Timeline(())
        start = max(self._now + LEAD, self._end_below(zones[0], timeline))
        longer = laid_out(
            self._kept(timeline),
            stretches,
            self._now + self._horizon,
            start=start,
            keep_from=self._now - KEPT,
            due=due,
        )
        if not longer:
            return
        name = f"schedule {zones[0]}"
        source = timeline if longer == timeline.items else Timeline(longer)
        for other, present in self.sources.items():
            if isinstance(present, Timeline) and present.items == longer:
                name, source = other, present
        self.sources[name] = source
        for zone in zones:
            self._endless.setdefault(zone, []).append((SCHEDULE, name))

    def _kept(self, timeline: Timeline) -> tuple[Item, ...]:
        """The items that stay whatever has changed."""
        if not self._is_changed:
            return timeline.items
        return tuple(item for item in timeline.items if item[0] < self._now + PROMISED)

    def _stretches(self, lane: LaneOutline) -> tuple[Stretch, ...]:
        """The spans with tracks, as far as the timeline reaches, in media time."""
        rotation = self._dealt.get(lane.base or "", _EMPTY)
        end = self._utc(self._now + self._horizon)
        found: list[Stretch] = []
        for span in lane.spans:
            if span.fill is Fill.PLAYLIST and span.begin < end:
                own = Circle(rotation, span.name)
                found.append(
                    Stretch(
                        *(self._sample(span.begin), self._sample(span.end), span.supply or own),
                        name=span.name,
                        patience=round(span.patience.total_seconds() * RATE),
                        filler=own if span.supply is not None else None,
                    )
                )
        return tuple(found)

    def _end_below(self, zone: ZoneId, timeline: Timeline) -> Sample:
        """Where the recording of the endless list ends: the schedule does not cut into it."""
        claim = self._begun.get((zone, DEFAULT_LIST))
        is_over = _is_over(timeline, self._now)
        if claim is None or claim.start is None or self._is_silent(zone) or not is_over:
            return self._now
        end = _track_end(claim, self._now)
        return self._now if end is None else end

    def _add_timed(self, lane: LaneOutline, span: Span) -> None:
        """Silence, or a live source, from one time to another."""
        start, until = self._sample(span.begin), self._sample(span.end)
        if span.fill is Fill.SILENCE:
            source: Source = self._standing.sources.get(_SILENCE, Silence())
            name, rank = _SILENCE, priority.QUIET_HOURS
        else:
            name, rank = f"live {span.source}", priority.PROGRAMME
            source = self._standing.sources.get(name, Ring(span.source))
        source = self.sources.setdefault(name, source)
        claim = ClaimId(f"{name} {span.name}" if name != _SILENCE else span.name)
        for zone in lane.zones:
            begin = start
            if claim.startswith(QUIET_HOURS):
                begin = min(until, self._after_track(zone, claim, start))
            self._timed.append(
                Claim(claim, zone, Kind.PROGRAMME, rank, source, start=begin, until=until)
            )

    def _after_track(self, zone: ZoneId, claim: ClaimId, start: Sample) -> Sample:
        """When quiet hours begin: after the track where the clock stepped in (SAFETY H1)."""
        before = self._begun.get((zone, claim))
        if before is not None and before.start is not None and _holds(before, self._now):
            return max(start, before.start)
        if start > self._now or self._is_silent(zone):
            return start
        for name in (SCHEDULE, DEFAULT_LIST):
            running = self._begun.get((zone, name))
            if running is not None and (end := _track_end(running, self._now)) is not None:
                return end
        return start

    def _is_silent(self, zone: ZoneId) -> bool:
        """Whether a silence holds a zone."""
        return any(
            c.zone == zone and c.priority == priority.QUIET_HOURS and _holds(c, self._now)
            for c in self._begun.values()
        )

    # --- what never ends ---

    def _add_list(self, folder: str, lane: LaneOutline) -> None:
        name = _list(folder)
        if name in self.sources:
            return
        kept = self._standing.sources.get(name)
        whole = endless(self._dealt.get(folder, _EMPTY))
        if whole is None or kept == whole or not self._is_covered(lane):
            whole = kept if isinstance(kept, Sequence) else whole
        if whole is not None:
            self.sources[name] = whole

    def _is_covered(self, lane: LaneOutline) -> bool:
        """Whether the timeline covers the coming second, so that nothing below it is heard."""
        claim = self._begun.get((lane.zones[0], SCHEDULE))
        if claim is None or not isinstance(claim.source, Timeline):
            return False
        now = self._now
        return any(a <= now and b >= now + samples(1) for a, b in claim.source.stretches)

    def add_chime(self) -> None:
        """The built-in chime, and the list of all there is above it."""
        everything = endless(self._dealt.get(_ALL, _EMPTY))
        kept = self._standing.sources.get(_list(_ALL))
        # A single folder is below already, as the default list.
        if len(self._library.played) > 1:
            whole = everything if kept is None or everything not in (None, kept) else kept
            if whole is not None:
                self.sources[_list(_ALL)] = whole
        chime = self._standing.sources.get(_CHIME)
        if chime is not None:
            self.sources[_CHIME] = chime
        elif self._library.chime is not None:
            self.sources[_CHIME] = Sequence(loop=(self._library.chime,))

    def keep_steered(self) -> None:
        """What somebody did by hand holds until it is ended."""
        names = {id(source): name for name, source in self._standing.sources.items()}
        for claim in self._begun.values():
            if claim.priority == STEERED and (claim.until is None or claim.until > self._now):
                self.sources[names.get(id(claim.source), str(claim.id))] = claim.source
                self._timed.append(claim)

    # --- claims and levels ---

    def claims(self, zones: tuple[ZoneId, ...]) -> tuple[Claim, ...]:
        """Every zone's claims."""
        found: list[Claim] = []
        for zone in zones:
            for name, source in [(CHIME, _CHIME), *self._endless.get(zone, [])]:
                if source in self.sources:
                    found.append(self._claim(zone, name, self.sources[source]))
        there = set(zones)
        return (*found, *(claim for claim in self._timed if claim.zone in there))

    def _claim(self, zone: ZoneId, name: ClaimId, source: Source) -> Claim:
        """The claim `name` on `zone`; one that stands keeps its start, and so its phase."""
        before = self._begun.get((zone, name))
        start = self._now if before is None or before.start is None else before.start
        if before is None:
            # All zones together: what another zone has begun is joined where it is.
            starts = [c.start for (_, other), c in self._begun.items() if other == name]
            # The list shall not be heard for the moment before the schedule begins.
            first = self._now + LEAD if name in (DEFAULT_LIST, FALLBACK) else self._now
            start = min((s for s in starts if s is not None), default=first)
        return Claim(name, zone, Kind.PROGRAMME, _PRIORITIES[name], source, start=start)

    def levels(self) -> tuple[GainStep, ...]:
        """The levels of the hour for programme and notices, and the warning level of each zone."""
        found: list[GainStep] = []
        current: dict[ZoneId, GainStep] = {}
        for step in self._plan.levels:
            at = self._sample(step.at)
            if at <= self._now:
                current[step.zone] = GainStep(step.zone, ALWAYS + 1, step.gain_db)
            else:
                found.append(GainStep(step.zone, at, step.gain_db))
        return (*current.values(), *found)

    # --- time ---

    def _sample(self, at: datetime) -> Sample:
        return self._anchor.sample_at(at)

    def _utc(self, sample: Sample) -> datetime:
        return self._anchor.utc_at(sample)


def warning_levels(site: Site) -> tuple[GainStep, ...]:
    """At which level each zone's warnings are played, at any hour."""
    return tuple(
        GainStep(zone.id, ALWAYS, zone.warning_level_db, priority.HIGHEST + 1)
        for zone in site.zones
    )


def _track_end(claim: Claim, now: Sample) -> Sample | None:
    """Where the recording ends that a claim plays at `now`; None when it has not begun."""
    if claim.start is None:
        return None
    for piece in pieces(claim.source, claim.start, now, now + 1):
        return piece.at - piece.offset + piece.segment.length
    return None


def _holds(claim: Claim, now: Sample) -> bool:
    started = claim.start is not None and claim.start <= now
    return started and (claim.until is None or claim.until > now)


def _is_over(timeline: Timeline, now: Sample) -> bool:
    """Whether it ended, so that the endless list below it is on air."""
    return bool(timeline.items) and timeline.stretches[-1][1] <= now
