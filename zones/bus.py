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

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import NewType

from zones.media_time import Sample
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
    A claim with `duck_db` (negative) leaves what is below it audible, lowered by that much.
    Claims of one act share their id across zones; (zone, id) is unique.

    Raises:
        ValueError: a priority outside 0..255, an end before the start, a duck that is no lowering.
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
    """The claim with the start the engine gave it; a fixed start is kept."""
    return claim if claim.start is not None else replace(claim, start=start)


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
    sweep = min([begin, *(c.start for c in started if _has_memory(c) and c.start is not None)])
    found: list[Turn] = []
    for turn in _sweep(started, sweep, end):
        if turn.until > begin:
            _append(found, _clipped(turn, begin, end))
    return tuple(found)


def pruned(claims: Iterable[Claim], now: Sample) -> tuple[Claim, ...]:
    """The claims without those that can change no turn from `now` on."""
    kept = list(claims)
    memory = min(
        (c.start for c in kept if c.start is not None and _has_memory(c) and not _is_over(c, now)),
        default=now,
    )
    return tuple(claim for claim in kept if not _is_over(claim, min(memory, now)))


def _is_over(claim: Claim, now: Sample) -> bool:
    if claim.until is not None and claim.until <= now:
        return True
    if claim.start is None or _has_memory(claim):
        return False
    stretches = _stretches(claim, claim.start)
    return not any(until is None or until > now for _, until in stretches)


def _has_memory(claim: Claim) -> bool:
    """Whether what the claim plays depends on when it was last overridden."""
    return claim.comes_back is ComesBack.AGAIN and isinstance(claim.source, Sequence)


def _rank(claim: Claim) -> tuple[int, int, str]:
    start = claim.start if claim.start is not None else 0
    return (-claim.priority, -start if claim.priority == NEWEST_WINS else start, claim.id)


def _stretches(claim: Claim, start: Sample) -> Iterator[tuple[Sample, Sample | None]]:
    """When the claim is live by itself, overriding aside: half-open, in order."""
    if isinstance(claim.source, Timeline):
        natural: Iterable[tuple[Sample, Sample | None]] = claim.source.stretches
    elif isinstance(claim.source, Sequence) and not _has_memory(claim):
        length = claim.source.length
        natural = [(start, None if length is None else start + length)]
    else:
        natural = [(start, None)]
    for a, b in natural:
        ends = [x for x in (b, claim.until) if x is not None]
        until = min(ends) if ends else None
        if until is None or until > max(a, start):
            yield max(a, start), until


@dataclass(order=True, slots=True)
class _Rival:
    """A live claim in the sweep, ordered by rank."""

    rank: tuple[int, int, str]
    claim: Claim
    since: Sample | None = None
    """When its present stay on air began; only kept for claims with memory."""

    def origin(self) -> Sample:
        if self.since is not None:
            return self.since
        return self.claim.start if self.claim.start is not None else 0

    def ends_at(self) -> Sample | None:
        """When a message that began at `since` has been played whole."""
        if self.since is None or not isinstance(self.claim.source, Sequence):
            return None
        length = self.claim.source.length
        return None if length is None else self.since + length


def _edges(claims: Iterable[Claim], begin: Sample, end: Sample) -> list[tuple[Sample, bool, Claim]]:
    """Every start (True) and end (False) of a live stretch before `end`, those past kept in order."""
    edges: list[tuple[Sample, bool, Claim]] = []
    for claim in claims:
        start = claim.start if claim.start is not None else 0
        for a, b in _stretches(claim, start):
            if a >= end or (b is not None and b <= begin):
                continue
            edges.append((max(a, begin), True, claim))
            if b is not None and b < end:
                edges.append((b, False, claim))
    edges.sort(key=lambda edge: edge[0])
    return edges


def _sweep(claims: list[Claim], begin: Sample, end: Sample) -> Iterator[Turn]:
    """Turns from `begin` on, oldest first; neighbours may be equal and are joined by the caller."""
    edges = _edges(claims, begin, end)
    live: list[_Rival] = []
    now, index = begin, 0
    while now < end:
        while index < len(edges) and edges[index][0] <= now:
            _, starts, claim = edges[index]
            if starts:
                insort(live, _Rival(_rank(claim), claim))
            else:
                live = [rival for rival in live if rival.claim is not claim]
            index += 1
        heard = _settle(live, now)
        spoken = [x for x in (rival.ends_at() for rival in heard) if x is not None]
        until = min([end, *spoken, *([edges[index][0]] if index < len(edges) else [])])
        if heard and until > now:
            yield _stack(heard, now, until)
        over = {id(r.claim) for r in heard if (e := r.ends_at()) is not None and e <= until}
        live = [rival for rival in live if id(rival.claim) not in over]
        now = until


def _settle(live: list[_Rival], now: Sample) -> list[_Rival]:
    """The claims to be heard at `now`, best first; marks who came on air and who was overridden."""
    heard: list[_Rival] = []
    for rival in live:
        heard.append(rival)
        if rival.claim.duck_db is None:
            break
    for rival in live[: len(heard)]:
        if rival.since is None and _has_memory(rival.claim):
            rival.since = now
    for rival in live[len(heard) :]:
        rival.since = None
    return heard


def _stack(heard: list[_Rival], start: Sample, until: Sample) -> Turn:
    under: Turn | None = None
    for rival in reversed(heard):
        under = Turn(start, until, rival.claim, rival.origin(), under)
    assert under is not None
    return under


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
