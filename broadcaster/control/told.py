"""What was told to boards, beacons, gates and contacts, as the notices process reports it.

Control decides nothing by it: it shows it beside each alert, records every change, and calls what
could not be told for long a fault.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from broadcaster.control.acts import Answered, Command, Effect, Recorded
from broadcaster.control.play_order import RefusedError
from broadcaster.journal.entry import Entry, Kind
from zones.media_time import MediaClock, Sample, WallAnchor
from zones.site import Site

STATES: Final = frozenset({"none", "sent", "confirmed", "failed"})
KINDS: Final = frozenset({"board", "beacon", "gate", "contact", "technician", "sound"})
FAILED_LONG: Final = 60.0
"""Seconds after which what cannot be told is a fault."""
MOST_ENTRIES: Final = 2000
"""Entries in one report."""
MOST_ALERTS: Final = 200
"""Alerts of which reports are kept, the newest."""
_LONGEST: Final = 300
"""Characters of a name or a detail."""


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """One device or contact: how it stands with being told, since when, and why.

    `state` is none, sent, confirmed (it answered that it is so) or failed; `at` is UTC, ISO 8601.
    """

    name: str
    kind: str
    state: str
    at: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Command):
    """How everybody stands who is told of an alert; with the alert "", whatever the alert."""

    alert: str
    entries: tuple[ToldEntry, ...]


class ToldBook:
    """The newest report of each alert."""

    def __init__(self) -> None:
        """Nobody was told anything."""
        self._reports: OrderedDict[str, tuple[ToldEntry, ...]] = OrderedDict()
        self._failing: dict[str, float] = {}

    def take(self, command: Told, anchor: WallAnchor, now: float) -> list[Effect]:
        """Keep a report and record what it changes; `now` in monotonic seconds."""
        alert = command.alert
        before = {one.name: one.state for one in self._reports.get(alert, ())}
        self._reports[alert] = command.entries
        self._reports.move_to_end(alert)
        if "" in self._reports:
            self._reports.move_to_end("")
        while len(self._reports) > MOST_ALERTS:
            self._reports.popitem(last=False)
        if not alert:
            self._failing = {
                one.name: self._failing.get(one.name, now)
                for one in command.entries
                if one.state == "failed"
            }
        changed = [one for one in command.entries if before.get(one.name, "none") != one.state]
        recorded = [Recorded(tuple(_record(alert, one, anchor) for one in changed))]
        return [*(recorded if changed else ()), Answered(command.key)]

    def of(self, alert: str) -> list[dict[str, str]]:
        """The entries of an alert as JSON."""
        return [asdict(one) for one in self._reports.get(alert, ())]

    def faults(self, now: float) -> Iterator[str]:
        """A sentence for each device or contact that could not be told for long.

        What failed about one alert only, and is not wanted any more, is no fault.
        """
        entries = {one.name: one for one in self._reports.get("", ())}
        for name, since in self._failing.items():
            entry = entries.get(name)
            if entry is None or now - since < FAILED_LONG:
                continue
            if entry.kind == "sound":
                yield f"the server's own sound output is silent: {entry.detail}"
            else:
                yield (
                    f'{entry.kind} "{name}" could not be told for {int(now - since) // 60} min: '
                    f"{entry.detail or 'it does not answer'}"
                )


def read_told(fields: Mapping[str, Any], site: Site, clock: MediaClock, now: Sample) -> Told:
    """The report in a link's command.

    Raises:
        RefusedError: it is none.
    """
    listed = fields.get("entries")
    if not isinstance(listed, list) or len(listed) > MOST_ENTRIES:
        raise RefusedError(f"entries is a list of at most {MOST_ENTRIES}", "entries")
    return Told(
        key=_text(fields, "key"),
        who=_text(fields, "who"),
        at=now,
        alert=_text(fields, "alert"),
        entries=tuple(_entry(one) for one in listed),
    )


def _entry(fields: object) -> ToldEntry:
    if not isinstance(fields, dict):
        raise RefusedError("an entry is an object", "entries")
    state, kind = _text(fields, "state"), _text(fields, "kind")
    if state not in STATES or kind not in KINDS:
        raise RefusedError(f"{kind} {state} is no entry: nothing is told so", "entries")
    detail = _text(fields, "detail") if "detail" in fields else ""
    return ToldEntry(_text(fields, "name"), kind, state, _text(fields, "at"), detail)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise RefusedError(f"{name}: {value!r} is not a text", name)
    return value[:_LONGEST]


def _record(alert: str, entry: ToldEntry, anchor: WallAnchor) -> Entry:
    facts = {"act": "told", "alert": alert, **asdict(entry)}
    subject = alert or entry.name
    return Entry(
        kind=Kind.AUDIT, subject=subject[:200], utc=anchor.utc, at=anchor.sample, facts=facts
    )
