"""What waits for control: a lane for each source, so that no storm delays another's first word.

Within a lane the order is kept. Lanes with the begin of something dangerous go before all others;
otherwise keys take turns, and the lanes behind a key, so that one that floods delays itself. What
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
AGAIN_S: Final = 120.0
"""What control took in so many seconds before its link ended is handed over again: if it died, it
may have forgotten what had not lasted yet. A control that did not die knows it."""
MOST_AGAIN: Final = 2_000
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


class Lately:
    """What control took lately, for the one that follows it; moments are monotonic seconds."""

    def __init__(self) -> None:
        self._taken: deque[tuple[float, Admitted]] = deque(maxlen=MOST_AGAIN)
        self._lost_at = 0.0

    def took(self, events: Iterable[Admitted], now: float) -> None:
        """Control answered for these."""
        self._taken.extend((now, event) for event in events)

    def lost(self, now: float) -> None:
        """The link to control ended."""
        self._lost_at = now

    def again(self) -> list[Admitted]:
        """What it took shortly before that, once."""
        found = [event for at, event in self._taken if at >= self._lost_at - AGAIN_S]
        self._taken.clear()
        return found


class _Turns:
    """Sources that wait: each key has its turn, and each source behind it."""

    def __init__(self) -> None:
        self._keys: OrderedDict[str, OrderedDict[SourceId, None]] = OrderedDict()
        self._key_of: dict[SourceId, str] = {}

    def __bool__(self) -> bool:
        return bool(self._key_of)

    def __contains__(self, source: object) -> bool:
        return source in self._key_of

    def add(self, source: SourceId, key: str, *, is_next: bool = False) -> None:
        """Let a source wait for the turn of a key, or stay where it waits already."""
        known = self._key_of.setdefault(source, key)
        sources = self._keys.setdefault(known, OrderedDict())
        sources.setdefault(source, None)
        if is_next:
            sources.move_to_end(source, last=False)
            self._keys.move_to_end(known, last=False)

    def take(self) -> SourceId:
        """The source whose turn it is; it waits no more."""
        key, sources = next(iter(self._keys.items()))
        source = next(iter(sources))
        self.drop(source)
        if sources:
            self._keys.move_to_end(key)
        return source

    def drop(self, source: SourceId) -> None:
        """Let a source wait no more, if it does."""
        key = self._key_of.pop(source, None)
        if key is not None:
            del self._keys[key][source]
            if not self._keys[key]:
                del self._keys[key]


class Lanes:
    """All lanes; `now` is monotonic seconds."""

    def __init__(self) -> None:
        self._lanes: dict[SourceId, _Lane] = {}
        self._begins = _Turns()
        self._others = _Turns()
        self._forget_at = 0.0
        self.coalesced = 0
        """Events that were replaced by a newer one of their source."""

    def __len__(self) -> int:
        return sum(len(lane.waiting) for lane in self._lanes.values())

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
        self._stand(lane, is_begin=waiting.is_first)

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

    def _stand(self, lane: _Lane, *, is_begin: bool, is_next: bool = False) -> None:
        """Have a lane wait for its turn: among those with a begin, or among the others."""
        admitted = lane.waiting[0].admitted
        source = admitted.event.source
        if is_begin:
            self._others.drop(source)
        turns = self._begins if is_begin or source in self._begins else self._others
        turns.add(source, admitted.via, is_next=is_next)

    def batch(self) -> list[Waiting]:
        """The next events for control, none of them waiting any more: first begins first."""
        found: list[Waiting] = []
        size = 0
        while (turns := self._begins or self._others) and len(found) < MOST_IN_BATCH:
            lane = self._lanes[turns.take()]
            left = sum(each.is_first for each in lane.waiting)
            is_hurried = left > 0
            while lane.waiting and len(found) < MOST_IN_BATCH and (left or not is_hurried):
                if found and size + lane.waiting[0].size > BATCH_BYTES:
                    self._stand(lane, is_begin=left > 0, is_next=True)
                    return found
                found.append(lane.waiting.popleft())
                size += found[-1].size
                left -= found[-1].is_first
            if lane.waiting:
                self._stand(lane, is_begin=left > 0)
        return found

    def put_back(self, batch: Iterable[Waiting]) -> None:
        """Let events wait again that control did not take, before all that came since."""
        for waiting in reversed(list(batch)):
            lane = self._lanes.setdefault(waiting.admitted.event.source, _Lane())
            lane.waiting.appendleft(waiting)
            self._stand(lane, is_begin=waiting.is_first, is_next=True)

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
