"""The staging thread: parses plans beside the sender and brings in the audio they name.

It watches both plan parts, hands a new one over before it stages anything, and learns from the
death of the engine before it which plan or recording is not to be tried again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from broadcaster.engine.libc import real_time
from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.render import mixes
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.engine.staging import CHUNK, Staging, needed, sounding
from zones.bus import Kind
from zones.media_time import Sample
from zones.sound import PcmId, Source

BUILT_IN = 0
"""The priority of the chime that is made by code, not read from a recording."""
_DEATHS = 2
_DEATHS_WITHIN_NS = 10_000_000_000
_ROUND = 1.0
"""Seconds between rounds of staging while the plan stays the same. Both parts ring one bell."""


def spared(plan: Plan) -> Plan:
    """The plan with nothing but warnings and the built-in chime."""
    kept = [c for c in plan.claims if c.kind is Kind.WARNING or c.priority == BUILT_IN]
    sources = [claim.source for claim in kept]
    named = {name: source for name, source in plan.sources.items() if source in sources}
    return replace(plan, claims=tuple(kept), sources=named)


def with_warnings_of(older: Plan, newest: Plan) -> Plan:
    """The older plan, and on top of it every warning that the newest one holds."""
    warnings = {(c.zone, c.id): c for c in newest.claims if c.kind is Kind.WARNING}
    rest = tuple(c for c in older.claims if (c.zone, c.id) not in warnings)
    spoken = {id(claim.source) for claim in warnings.values()}
    sources = {name: source for name, source in newest.sources.items() if id(source) in spoken}
    return replace(
        older,
        claims=(*rest, *warnings.values()),
        sources={**older.sources, **{f"newest {name}": s for name, s in sources.items()}},
    )


def playing_at(plans: Iterable[Plan], sample: Sample) -> list[str]:
    """The claims, warnings aside, that were on air somewhere at `sample`."""
    listed = list(plans)
    streams = [stream for plan in listed for stream in plan.streams]
    on_air = (mix.on_air(sample) for mix in mixes(listed, streams).values())
    return sorted({claim.id for claim in on_air if claim and claim.kind is not Kind.WARNING})


class Stager(threading.Thread):
    """The thread that parses plans and stages what they name."""

    def __init__(
        self,
        run: Path,
        block: SharedBlock,
        staging: Staging,
        now: Callable[[], Sample],
        hand_over: Callable[[Mapping[Part, Plan]], None],
    ) -> None:
        """`hand_over` gets the parts in force at each change; it may refuse them by PlanError."""
        super().__init__(name="stager", daemon=True)
        self._files = {part: PlanFile(plan_path(run, part)) for part in Part}
        self._seen = dict.fromkeys(Part, 0)
        self._plans: Mapping[Part, Plan] = {}
        self._block = block
        self._staging = staging
        self._now = now
        self._hand_over = hand_over
        self._scheduling = 0

    def begin(self, scheduling: int) -> None:
        """Read the parts there are, stage what sounds now, then go on as a thread.

        `scheduling` is the thread's SCHED_FIFO priority when that is allowed, below the sender's.
        """
        self._scheduling = scheduling
        self.look()
        for pcm, chunk in sounding(self._sources(), self._now()):
            self._staging.bring_in(pcm, chunk)
        self.start()

    def run(self) -> None:
        """Watch the parts and stage, for ever."""
        if self._scheduling:
            real_time(self._scheduling)
        bell = 0
        while True:
            self._files[Part.CONTROL].wait(bell, _ROUND)
            bell = self._files[Part.CONTROL].bell
            self.look()
            while not self.stage():
                self.look()

    def look(self) -> bool:
        """Take up new revisions; whether there were any.

        The older plan stays in force when a new one is refused.
        """
        before = self._plans
        for part, file in self._files.items():
            revision = file.revision
            if revision > self._seen[part]:
                try:
                    plan = file.read()
                    if plan is not None:
                        self._seen[part] = max(revision, plan.revision)
                        self._take_up(part, plan)
                except PlanError as error:
                    self._seen[part] = revision
                    self._block.say_fault(f"{part.value} plan {revision} refused: {error}")
        return self._plans is not before

    def _take_up(self, part: Part, plan: Plan) -> None:
        if plan.part is not part or plan.revision <= self._revision(part):
            raise PlanError("it is not a newer plan of this part")
        plans = {**self._plans, part: plan}
        self._staging.connect(plan.sources.values())
        self._hand_over(plans)
        self._plans = plans
        self._block.say_fault("")

    def heed(self, ns: int) -> None:
        """Learn from the engine that died before this one (SAFETY G5).

        A plan whose first tick was not survived gives way to the one before. After two deaths
        within ten seconds under the same plans, only warnings and the built-in chime are played
        until somebody writes a new plan.
        """
        self._block.note_death(ns)
        for part in Part:
            revision = self._block.adopting(part)
            if revision and revision == self._revision(part):
                self._block.say_fault(
                    f"{part.value} plan {revision} killed an engine; the one before plays"
                )
                self._take_older(part)
        revisions = {part: self._revision(part) for part in Part}
        recent = [death for death in self._block.deaths() if death.ns > ns - _DEATHS_WITHIN_NS]
        if len([death for death in recent if death.revisions == revisions]) >= _DEATHS:
            playing = ", ".join(playing_at(self._plans.values(), self._block.state().sent_until))
            self._block.say_fault(
                f"engines die while playing {playing}: only warnings and the chime play"
            )
            self._hand_over({part: spared(plan) for part, plan in self._plans.items()})

    def _take_older(self, part: Part) -> None:
        """Play the plan before the newest one, with the newest one's warnings: none is lost."""
        newest = self._plans[part]
        try:
            older = self._files[part].read(older=True)
        except PlanError:
            older = None
        plan = spared(newest) if older is None else with_warnings_of(older, newest)
        self._plans = {**self._plans, part: plan}
        self._hand_over(self._plans)

    def _revision(self, part: Part) -> int:
        plan = self._plans.get(part)
        return plan.revision if plan is not None else 0

    def stage(self) -> bool:
        """Bring in what is needed, chunk by chunk; False when a newer plan arrived meanwhile."""
        wanted: set[PcmId] = set()
        self._staging.connect(self._sources())
        for pcm, chunk in needed(self._sources(), self._now()):
            wanted.add(pcm)
            if not self._is_ready(pcm, chunk):
                self._staging.bring_in(pcm, chunk)
                if self._is_rung():
                    return False
        self._staging.keep(wanted)
        self._block.fields["unstaged"] = len(self._staging.missing)
        return True

    def _sources(self) -> list[Source]:
        return [source for plan in self._plans.values() for source in plan.sources.values()]

    def _is_ready(self, pcm: PcmId, chunk: int) -> bool:
        at = chunk * CHUNK
        return self._staging.samples(pcm, at, at + 1) is not None

    def _is_rung(self) -> bool:
        return any(file.revision > self._seen[part] for part, file in self._files.items())
