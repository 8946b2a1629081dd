"""What was heard of the programme: planned and real, second by second, until a track is over.

The plan says what should be on air, witnesses say what was. A track is told when it has ended, with
why it ended, who interrupted it, and for how much of it there was a witness.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from zones.bus import Claim, ClaimId, Kind, Turn, ZoneId, turns
from zones.media_time import RATE, Sample
from zones.sound import PcmId, Ring, Sequence, Timeline, pieces

SLACK: Sample = RATE // 10
"""So much less than the whole is still whole."""
VERIFIED_SHARE = 0.9
"""A track is verified when there was a witness for so much of what was on air."""
LATE: Sample = 3 * RATE
"""A track is told so long after its end: witnesses speak a little later than the sound."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A track, or a live source, as it was on air in some zones; times are samples.

    `planned` is where it should begin and `began` where it was heard first. `on_air` is how much
    of its `length` had the zone, `witnessed` how much of that somebody saw sent. `by` are the
    claims that took the zone from it.
    """

    claim: ClaimId
    pcm: PcmId | None
    source: str
    planned: Sample
    began: Sample
    length: Sample
    on_air: Sample
    witnessed: Sample
    zones: tuple[ZoneId, ...]
    by: tuple[ClaimId, ...]

    @property
    def is_verified(self) -> bool:
        """Whether a witness saw nearly all of it."""
        return self.on_air > 0 and self.witnessed >= VERIFIED_SHARE * self.on_air

    @property
    def is_whole(self) -> bool:
        """Whether all of it was on air."""
        return self.on_air >= self.length - SLACK

    @property
    def ended(self) -> str:
        """Why it ended when it did."""
        if self.is_whole:
            return "whole"
        if self.by:
            return "interrupted"
        return "joined late" if self.began > self.planned + SLACK else "seen in part"


@dataclass(slots=True)
class _Open:
    """A track that has not ended in one zone."""

    length: Sample
    source: str
    began: Sample | None = None
    on_air: Sample = 0
    witnessed: Sample = 0
    by: dict[ClaimId, None] = field(default_factory=dict)


_Key = tuple[ZoneId, ClaimId, PcmId | None, Sample]


class AsRunBook:
    """Gathers what is on air in each zone, and gives out what has ended."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._open: dict[_Key, _Open] = {}

    def watch(
        self, zone: ZoneId, claims: Iterable[Claim], begin: Sample, end: Sample, *, is_seen: bool
    ) -> None:
        """Note what a zone's claims put on air in [begin, end), and whether somebody saw it."""
        bus = list(claims)
        for turn in turns(bus, begin, end):
            layer: Turn | None = turn
            while layer is not None:
                if layer.claim.kind is Kind.PROGRAMME:
                    self._note(zone, layer, is_seen=is_seen)
                layer = layer.under
            if turn.claim.kind is not Kind.PROGRAMME:
                self._note_interrupted(zone, bus, turn)

    def ended(self, now: Sample) -> tuple[Heard, ...]:
        """What is over and was heard."""
        return tuple(one for one in self.over(now) if one.on_air)

    def over(self, now: Sample) -> tuple[Heard, ...]:
        """What ended before `now`, heard or covered, zones of the same fate together, in order."""
        over = [(key, one) for key, one in self._open.items() if key[3] + one.length + LATE <= now]
        together: dict[object, tuple[_Key, _Open, list[ZoneId]]] = {}
        for key, one in over:
            del self._open[key]
            zone, *rest = key
            fate = (*rest, one.began, one.on_air, one.witnessed, tuple(one.by))
            together.setdefault(fate, (key, one, []))[2].append(zone)
        found = (_heard(key, one, zones) for key, one, zones in together.values())
        return tuple(sorted(found, key=lambda h: (h.began, h.zones)))

    def playing(self) -> Iterator[tuple[ZoneId, ClaimId, PcmId | None, Sample]]:
        """What has been on air and has not ended, with where it should have begun."""
        return (key for key, one in self._open.items() if one.on_air)

    def _note(self, zone: ZoneId, turn: Turn, *, is_seen: bool) -> None:
        for key, length, source, begin, end in _sounding(zone, turn.claim, turn.origin, turn):
            one = self._open.setdefault(key, _Open(length, source))
            one.began = begin if one.began is None else one.began
            one.on_air += end - begin
            one.witnessed += end - begin if is_seen else 0

    def _note_interrupted(self, zone: ZoneId, bus: list[Claim], turn: Turn) -> None:
        """What of the schedule would have been heard instead."""
        for claim in bus:
            if claim.kind is Kind.PROGRAMME and isinstance(claim.source, Timeline | Ring):
                for key, length, source, *_ in _sounding(zone, claim, claim.start or 0, turn):
                    self._open.setdefault(key, _Open(length, source)).by[turn.claim.id] = None


def _sounding(
    zone: ZoneId, claim: Claim, origin: Sample, turn: Turn
) -> Iterator[tuple[_Key, Sample, str, Sample, Sample]]:
    """The tracks of a claim in a turn, each with its length and the part of it."""
    source = claim.source
    if isinstance(source, Ring):
        start = claim.start if claim.start is not None else turn.start
        until = claim.until if claim.until is not None else turn.until
        if start < turn.until and until > turn.start:
            part = (max(start, turn.start), min(until, turn.until))
            yield (zone, claim.id, None, start), until - start, source.name, *part
    elif isinstance(source, Timeline | Sequence):
        for piece in pieces(source, origin, turn.start, turn.until):
            if piece.segment.pcm is not None:
                key = (zone, claim.id, piece.segment.pcm, piece.at - piece.offset)
                yield key, piece.segment.length, "", piece.at, piece.at + piece.length


def _heard(key: _Key, one: _Open, zones: list[ZoneId]) -> Heard:
    _, claim, pcm, planned = key
    return Heard(
        *(claim, pcm, one.source, planned, one.began if one.began is not None else planned),
        *(one.length, one.on_air, one.witnessed, tuple(zones), tuple(one.by)),
    )
