"""Whom the ear believes on one group: the one source that proved to be our engine.

Pure. Anybody on the network may send to a group, and may copy our SSRC. Who has sent what the plan
holds, bit for bit and not mere silence, is believed as long as it goes on sending; everybody else
is a stranger: named, and never mixed into what is believed (SAFETY A1).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from zones.media_time import RATE, Sample

Source = tuple[int, int]
"""An IPv4 address, as a number, and a port."""

GIVEN_UP: Sample = RATE // 2
"""How long a believed source may be quiet before another one may prove itself."""
REMEMBERED: Sample = 10 * RATE
"""How long a stranger is named after it was last heard."""
_MOST_STRANGERS = 16


@dataclass(slots=True)
class Stranger:
    """Somebody else on our group."""

    source: Source
    ssrc: int | None
    packets: int
    heard: Sample

    def __str__(self) -> str:
        address = f"{IPv4Address(self.source[0])}:{self.source[1]}"
        if self.ssrc is None:
            return f"{address} (not RTP)"
        return f"{address} (SSRC {self.ssrc:#010x})"


class Believed:
    """One group's source, and its strangers."""

    def __init__(self) -> None:
        """Nobody has been heard."""
        self.source: Source | None = None
        self.is_proven = False
        self._heard: Sample = -GIVEN_UP
        self._strangers: dict[tuple[Source, int | None], Stranger] = {}
        self.unnamed = 0
        """Packets of strangers beyond those remembered by name."""

    def hear(self, source: Source, now: Sample, *, proves: bool, disproves: bool) -> bool:
        """Packets with our SSRC came from `source`; whether to believe them.

        `proves` when some of them are right and audible, `disproves` when some are wrong.
        """
        if source != self.source and self._may_follow(now, proves, disproves):
            self.source, self.is_proven = source, False
        if source != self.source:
            return False
        self._heard = now
        self.is_proven = self.is_proven or proves
        if self._strangers:
            self._strangers = {
                key: each for key, each in self._strangers.items() if each.source != source
            }
        return True

    def _may_follow(self, now: Sample, proves: bool, disproves: bool) -> bool:
        if self.source is None:
            return True
        if now - self._heard > GIVEN_UP:
            return not disproves
        # Silence looks alike from everybody; a source that only sent silence has proved nothing.
        return proves and not self.is_proven

    def meet(self, source: Source, ssrc: int | None, packets: int, now: Sample) -> None:
        """Count packets of a stranger; SSRC None when they are not RTP."""
        known = self._strangers.get((source, ssrc))
        if known is not None:
            known.packets += packets
            known.heard = now
        elif len(self._strangers) < _MOST_STRANGERS:
            self._strangers[source, ssrc] = Stranger(source, ssrc, packets, now)
        else:
            self.unnamed += packets

    def strangers(self, now: Sample) -> list[Stranger]:
        """Who else was heard lately, the most talkative first."""
        self._strangers = {
            key: each for key, each in self._strangers.items() if now - each.heard < REMEMBERED
        }
        return sorted(self._strangers.values(), key=lambda each: -each.packets)
