"""What is wrong with sources and with our clock, each told when it begins and when it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from alerts.detection.event import DetectionEvent, Phase, SourceId
from alerts.detection.source import Source
from alerts.detection.told import SourceFault

_CLOCK: Final = "clock"
_SILENT: Final = "source "
_UNHEARD: Final = "new source "
MOST_SILENT: Final = 5
"""More silent sources than that are told of in one sentence."""
_MOST_NAMED: Final = 3
_LONGEST: Final = 200


def told_together(faults: Mapping[str, str]) -> list[str]:
    """The sentences of faults by their names; many silent sources, or new ones, are one fault.

    A camera that was never connected is work to do and no news; 893 behind a dead gateway are one
    thing that is wrong.
    """
    unheard = [name.removeprefix(_UNHEARD) for name in faults if name.startswith(_UNHEARD)]
    silent = [name.removeprefix(_SILENT) for name in faults if name.startswith(_SILENT)]
    told = [said for name, said in faults.items() if not name.startswith((_SILENT, _UNHEARD))]
    if len(silent) > MOST_SILENT:
        told.append(f"{len(silent)} sources have fallen silent: {_named(silent)}")
    else:
        told += [faults[_SILENT + source] for source in silent]
    if unheard:
        told.append(
            f"nothing has come yet from {len(unheard)} of the site's sources: {_named(unheard)}; "
            "connect them (`broadcaster keys add`), or take them out of the site file"
        )
    return told


def _named(sources: list[str]) -> str:
    named = ", ".join(sources[:_MOST_NAMED])
    left = len(sources) - _MOST_NAMED
    return f"{named} and {left} more" if left > 0 else named


class Troubles:
    """The faults there are."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def clock(self, why: str) -> tuple[SourceFault, ...]:
        """Our own clock is wrong, or right again."""
        return self._told(_CLOCK, why)

    def lost(
        self, source: Source, sentence: str, *, was_heard: bool = True
    ) -> tuple[SourceFault, ...]:
        """A source has fallen silent, or never spoke since we began."""
        if was_heard:
            return self._told(f"{_SILENT}{source.id}", sentence)
        return self._told(f"{_UNHEARD}{source.id}", f"{source.id}: nothing has come from it yet")

    def found(self, source: SourceId) -> tuple[SourceFault, ...]:
        """A source speaks again."""
        return self._told(f"{_SILENT}{source}", "") + self._told(f"{_UNHEARD}{source}", "")

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
