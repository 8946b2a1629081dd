"""One technician: what is said of faults, what was told, and who has seen them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from broadcaster.notices.fault_notice import fault_notice
from broadcaster.notices.fault_tellings import Change, FaultTelling, ToldFault
from broadcaster.notices.notice import Carrier, Notice
from broadcaster.notices.teller import Teller
from zones.notices_settings import Technician
from zones.site import Name

Acknowledge = Callable[[Sequence[str], str], Awaitable[None]]
"""Takes the ids of faults and who has seen them."""


class FaultTeller:
    """One technician; the `teller` tells them."""

    kind: Final = "technician"

    def __init__(
        self,
        site: Name,
        technician: Technician,
        carrier: Carrier,
        told: dict[str, ToldFault],
        changed: Callable[[], None],
        acknowledge: Acknowledge,
    ) -> None:
        """`told` is kept up to date; `changed` is called when it has changed."""
        self.technician = technician
        self.told = told
        self.teller = Teller[FaultTelling](self, carrier, changed)
        self._site = site
        self._acknowledge = acknowledge

    @property
    def name(self) -> str:
        """The technician's name in the site file."""
        return self.technician.id

    def notice(self, batch: Sequence[FaultTelling], left: int) -> Notice:
        """The message that tells of some faults."""
        return fault_notice(self._site, self.technician.role, batch, left)

    def failed(self, batch: Sequence[FaultTelling], why: str) -> None:
        """Nothing follows: what was not told is due as before."""

    def sent(self, batch: Sequence[FaultTelling]) -> None:
        """Remember that this was told."""
        now = datetime.now(UTC)
        for one in batch:
            self.told[one.fault] = one.noted(self.told.get(one.fault), now)

    async def answered(
        self, batch: Sequence[FaultTelling], reply: Mapping[str, Any] | None
    ) -> None:
        """Take an answer that acknowledges the faults of a message."""
        if reply is not None and reply.get("acknowledged") is True:
            seen = [one.fault for one in batch if one.change is not Change.OVER]
            await self._acknowledge(seen, f"{self.technician.role} ({self.technician.id})")
