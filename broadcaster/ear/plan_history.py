"""Which plan decided which sample: the plans read, and the engine's log of adoptions.

Pure. Where a plan is not known any more, it says so: the ear then cannot say, it never guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from broadcaster.engine.plan import Part, Plan, Stream
from broadcaster.engine.render import Mix, mixes
from broadcaster.engine.shared_block import Adoption
from zones.bus import ClaimId
from zones.media_time import RATE, Sample
from zones.site import StreamId

_PLANS_KEPT = 32
"""Of each part; adoptions that nobody judged by now are long past."""
_MEMORY: Sample = 10 * RATE
"""How far back the ear still judges what it hears."""

_Revisions = tuple[int, int]
"""Of the control part and the local part; 0 where none was adopted."""
_PARTS = (Part.CONTROL, Part.LOCAL)


class PlayedPlan:
    """The parts in force together: every stream with its mix."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        """`plans` in the order of the parts: a stream in both is the first one's."""
        self.streams: dict[StreamId, Stream] = {
            stream.id: stream for plan in reversed(plans) for stream in plan.streams
        }
        self.mixes: Mapping[StreamId, Mix] = mixes(plans, self.streams.values())
        self._note_waiting()

    def _note_waiting(self) -> None:
        self.waiting = frozenset[ClaimId]().union(
            *(mix.waiting for mix in set(self.mixes.values()))
        )

    def stamp(self, stamps: Mapping[ClaimId, Sample]) -> None:
        """Take up what the engine stamped; streams that shared a mix go on sharing one."""
        if not self.waiting.isdisjoint(stamps):
            stamped = {id(mix): mix.with_stamps(stamps) for mix in self.mixes.values()}
            self.mixes = {name: stamped[id(mix)] for name, mix in self.mixes.items()}
            self._note_waiting()


@dataclass(frozen=True, slots=True)
class Span:
    """Samples [begin, end) were decided by `played`; None when that is unknown, and `why`."""

    begin: Sample
    end: Sample
    played: PlayedPlan | None
    why: str = ""


class PlanHistory:
    """Filled by whoever reads plans and the adoption log, asked by the ear."""

    def __init__(self, stamps: Callable[[Iterable[ClaimId]], Mapping[ClaimId, Sample]]) -> None:
        """`stamps` looks up the starts the engine has given.

        They change nothing before the start they give, so it does not matter how late they are
        looked up.
        """
        self._stamps = stamps
        self._plans: dict[Part, dict[int, Plan]] = {part: {} for part in Part}
        self._adoptions: list[tuple[Sample, _Revisions]] = []
        self._played: dict[_Revisions, PlayedPlan] = {}

    def add(self, plan: Plan) -> None:
        """Remember a plan."""
        plans = self._plans[plan.part]
        plans[plan.revision] = plan
        for revision in sorted(plans)[:-_PLANS_KEPT]:
            del plans[revision]

    def note(self, adoptions: Iterable[Adoption], *, is_whole: bool = True) -> None:
        """Take in what the engine adopted, oldest first.

        When the log is not whole, a part that does not stand in it was adopted before: it is the
        newest of its file, for a newer one would have been adopted since.
        """
        if not is_whole and not self._adoptions:
            newest = [max(self._plans[part], default=0) for part in _PARTS]
        else:
            newest = [0, 0]
        for adoption in adoptions:
            control, local = self._adoptions[-1][1] if self._adoptions else newest
            if adoption.part is Part.CONTROL:
                control = adoption.revision
            else:
                local = adoption.revision
            self._adoptions.append((adoption.at, (control, local)))

    def forget(self, now: Sample) -> None:
        """Drop what decided nothing that is still judged."""
        while len(self._adoptions) > 1 and self._adoptions[1][0] < now - _MEMORY:
            del self._adoptions[0]
        used = {revisions for _, revisions in self._adoptions}
        for revisions in [each for each in self._played if each not in used]:
            del self._played[revisions]

    def spans(self, begin: Sample, end: Sample) -> Iterator[Span]:
        """Who decided [begin, end), in order of time."""
        if not self._adoptions:
            yield Span(begin, end, None, "no engine has taken up a plan yet")
            return
        first = self._adoptions[0][0]
        if begin < first:
            yield Span(begin, min(end, first), None, "nothing is known of what came before")
        for index, (at, revisions) in enumerate(self._adoptions):
            is_last = index + 1 == len(self._adoptions)
            until = end if is_last else min(end, self._adoptions[index + 1][0])
            if max(at, begin) < until:
                yield self._span(max(at, begin), until, revisions)

    def _span(self, begin: Sample, end: Sample, revisions: _Revisions) -> Span:
        played = self._played.get(revisions)
        if played is None:
            plans = []
            for part, revision in zip(_PARTS, revisions, strict=True):
                plan = self._plans[part].get(revision)
                if plan is not None:
                    plans.append(plan)
                elif revision:
                    why = f"plan {part.value} {revision} was replaced before it could be read"
                    return Span(begin, end, None, why)
            played = self._played[revisions] = PlayedPlan(plans)
        if played.waiting:
            played.stamp(self._stamps(played.waiting))
        return Span(begin, end, played)
