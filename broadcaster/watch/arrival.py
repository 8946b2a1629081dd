"""Does the stream arrive? The device's own count of multicast packets against what we send.

Pure. Every agent with an ifXTable counts the multicast packets that come in at its port (RFC 2863,
ifHCInMulticastPkts), and we know how many we sent there. Far fewer: a switch has cut this amplifier
off, even when it says that it is well. Far more: somebody else sends, or a switch floods.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

SPAN: Final = 20.0
"""Seconds over which packets are compared; in a zone under warning `URGENT_SPAN`."""
URGENT_SPAN: Final = 4.0
LEAST_SPAN: Final = 3.5
"""Over less than this nothing is said: a count is read some milliseconds early or late."""
TOO_FEW: Final = 0.90
ENOUGH: Final = 0.97
"""Arrival that was too little is believed again only from here."""
TOO_MANY: Final = 1.10
FLOOD: Final = 1.5
"""So many times what we send is no longer a few packets of somebody's discovery."""
SLACK: Final = 5.0
"""Packets a second of others (discovery, announcements) that never count as a flood."""
_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Arrival:
    """What can be said; None where nothing can be.

    `arrived` is False below 90 % of what was sent, True up to 110 %; above, our packets cannot be
    told from those of others. `ratio` is received over sent.
    """

    arrived: bool | None
    flooded: bool | None
    ratio: float | None


@dataclass(frozen=True, slots=True)
class _Count:
    at: float
    received: int
    sent: float


class ArrivalCount:
    """The counts of one amplifier. Times are monotonic seconds."""

    def __init__(self) -> None:
        """Nothing was counted yet."""
        self._counts: deque[_Count] = deque(maxlen=_KEPT)
        self._was_bad = False
        self._was_flooded = False

    def restart(self) -> None:
        """The device began anew: its counter did too."""
        self._counts.clear()

    def count(self, received: int, sent: float, at: float) -> None:
        """Take the device's counter, and how many packets were sent to it until `at` in all.

        A counter that goes back has wrapped or begun anew, and the comparison begins anew.
        """
        if self._counts:
            last = self._counts[-1]
            if received < last.received or sent < last.sent:
                self._counts.clear()
            elif at <= last.at:
                return
        self._counts.append(_Count(at, received, sent))
        while len(self._counts) > 2 and at - self._counts[1].at >= SPAN:
            self._counts.popleft()

    def judge(self, *, is_urgent: bool = False) -> Arrival:
        """What the counts of the last seconds say."""
        nothing = Arrival(None, None, None)
        if len(self._counts) < 2:
            return nothing
        last = self._counts[-1]
        span = URGENT_SPAN if is_urgent else SPAN
        # The newest count at least a span ago; without one, the oldest there is.
        older = [c for c in list(self._counts)[:-1] if last.at - c.at >= min(span, LEAST_SPAN)]
        if not older:
            return nothing
        inside = [c for c in older if last.at - c.at <= span * 1.25]
        first = inside[0] if inside else older[-1]
        seconds, sent = last.at - first.at, last.sent - first.sent
        if sent < 1:
            self._was_bad = self._was_flooded = False
            return nothing
        received = last.received - first.received
        ratio = received / sent
        is_flooded = ratio > (TOO_MANY if self._was_flooded else FLOOD) and (
            (received - sent) / seconds > SLACK
        )
        arrived = ratio >= (ENOUGH if self._was_bad else TOO_FEW)
        self._was_bad, self._was_flooded = not arrived, is_flooded
        if not arrived:
            return Arrival(False, False, ratio)
        over = (received - sent) / seconds
        cannot_tell = ratio > TOO_MANY and over > SLACK
        return Arrival(None if cannot_tell else True, is_flooded, ratio)
