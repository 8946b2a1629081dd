"""The bus of a zone: claims in, turns out. The only place where preemption is decided.

One rule: the highest priority is on air; among equals at 255 the latest start, otherwise the
earliest start, then the id. Programme, fallbacks, quiet hours and silence are claims like any
other, so "never empty", resuming and overriding need no mechanism of their own.

Laws, kept by property tests:

1. At any sample the claim on air is the highest-ranked one that is live there.
2. Adding or removing a claim that is never on air changes no turn.
3. Turns do not depend on where the window of interest begins or ends.
4. Turns of one zone never overlap.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from operator import attrgetter, itemgetter
from typing import NewType

from zones.media_time import Sample
from zones.priority import is_emergency
from zones.sound import Sequence, Source, Timeline

ZoneId = NewType("ZoneId", str)
ClaimId = NewType("ClaimId", str)

NEWEST_WINS = 255
"""The one priority at which a later start beats an earlier one: a forgotten open microphone must
not block the next."""


class Kind(Enum):
    """What a claim is for; it decides wording and fades, never rank."""

    PROGRAMME = "programme"
    NOTICE = "notice"
    PAGE = "page"
    EXERCISE = "exercise"
    WARNING = "warning"


class ComesBack(Enum):
    """How a claim that was overridden returns."""

    LIVE = "live"
    """At the position it would have reached: radio."""
    AGAIN = "again"
    """From its beginning: a message half heard is not heard."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A source asking for the bus of one zone.

    `start` None means "as soon as the engine can"; such a claim is on no bus until the speaking
    engine has stamped its id with one sample for all zones. `until` None means until withdrawn.
    A claim with `duck_db` (negative) leaves what is below it audible, lowered by that much; an
    emergency never does (SAFETY B1).
    Claims of one act share their id across zones; (zone, id) is unique.

    Raises:
        ValueError: a priority outside 0..255, an end before the start, a duck that is no lowering
            or belongs to an emergency.
    """

    id: ClaimId
    zone: ZoneId
    kind: Kind
    priority: int
    source: Source
    start: Sample | None = None
    until: Sample | None = None
    comes_back: ComesBack = ComesBack.LIVE
    duck_db: float | None = None

    def __post_init__(self) -> None:
        """Refuse claims no bus can rank."""
        if not 0 <= self.priority <= 255:
            raise ValueError(f"claim {self.id}: priority {self.priority} is outside 0 .. 255")
        if self.start is not None and self.until is not None and self.until < self.start:
            raise ValueError(f"claim {self.id}: it ends before it starts")
        if self.duck_db is not None and not -120.0 <= self.duck_db <= 0.0:
            raise ValueError(f"claim {self.id}: duck of {self.duck_db} dB is outside -120 .. 0 dB")
        if self.duck_db is not None and is_emergency(self.priority):
            raise ValueError(
                f"claim {self.id}: an emergency leaves nothing audible below it; it cannot duck"
            )


@dataclass(frozen=True, slots=True)
class Turn:
    """`claim` is on air in [start, until); its source's zero lies at `origin`.

    `under` is what is ducked below it, with the same bounds; None when the claim does not duck or
    nothing lies below.
    """

    start: Sample
    until: Sample
    claim: Claim
    origin: Sample
    under: Turn | None = None


def stamped(claim: Claim, start: Sample) -> Claim:
    """The claim with the start the engine gave it; a fixed start is kept.

    A claim whose end passed while it waited is ended where it starts: it is never live.
    """
    if claim.start is not None:
        return claim
    return replace(claim, start=start if claim.until is None else min(start, claim.until))


def withdrawn(claim: Claim, at: Sample) -> Claim:
    """The claim ended at `at`, or earlier if it ended before.

    A withdrawn claim stays in the plan until `pruned` drops it, so that what returns below it
    knows when it was overridden.
    """
    end = at if claim.start is None else max(at, claim.start)
    return replace(claim, until=end if claim.until is None else min(end, claim.until))


def turns(claims: Iterable[Claim], begin: Sample, end: Sample) -> tuple[Turn, ...]:
    """Who is on air in [begin, end) on one zone's bus, in order of time.

    Claims that carry no start are on no bus. Where nobody claims there is no turn.
    """
    started = [claim for claim in claims if claim.start is not None]
    sweep = min([begin, *(_start(claim) for claim in started if _has_memory(claim))])
    found: list[Turn] = []
    for turn in _sweep(started, sweep, end):
        if turn.until > begin:
            _append(found, _clipped(turn, begin, end))
    return tuple(found)


def pruned(claims: Iterable[Claim], now: Sample) -> tuple[Claim, ...]:
    """The claims without those that can change no turn from `now` on; any zones, in their order.

    What is over is still needed while it explains when a message, itself not over, was overridden;
    and what explains that message may in turn need what came before it.
    """
    buses: dict[ZoneId, list[Claim]] = {}
    claims = tuple(claims)
    for claim in claims:
        buses.setdefault(claim.zone, []).append(claim)
    needed = {id(claim) for bus in buses.values() for claim in _needed(bus, now)}
    return tuple(claim for claim in claims if id(claim) in needed)


def _needed(bus: list[Claim], now: Sample) -> list[Claim]:
    """The claims of one zone that turns from `now` on depend on."""
    played_whole = _played_whole(bus, now)
    ends = [_end(claim, played_whole) for claim in bus]
    since = now
    while True:
        kept = [c for c, end in zip(bus, ends, strict=True) if end is None or end > since]
        starts = [c.start for c in kept if c.start is not None and _has_memory(c)]
        if min(starts, default=since) >= since:
            return kept
        since = min(starts)


def _played_whole(bus: list[Claim], now: Sample) -> dict[int, Sample]:
    """When messages that wait to be played whole had been, if by `now`; by identity."""
    first = min((c.start for c in bus if c.start is not None and _has_memory(c)), default=now)
    ends: dict[int, Sample] = {}
    for turn in turns(bus, first, now):
        layer: Turn | None = turn
        while layer is not None:
            if layer.until == _whole_at(layer.claim, layer.origin):
                ends[id(layer.claim)] = layer.until
            layer = layer.under
    return ends


def _end(claim: Claim, played_whole: dict[int, Sample]) -> Sample | None:
    """When the claim was or will be over for good, as far as is known; None is never."""
    ends = [played_whole.get(id(claim)), claim.until]
    if claim.start is not None:
        ends.append(_natural_end(claim, claim.start))
    return min((end for end in ends if end is not None), default=None)


def _start(claim: Claim) -> Sample:
    return claim.start if claim.start is not None else 0


def _has_memory(claim: Claim) -> bool:
    """Whether what the claim plays depends on when it was last overridden."""
    return claim.comes_back is ComesBack.AGAIN and isinstance(claim.source, Sequence)


def _whole_at(claim: Claim, origin: Sample) -> Sample | None:
    """When a message that starts again each time has been played whole, begun at `origin`."""
    if not isinstance(claim.source, Sequence) or claim.comes_back is not ComesBack.AGAIN:
        return None
    length = claim.source.length
    return None if length is None else origin + length


def _natural_end(claim: Claim, start: Sample) -> Sample | None:
    """When the source has nothing more to play, if that is known without the other claims."""
    if isinstance(claim.source, Timeline):
        return claim.source.stretches[-1][1] if claim.source.stretches else start
    if isinstance(claim.source, Sequence) and not _has_memory(claim):
        return None if claim.source.length is None else start + claim.source.length
    return None


def _live(claim: Claim, begin: Sample, end: Sample) -> Iterator[tuple[Sample, Sample]]:
    """The parts of [begin, end) in which the claim asks for the bus, in order."""
    start = _start(claim)
    begin = max(begin, start)
    ends = (end, claim.until, _natural_end(claim, start))
    end = min(x for x in ends if x is not None)
    if isinstance(claim.source, Timeline):
        for a, b in claim.source.stretches_in(begin, end):
            yield max(a, begin), min(b, end)
    elif begin < end:
        yield begin, end


_Rank = tuple[int, int, str, int]


@dataclass(eq=False, slots=True)
class _Rival:
    """A claim in the sweep, during one of the stretches in which it asks for the bus."""

    rank: _Rank
    """Lowest is best. Ends in the claim's place among the claims, so that no two are equal."""
    claim: Claim
    origin: Sample
    heard_until: Sample | None = None

    def come_on_air(self, now: Sample) -> None:
        """Be heard from `now`: a message that was overridden until then starts again."""
        if self.heard_until != now and _has_memory(self.claim):
            self.origin = now


_by_rank = attrgetter("rank")


def _rank(claim: Claim, place: int) -> _Rank:
    start = _start(claim)
    return (-claim.priority, -start if claim.priority == NEWEST_WINS else start, claim.id, place)


def _edges(
    claims: Iterable[Claim], begin: Sample, end: Sample
) -> list[tuple[Sample, bool, _Rival]]:
    """Where in [begin, end) claims begin (True) or cease (False) to ask for the bus, in order."""
    edges: list[tuple[Sample, bool, _Rival]] = []
    for place, claim in enumerate(claims):
        for a, b in _live(claim, begin, end):
            rival = _Rival(_rank(claim, place), claim, _start(claim))
            edges.append((a, True, rival))
            edges.append((b, False, rival))
    edges.sort(key=itemgetter(0))
    return edges


def _sweep(claims: list[Claim], begin: Sample, end: Sample) -> Iterator[Turn]:
    """Turns from `begin` on, oldest first; neighbours may be equal and are joined by the caller."""
    edges = _edges(claims, begin, end)
    live: list[_Rival] = []
    now, index = begin, 0
    while index < len(edges):
        while index < len(edges) and edges[index][0] <= now:
            _, begins, rival = edges[index]
            if begins:
                insort(live, rival, key=_by_rank)
            else:
                _leave(live, rival)
            index += 1
        heard = _heard(live)
        until = edges[index][0] if index < len(edges) else now
        for rival in heard:
            rival.come_on_air(now)
            whole_at = _whole_at(rival.claim, rival.origin)
            until = until if whole_at is None else min(until, whole_at)
        if heard:
            yield _stack(heard, now, until)
        for rival in heard:
            rival.heard_until = until
            if _whole_at(rival.claim, rival.origin) == until:
                _leave(live, rival)
        now = until


def _leave(live: list[_Rival], rival: _Rival) -> None:
    """Take `rival` off, unless it has left before."""
    place = bisect_left(live, rival.rank, key=_by_rank)
    if place < len(live) and live[place] is rival:
        del live[place]


def _heard(live: list[_Rival]) -> list[_Rival]:
    """The best claim and, as long as each ducks, what is below it."""
    heard: list[_Rival] = []
    for rival in live:
        heard.append(rival)
        if rival.claim.duck_db is None:
            break
    return heard


def _stack(heard: list[_Rival], start: Sample, until: Sample) -> Turn:
    *ducking, lowest = heard
    turn = Turn(start, until, lowest.claim, lowest.origin)
    for rival in reversed(ducking):
        turn = Turn(start, until, rival.claim, rival.origin, turn)
    return turn


def _clipped(turn: Turn, begin: Sample, end: Sample) -> Turn:
    start, until = max(turn.start, begin), min(turn.until, end)
    under = None if turn.under is None else _clipped(turn.under, begin, end)
    return Turn(start, until, turn.claim, turn.origin, under)


def _append(found: list[Turn], turn: Turn) -> None:
    """Add a turn, joined to the last one when the same sound simply goes on."""
    if found and found[-1].until == turn.start and _goes_on(found[-1], turn):
        found[-1] = _stretched(found[-1], turn.until)
    else:
        found.append(turn)


def _goes_on(before: Turn, after: Turn) -> bool:
    if before.claim is not after.claim or before.origin != after.origin:
        return False
    if before.under is None or after.under is None:
        return before.under is after.under
    return _goes_on(before.under, after.under)


def _stretched(turn: Turn, until: Sample) -> Turn:
    under = None if turn.under is None else _stretched(turn.under, until)
    return Turn(turn.start, until, turn.claim, turn.origin, under)
