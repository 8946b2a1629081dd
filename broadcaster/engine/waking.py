"""Waking amplifiers: a message that breaks a silence begins later, after dither (SAFETY F6).

Some amplifiers mute after seconds of digital silence and need up to three seconds to wake. Their
streams have a pre-roll: such a message's beginning moves by that much, whole, so that no sample of
it is lost. Whether there was a silence follows from the plan and the time alone; what has begun
stays as it was decided, under a mark beside the engine's stamps.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from zones.bus import Claim, ClaimId, ComesBack, Kind, Turn, ZoneId, turns
from zones.media_time import RATE, Sample
from zones.sound import Ring, Sequence, Timeline, pieces, silence

SILENCE: Sample = RATE
"""A zone that was silent for this long is taken to be asleep."""
_LONGEST: Sample = 3 * RATE
_SEARCHED: Sample = 3600 * RATE
"""How far ahead the beginning of a message that has to wait is looked for."""


@dataclass(frozen=True, slots=True)
class LateRing(Ring):
    """Live voice that is heard `by` samples after it was spoken."""

    by: Sample = 0


@dataclass(frozen=True, slots=True)
class Waking:
    """A message's beginning on one bus: when, and how much later its sound comes."""

    claim: ClaimId
    begins: Sample
    pre_roll: Sample


def mark(claim: ClaimId, zone: ZoneId, pre_roll: Sample) -> ClaimId:
    """The name under which is kept how much pre-roll a message got in a zone."""
    return ClaimId(f"{claim}@{zone}+{pre_roll}")


def is_message(claim: Claim) -> bool:
    """Whether a claim has a beginning that must be heard: no programme, and no silence."""
    return claim.kind is not Kind.PROGRAMME and isinstance(claim.source, Sequence | Ring)


def woken(
    claims: Iterable[Claim], pre_roll: Sample, decided: Mapping[ClaimId, Sample]
) -> tuple[tuple[Claim, ...], tuple[Waking, ...]]:
    """The claims of one bus with pre-roll where a message breaks a silence, and where that is.

    `decided` are the pre-rolls of messages that have begun before.
    """
    planned = tuple(claims)
    bus = list(planned)
    wakings: list[Waking] = []
    messages = [claim for claim in bus if claim.start is not None and is_message(claim)]
    for claim in sorted(messages, key=lambda claim: (claim.start, claim.id)):
        begins, given = _beginning(bus, claim), decided.get(claim.id)
        if given is None:
            if begins is not None:
                given = 0 if _is_audible(bus, begins - SILENCE, begins) else pre_roll
            elif _beginning(planned, claim) == claim.start:
                begins, given = claim.start, _held_up(bus, claim)
        if given:
            bus[bus.index(claim)] = _later(claim, given)
        if begins is not None:
            wakings.append(Waking(claim.id, begins, given or 0))
    return tuple(bus), tuple(wakings)


def dithered_spans(
    heard: Iterable[Turn], wakings: Iterable[Waking], begin: Sample, end: Sample
) -> Iterator[tuple[Sample, Sample]]:
    """The parts of [begin, end) in which a message is being waited for."""
    given = {waking.claim: waking.pre_roll for waking in wakings if waking.pre_roll}
    for turn in heard:
        until = min(turn.origin + given.get(turn.claim.id, 0), turn.until, end)
        start = max(turn.start, begin)
        if start < until:
            yield start, until


def _beginning(bus: Iterable[Claim], claim: Claim) -> Sample | None:
    """The first sample at which `claim` is heard from its own beginning; None if it never is."""
    start = claim.start or 0
    reach = _SEARCHED if claim.comes_back is ComesBack.AGAIN else 1
    for turn in turns(bus, start, start + reach):
        for layer in _layers(turn):
            if layer.claim.id == claim.id and layer.origin == turn.start:
                return turn.start
    return None


def _held_up(bus: Iterable[Claim], claim: Claim) -> Sample:
    """How long a message waits for another that was moved into its beginning; 0 if too long."""
    start = claim.start or 0
    for turn in turns(bus, start, start + _LONGEST + 1):
        if turn.until <= start + _LONGEST:
            return turn.until - start
        break
    return 0


def _is_audible(bus: Iterable[Claim], begin: Sample, end: Sample) -> bool:
    """Whether anything but intended silence is planned in [begin, end)."""
    for turn in turns(bus, begin, end):
        for layer in _layers(turn):
            source = layer.claim.source
            if isinstance(source, Ring):
                return True
            if isinstance(source, Sequence | Timeline):
                sounding = pieces(source, layer.origin, turn.start, turn.until)
                if any(piece.segment.pcm is not None for piece in sounding):
                    return True
    return False


def _layers(turn: Turn) -> Iterator[Turn]:
    layer: Turn | None = turn
    while layer is not None:
        yield layer
        layer = layer.under


def _later(claim: Claim, by: Sample) -> Claim:
    """The claim with its sound moved; it ends as much later, unless it was ended on purpose."""
    source, until = claim.source, claim.until
    if isinstance(source, Ring):
        return replace(
            claim,
            source=LateRing(source.name, by),
            until=None if until is None else until + by,
        )
    assert isinstance(source, Sequence)  # noqa: S101 - `is_message` saw to it
    length = source.length
    if until is not None and length is not None and until - (claim.start or 0) >= length:
        until += by
    return replace(claim, source=Sequence((silence(by), *source.once), source.loop), until=until)
