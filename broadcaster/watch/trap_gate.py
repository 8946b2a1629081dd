"""Lets notifications in: bounded, fair among senders, each counted. Pure.

Taking one apart costs a third of a millisecond, receiving one almost nothing. So they wait here, at
most so many of each sender, and are taken in turn: a sender that floods delays only itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

MOST_OF_ONE: Final = 1_024
MOST_OF_STRANGERS: Final = 256
"""Of all senders together that are no amplifier of the site; relays and NAT are among them."""
LONGEST: Final = 8_192
"""Octets of a notification; what is longer is none."""
_STRANGERS: Final = ""

Waiting = tuple[tuple[str, int], bytes]


class TrapGate:
    """What has come in and was not taken apart yet. `received` and `dropped` only count up."""

    def __init__(self, known: Iterable[str]) -> None:
        """`known` are the addresses of amplifiers."""
        self._known = set(known)
        self._queues: dict[str, deque[Waiting]] = {}
        self.received = 0
        self.dropped = 0

    def __len__(self) -> int:
        """How many wait."""
        return sum(map(len, self._queues.values()))

    def know(self, address: str) -> None:
        """An amplifier is at this address now."""
        self._known.add(address)

    def offer(self, source: tuple[str, int], octets: bytes) -> bool:
        """Take one in; False when there is no room for this sender's."""
        self.received += 1
        name = source[0] if source[0] in self._known else _STRANGERS
        queue = self._queues.setdefault(name, deque())
        most = MOST_OF_ONE if name else MOST_OF_STRANGERS
        if len(queue) >= most or len(octets) > LONGEST:
            self.dropped += 1
            return False
        queue.append((source, octets))
        return True

    def take(self) -> Waiting | None:
        """The next one, of each sender in turn; None when none waits."""
        for name in list(self._queues):
            queue = self._queues.pop(name)
            if queue:
                taken = queue.popleft()
                if queue:
                    self._queues[name] = queue  # at the end: the others come first
                return taken
        return None
