"""What was seen of the sound, by whom, and how long ago. Nothing is assumed (SAFETY A1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from broadcaster.witness import Fact, Witness
from zones.bus import ZoneId
from zones.media_time import RATE, Sample
from zones.site import Site, StreamId

FRESH: Sample = 2 * RATE
"""An older witness says nothing any more, unless it tells how long it holds."""
LONGEST_HELD_S = 30
"""Seconds for which a witness holds at most, whatever it tells."""
HOLDS = "holds_s"
"""In a witness's detail: until when it holds, for one that can look only every so often."""
MOST_WITNESSES = 64
"""A fact of one stream is witnessed by at most this many parties."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest witness of one party; `value` is None when it is too old, `age` in samples."""

    by: str
    value: bool | None
    age: Sample
    detail: Mapping[str, Any]


class Witnesses:
    """The newest witness of each party for each stream and fact."""

    def __init__(self) -> None:
        self._newest: dict[tuple[StreamId, Fact], dict[str, Witness]] = {}

    def take(self, witness: Witness, received: Sample) -> None:
        """Keep `witness`; one that claims to come from the future is dated to its receipt."""
        parties = self._newest.setdefault((witness.stream, witness.fact), {})
        if witness.by not in parties and len(parties) >= MOST_WITNESSES:
            oldest = min(parties.values(), key=lambda one: one.at)
            del parties[oldest.by]
        kept = parties.get(witness.by)
        at = min(witness.at, received)
        if kept is None or kept.at <= at:
            parties[witness.by] = replace(witness, at=at)

    def seen(self, stream: StreamId, fact: Fact, now: Sample) -> tuple[Seen, ...]:
        """What each party saw last, by name."""
        parties = self._newest.get((stream, fact), {})
        return tuple(_seen(parties[by], now) for by in sorted(parties))


def arrivals(
    witnesses: Witnesses, site: Site, zone: ZoneId, stream: StreamId, now: Sample
) -> tuple[Seen, ...]:
    """Each amplifier's word; those of a zone with one stream are asked for, said or not."""
    seen = witnesses.seen(stream, Fact.ARRIVED, now)
    if len(site.streams_of(zone)) > 1:
        return seen
    known = {one.by for one in seen}
    silent = (amp.id for amp in site.amplifiers_of(zone) if amp.id not in known)
    return (*seen, *(Seen(name, None, 0, {}) for name in silent))


def arrived_since(
    witnesses: Witnesses, site: Site, zone: ZoneId, since: Sample, now: Sample
) -> bool:
    """Whether every amplifier of a zone says of a moment after `since` that sound arrives."""
    seen = [
        one
        for stream in site.streams_of(zone)
        for one in arrivals(witnesses, site, zone, stream.id, now)
    ]
    return bool(seen) and all(one.value and now - one.age > since for one in seen)


def faulty(witnesses: Witnesses, site: Site, now: Sample) -> frozenset[ZoneId]:
    """The zones of which somebody says that the right sound was not sent, or does not arrive."""
    return frozenset(
        stream.zone
        for stream in site.streams
        for fact in Fact
        if any(one.value is False for one in witnesses.seen(stream.id, fact, now))
    )


def _seen(witness: Witness, now: Sample) -> Seen:
    age = max(0, now - witness.at)
    return Seen(witness.by, witness.value if age <= _fresh(witness) else None, age, witness.detail)


def _fresh(witness: Witness) -> Sample:
    """How old a witness may be: seconds that it names, for amplifiers asked every ten seconds."""
    told = witness.detail.get(HOLDS)
    if isinstance(told, int | float) and not isinstance(told, bool) and told > 0:
        return max(FRESH, round(min(told, LONGEST_HELD_S) * RATE))
    return FRESH


def all_true(values: Iterable[bool | None]) -> bool | None:
    """False if one is false, True if there are some and all are true, else None: not known."""
    values = list(values)
    if any(value is False for value in values):
        return False
    return True if values and all(values) else None
