"""What waits for the engine before it is answered, and what was answered of late. Pure."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from broadcaster.control.acts import Answered
from zones.bus import Claim, ClaimId
from zones.media_time import RATE, Sample

ANSWER_LIMIT = 2.0
"""Seconds within which an act is answered, adopted or not."""
MOST_ANSWERS = 1024
"""How many acts are remembered after they were answered."""

Told = Callable[[], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An act on its way: answered when the engine has adopted `revision` and begun its claims.

    `told` gives what else the answer says, when it is given.
    """

    revision: int
    limit: float
    begins: frozenset[ClaimId] = frozenset()
    told: Told = field(default=dict)


class Answers:
    """The acts that are not answered yet, and the answers of those that are."""

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._answered: OrderedDict[str, Answered] = OrderedDict()

    def __len__(self) -> int:
        """How many answers are remembered."""
        return len(self._answered)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer waits for the engine."""
        return bool(self._waiting)

    def known(self, key: str) -> tuple[Answered, ...] | None:
        """The answer to an act that came before, none yet if it waits; None for a new act."""
        if not key:
            return None
        if key in self._answered:
            return (self._answered[key],)
        return () if key in self._waiting else None

    def keep(self, answer: Answered) -> None:
        """Remember an answer for those who ask again."""
        if answer.key:
            self._answered[answer.key] = answer
            if len(self._answered) > MOST_ANSWERS:
                self._answered.popitem(last=False)

    def wait(self, key: str, waiting: Waiting) -> None:
        """Answer the act later."""
        self._waiting[key] = waiting

    def deadline(self) -> float | None:
        """When the first of those that wait has waited long enough, in monotonic seconds."""
        return min((waiting.limit for waiting in self._waiting.values()), default=None)

    def settled(self, adopted: int, unstamped: frozenset[ClaimId]) -> list[Answered]:
        """The answers of acts that need not wait any longer."""
        return [
            self._answer(key, adopted)
            for key, waiting in list(self._waiting.items())
            if waiting.revision <= adopted and not waiting.begins & unstamped
        ]

    def overdue(self, adopted: int, now: float) -> list[Answered]:
        """The answers of acts that have waited for too long."""
        return [
            self._answer(key, adopted)
            for key, waiting in list(self._waiting.items())
            if waiting.limit <= now
        ]

    def _answer(self, key: str, adopted: int) -> Answered:
        waiting = self._waiting.pop(key)
        is_adopted = waiting.revision <= adopted
        fields: dict[str, object] = {**waiting.told(), "adopted": is_adopted}
        if not is_adopted:
            fields["reason"] = (
                f"the engine has not adopted plan {waiting.revision} within {ANSWER_LIMIT:g} s"
            )
        return Answered(key, fields)


def beginning(
    claims: Iterable[Claim], on_air: Callable[[Claim, Sample], bool], given: Sample | None
) -> dict[str, object]:
    """When claims began, in which zones they were on air then, and how long after `given`."""
    listed = tuple(claims)
    starts = [claim.start for claim in listed if claim.start is not None]
    if not starts:
        return {"start": None, "on_air": [], "first_packet_ms": None}
    heard = [c.zone for c in listed if c.start is not None and on_air(c, c.start)]
    delay = None if given is None else round((max(starts) - given) * 1000 / RATE, 3)
    return {"start": min(starts), "on_air": heard, "first_packet_ms": delay if heard else None}
