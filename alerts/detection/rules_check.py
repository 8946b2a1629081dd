"""Whether a rule can ever be met by the sources it looks at, with the sum shown (SAFETY C2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alerts.detection.event import Kind
from alerts.detection.rules import Reaches, Rise, Rule
from alerts.detection.source import Source, Sources, are_independent
from alerts.hazard import Level
from zones.site import Evidence


@dataclass(frozen=True, slots=True)
class Impossible:
    """Why a rule can't be met: by one source, or, with None, at all."""

    source: Source | None
    sentence: str


def impossible(rule: Rule, sources: Sources) -> Iterator[Impossible]:
    """Each source that can never meet a rule; without any, a quorum that nobody makes."""
    looked_at = [source for source in sources if rule.is_for(source)]
    hopeless = [Impossible(s, why) for s in looked_at if (why := _never(rule, s))]
    yield from hopeless
    if not hopeless:
        yield from (Impossible(None, sentence) for sentence in _unmade(rule, looked_at))


def _unmade(rule: Rule, looked_at: list[Source]) -> Iterator[str]:
    """Why the sources together can't meet a rule."""
    if looked_at and rule.needs > 1:
        most = _most_independent(looked_at, rule)
        if most < rule.needs:
            yield (
                f"needs {rule.needs} independent sources at least {rule.apart_m:g} m apart; of the "
                f"{len(looked_at)} it looks at, {most} are"
            )
    if rule.level is Level.EVACUATE and rule.needs < 2 and not rule.is_measured:
        alone = [s for s in looked_at if not s.may_evacuate]
        if (alone or not looked_at) and Kind.MANUAL not in rule.kinds:
            yield (
                "asks for evacuation on one source alone; without a person that takes two "
                "independent sources or a measured level: write needs: 2, or level: warning"
            )


def _never(rule: Rule, source: Source) -> str:
    """Why a source can't meet a rule; empty if it can."""
    if source.evidence is Evidence.STATE:
        if isinstance(rule.condition, Rise | Reaches):
            return f"{source.id} reports states; a rise needs readings at a period"
        if rule.held_s is None and rule.count > 1:
            return (
                f"{source.id} sends one start and may send nothing more; {rule.count} can't be "
                "counted on: add held, such as held: 20 s"
            )
        return ""
    if not source.period_s:
        return ""
    spans = rule.count - 1
    if isinstance(rule.condition, Rise | Reaches) and rule.condition.within_s < source.period_s:
        if isinstance(rule.condition, Rise):
            return (
                f"{source.id} reports every {source.period_s:g} s; a rise within "
                f"{rule.condition.within_s:g} s never has two readings"
            )
        return ""
    if spans * source.period_s > rule.within_s:
        return (
            f"needs {rule.count} readings within {rule.within_s:g} s; {source.id} sends one every "
            f"{source.period_s:g} s: {spans} x {source.period_s:g} s = "
            f"{spans * source.period_s:g} s"
        )
    return ""


def _most_independent(looked_at: list[Source], rule: Rule) -> int:
    """How many of the sources are independent of each other, counted one by one."""
    chosen: list[Source] = []
    for source in looked_at:
        if all(are_independent(source, other, rule.apart_m) for other in chosen):
            chosen.append(source)
            if len(chosen) >= rule.needs:
                break
    return len(chosen)
