"""How many packets went to each amplifier, from the engine's own counts; control is not asked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from firmware_profiles.profile import Profile
from zones.site import Amplifier, ProfileId, Site, StreamId, resting_zone

Legs = tuple[tuple[StreamId, int], ...]
"""Streams and the number of the leg."""


def legs_to(site: Site, amplifier: Amplifier, profile: Profile) -> Legs:
    """The legs whose packets come to an amplifier: of its zones, of its network, that it takes."""
    outputs = set(amplifier.outputs)
    zones = {zone.id for zone in site.zones if outputs.intersection(zone.outputs)}
    reception = profile.reception
    sent = (*site.streams, *(spare.stream for spare in site.spares))
    zones.add(resting_zone(amplifier.id))
    taken = [
        stream
        for stream in sent
        if stream.zone in zones
        and reception.takes(stream.format, stream.packet_time, stream.payload_type)
    ]
    return tuple(
        (stream.id, number)
        for stream in taken[: reception.groups]
        for number, leg in enumerate(stream.legs)
        if leg.network == amplifier.network
    )


class SentCounts:
    """The engine's counts of a run directory; None while there is no engine."""

    def __init__(self, path: Path, site: Site, profiles: Mapping[ProfileId, Profile]) -> None:
        """`path` is the engines' shared block."""
        self._path = path
        self._legs = {
            str(each.id): legs_to(site, each, profiles[each.profile]) for each in site.amplifiers
        }
        sent = (*site.streams, *(spare.stream for spare in site.spares))
        self._streams = {stream.id: len(stream.legs) for stream in sent}
        self._block: SharedBlock | None = None

    def close(self) -> None:
        """Let go of the block."""
        if self._block is not None:
            self._block.close()
            self._block = None

    def sent_to(self, amplifier: str) -> float | None:
        """Packets sent to an amplifier since the machine started, None when nobody knows."""
        legs = self._legs.get(amplifier, ())
        block = self._opened()
        if not legs or block is None:
            return None
        counts = block.leg_counts({stream: self._streams[stream] for stream, _ in legs})
        found = [counts[leg].packets for leg in legs if leg in counts]
        return float(sum(found)) if len(found) == len(legs) else None

    def _opened(self) -> SharedBlock | None:
        if self._block is None and self._path.exists():
            try:
                self._block = SharedBlock(self._path)
            except (OSError, SharedBlockError):
                return None
        return self._block
