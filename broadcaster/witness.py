"""What somebody says about the sound of a stream, and how it is written on a link (SAFETY A1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from zones.bus import ZoneId
from zones.media_time import Sample
from zones.site import StreamId


class Fact(Enum):
    """What is witnessed: that the right sound left the controller, or that it came to a device."""

    SENT = "sent"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True)
class Witness:
    """`by` says whether `fact` holds for a stream at media time `at`; None is "cannot say".

    `detail` is for people: level_dbfs, fault, counts.
    """

    by: str
    zone: ZoneId
    stream: StreamId
    fact: Fact
    value: bool | None
    at: Sample
    detail: Mapping[str, Any] = field(default_factory=dict)

    def message(self) -> dict[str, Any]:
        """The witness as it stands in a `witness` command, which names `by` once for all."""
        return {
            "zone": self.zone,
            "stream": self.stream,
            "fact": self.fact.value,
            "value": self.value,
            "at": self.at,
            "detail": dict(self.detail),
        }
