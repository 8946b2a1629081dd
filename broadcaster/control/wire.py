"""Commands as they stand on a link, read into `acts`. Everything from outside is checked here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from alerts.detection import EventError, admitted_in
from broadcaster.control.acts import (
    Alerting,
    Audit,
    Command,
    Detect,
    DoubtClock,
    Play,
    TakeFaults,
    TakeZone,
    Withdraw,
    Witnessed,
)
from broadcaster.control.alert_orders import READERS as ALERT_ORDERS
from broadcaster.control.alert_orders import read_order
from broadcaster.control.play_order import KINDS, RefusedError
from broadcaster.control.told import read_told
from broadcaster.engine.site_streams import SELF_TEST_STREAM, SELF_TEST_ZONE
from broadcaster.rights import act_of, is_allowed
from broadcaster.witness import Fact, Witness
from zones.bus import ClaimId
from zones.media_time import RATE, MediaClock, Sample
from zones.site import Site, StreamId
from zones.sound import PcmId

LONGEST_AUDIT = 10_000
"""Characters of the facts of one audited act."""
MOST_FAULTS = 5000
"""Faults of amplifiers in one command."""
MOST_EVENTS = 1000
"""Detections in one command."""
LONGEST_DOUBT = 300
"""Characters in which a door says what is wrong with our clock."""
MOST_WITNESSED = 10_000
"""Witnesses in one command."""
LONGEST_DELAY: Sample = 10 * RATE
"""How long ago a command may say it was given; earlier is taken for now."""

_T = TypeVar("_T")
_Fields = Mapping[str, Any]


def read_command(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> Command:
    """The command in `fields`, received at `now`.

    Raises:
        RefusedError: it is none, with a sentence and the field that is wrong.
    """
    name = str(fields.get("name"))
    check_right(name, fields)
    if name in ALERT_ORDERS or name == "preview":
        return _alerting(name, fields, site, clock, now)
    reader = _READERS.get(name)
    if reader is None:
        known = ", ".join([*_READERS, *ALERT_ORDERS, "preview", "status"])
        raise RefusedError(
            f"control does not know {fields.get('name')!r}; it knows {known}", "name"
        )
    return reader(fields, site, clock, now)


def check_right(name: str, fields: _Fields) -> None:
    """Refuse what somebody's roles do not allow; without roles it came by the run directory.

    Raises:
        RefusedError: saying who may not do what.
    """
    roles = fields.get("roles")
    if roles is None:
        return
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise RefusedError("roles is a list of names", "roles")
    act = act_of(name, fields)
    if not is_allowed(act, roles):
        held = ", ".join(roles) or "nobody"
        raise RefusedError(f"{held} may not {act}; ask somebody who may", "roles")


def _alerting(name: str, fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> Alerting:
    """An act on a warning; a preview is read as what it previews."""
    what = name
    if name == "preview":
        what = "exercise" if fields.get("exercise") is True else "raise"
    order = read_order({**fields, "name": what}, site)
    given = _given(fields, clock, now)
    return Alerting(key=order.key, who=order.who.name, at=given, name=name, order=order)


def _play(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> Play:
    kinds = {word: kind for kind, word in KINDS.items()}
    kind = _text(fields, "kind", "notice")
    if kind not in kinds:
        raise RefusedError(f"{kind!r} cannot be played; use {' or '.join(kinds)}", "kind")
    pcm = fields.get("pcm")
    return Play(
        key=_text(fields, "key"),
        who=_text(fields, "who"),
        at=_given(fields, clock, now),
        zones=_names(fields, "zones"),
        priority=_whole(fields, "priority"),
        kind=kinds[kind],
        repeat=_field(fields, "repeat", bool, "true or false", False),
        in_quiet_hours=_field(fields, "in_quiet_hours", bool, "true or false", False),
        title=_text(fields, "title", ""),
        pcm=None if pcm is None else PcmId(_text(fields, "pcm")),
        length=0 if pcm is None else _whole(fields, "length"),
        message=_text(fields, "message", ""),
    )


def _withdraw(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> Withdraw:
    claim = ClaimId(_text(fields, "claim"))
    return Withdraw(key=_text(fields, "key"), who=_text(fields, "who"), at=now, claim=claim)


def _witness(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> Witnessed:
    listed = _field(fields, "witnesses", list, "a list")
    if len(listed) > MOST_WITNESSED:
        raise RefusedError(f"more than {MOST_WITNESSED} witnesses at once", "witnesses")
    zones = {str(stream.id): stream.zone for stream in site.streams}
    zones[SELF_TEST_STREAM] = SELF_TEST_ZONE
    spares = {str(spare.id): spare.stream.zone for spare in site.spares}
    by = _text(fields, "by")
    witnesses = []
    for entry in listed:
        if not isinstance(entry, dict):
            raise RefusedError("a witness is an object", "witnesses")
        stream = _text(entry, "stream")
        # Whoever hears a spare's stream need not know which zone it plays.
        zone = spares.get(stream) or zones.get(stream)
        if zone is None or (stream not in spares and zone != entry.get("zone")):
            raise RefusedError(
                f"no stream {entry.get('stream')!r} in zone {entry.get('zone')!r} here", "witnesses"
            )
        if entry.get("fact") not in {fact.value for fact in Fact}:
            raise RefusedError(f"{entry.get('fact')!r} is no fact that is witnessed", "witnesses")
        value = entry.get("value")
        if value is not None and not isinstance(value, bool):
            raise RefusedError("the value of a witness is true, false or null", "witnesses")
        detail = _field(entry, "detail", dict, "an object", {})
        at = _whole(entry, "at")
        fact = Fact(entry["fact"])
        witnesses.append(Witness(by, zone, StreamId(stream), fact, value, at, detail))
    return Witnessed(
        key=_text(fields, "key"), who=_text(fields, "who"), at=now, witnesses=tuple(witnesses)
    )


def _faults(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> TakeFaults:
    listed = _field(fields, "faults", list, "a list")
    if len(listed) > MOST_FAULTS or not all(isinstance(one, dict) for one in listed):
        raise RefusedError(f"faults are at most {MOST_FAULTS} objects", "faults")
    return TakeFaults(
        key=_text(fields, "key"), who=_text(fields, "who"), at=now, faults=tuple(listed)
    )


def _take_zone(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> TakeZone:
    takes_over = fields.get("name") == "spare-take-over"
    return TakeZone(
        key=_text(fields, "key"),
        who=_text(fields, "who"),
        at=now,
        spare=_text(fields, "spare"),
        zone=_text(fields, "zone") if takes_over else None,
        reason=_text(fields, "reason", ""),
    )


def _audit(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> Audit:
    facts = _field(fields, "facts", dict, "an object", {})
    if len(str(facts)) > LONGEST_AUDIT:
        raise RefusedError(f"facts of more than {LONGEST_AUDIT} characters", "facts")
    return Audit(
        key=_text(fields, "key"),
        who=_text(fields, "who"),
        at=now,
        action=_text(fields, "action"),
        facts=facts,
    )


def _detections(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> Detect:
    """Events that a door let in; one that is none is the door's fault, and refused with all."""
    listed = _field(fields, "events", list, "a list")
    if len(listed) > MOST_EVENTS:
        raise RefusedError(f"more than {MOST_EVENTS} events at once", "events")
    try:
        events = tuple(admitted_in(one, f"/{n}") for n, one in enumerate(listed))
    except EventError as error:
        raise RefusedError(str(error), "events") from None
    return Detect(key=_text(fields, "key"), who=_text(fields, "who"), at=now, events=events)


def _clock(fields: _Fields, site: Site, clock: MediaClock, now: Sample) -> DoubtClock:
    """What a door makes of our wall clock."""
    why = _text(fields, "why")[:LONGEST_DOUBT]
    return DoubtClock(key=_text(fields, "key"), who=_text(fields, "who"), at=now, why=why)


_Reader = Callable[[_Fields, Site, MediaClock, Sample], Command]
_READERS: dict[str, _Reader] = {
    "play": _play,
    "withdraw": _withdraw,
    "witness": _witness,
    "detections": _detections,
    "clock": _clock,
    "audit": _audit,
    "faults": _faults,
    "spare-take-over": _take_zone,
    "spare-give-back": _take_zone,
    "told": read_told,
}


def _given(fields: _Fields, clock: MediaClock, now: Sample) -> Sample:
    """When the command was given: `given_ns` is CLOCK_MONOTONIC of the same machine."""
    given_ns = fields.get("given_ns")
    if given_ns is None:
        return now
    given = clock.sample_at(_whole(fields, "given_ns"))
    return given if now - LONGEST_DELAY <= given <= now else now


def _field(
    fields: _Fields, name: str, kind: type[_T], means: str, otherwise: _T | None = None
) -> _T:
    value = fields.get(name, otherwise)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise RefusedError(f"{name}: {value!r} is not {means}", name)
    return value


def _text(fields: _Fields, name: str, otherwise: str | None = None) -> str:
    return _field(fields, name, str, "a text", otherwise)


def _whole(fields: _Fields, name: str) -> int:
    value = _field(fields, name, int, "a whole number")
    if not -(1 << 62) < value < 1 << 62:
        raise RefusedError(f"{name}: {value} is too large", name)
    return value


def _names(fields: _Fields, name: str) -> tuple[str, ...]:
    listed = _field(fields, name, list, "a list of names")
    if not all(isinstance(entry, str) for entry in listed):
        raise RefusedError(f"{name}: not a list of names", name)
    return tuple(listed)
