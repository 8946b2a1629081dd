"""Which sources have fallen silent that ought to report. A lost one is a fault, never an end."""

from __future__ import annotations

from alerts.detection.event import SourceId
from alerts.detection.source import Source, Sources


class Liveness:
    """The sources whose silence says something, and when each was last heard."""

    def __init__(self, sources: Sources, now: float) -> None:
        """From `now` on each has its time to report."""
        limits = ((source.id, source.lost_after_s) for source in sources)
        self._limits = {source: limit for source, limit in limits if limit is not None}
        self._heard = dict.fromkeys(self._limits, now)
        self._lost: dict[SourceId, None] = {}
        self._ever: set[SourceId] = set()
        self.deadline: float | None = None
        self._look(now)

    def heard(self, source: SourceId, now: float) -> bool:
        """Note a sign of life; whether the source was lost until now."""
        if source not in self._limits:
            return False
        self._heard[source] = now
        self._ever.add(source)
        return self._lost.pop(source, self) is None

    def was_heard(self, source: SourceId) -> bool:
        """Whether a source has shown any sign of life yet."""
        return source in self._ever

    def is_lost(self, source: SourceId) -> bool:
        """Whether a source is lost."""
        return source in self._lost

    def check(self, now: float) -> list[SourceId]:
        """The sources that are lost now and were not at the last look."""
        if self.deadline is None or now < self.deadline:
            return []
        return self._look(now)

    def _look(self, now: float) -> list[SourceId]:
        newly, nearest = [], None
        for source, limit in self._limits.items():
            if source in self._lost:
                continue
            ends = self._heard[source] + limit
            if ends <= now:
                newly.append(source)
                self._lost[source] = None
            elif nearest is None or ends < nearest:
                nearest = ends
        # A source that comes back while others are awaited brings its own deadline: at most one
        # look is late by that, and no later than the shortest limit.
        self.deadline = nearest if nearest is not None else self._soonest(now)
        return newly

    def _soonest(self, now: float) -> float | None:
        return now + min(self._limits.values()) if self._limits else None


def silence(source: Source) -> str:
    """That a source is lost, in words."""
    limit = source.lost_after_s or 0.0
    return f"{source.id} ({source.name.ko}) has said nothing for {limit:.0f} s"
