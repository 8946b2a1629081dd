"""The engine as control sees it: it adopts plans, late at times, and gives claims their start."""

from __future__ import annotations

from dataclasses import replace

from broadcaster.control.acts import EngineAdopted
from broadcaster.engine.plan import Plan
from zones.bus import ClaimId, pruned, stamped
from zones.media_time import Sample


class SimulatedEngine:
    """Plays by the newest plan that was handed to it some moments ago. Pure."""

    def __init__(self) -> None:
        self.written: Plan | None = None
        """The newest plan it was handed."""
        self.plan: Plan | None = None
        """What it plays by, every claim with its start."""
        self.adopts_at: float | None = None
        """When it takes up the newest plan, in monotonic seconds."""
        self._stamps: dict[ClaimId, Sample] = {}

    def hand(self, plan: Plan, now: float, delay: float) -> None:
        """Give it a plan, which it takes up `delay` seconds later; an older one it refuses."""
        if self.written is not None and plan.revision <= self.written.revision:
            raise ValueError(f"plan {plan.revision} came after {self.written.revision}")
        self.written = plan
        due = now + delay
        self.adopts_at = due if self.adopts_at is None else min(self.adopts_at, due)

    def adopt(self, at: Sample) -> EngineAdopted:
        """Take up the newest plan at `at`."""
        plan = self.written
        if plan is None:
            raise ValueError("there is no plan to adopt")
        waiting = {claim.id for claim in plan.claims if claim.start is None}
        self._stamps = {name: self._stamps.get(name, at) for name in waiting}
        claims = tuple(
            stamped(claim, self._stamps[claim.id]) if claim.id in self._stamps else claim
            for claim in plan.claims
        )
        self.plan = replace(plan, claims=pruned(claims, at))
        self.adopts_at = None
        return self.adopted

    @property
    def adopted(self) -> EngineAdopted:
        """What it says of itself to a control that has just begun."""
        revision = 0 if self.plan is None else self.plan.revision
        return EngineAdopted(revision=revision, stamps=dict(self._stamps))
