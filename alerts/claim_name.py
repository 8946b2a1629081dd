"""How the claims of warnings are called, so that whoever reads a plan knows whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from zones.bus import ClaimId


class Role(Enum):
    """What a claim says of its alerts."""

    MESSAGE = "message"
    TURNS = "turns"
    """The messages of equal alerts in turn."""
    CONFLICT = "conflict"
    """The recorded message for equal alerts that send people up and down."""
    ENDING = "ending"
    ONLY = "only"
    """An ending where another warning lives."""
    BESIDE = "beside"
    """Silence next to warned zones."""


_ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True, slots=True)
class ClaimName:
    """`alert 4f1c 2 message flood-evacuate`: alert, number, role, and what is said.

    Numbers tell claims of the same alerts apart; a later one has a higher one. Equal starts are
    ranked by name: an ending comes before the messages that take turns.
    """

    alerts: tuple[str, ...]
    role: Role
    number: int
    message: str = ""

    def __str__(self) -> str:
        """The claim's id."""
        first = "alert" if len(self.alerts) == 1 else "alerts"
        words = (first, "+".join(self.alerts), str(self.number), self.role.value, self.message)
        return " ".join(word for word in words if word)


@lru_cache(maxsize=4096)
def parse_claim_name(text: ClaimId) -> ClaimName | None:
    """Whose claim this is; None for one that composition did not name."""
    words = text.split(" ")
    if words[0] == "alerts" and len(words) == 3:
        words.insert(1, "")
    if words[0] not in ("alert", "alerts") or len(words) not in (4, 5) or not words[2].isdecimal():
        return None
    if words[3] not in _ROLES:
        return None
    alerts = tuple(name for name in words[1].split("+") if name)
    return ClaimName(alerts, Role(words[3]), int(words[2]), " ".join(words[4:]))
