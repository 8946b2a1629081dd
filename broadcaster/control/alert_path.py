"""The measured way of each warning: received, decided, journalled, planned, on the wire, there.

Every step is a media sample of the one clock of this machine, noted when it happened; nothing is
computed from what ought to be. Pure.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from broadcaster.witness import Fact, Witness
from zones.bus import Claim, ClaimId, ZoneId
from zones.media_time import RATE, Sample

RIPE: Sample = 10 * RATE
"""A path is recorded then, whole or not."""
MOST_KEPT = 256
"""Alerts whose path is remembered."""


@dataclass(slots=True)
class ZonePath:
    """When a warning came to a zone.

    `first_packet` is the sample the engine gave its claim there, `sent` when the ear received the
    first right packet of it, `arrived` when every amplifier said that sound of after it arrived.
    """

    claim: ClaimId
    first_packet: Sample
    sent: Sample | None = None
    arrived: Sample | None = None


@dataclass(slots=True)
class AlertPath:
    """When the steps of one warning were made; `received_utc` is for people."""

    received: Sample
    received_utc: datetime
    decided: Sample
    revision: int = 0
    """The first plan that holds it."""
    planned: Sample | None = None
    journalled: Sample | None = None
    zones: dict[ZoneId, ZonePath] = field(default_factory=dict)
    is_recorded: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether every zone's sound is known to have been sent and to have arrived."""
        zones = self.zones.values()
        return bool(zones) and all(None not in (one.sent, one.arrived) for one in zones)

    def shown(self) -> dict[str, Any]:
        """The path as JSON, in milliseconds after it was received; null where nothing is known."""

        def since(sample: Sample | None) -> float | None:
            return None if sample is None else round((sample - self.received) * 1000 / RATE, 2)

        return {
            "received_utc": self.received_utc.isoformat(),
            "decided_ms": since(self.decided),
            "journalled_ms": since(self.journalled),
            "planned_ms": since(self.planned),
            "zones": {
                zone: {
                    "first_packet_ms": since(path.first_packet),
                    "sent_ms": since(path.sent),
                    "arrived_ms": since(path.arrived),
                }
                for zone, path in self.zones.items()
            },
        }


class AlertPaths:
    """The paths of the alerts of late."""

    def __init__(self) -> None:
        self._paths: OrderedDict[str, AlertPath] = OrderedDict()

    def of(self, alert: str) -> AlertPath | None:
        """The path of an alert; None when it never sounded, or long ago."""
        return self._paths.get(alert)

    def begin(
        self, alert: str, received: Sample, utc: datetime, decided: Sample, revision: int
    ) -> None:
        """A warning is to sound by plan `revision`; an escalation begins its path anew."""
        self._paths[alert] = AlertPath(received, utc, decided, revision)
        self._paths.move_to_end(alert)
        if len(self._paths) > MOST_KEPT:
            self._paths.popitem(last=False)

    def planned(self, revision: int, at: Sample) -> None:
        """The plan of this revision was handed to the engine."""
        for path in self._paths.values():
            if path.planned is None and path.revision <= revision:
                path.planned = at

    def journalled(self, alert: str, at: Sample) -> None:
        """The record of an alert is durable; the first time counts."""
        path = self._paths.get(alert)
        if path is not None and path.journalled is None:
            path.journalled = at

    def started(self, alert: str, claims: Iterable[Claim]) -> None:
        """These claims are the alert's; those with a start are on their way to their zones."""
        path = self._paths.get(alert)
        if path is None:
            return
        for claim in claims:
            known = path.zones.get(claim.zone)
            if claim.start is not None and known is None and claim.start >= path.received:
                path.zones[claim.zone] = ZonePath(claim.id, claim.start)

    def take(self, witness: Witness) -> None:
        """Somebody saw sound; `detail.warned` of an ear names the claim it heard begin."""
        for path in self._paths.values():
            zone = path.zones.get(witness.zone)
            if zone is None:
                continue
            if witness.fact is Fact.SENT and zone.sent is None:
                warned = witness.detail.get("warned")
                if isinstance(warned, dict) and warned.get("claim") == zone.claim:
                    received = warned.get("received")
                    zone.sent = received if isinstance(received, int) else None

    def look(self, has_arrived: Callable[[ZoneId, Sample], bool], at: Sample) -> None:
        """Ask of every zone that waits whether sound of after its first packet has arrived."""
        for path in self._paths.values():
            for zone, known in path.zones.items():
                if known.arrived is None and has_arrived(zone, known.first_packet):
                    known.arrived = at

    def ripe(self, at: Sample) -> Iterator[tuple[str, AlertPath]]:
        """The paths to be recorded now: whole, or as whole as they will be; each once."""
        for alert, path in self._paths.items():
            if not path.is_recorded and (path.is_whole or at - path.decided > RIPE):
                path.is_recorded = True
                yield alert, path
