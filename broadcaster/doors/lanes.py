"""What waits for control: a lane for each source, so that no storm delays another's first word.

Within a lane the order is kept. The begin of something dangerous brings its lane to the front; what
comes faster than a source may report replaces what it reported just before.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from alerts.detection import Admitted
from alerts.detection.event import Kind, Phase, SourceId

BURST: Final = 20
RATE: Final = 5.0
"""Events a second and source that are handed over one by one, after a burst."""
FIRST_AFTER_S: Final = 10.0
"""A begin so long after the one before is a first one again."""
MOST_IN_LANE: Final = 500
MOST_IN_BATCH: Final = 100
BATCH_BYTES: Final = 700_000
"""A batch becomes one frame of the link, which holds a megabyte."""
DANGEROUS: Final = frozenset(
    {
        Kind.SMOKE,
        Kind.FIRE,
        Kind.THERMAL,
        Kind.FLOOD,
        Kind.WATER_LEVEL,
        Kind.FLOOD_FORECAST,
        Kind.MANUAL,
        Kind.CAP,
    }
)

Answer = dict[str, Any]


@dataclass(slots=True, eq=False)
class Waiting:
    """An event on its way to control; `answered` is called once with what became of it."""

    admitted: Admitted
    answered: Callable[[Answer], None]
    is_first: bool = False
    is_over: bool = False
    """Whether it came faster than its source may report."""

    @property
    def size(self) -> int:
        """At most so many bytes of JSON."""
        event = self.admitted.event
        bulky = 20_000 if event.vendor else 0
        # A link may hold 512 letters of four bytes each, a name 64 of one.
        links = 2_100 * len(event.evidence)
        names = 70 * (len(event.zones) + len(event.geocodes) + len(self.admitted.zones))
        return 1_000 + bulky + links + names + 45 * len(event.polygon)


@dataclass(slots=True)
class _Lane:
    waiting: deque[Waiting] = field(default_factory=deque)
    tokens: float = BURST
    filled: float = 0.0
    begun: dict[Kind, float] = field(default_factory=dict)


class Lanes:
    """All lanes; `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._lanes: dict[SourceId, _Lane] = {}
        self._order: OrderedDict[SourceId, None] = OrderedDict()
        self._forget_at = 0.0
        self.coalesced = 0
        """Events that were replaced by a newer one of their source."""

    def __len__(self) -> int:
        return sum(len(self._lanes[source].waiting) for source in self._order)

    def add(self, waiting: Waiting, now: float) -> None:
        """Let an event wait; it may replace the one before it."""
        event = waiting.admitted.event
        lane = self._lanes.setdefault(event.source, _Lane(filled=now))
        lane.tokens = min(BURST, lane.tokens + RATE * (now - lane.filled))
        lane.filled = now
        waiting.is_first = self._is_first(lane, waiting, now)
        if lane.tokens >= 1.0:
            lane.tokens -= 1.0
        else:
            waiting.is_over = not waiting.is_first
        self._enqueue(lane, waiting)
        if waiting.is_first:
            self._order[event.source] = None
            self._order.move_to_end(event.source, last=False)
        else:
            self._order.setdefault(event.source, None)

    def _is_first(self, lane: _Lane, waiting: Waiting, now: float) -> bool:
        event = waiting.admitted.event
        if event.kind not in DANGEROUS or event.phase is Phase.END:
            return False
        before = lane.begun.get(event.kind)
        is_first = before is None or now - before >= FIRST_AFTER_S
        if is_first or event.phase is Phase.START:
            lane.begun[event.kind] = now
        return is_first

    def _enqueue(self, lane: _Lane, waiting: Waiting) -> None:
        last = lane.waiting[-1] if lane.waiting else None
        is_full = len(lane.waiting) >= MOST_IN_LANE
        if (
            last is not None
            and last.admitted.event.kind is waiting.admitted.event.kind
            and (
                (last.is_over and waiting.is_over)
                or (is_full and not (last.is_first and last.admitted.event.phase is Phase.START))
            )
        ):
            self._replaced(lane.waiting.pop())
        elif len(lane.waiting) >= 2 * MOST_IN_LANE:
            self._replaced(lane.waiting.popleft())
        lane.waiting.append(waiting)

    def _replaced(self, waiting: Waiting) -> None:
        self.coalesced += 1
        waiting.answered({"is": "coalesced", "why": "a newer event of its source took its place"})

    def batch(self) -> list[Waiting]:
        """The next events for control, none of them waiting any more: first begins first."""
        found: list[Waiting] = []
        size = 0
        while self._order and len(found) < MOST_IN_BATCH and size < BATCH_BYTES:
            source = next(iter(self._order))
            lane = self._lanes[source].waiting
            is_hurried = any(each.is_first for each in lane)
            while lane:
                if found and size + lane[0].size > BATCH_BYTES:
                    return found
                found.append(lane.popleft())
                size += found[-1].size
                is_hurried &= not found[-1].is_first
                if not is_hurried or len(found) >= MOST_IN_BATCH:
                    break
            if lane:
                self._order.move_to_end(source, last=is_hurried is False)
            else:
                del self._order[source]
        return found

    def put_back(self, batch: Iterable[Waiting]) -> None:
        """Let events wait again that control did not take, before all that came since."""
        for waiting in reversed(list(batch)):
            source = waiting.admitted.event.source
            self._lanes.setdefault(source, _Lane()).waiting.appendleft(waiting)
            self._order[source] = None
            self._order.move_to_end(source, last=False)

    def forget_idle(self, now: float) -> None:
        """Forget sources that have not reported for an hour; looks once a minute."""
        if now < self._forget_at:
            return
        self._forget_at = now + 60.0
        for source in [
            source
            for source, lane in self._lanes.items()
            if not lane.waiting and now - lane.filled > 3_600.0
        ]:
            del self._lanes[source]
