"""What the value of an object says: which faults it shows, and how it is told."""

from __future__ import annotations

from dataclasses import dataclass

from firmware_profiles.fault_kind import FaultKind
from firmware_profiles.supervision import Item, Limits, Meaning

Raw = int | str | bytes | tuple[int, ...]
"""A value as an agent gives it: a number, text, octets or an object identifier."""

_LONGEST_TEXT = 120


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether a value shows a kind of fault; None when it cannot say."""

    kind: FaultKind
    is_bad: bool | None


def judged(item: Item, raw: Raw | None, was_bad: bool = False) -> tuple[Judgement, ...]:
    """What a value says about every kind of fault that its object can show.

    A value of another type, or a state the profile does not know, says nothing. `was_bad` is what
    a gauge said before: it is good again only past its clear limit.
    """
    number = _number(raw)
    return tuple(
        Judgement(kind, None if number is None else _shows(item, kind, number, was_bad))
        for kind in sorted(item.kinds, key=lambda each: each.value)
    )


def shown(item: Item, raw: Raw | None) -> str:
    """The value for people, with its unit."""
    if raw is None:
        return ""
    number = _number(raw)
    if item.meaning is Meaning.TEXT or number is None:
        return text_of(raw)
    if item.meaning is Meaning.GAUGE:
        return f"{number * item.scale:g} {item.unit}".strip()
    if item.meaning is Meaning.STATES:
        if number not in item.states:
            return f"state {number}"
        meant = item.states[number]
        return "ok" if meant is None else meant.value
    if item.meaning is Meaning.BITS:
        named = [kind.value for bit, kind in sorted(item.bits.items()) if number >> bit & 1]
        return ", ".join(named) or "ok"
    return f"{number} {item.unit}".strip()


def text_of(raw: Raw) -> str:
    """Any value as one printable line of bounded length."""
    if isinstance(raw, bytes):
        raw = raw[: 4 * _LONGEST_TEXT].decode("utf-8", errors="replace")
    if isinstance(raw, tuple):
        raw = ".".join(map(str, raw))
    line = "".join(c if c.isprintable() else " " for c in str(raw)[: 4 * _LONGEST_TEXT])
    line = " ".join(line.split())
    return line if len(line) <= _LONGEST_TEXT else f"{line[: _LONGEST_TEXT - 1]}…"


def _number(raw: Raw | None) -> int | None:
    return raw if isinstance(raw, int) and not isinstance(raw, bool) else None


def _shows(item: Item, kind: FaultKind, number: int, was_bad: bool) -> bool | None:
    match item.meaning:
        case Meaning.STATES:
            return item.states[number] is kind if number in item.states else None
        case Meaning.BITS:
            return any(bit is kind and number >> place & 1 for place, bit in item.bits.items())
        case Meaning.GAUGE if item.limits is not None:
            return _past(item.limits, number * item.scale, was_bad)
    return None


def _past(limits: Limits, value: float, was_bad: bool) -> bool:
    limit = limits.good if was_bad else limits.bad
    return value > limit if limits.is_high_bad else value < limit
