"""The keys of a profile that are about its health, and the values made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.oid import Place, dotted, oid, place
from firmware_profiles.supervision import (
    Item,
    Limits,
    Match,
    Meaning,
    Pace,
    Quirk,
    ReceiverPriority,
    Role,
    SnmpAbility,
    Supervision,
    Trap,
)
from zones.problem import Problem
from zones.site import Name
from zones.yaml_document import Node, Table
from zones.yaml_kind import (
    ID,
    TEXT,
    Kind,
    Schema,
    ValueProblem,
    choice,
    did_you_mean,
    number,
    whole,
)
from zones.yaml_shape import Field, Inside, Many, One, OnePlaced, Reading, Record, Shape

T = TypeVar("T")
NO_SOURCE: Final = "unverified"
_KINDS: Final = {kind.value: kind for kind in FaultKind}
_OK: Final = "ok"
_MAC: Final = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){2,5}")


def _read_oid(text: str) -> tuple[int, ...]:
    try:
        return oid(text)
    except ValueError as wrong:
        raise ValueProblem(str(wrong), "write numbers, such as 1.3.6.1.2.1.1.1.0") from None


def _read_place(text: str) -> Place:
    try:
        return place(text)
    except ValueError as wrong:
        hint = "write numbers; the last may be <output>, <interface>, <celsius> or <row>"
        raise ValueProblem(str(wrong), hint) from None


def _read_pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as wrong:
        raise ValueProblem(f'"{text}" is no regular expression: {wrong}') from None


def _read_mac(text: str) -> str:
    if _MAC.fullmatch(text.lower()):
        return text.lower()
    raise ValueProblem(f'"{text}" is not the beginning of a MAC address', "such as 00:08:e1")


_OID: Final = Kind("a numeric object identifier", _read_oid, {"type": "string"}, "numbers")
_PLACE: Final = Kind("a numeric object identifier", _read_place, {"type": "string"}, "numbers")
_PATTERN: Final = Kind("a regular expression", _read_pattern, {"type": "string"}, "an expression")
_MAC_PREFIX: Final = Kind("a MAC prefix", _read_mac, {"type": "string"}, "like `00:08:e1`")
_FAULT: Final = choice("a kind of fault", _KINDS)
_STATE: Final = choice("ok or a kind of fault", {word: word for word in (_OK, *_KINDS)})
_VALUE: Final = number("a number", -1e9, 1e9)


@dataclass(frozen=True, slots=True)
class Numbered(Reading[dict[int, T]]):
    """A table whose keys are whole numbers, such as the states of an object."""

    key: Kind[int]
    kind: Kind[T]

    def read(self, node: Node, subject: str, problems: list[Problem]) -> dict[int, T] | None:
        """The values by number, None if any entry could not be read."""
        if not isinstance(node, Table):
            problems.append(node.place.problem(f"{subject}: needs a table such as {{1: ok}}"))
            return None
        found: dict[int, T] = {}
        before = len(problems)
        for key, value in node.entries:
            numbered = One(self.key).read(key, subject, problems)
            meant = One(self.kind).read(value, f"{subject}: {key.text}", problems)
            if numbered is not None and meant is not None:
                found[numbered] = meant
        return found if len(problems) == before else None

    def values(self) -> str:
        """Numbers and what they may stand for."""
        return f"a table of numbers, each: {self.kind.values}"

    def schema(self) -> Schema:
        """An object whose values are of the kind."""
        return {"type": "object", "additionalProperties": dict(self.kind.schema)}


class Keys:
    """The fields."""

    SOURCE: Final = Field(
        "source", OnePlaced(ID), f'where the fact is from, or "{NO_SOURCE}"', is_required=True
    )
    KO: Final = Field("ko", One(TEXT), "in Korean", is_required=True)
    EN: Final = Field("en", One(TEXT), "in English", is_required=True)

    OBJECT_IDS: Final = Field("object_ids", Many(One(_OID), least=1), "beginnings of sysObjectID")
    DESCRIPTION: Final = Field(
        "description", One(_PATTERN), "found in sysDescr; group `firmware` is the version"
    )
    MACS: Final = Field("mac", Many(One(_MAC_PREFIX), least=1), "beginnings of its MAC address")
    VENDOR: Final = Field("mdns_vendor", One(TEXT), "`vendor` in its mDNS record")
    MATCH: Final = Field(
        "match",
        Inside(Shape("match", (OBJECT_IDS, DESCRIPTION, MACS, VENDOR, SOURCE))),
        "how the family is recognised",
    )

    VERSIONS: Final = Field(
        "versions",
        Many(One(choice("an SNMP version", {v: v for v in ("v1", "v2c", "v3")})), least=1),
        "SNMP versions it speaks",
        is_required=True,
    )
    MOST_OIDS: Final = Field("most_oids", One(whole("a number", 1, 64)), "objects in one request")
    SNMP: Final = Field(
        "snmp", Inside(Shape("snmp", (VERSIONS, MOST_OIDS, SOURCE))), "how it is asked"
    )
    INCLUDES: Final = Field("includes", OnePlaced(ID), "a profile whose items hold here too")

    NAME: Final = Field("name", OnePlaced(ID), "short name", is_required=True)
    TITLE: Final = Field(
        "title", Inside(Shape("title", (KO, EN))), "shown to people", is_required=True
    )
    OID: Final = Field(
        "oid", One(_PLACE), "the object; a column ends in <output> or <row>", is_required=True
    )
    TYPE: Final = Field(
        "type",
        One(choice("a type", {each.value: each for each in Meaning})),
        "what its value is",
        is_required=True,
    )
    ROLE: Final = Field(
        "role", One(choice("a role", {each.value: each for each in Role})), "what it is used for"
    )
    PACE: Final = Field(
        "pace", One(choice("a pace", {each.value: each for each in Pace})), "how often it is asked"
    )
    SCALE: Final = Field("scale", One(number("a factor", 1e-6, 1e6)), "factor to the unit")
    UNIT: Final = Field("unit", One(TEXT), "the unit")
    FAULT: Final = Field("fault", One(_FAULT), "the fault of a gauge")
    ABOVE: Final = Field("above", One(_VALUE), "bad above this")
    BELOW: Final = Field("below", One(_VALUE), "bad below this")
    CLEAR: Final = Field("clear", One(_VALUE), "good again past this")
    STATES: Final = Field(
        "states", Numbered(whole("a state", -(2**31), 2**32), _STATE), "what each number says"
    )
    BITS: Final = Field(
        "bits", Numbered(whole("a bit", 0, 63), _FAULT), "what each bit says, 0 is the lowest"
    )
    ITEMS: Final = Field(
        "items",
        Many(
            Inside(
                Shape(
                    "item",
                    (
                        *(NAME, TITLE, OID, TYPE, ROLE, PACE, SCALE, UNIT, FAULT, ABOVE, BELOW),
                        *(CLEAR, STATES, BITS, SOURCE),
                    ),
                )
            ),
            most=64,
        ),
        "objects it has",
    )

    ABOUT: Final = Field(
        "about", Many(One(_FAULT)), "faults it is about; none: it began anew", is_required=True
    )
    TRAP_OID: Final = Field("oid", One(_OID), "the notification", is_required=True)
    TRAPS: Final = Field(
        "traps",
        Many(Inside(Shape("trap", (TRAP_OID, ABOUT, SOURCE))), most=64),
        "notifications it sends",
    )

    QUIRK_FIRMWARE: Final = Field("firmware", One(TEXT), "versions it holds for", is_required=True)
    QUIRK_TEXT: Final = Field("text", One(TEXT), "what is odd", is_required=True)
    QUIRKS: Final = Field(
        "quirks",
        Many(Inside(Shape("quirk", (QUIRK_FIRMWARE, QUIRK_TEXT, SOURCE))), most=64),
        "what to know of some versions",
    )

    PRIORITY_KIND: Final = Field(
        "kind",
        One(
            choice(
                "a kind of priority",
                {k: k for k in ("number", "list", "classes", "second_port", "none")},
            )
        ),
        "how it chooses among streams",
        is_required=True,
    )
    DIRECTION: Final = Field(
        "direction", One(choice("a direction", {d: d for d in ("high", "low")})), "which wins"
    )
    LEVELS: Final = Field("levels", One(whole("a number", 1, 256)), "how many levels")
    PRIORITY: Final = Field(
        "priority",
        Inside(Shape("priority", (PRIORITY_KIND, DIRECTION, LEVELS, SOURCE))),
        "the receiver's own priorities: a second net only",
    )


HEALTH_FIELDS: Final = (
    *(Keys.MATCH, Keys.SNMP, Keys.INCLUDES, Keys.ITEMS, Keys.TRAPS, Keys.QUIRKS, Keys.PRIORITY),
)
"""The health keys of a profile's top level."""


def health_facts(top: Record) -> Iterator[tuple[str, Record]]:
    """Every group of health facts that cites a source, by a name to show."""
    for single in (Keys.MATCH, Keys.SNMP, Keys.PRIORITY):
        record = top.may(single)
        if record is not None:
            yield single.key, record
    for item in top.may(Keys.ITEMS) or ():
        yield f"items.{item.must(Keys.NAME).value}", item
    for trap in top.may(Keys.TRAPS) or ():
        yield f"traps.{dotted(trap.must(Keys.TRAP_OID))}", trap
    for quirk in top.may(Keys.QUIRKS) or ():
        yield "quirks", quirk


def check_health(top: Record) -> Iterator[Problem]:
    """What is wrong between the health keys."""
    names: list[str] = []
    for item in top.may(Keys.ITEMS) or ():
        name = item.must(Keys.NAME)
        if name.value in names:
            yield name.place.problem(f'items: "{name.value}" is there twice')
        names.append(name.value)
        yield from _check_item(item, name.value)
    if (top.has(Keys.ITEMS) or top.has(Keys.TRAPS)) and not top.has(Keys.SNMP):
        yield top.problem(Keys.ITEMS, "items need a table snmp that says how to ask for them")
    match = top.may(Keys.MATCH)
    if match is not None and not any(
        match.has(field) for field in (Keys.OBJECT_IDS, Keys.DESCRIPTION, Keys.VENDOR)
    ):
        yield match.problem(Keys.SOURCE, "match: lacks object_ids, description and mdns_vendor")


_BELONGS: Final = {
    Meaning.STATES: (Keys.STATES,),
    Meaning.BITS: (Keys.BITS,),
    Meaning.GAUGE: (Keys.SCALE, Keys.UNIT, Keys.FAULT, Keys.ABOVE, Keys.BELOW, Keys.CLEAR),
    Meaning.COUNTER: (Keys.UNIT,),
    Meaning.TEXT: (),
}


def _check_item(item: Record, name: str) -> Iterator[Problem]:
    meaning = item.must(Keys.TYPE)
    fields = {field.key: field for group in _BELONGS.values() for field in group}
    for key, field in fields.items():
        if item.has(field) and field not in _BELONGS[meaning]:
            yield item.problem(field, f"items.{name}: {key} is not for type {meaning.value}")
    needs = {Meaning.STATES: Keys.STATES, Meaning.BITS: Keys.BITS}.get(meaning)
    if needs is not None and not item.has(needs):
        yield item.problem(Keys.TYPE, f"items.{name}: type {meaning.value} needs {needs.key}")
    limited = [field for field in (Keys.ABOVE, Keys.BELOW) if item.has(field)]
    if item.has(Keys.FAULT) != bool(limited) or len(limited) > 1:
        yield item.problem(Keys.FAULT, f"items.{name}: a fault needs one of above and below")
    clear = item.may(Keys.CLEAR)
    if limited and clear is not None:
        bad = item.may(limited[0])
        if bad is not None and (clear > bad if limited[0] is Keys.ABOVE else clear < bad):
            yield item.problem(Keys.CLEAR, f"items.{name}: clear lies on the bad side")


def supervision(top: Record) -> Supervision:
    """The health keys of a whole record as values."""
    snmp, includes = top.may(Keys.SNMP), top.may(Keys.INCLUDES)
    return Supervision(
        match=_match(top.may(Keys.MATCH)),
        snmp=None
        if snmp is None
        else SnmpAbility(
            snmp.must(Keys.VERSIONS), snmp.may(Keys.MOST_OIDS) or 12, _source(snmp)[0]
        ),
        includes=None if includes is None else includes.value,
        items=tuple(_item(each) for each in top.may(Keys.ITEMS) or ()),
        traps=tuple(
            Trap(each.must(Keys.TRAP_OID), each.must(Keys.ABOUT), *_source(each))
            for each in top.may(Keys.TRAPS) or ()
        ),
        quirks=tuple(
            Quirk(each.must(Keys.QUIRK_FIRMWARE), each.must(Keys.QUIRK_TEXT), _source(each)[0])
            for each in top.may(Keys.QUIRKS) or ()
        ),
        priority=_priority(top.may(Keys.PRIORITY)),
    )


def check_includes(found: Supervision, own: str, known: frozenset[str]) -> str | None:
    """What is wrong with the profile it includes, None if nothing."""
    if found.includes is None or (found.includes in known and found.includes != own):
        return None
    hint = did_you_mean(found.includes, known - {own})
    return f'includes: no profile "{found.includes}"' + (f"; {hint}" if hint else "")


def _source(record: Record) -> tuple[str, bool]:
    source = record.must(Keys.SOURCE).value
    return source, source != NO_SOURCE


def _match(record: Record | None) -> Match | None:
    if record is None:
        return None
    return Match(
        record.may(Keys.OBJECT_IDS) or (),
        record.may(Keys.DESCRIPTION),
        record.may(Keys.MACS) or (),
        record.may(Keys.VENDOR),
    )


def _priority(record: Record | None) -> ReceiverPriority | None:
    if record is None:
        return None
    return ReceiverPriority(
        record.must(Keys.PRIORITY_KIND),
        record.may(Keys.DIRECTION),
        record.may(Keys.LEVELS),
        _source(record)[0],
    )


def _item(record: Record) -> Item:
    title, source = record.must(Keys.TITLE), _source(record)
    return Item(
        name=record.must(Keys.NAME).value,
        title=Name(title.must(Keys.KO), title.must(Keys.EN)),
        place=record.must(Keys.OID),
        meaning=record.must(Keys.TYPE),
        role=record.may(Keys.ROLE) or Role.NONE,
        pace=record.may(Keys.PACE) or Pace.USUAL,
        scale=record.may(Keys.SCALE) or 1.0,
        unit=record.may(Keys.UNIT) or "",
        fault=record.may(Keys.FAULT),
        limits=_limits(record),
        states={
            state: _KINDS.get(meant) for state, meant in (record.may(Keys.STATES) or {}).items()
        },
        bits=record.may(Keys.BITS) or {},
        source=source[0],
        is_verified=source[1],
    )


def _limits(record: Record) -> Limits | None:
    above, below, clear = (record.may(field) for field in (Keys.ABOVE, Keys.BELOW, Keys.CLEAR))
    bad = above if above is not None else below
    if bad is None:
        return None
    return Limits(above is not None, bad, bad if clear is None else clear)
