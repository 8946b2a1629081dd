"""The programme as claims: the schedule's timeline, below it what never ends.

Every zone is claimed by a timeline that reaches an hour ahead (20), an endless list of the same
recordings (12) and the built-in chime (0). If control dies, the engine plays the timeline to its
end, then the list, for ever; if a file is missing, what lies below it sounds.

Sources that stand in the plan are taken on: an item of a timeline never moves, a loop keeps its
phase, and nothing that sounds now is replaced.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from playlists.recording import Recording
from playlists.rotation import Rotation
from playlists.timeline import endless, extended, playable
from zones import priority
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import Sample, samples
from zones.site import ProgrammeEntry
from zones.sound import Segment, Sequence, Source, Timeline, pieces

SCHEDULE = ClaimId("schedule")
DEFAULT_LIST = ClaimId("default-list")
CHIME = ClaimId("chime")
IDS = frozenset({SCHEDULE, DEFAULT_LIST, CHIME})
_PRIORITIES = {
    SCHEDULE: priority.PROGRAMME,
    DEFAULT_LIST: priority.DEFAULT_LIST,
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

    def titles(self) -> dict[str, str]:
        """The title of each recording's sound."""
        return {one.pcm: one.title for folder in self.folders.values() for one in folder}


@dataclass(frozen=True)
class Standing:
    """What the present plan holds."""

    claims: tuple[Claim, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)


def rotations(library: Library, seed: int) -> dict[str, Rotation]:
    """The order in which each folder's recordings play; worked out once for a library."""
    return {name: Rotation(playable(found), seed) for name, found in library.folders.items()}


def programme(
    entries: Iterable[ProgrammeEntry],
    zones: Iterable[ZoneId],
    library: Library,
    dealt: Mapping[str, Rotation],
    standing: Standing,
    now: Sample,
) -> Standing:
    """The programme claims of all `zones`, with their sources, at `now`.

    `dealt` are the `rotations` of the library.
    """
    begun = {(claim.zone, claim.id): claim for claim in standing.claims if claim.id in IDS}
    sources: dict[str, Source] = {}
    of_zone: dict[ZoneId, ProgrammeEntry] = {}
    for entry in entries:
        rotation = dealt.get(entry.recordings, _EMPTY)
        horizon = HORIZON if library.is_settled else SHORT_HORIZON
        _add_entry(sources, entry.recordings, rotation, standing, now, horizon)
        for zone in entry.zones:
            of_zone.setdefault(zone, entry)
    _add_chime(sources, library, standing.sources)
    claims: list[Claim] = []
    for zone in zones:
        folder = of_zone[zone].recordings if zone in of_zone else None
        names = {CHIME: _CHIME}
        if folder is not None:
            names |= {SCHEDULE: _schedule(folder), DEFAULT_LIST: _list(folder)}
        for name, source in names.items():
            if source in sources:
                claims.append(_claim(begun, zone, name, sources[source], now))
    return Standing(tuple(claims), sources)


_CHIME = "chime"
_EMPTY = Rotation((), 0)


def _schedule(folder: str) -> str:
    return f"schedule {folder}"


def _list(folder: str) -> str:
    return f"list {folder}"


def _claim(
    begun: Mapping[tuple[ZoneId, ClaimId], Claim],
    zone: ZoneId,
    name: ClaimId,
    source: Source,
    now: Sample,
) -> Claim:
    """The claim `name` on `zone`; one that stands keeps its start, and so its phase."""
    before = begun.get((zone, name))
    start = now if before is None or before.start is None else before.start
    if before is None:
        # All zones together: what another zone has begun is joined where it is.
        starts = [c.start for (_, other), c in begun.items() if other == name]
        # The list shall not be heard for the moment before the schedule begins.
        first = now + LEAD if name == DEFAULT_LIST else now
        start = min((s for s in starts if s is not None), default=first)
    return Claim(name, zone, Kind.PROGRAMME, _PRIORITIES[name], source, start=start)


def _add_entry(
    sources: dict[str, Source],
    folder: str,
    rotation: Rotation,
    standing: Standing,
    now: Sample,
    horizon: Sample,
) -> None:
    before = standing.sources.get(_schedule(folder))
    timeline = before if isinstance(before, Timeline) else Timeline(())
    kept = standing.sources.get(_list(folder))
    start = max(now + LEAD, _end_of_item(standing, kept, now) if _is_over(timeline, now) else now)
    longer = extended(timeline, rotation, now + horizon, start=start, keep_from=now - KEPT)
    timeline = timeline if longer == timeline else longer
    if timeline.items:
        sources[_schedule(folder)] = timeline
    whole = endless(rotation)
    if whole is None or kept == whole or not _sounds(timeline, now):
        whole = kept if isinstance(kept, Sequence) else whole
    if whole is not None:
        sources[_list(folder)] = whole


def _is_over(timeline: Timeline, now: Sample) -> bool:
    """Whether it ended, so that the endless list below it is on air."""
    return bool(timeline.items) and timeline.stretches[-1][1] <= now


def _end_of_item(standing: Standing, source: Source | None, now: Sample) -> Sample:
    """Where the recording that `source` plays at `now` ends: the schedule does not cut into it."""
    for claim in standing.claims:
        if claim.source is source and claim.start is not None:
            for piece in pieces(claim.source, claim.start, now, now + 1):
                return piece.at - piece.offset + piece.segment.length
    return now


def _sounds(timeline: Timeline, now: Sample) -> bool:
    """Whether the timeline covers the coming second, so that nothing below it is heard."""
    return any(a <= now and b >= now + samples(1) for a, b in timeline.stretches)


def _add_chime(
    sources: dict[str, Source], library: Library, standing: Mapping[str, Source]
) -> None:
    kept = standing.get(_CHIME)
    if kept is not None:
        sources[_CHIME] = kept
    elif library.chime is not None:
        sources[_CHIME] = Sequence(loop=(library.chime,))
