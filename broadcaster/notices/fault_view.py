"""What notices need of a fault in control's snapshot: the watch's of amplifiers, control's own.

Values only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from broadcaster.notices.wanted import fingerprint

SAID: Final = (
    *("id", "kind", "severity", "place", "subject", "part", "since_utc", "over_utc", "standing"),
    *("sentence", "what_to_do", "zones", "under_warning", "neighbours", "spares", "flapping"),
    *("children", "witness"),
)
"""What others are told of a fault, in the names of the snapshot."""
OF_STATION: Final = 2
"""The rank of a fault of the station itself: major."""
_NUMBERS: Final = re.compile(r"[0-9]+([.,][0-9]+)*")


@dataclass(frozen=True, slots=True)
class FaultView:
    """A fault; `said` is its JSON.

    `rank` is its severity from 0 to 3; it `rings` while somebody should look at it. `occurrence`
    is another one when it came back after it was over.
    """

    id: str
    rank: int
    rings: bool
    is_there: bool
    is_warned: bool
    occurrence: str
    since: datetime
    said: Mapping[str, Any]


def faults_in(
    snapshot: Mapping[str, Any], before: Mapping[str, FaultView], utc: datetime
) -> tuple[FaultView, ...]:
    """Every fault of a snapshot; `before` are those of the one before it, by id."""
    of_amplifiers = tuple(_views(snapshot.get("amplifier_faults") or ()))
    of_station = (
        _of_station(str(sentence), before, utc) for sentence in snapshot.get("faults") or ()
    )
    return (*of_amplifiers, *{one.id: one for one in of_station}.values())


def _views(listed: Any) -> Iterator[FaultView]:  # noqa: ANN401 - what came by a link
    for one in listed:
        since = datetime.fromisoformat(str(one["since_utc"])).astimezone(UTC)
        yield FaultView(
            id=str(one["id"]),
            rank=int(one["severity_rank"]),
            rings=bool(one["rings"]),
            is_there=bool(one["there"]),
            is_warned=bool(one.get("under_warning")),
            occurrence=since.isoformat(),
            since=since,
            said={name: one[name] for name in SAID if name in one},
        )


def _of_station(sentence: str, before: Mapping[str, FaultView], utc: datetime) -> FaultView:
    """A fault of the station itself: it is the same one while only numbers in it change."""
    name = f"station/{fingerprint({'of': _NUMBERS.sub('0', sentence)})}"
    known = before.get(name)
    since = utc if known is None else known.since
    said = {
        "id": name,
        "kind": "station",
        "severity": "major",
        "sentence": {"ko": sentence, "en": sentence},
        "since_utc": since.isoformat(),
    }
    return FaultView(
        name, OF_STATION, rings=True, is_there=True, is_warned=False,
        occurrence=since.isoformat(), since=since, said=said,
    )  # fmt: skip
