"""What is wrong with sources and with our clock, each told when it begins and when it is over."""

from __future__ import annotations

from typing import Final

from alerts.detection.event import DetectionEvent, Phase, SourceId
from alerts.detection.source import Source
from alerts.detection.told import SourceFault

_CLOCK: Final = "clock"
_LONGEST: Final = 200


class Troubles:
    """The faults there are."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def clock(self, why: str) -> tuple[SourceFault, ...]:
        """Our own clock is wrong, or right again."""
        return self._told(_CLOCK, why)

    def lost(self, source: Source, sentence: str) -> tuple[SourceFault, ...]:
        """A source has fallen silent."""
        return self._told(f"source {source.id}", sentence)

    def found(self, source: SourceId) -> tuple[SourceFault, ...]:
        """A source speaks again."""
        return self._told(f"source {source}", "")

    def health(self, event: DetectionEvent) -> tuple[SourceFault, ...]:
        """What a source says of itself; a reading or update is only a sign of life."""
        if event.phase not in (Phase.START, Phase.END):
            return ()
        text = str(event.vendor.get("text") or "reports a fault of its own")[:_LONGEST]
        sentence = f"{event.source}: {text}" if event.phase is Phase.START else ""
        return self._told(f"health of {event.source}", sentence)

    def _told(self, name: str, sentence: str) -> tuple[SourceFault, ...]:
        """A fault that begins or, without a sentence, is over; nothing if that is known."""
        before = self._known.get(name, "")
        if before == sentence:
            return ()
        if sentence:
            self._known[name] = sentence
            return (SourceFault(name, sentence),)
        del self._known[name]
        return (SourceFault(name, before, is_over=True),)
