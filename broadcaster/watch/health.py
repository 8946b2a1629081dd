"""The health of all amplifiers: looks in, faults out. Pure; owns every condition and every fault.

What nobody measures is *unsupervised*, never in order. A trap starts a look and never decides one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from broadcaster.watch.condition import Condition, State
from broadcaster.watch.fault import (
    Fault,
    FaultKey,
    FaultRefusedError,
    fault_from_json,
    fault_to_json,
)
from firmware_profiles.fault_kind import CHARACTERS, EXPLAINS, FaultKind

LONGEST_MAINTENANCE: Final = 8 * 3600.0
"""Seconds an amplifier may be in maintenance at most."""
MOST_PLACES: Final = 256
"""Places of one amplifier in which something may be wrong; more are a device that lies."""
ACCEPTED: Final = frozenset({FaultKind.FIRMWARE, FaultKind.VOLUME})
"""Kinds of which a reset says that what is there now is meant."""
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Look:
    """What one witness says of one kind of fault in one place; `is_bad` None: it cannot tell."""

    amplifier: str
    kind: FaultKind
    is_bad: bool | None
    text: str = ""
    part: str = ""
    by: str = "snmp"

    @property
    def key(self) -> FaultKey:
        """What it is about."""
        return FaultKey(self.amplifier, self.kind, self.part)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Somebody works on an amplifier."""

    until: datetime
    who: str
    reason: str


class Health:
    """Every condition and fault. `now` is monotonic seconds, `utc` the wall clock for people."""

    def __init__(
        self,
        switches: Mapping[str, tuple[str, ...]],
        changed: Callable[[Fault], None] | None = None,
    ) -> None:
        """`switches` are the amplifiers behind each; `changed` hears of every raise and end."""
        self._switches = {name: each for name, each in switches.items() if len(each) > 1}
        self._changed = changed or (lambda fault: None)
        self._behind = {each: name for name, group in self._switches.items() for each in group}
        self._conditions: dict[str, dict[FaultKey, Condition]] = {}
        self._faults: dict[FaultKey, Fault] = {}
        self._maintenance: dict[str, Maintenance] = {}

    # --- looks ---

    def look(self, looks: Iterable[Look], now: float, utc: datetime) -> None:
        """Take what witnesses say."""
        behind: set[str] = set()
        for each in looks:
            self._take(each, now, utc)
            if each.kind is FaultKind.LINK and each.amplifier in self._behind:
                behind.add(self._behind[each.amplifier])
        for switch in sorted(behind):
            self._look_at_switch(switch, now, utc)

    def announce(self, amplifier: str, kinds: Iterable[FaultKind], now: float) -> None:
        """A trap said something of these kinds: what the next poll finds is believed at once."""
        wanted = set(kinds)
        for key, condition in self._of(amplifier).items():
            if key.kind in wanted:
                condition.announce(now)

    def forget(self, amplifier: str) -> None:
        """An amplifier is no longer in the site."""
        self._conditions.pop(amplifier, None)
        for key in [key for key in self._faults if key.amplifier == amplifier]:
            del self._faults[key]
        self._maintenance.pop(amplifier, None)

    def keep_parts(self, amplifier: str, parts: Iterable[tuple[FaultKind, str]]) -> None:
        """Drop conditions of parts an amplifier no longer tells of, unless they are raised."""
        known = set(parts)
        gone = [
            key
            for key, condition in self._of(amplifier).items()
            if (key.kind, key.part) not in known
            and not condition.is_raised
            and key not in self._faults
        ]
        for key in gone:
            del self._conditions[amplifier][key]

    def next_look(self, amplifier: str, now: float) -> float | None:
        """When an amplifier should be asked out of turn, None when nothing is suspected."""
        wanted = [
            at
            for condition in self._of(amplifier).values()
            if (at := condition.next_look(now)) is not None
        ]
        return min(wanted, default=None)

    def was_bad(self, key: FaultKey) -> bool:
        """Whether something was bad when last looked at; for a gauge's hysteresis."""
        condition = self._of(key.amplifier).get(key)
        return condition is not None and condition.state in {State.PENDING, State.FAULT}

    def supervised(self, amplifier: str) -> dict[FaultKind, str]:
        """The kinds of fault that somebody looks for, and the witness that saw each last."""
        return {
            key.kind: condition.by
            for key, condition in self._of(amplifier).items()
            if condition.state is not State.UNKNOWN
        }

    def _of(self, amplifier: str) -> dict[FaultKey, Condition]:
        return self._conditions.get(amplifier, {})

    def _take(self, look: Look, now: float, utc: datetime) -> None:
        own = self._conditions.setdefault(look.amplifier, {})
        condition = own.get(look.key)
        if condition is None:
            if len(own) >= MOST_PLACES:
                return
            condition = own[look.key] = Condition(CHARACTERS[look.kind])
        if not condition.see(look.is_bad, now, look.text, look.by):
            if look.is_bad and look.key in self._faults and look.text:
                self._faults[look.key] = replace(self._faults[look.key], text=look.text)
            return
        fault = self._faults.get(look.key)
        if condition.is_raised:
            came = Fault(look.key, utc, condition.text, look.by)
            fault = came if fault is None else fault.again(utc, condition.text, look.by)
            fault = replace(fault, is_flapping=condition.is_flapping(now))
        elif fault is not None:
            fault = replace(fault, over=utc, is_flapping=False)
        if fault is not None:
            self._faults[look.key] = fault
            self._changed(fault)

    def _look_at_switch(self, name: str, now: float, utc: datetime) -> None:
        """A switch is lost when all that hang on it are."""
        amplifiers = self._switches[name]
        lost = [each for each in amplifiers if self.is_raised(each, FaultKind.LINK)]
        is_lost = len(lost) == len(amplifiers)
        if is_lost or name in self._conditions:
            text = f"{len(lost)} of {len(amplifiers)} amplifiers lost"
            self._take(Look(name, FaultKind.SWITCH, is_lost, text, by="all"), now, utc)

    def is_raised(self, amplifier: str, kind: FaultKind) -> bool:
        """Whether a kind of fault is there, anywhere in an amplifier."""
        return any(
            condition.is_raised
            for key, condition in self._of(amplifier).items()
            if key.kind is kind
        )

    # --- faults ---

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every fault that was not reset yet, the newest last."""
        return tuple(sorted(self._faults.values(), key=lambda each: (each.since, each.key.id)))

    def causes(self) -> dict[str, str]:
        """The faults that are only consequences: id of each, and of the fault that explains it."""
        there: dict[str, list[FaultKey]] = {}
        for key, fault in self._faults.items():
            if fault.is_there:
                there.setdefault(key.amplifier, []).append(key)
        found: dict[str, str] = {}
        for amplifier, keys in there.items():
            near = (*keys, *there.get(self._behind.get(amplifier, ""), ()))
            for key in keys:
                explaining = [cause for cause in near if key.kind in EXPLAINS.get(cause.kind, ())]
                if explaining:
                    # The widest cause: a lost switch before the lost link of one amplifier.
                    found[key.id] = min(
                        explaining, key=lambda each: (each.kind is not FaultKind.SWITCH, each.id)
                    ).id
        return found

    def fault(self, name: str) -> Fault:
        """The fault of that id.

        Raises:
            FaultRefusedError: there is none.
        """
        for fault in self._faults.values():
            if fault.key.id == name:
                return fault
        known = ", ".join(fault.key.id for fault in self.faults[:8]) or "none"
        raise FaultRefusedError(f"no fault {name!r} here; there is {known}")

    def acknowledge(self, name: str, who: str, utc: datetime) -> Fault:
        """Somebody has seen a fault; raises FaultRefusedError."""
        return self._keep(self.fault(name).acknowledge(who, utc))

    def reset(self, name: str) -> Fault:
        """Take a fault that is over from the list.

        Raises:
            FaultRefusedError: it is still there, or there is none. Another firmware and another
                volume may be reset while they are there: that accepts them.
        """
        fault = self.fault(name)
        if fault.is_there and fault.key.kind not in ACCEPTED:
            raise FaultRefusedError(
                f"{name} is still there: it can be reset when it is over; acknowledge it, or put "
                "it aside with `faults shelve`"
            )
        del self._faults[fault.key]
        condition = self._of(fault.key.amplifier).get(fault.key)
        if condition is not None and condition.is_raised:
            del self._conditions[fault.key.amplifier][fault.key]
        return fault

    def shelve(self, name: str, until: datetime, who: str, reason: str, utc: datetime) -> Fault:
        """Put a fault aside; raises FaultRefusedError."""
        return self._keep(self.fault(name).put_aside(until, who, reason, utc))

    def take_off_shelf(self, name: str) -> Fault:
        """Let a fault ring again; raises FaultRefusedError."""
        return self._keep(replace(self.fault(name), shelf=None))

    def maintain(
        self, amplifier: str, until: datetime, who: str, reason: str, utc: datetime
    ) -> Maintenance:
        """Somebody works on an amplifier until then: its faults are shown and do not ring.

        Raises:
            FaultRefusedError: without a reason, or for too long.
        """
        if not reason.strip():
            raise FaultRefusedError("say what is done there: --reason")
        if (until - utc).total_seconds() > LONGEST_MAINTENANCE:
            raise FaultRefusedError(f"maintenance lasts at most {LONGEST_MAINTENANCE / 3600:g} h")
        kept = Maintenance(until, who, reason.strip()[:200])
        self._maintenance[amplifier] = kept
        return kept

    def end_maintenance(self, amplifier: str) -> None:
        """Nobody works on an amplifier any more: its faults ring again."""
        self._maintenance.pop(amplifier, None)

    def maintenance(self, amplifier: str, utc: datetime) -> Maintenance | None:
        """Who works on an amplifier now."""
        kept = self._maintenance.get(amplifier)
        return kept if kept is not None and utc < kept.until else None

    def rings(
        self, fault: Fault, utc: datetime, causes: Mapping[str, str], *, is_warned: bool
    ) -> bool:
        """Whether somebody should be told of a fault now; `causes` are those of `causes()`.

        While a warning plays in its zone nothing is put aside (SAFETY B5).
        """
        if not fault.is_there or fault.acknowledged is not None:
            return False
        if is_warned:
            return True
        is_aside = fault.is_shelved(utc) or self.maintenance(fault.key.amplifier, utc) is not None
        return not is_aside and fault.key.id not in causes

    def _keep(self, fault: Fault) -> Fault:
        self._faults[fault.key] = fault
        self._changed(fault)
        return fault

    # --- over a restart ---

    def to_json(self) -> dict[str, Any]:
        """What must outlive the process."""
        return {
            "format": _FORMAT,
            "faults": [fault_to_json(fault) for fault in self.faults],
            "maintenance": {
                name: [each.until.isoformat(), each.who, each.reason]
                for name, each in self._maintenance.items()
            },
        }

    def take_over(self, fields: Mapping[str, Any], now: float) -> int:
        """Go on from what `to_json` gave; what cannot be read is left out and counted.

        A fault that was there is believed to be there until a look says otherwise.
        """
        refused = 0
        for entry in fields.get("faults") or ():
            try:
                fault = fault_from_json(entry)
            except (ValueError, KeyError, TypeError, IndexError):
                refused += 1
                continue
            self._faults[fault.key] = fault
            condition = Condition(CHARACTERS[fault.key.kind])
            self._conditions.setdefault(fault.key.amplifier, {})[fault.key] = condition
            if fault.is_there:
                condition.assume(now, fault.text)
        for name, entry in (fields.get("maintenance") or {}).items():
            try:
                until = datetime.fromisoformat(entry[0]).astimezone(UTC)
                self._maintenance[str(name)] = Maintenance(until, str(entry[1]), str(entry[2]))
            except (ValueError, TypeError, IndexError, KeyError):
                refused += 1
        return refused
