"""When evidence becomes a warning: the rules of a site, as values.

A rule says one thing: this condition, held so long, by so many sources that are independent, asks
for this level. What escalates is another rule of the same hazard with a higher level.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from alerts.detection.event import Kind, SourceId
from alerts.detection.source import Source, Sources
from alerts.hazard import HazardId, Level
from alerts.life_cycle import OnTimeout
from zones.problem import Problem

MEASURED_LEVEL: Final = frozenset({Kind.WATER_LEVEL, Kind.FLOW})
"""Measurements that are the danger itself: they may ask for evacuation alone (SAFETY C4)."""


@dataclass(frozen=True, slots=True)
class Confidence:
    """Seen with a confidence of at least `enter`; over again below `exit`."""

    enter: float
    exit: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """Measured at `enter` or more, in the unit of the kind; over again below `exit`."""

    enter: float
    exit: float


@dataclass(frozen=True, slots=True)
class Rise:
    """Measured to rise by `by` within `within_s` seconds; over when it no longer does."""

    by: float
    within_s: float


@dataclass(frozen=True, slots=True)
class Reaches:
    """Measured to rise so that it is at `value` within `within_s` seconds if it goes on."""

    value: float
    within_s: float


Condition = Confidence | Threshold | Rise | Reaches


class Extend(Enum):
    """Which further zones are warned with those that evidence names."""

    NONE = "none"
    NEIGHBOURS = "neighbours"
    DOWNSTREAM = "downstream"


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for all incidents of a hazard; times in seconds, distances in metres.

    Detections within `merge_m` and `merge_s` of each other are one incident. Evidence must be below
    its thresholds for `quiet_s` before the all-clear is proposed. For `cooldown_s` after an alert
    ended the same level is not raised again in its zones.
    """

    hazard: HazardId
    extend: Extend = Extend.NONE
    merge_m: float = 2_000.0
    merge_s: float = 1_800.0
    quiet_s: float = 900.0
    cooldown_s: float = 600.0
    needs_person_to_clear: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    A sample source must meet the condition `count` times within `within_s`; a state source that,
    or once and then hold for `held_s`. `needs` sources must do so, `apart_m` from each other. Then
    people have `window_s` seconds before it sounds. `sources` names those it is for; empty means
    all that report its kinds.
    """

    id: str
    hazard: HazardId
    kinds: frozenset[Kind]
    condition: Condition
    level: Level
    sources: frozenset[SourceId] = frozenset()
    count: int = 1
    within_s: float = 300.0
    held_s: float | None = None
    least_quality: float = 0.0
    needs: int = 1
    apart_m: float = 100.0
    window_s: float = 0.0
    on_timeout: OnTimeout = OnTimeout.AIR

    def is_for(self, source: Source) -> bool:
        """Whether the rule looks at a source."""
        return bool(source.kinds & self.kinds) and (not self.sources or source.id in self.sources)

    @property
    def is_automatic(self) -> bool:
        """Whether it may make a warning sound that no person asked for or confirmed."""
        return self.on_timeout is OnTimeout.AIR and Kind.MANUAL not in self.kinds

    @property
    def is_measured(self) -> bool:
        """Whether its evidence is a measured level, which may ask for evacuation alone."""
        return self.kinds <= MEASURED_LEVEL and not isinstance(self.condition, Confidence)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who authorised that warnings sound without a person (SAFETY E3)."""

    name: str
    office: str
    date: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules of a site, the sources they look at, and what else the rules file says."""

    rules: tuple[Rule, ...]
    policies: tuple[Policy, ...]
    sources: Sources
    geocodes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    authority: Authority | None = None
    warnings: tuple[Problem, ...] = ()

    def policy(self, hazard: HazardId) -> Policy:
        """What holds for a hazard; the defaults when the file says nothing."""
        return next((p for p in self.policies if p.hazard == hazard), Policy(hazard))
