"""What notices need of an alert in control's snapshot. Values only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from alerts.hazard import Response
from alerts.life_cycle import ENDING, UNHEARD, WARNING, State
from zones.notices_settings import Contact, Device

_STATES: Final = {state.value: state for state in State}
_RESPONSES: Final = {one.name.lower(): one for one in Response}
SAID: Final = (
    *("id", "hazard", "hazard_name", "level", "level_name", "response", "state", "message"),
    *("title", "text", "zones", "raised_by", "raised_at", "source", "camera", "place", "window"),
    *("evidence", "why", "revision"),
)
"""What others are told of an alert, in the names of the snapshot."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """A real alert; `said` is its JSON.

    `called` is why people are called and the step of the calling list that control has reached.
    """

    id: str
    hazard: str
    level: int
    level_name: str
    response: Response
    state: State
    zones: frozenset[str]
    parting: str | None
    called: tuple[str, int] | None
    said: Mapping[str, Any]

    @property
    def is_heard(self) -> bool:
        """Whether its warning or its last word sounds."""
        return self.state in WARNING or self.state in ENDING

    @property
    def is_living(self) -> bool:
        """Whether it is not over."""
        return self.is_heard or self.state in UNHEARD

    @property
    def rank(self) -> tuple[int, int]:
        """Which of several is shown first: the higher."""
        return self.level, self.response

    def concerns(self, one: Device | Contact) -> bool:
        """Whether somebody or something is told of it, going by level, hazard and zones."""
        if self.level < one.least:
            return False
        if isinstance(one, Contact):
            return not one.hazards or self.hazard in one.hazards
        return not self.zones.isdisjoint(one.zones)


def alerts_in(snapshot: Mapping[str, Any]) -> tuple[AlertView, ...]:
    """The real alerts of a snapshot; an exercise is told to nobody (SAFETY E2)."""
    return tuple(_views(snapshot.get("alerts", ())))


def _views(listed: Iterable[Mapping[str, Any]]) -> Iterable[AlertView]:
    for one in listed:
        if one.get("nature") != "real":
            continue
        calling = one.get("calling")
        yield AlertView(
            id=str(one["id"]),
            hazard=str(one["hazard"]),
            level=int(one["level"]),
            level_name=str(one["level_name"]),
            response=_RESPONSES.get(str(one.get("response")), Response.OTHER),
            state=_STATES[str(one["state"])],
            zones=frozenset(one["zones"]),
            parting=one.get("parting"),
            called=None if calling is None else (str(calling["why"]), int(calling["step"])),
            said={name: one[name] for name in SAID if name in one},
        )
