"""One contact: what is said of alerts, calls first, what was told, and what it acknowledges."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from broadcaster.notices.device_keeper import utc_now
from broadcaster.notices.notice import Carrier, Notice, acknowledged, contact_notice
from broadcaster.notices.teller import Teller
from broadcaster.notices.tellings import Telling, ToldOf, noted
from zones.notices_settings import Contact
from zones.site import Name


class ContactTeller:
    """One contact; the `teller` tells it."""

    kind: Final = "contact"

    def __init__(
        self,
        site: Name,
        contact: Contact,
        carrier: Carrier,
        told: dict[str, ToldOf],
        changed: Callable[[], None],
        acknowledge: Callable[[Contact, str, str], None],
    ) -> None:
        """`told` is kept up to date; `changed` is called when it has changed.

        `acknowledge` takes the contact, the alert and the call that somebody acknowledged.
        """
        self.contact = contact
        self.told = told
        self.teller = Teller[Telling](self, carrier, changed)
        self._site = site
        self._changed = changed
        self._acknowledge = acknowledge

    @property
    def name(self) -> str:
        """The contact's name in the site file."""
        return self.contact.id

    def entry_of(self, alert: str) -> dict[str, str] | None:
        """How it stands with an alert; None if it is not told of it."""
        of = self.told.get(alert)
        if of is None or of.state == "none":
            return None
        known = {"name": self.contact.id, "kind": self.kind}
        return {**known, "state": of.state, "at": of.at, "detail": of.detail}

    def notice(self, batch: Sequence[Telling], left: int) -> Notice:
        """The message that tells of some alerts; it does not say how many follow."""
        return contact_notice(self._site, self.contact.role, batch)

    def failed(self, batch: Sequence[Telling], why: str) -> None:
        """Show by each alert that its contact does not know of it."""
        for one in batch:
            of = self.told.setdefault(one.alert.id, ToldOf())
            of.state, of.detail = "failed", f"{one.change}: {why}"
            of.at = of.at or utc_now()

    def sent(self, batch: Sequence[Telling]) -> None:
        """Remember that this was told."""
        for one in batch:
            of = self.told.setdefault(one.alert.id, ToldOf())
            noted(of, one)
            of.state, of.at, of.detail = "sent", utc_now(), one.change

    async def answered(self, batch: Sequence[Telling], reply: Mapping[str, Any] | None) -> None:
        """Take an answer that acknowledges calls of a message."""
        for one in acknowledged(reply, batch):
            self._confirm(one.alert.id, self.told[one.alert.id], one.change)

    def answered_later(self, said: Mapping[str, Any]) -> None:
        """Somebody acknowledges by a message of their own: `alert` and `acknowledged`."""
        alert = said.get("alert")
        of = self.told.get(alert) if isinstance(alert, str) else None
        if said.get("acknowledged") is not True or of is None or not of.calls:
            return
        self._confirm(str(alert), of, of.calls[-1])

    def _confirm(self, alert: str, of: ToldOf, change: str) -> None:
        of.state, of.at, of.detail = "confirmed", utc_now(), f"acknowledged: {change}"
        if change in of.calls:
            self._acknowledge(self.contact, alert, change)
        self._changed()
