"""All signals: which rules look at an event, and what it changes in their evidence."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from alerts.detection.doubt import Doubts
from alerts.detection.event import DetectionEvent, Kind, SourceId
from alerts.detection.evidence import Signal, SignalKey
from alerts.detection.memory import KeptSignal
from alerts.detection.rules import Rule
from alerts.detection.source import Source
from alerts.hazard import HazardId


@dataclass(frozen=True, slots=True)
class Moved:
    """The signals of one hazard that an event concerned.

    `has_changed` if one of them began, ended or came to have lasted; `has_begun` if one began.
    """

    signals: tuple[Signal, ...]
    has_changed: bool
    has_begun: bool

    @property
    def is_above(self) -> bool:
        """Whether any of them holds."""
        return any(signal.is_above for signal in self.signals)


class Signals:
    """The evidence of every source for every rule; moments are monotonic seconds."""

    def __init__(self, rules: Iterable[Rule], doubts: Doubts) -> None:
        """`doubts` keeps the readings that rises are counted from."""
        self._rules = tuple(rules)
        self._doubts = doubts
        self._signals: dict[SignalKey, Signal] = {}
        self._waiting: dict[SignalKey, Signal] = {}
        self._for: dict[tuple[SourceId, Kind], tuple[Rule, ...]] = {}

    def rules_for(self, event: DetectionEvent, source: Source) -> tuple[Rule, ...]:
        """The rules that look at an event; of what a person saw, those of the hazard he names."""
        if event.kind is Kind.MANUAL:
            hazard = event.vendor.get("hazard")
            return tuple(r for r in self._rules if event.kind in r.kinds and r.hazard == hazard)
        key = (source.id, event.kind)
        if key not in self._for:
            self._for[key] = tuple(
                rule
                for rule in self._rules
                if event.kind in rule.kinds and (not rule.sources or source.id in rule.sources)
            )
        return self._for[key]

    def observe(
        self,
        rules: Iterable[Rule],
        hazard: HazardId,
        event: DetectionEvent,
        source: Source,
        at: float,
        now: float,
        *,
        is_late: bool = False,
    ) -> Moved:
        """Take an event that was true at `at` into the evidence for a hazard's rules.

        `is_late` if a newer one of the same instrument came before.
        """
        touched, has_changed, has_begun = [], False, False
        readings = self._doubts.readings(source.id, event.kind) if event.value is not None else None
        for rule in rules:
            if rule.hazard != hazard:
                continue
            key = (rule.id, source.id, event.kind)
            signal = self._signals.get(key)
            if signal is None:
                signal = self._signals[key] = Signal(rule, source, event.kind)
            before = signal.is_above, signal.is_met
            signal.observe(event, at, now, readings, is_late=is_late)
            has_changed |= before != (signal.is_above, signal.is_met)
            has_begun |= signal.is_above and not before[0]
            touched.append(signal)
            if signal.due() is None:
                self._waiting.pop(key, None)
            else:
                self._waiting[key] = signal
        return Moved(tuple(touched), has_changed, has_begun)

    def lasted(self, now: float) -> list[Signal]:
        """The states that have lasted by now, and had not at the last look."""
        found = []
        for key, signal in tuple(self._waiting.items()):
            if signal.look(now):
                found.append(signal)
            if signal.due() is None:
                del self._waiting[key]
        return found

    def due(self) -> Iterable[float]:
        """When each state that waits will have lasted."""
        return (due for signal in self._waiting.values() if (due := signal.due()) is not None)

    def revive(self, kept: KeptSignal, source: Source, since: float, now: float) -> Signal | None:
        """The signal of a rule that held before a restart; None if the rule is gone."""
        rule = next((each for each in self._rules if each.id == kept.rule), None)
        if rule is None:
            return None
        signal = Signal(rule, source, kept.kind)
        signal.revive(since, now, is_met=kept.is_met, active=kept.active)
        self._signals[signal.key] = signal
        if signal.due() is not None:
            self._waiting[signal.key] = signal
        return signal
