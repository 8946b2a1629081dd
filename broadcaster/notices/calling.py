"""Who is called when, along the calling list. Pure.

Control counts the steps; here is only added that a person who does not acknowledge within the time
the site file gives them is followed by the next one, even where control would wait longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from alerts.alert import Why
from broadcaster.notices.alert_view import AlertView
from zones.notices_settings import Contact

_PATIENT: Final = frozenset({Why.CLEAR_PROPOSED.value})
"""Why people are called again by control only, after minutes: an acknowledged one still stands."""


@dataclass(frozen=True, slots=True)
class Ranks:
    """The calling list of one alert: who is called with the seats, and who one after another."""

    first: tuple[Contact, ...]
    others: tuple[tuple[Contact, ...], ...]

    def at(self, step: int) -> tuple[Contact, ...]:
        """Who is called at a step; past its end the list begins anew."""
        if step == 0 or not self.others:
            return self.first
        return self.others[(step - 1) % len(self.others)]

    @property
    def last(self) -> int:
        """The step at which everybody has been called once."""
        return len(self.others)


def ranks(alert: AlertView, contacts: Iterable[Contact]) -> Ranks:
    """The calling list of an alert: those it concerns, steps without anybody left out."""
    steps: dict[int, list[Contact]] = {}
    for contact in contacts:
        if contact.step is not None and alert.concerns(contact):
            steps.setdefault(contact.step, []).append(contact)
    first = tuple(steps.pop(0, ()))
    return Ranks(first, tuple(tuple(steps[step]) for step in sorted(steps)))


@dataclass(frozen=True, slots=True)
class Calling:
    """How far the calls about one alert have come.

    `step` is the one reached here, at monotonic second `since`; control has reached `told`.
    """

    why: str
    told: int
    step: int
    since: float

    def fields(self) -> dict[str, Any]:
        """It as JSON."""
        return {"why": self.why, "told": self.told, "step": self.step, "since": self.since}

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Calling:
        """It out of JSON; raises KeyError, TypeError or ValueError when it is none."""
        told, step = int(fields["told"]), int(fields["step"])
        return cls(str(fields["why"]), told, step, float(fields["since"]))


def called(before: Calling | None, alert: AlertView, listed: Ranks, now: float) -> Calling | None:
    """Whom control calls now, or whoever follows those who let their time pass.

    None once nobody is called: somebody acknowledged, decided, or it is over.
    """
    if alert.called is None:
        return None
    why, told = alert.called
    if before is None or before.why != why or told < before.told:
        return Calling(why, told, told, now)
    if told > before.step:
        return Calling(why, told, told, now)
    due = deadline(before, listed)
    if due is not None and due <= now:
        return Calling(why, told, before.step + 1, now)
    return replace(before, told=told)


def deadline(calling: Calling, listed: Ranks) -> float | None:
    """When the next one is called if nobody acknowledges; None: when control says so."""
    people = listed.at(calling.step)
    if calling.why in _PATIENT or calling.step >= listed.last or not people:
        return None
    return calling.since + max(contact.within_s for contact in people)


def calls(calling: Calling, listed: Ranks) -> Iterator[tuple[Contact, str]]:
    """Every call of the present lap that must have been made: whom, and its name."""
    begin = max(0, calling.step - max(0, listed.last - 1)) if calling.step > listed.last else 0
    newest: dict[str, tuple[Contact, str]] = {}
    for step in range(begin, calling.step + 1):
        for contact in listed.at(step):
            newest[contact.id] = (contact, f"call {step} {calling.why}")
    yield from newest.values()
