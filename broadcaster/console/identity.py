"""Who asks. Values only."""

from __future__ import annotations

from dataclasses import dataclass

from broadcaster.rights import Role, rights_of


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, known by a session or by a token.

    `zones` are those a token may act on, None for all. `expires` is UTC seconds, None for never.
    """

    name: str
    shown: str
    roles: frozenset[Role]
    session: str = ""
    token: str = ""
    zones: frozenset[str] | None = None
    expires: float | None = None

    def described(self) -> dict[str, object]:
        """What a page shows of it, and which acts it offers."""
        return {
            "name": self.name,
            "shown": self.shown,
            "roles": sorted(self.roles),
            "rights": list(rights_of(self.roles)),
            "zones": None if self.zones is None else sorted(self.zones),
            "expires": self.expires,
        }


DEMO = Identity("demo", "Demo", frozenset(Role))
"""Whoever sits at the machine on which the demo runs."""
