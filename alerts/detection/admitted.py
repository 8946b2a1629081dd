"""An event as a door lets it in: who vouches for it, when it came, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from alerts.detection.event import DetectionEvent, EventError
from alerts.detection.event_json import event_in
from alerts.hazard import Level


@dataclass(frozen=True, slots=True)
class Admitted:
    """An authentic event.

    `received` is our clock. `via` names the key, gateway or certificate that vouches: all that
    comes by one counts as one source. It may raise at most `highest`, and only in `zones` (names
    of zones and groups; none means everywhere). `is_clock_suspect`: its time or signature did not
    fit our clock, and our clock is the one in doubt.
    """

    event: DetectionEvent
    received: datetime
    via: str = ""
    highest: Level = Level.EVACUATE
    zones: tuple[str, ...] = ()
    is_clock_suspect: bool = False

    @property
    def age_s(self) -> float:
        """Seconds from the event's time to when it came; negative if its time lies ahead."""
        return (self.received - self.event.time).total_seconds()

    def message(self) -> dict[str, Any]:
        """As JSON, for the link; `admitted_in` reads it back."""
        return {
            "event": self.event.message(),
            "received": self.received.isoformat(),
            "via": self.via,
            "highest": int(self.highest),
            "zones": list(self.zones),
            "clock_suspect": self.is_clock_suspect,
        }


def admitted_in(fields: object, at: str = "") -> Admitted:
    """The admitted event in the JSON that `Admitted.message` makes.

    Raises:
        EventError: it is none.
    """
    if not isinstance(fields, dict):
        raise EventError(at, "is no admitted event")
    try:
        received = datetime.fromisoformat(fields["received"])
        if received.tzinfo is None:
            raise ValueError
        return Admitted(
            event=event_in(fields["event"], f"{at}/event"),
            received=received,
            via=str(fields["via"]),
            highest=Level(fields["highest"]),
            zones=tuple(map(str, fields["zones"])),
            is_clock_suspect=bool(fields["clock_suspect"]),
        )
    except EventError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise EventError(at, f"is no admitted event: {error}") from None
