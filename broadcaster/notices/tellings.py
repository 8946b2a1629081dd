"""What a contact still has to be told. Pure: alerts and what was told go in, the rest comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alerts.life_cycle import ENDED, ENDING, UNHEARD, WARNING, State
from broadcaster.notices.alert_view import AlertView
from broadcaster.notices.wanted import fingerprint
from zones.notices_settings import Contact


@dataclass(frozen=True, slots=True)
class Telling:
    """One thing that one contact is told about one alert: a change of it, or a call."""

    contact: str
    alert: AlertView
    change: str
    is_call: bool

    @property
    def id(self) -> str:
        """Its name: the same however often it is sent, so that a receiver notices the second."""
        return fingerprint({"to": self.contact, "alert": self.alert.id, "change": self.change})


@dataclass(slots=True)
class ToldOf:
    """What a contact was told of one alert, and how that went."""

    stage: str = ""
    calls: list[str] = field(default_factory=list)
    state: str = "none"
    at: str = ""
    detail: str = ""

    def fields(self) -> dict[str, Any]:
        """It as JSON."""
        return {
            "stage": self.stage,
            "calls": self.calls,
            "state": self.state,
            "at": self.at,
            "detail": self.detail,
        }

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> ToldOf:
        """It out of JSON; raises KeyError or TypeError when it is none."""
        return cls(
            str(fields["stage"]),
            [str(name) for name in fields["calls"]],
            *(str(fields[name]) for name in ("state", "at", "detail")),
        )


MOST_CALLS = 64
"""Calls about one alert that are remembered for each contact, the newest."""


def stage(alert: AlertView) -> str:
    """What has become of an alert, in the words by which changes are told apart."""
    if alert.state is State.DETECTED:
        return ""
    if alert.state in UNHEARD:
        return "pending"
    if alert.state in WARNING:
        return f"on air {alert.level_name}"
    if alert.state in ENDING:
        return f"ending {alert.parting}"
    return f"ended {alert.state.value}"


def due(
    contact: Contact,
    alerts: Iterable[AlertView],
    told: Mapping[str, ToldOf],
    called: Mapping[str, str],
) -> list[Telling]:
    """What a contact is to be told now; calls first.

    `told` is what it was told, `called` the call it has to get, both by alert. Of several changes
    while it could not be reached only the newest is told. Who stands on the calling list hears of
    a pending alert when called.
    """
    found = []
    for alert in alerts:
        before = told.get(alert.id, ToldOf())
        # Who was told of its beginning is told of its end, also when it was stepped down meanwhile.
        if not alert.concerns(contact) and not before.stage:
            continue
        call = called.get(alert.id)
        now = stage(alert)
        if call is not None and call not in before.calls:
            found.append(Telling(contact.id, alert, call, is_call=True))
        elif _is_news(contact, alert, now, before):
            found.append(Telling(contact.id, alert, now, is_call=False))
    return sorted(found, key=lambda one: (not one.is_call, -one.alert.level))


def _is_news(contact: Contact, alert: AlertView, now: str, before: ToldOf) -> bool:
    if not now or now == before.stage:
        return False
    if alert.state in ENDED:
        return bool(before.stage)
    return not (now == "pending" and contact.step is not None)


def noted(before: ToldOf, telling: Telling) -> None:
    """Remember that something was told; a call tells the present state too."""
    before.stage = stage(telling.alert)
    if telling.is_call:
        before.calls = [*before.calls, telling.change][-MOST_CALLS:]
