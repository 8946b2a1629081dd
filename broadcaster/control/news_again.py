"""News that a warning cut or covered: it waits until its zones are free, and is played whole.

Half heard is not heard. It is ordered when the schedule has the zone again, so that it is not
played below the warning, and not when its days are over meanwhile.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

from broadcaster.control.programme import SCHEDULE
from broadcaster.control.steering import Steer, Steering
from playlists.as_run import Heard
from playlists.news import NewsItem
from playlists.recording import Recording, Role
from zones.bus import Claim, ZoneId, turns
from zones.media_time import Sample
from zones.sound import PcmId


class NewsAgain:
    """What of the news is still owed, and to which zones."""

    def __init__(self) -> None:
        """Nothing is."""
        self._owed: dict[str, tuple[Recording, frozenset[ZoneId]]] = {}

    def note(self, over: Iterable[Heard], known: Mapping[PcmId, Recording]) -> None:
        """Take note of tracks that are over; `known` are the recordings by their sound."""
        for one in over:
            recording = known.get(one.pcm) if one.pcm is not None else None
            if recording is None or recording.role is not Role.NEWS:
                continue
            if one.by and not one.is_whole:
                _, zones = self._owed.get(recording.id, (recording, frozenset[ZoneId]()))
                self._owed[recording.id] = (recording, zones | frozenset(one.zones))

    def orders(
        self,
        now: Sample,
        buses: Mapping[ZoneId, Sequence[Claim]],
        news: Iterable[NewsItem],
        today: dt.date,
    ) -> Iterator[Steer]:
        """Orders to play what is owed, in zones that hear the schedule at `now`."""
        items = tuple(news)
        for name, (recording, zones) in list(self._owed.items()):
            if not _is_valid(recording, items, today):
                del self._owed[name]
                continue
            free = sorted(zone for zone in zones if _is_free(buses.get(zone, ()), now))
            if not free:
                continue
            rest = zones.difference(free)
            if rest:
                self._owed[name] = (recording, rest)
            else:
                del self._owed[name]
            yield Steer(
                key=f"again {name} {now} {free[0]}",
                at=now,
                zones=tuple(free),
                steering=Steering.NEXT,
                recording=recording,
            )


def _is_free(bus: Sequence[Claim], now: Sample) -> bool:
    """Whether the schedule has the zone."""
    return any(turn.claim.id == SCHEDULE for turn in turns(bus, now, now + 1))


def _is_valid(recording: Recording, items: Sequence[NewsItem], today: dt.date) -> bool:
    mine = [item for item in items if item.recording == recording.id]
    is_due = not mine or any(item.first <= today <= item.last for item in mine)
    return is_due and recording.is_valid_on(today)
