"""From a claim in the plan to its audio in the last zone, claim after claim."""

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.arrivals import Continuity, continuity, first_change, stream_of, streams_in
from benchmarks.child import Child
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.measurement import MeasurementError
from benchmarks.peers import Switcher
from benchmarks.probe import Listening, listening
from benchmarks.station import engine_of, station
from benchmarks.tones import AMPLITUDE

TRIALS: Final = 120
_LIMIT_S: Final = 20.0
_TONE_THERE: Final = AMPLITUDE // 2
"""A message that starts at its beginning is not faded in: its first packet is at full level."""

_SHORTEST_WAIT_S: Final = 0.02
"""The programme's fade after a withdrawal is over by then."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Milliseconds from the plan's write to the last and to the first zone, a pair a claim."""

    last: tuple[float, ...]
    first: tuple[float, ...]

    @property
    def p99(self) -> float:
        """99th percentile over the claims, for the last zone."""
        return float(np.percentile(self.last, 99))

    def detail(self) -> dict[str, Any]:
        """Percentiles and every single claim, in milliseconds."""
        shares = {"p50": 50, "p90": 90, "p99": 99, "max": 100}
        return {
            "claims": len(self.last),
            "last_zone": {
                k: round(float(np.percentile(self.last, v)), 3) for k, v in shares.items()
            },
            "first_zone": {
                k: round(float(np.percentile(self.first, v)), 3) for k, v in shares.items()
            },
            "every_claim": [round(delay, 3) for delay in self.last],
        }


def claim_delays(context: Context, flow: Flow) -> tuple[Delays, Continuity]:
    """Claim all zones and withdraw, at chance moments against the packet tick.

    Returns:
        The delays, and what all these splices did to the streams.
    """
    with (
        station(context, flow) as ready,
        listening(context, flow) as ear,
        engine_of(ready) as sender,
    ):

        def begin(turn: int) -> int:
            plan = ready.next_plan(f"warning-{turn}")
            written_ns = time.monotonic_ns()
            ready.publish(plan)
            return written_ns

        def end() -> None:
            ready.publish(ready.next_plan())

        return _delays(flow, ear, sender, begin, end)


def switch_delays(
    context: Context, flow: Flow, peer: Callable[[Context, Flow], AbstractContextManager[Switcher]]
) -> tuple[Delays, Continuity]:
    """The same for a peer that is told to change the tone in all its streams."""
    with listening(context, flow) as ear, peer(context, flow) as switcher:

        def begin(turn: int) -> int:
            told_ns = time.monotonic_ns()
            switcher.change()
            return told_ns

        return _delays(flow, ear, switcher.child, begin, switcher.change)


def _delays(
    flow: Flow,
    ear: Listening,
    sender: Child,
    begin: Callable[[int], int],
    end: Callable[[], None],
) -> tuple[Delays, Continuity]:
    """Let the warning begin and end again and again; `begin` says when it was asked for."""
    chance = random.Random(20)
    asked_ns = []
    ear.wait_until_all_have("A", _LIMIT_S, sender)
    time.sleep(1)
    for turn in range(TRIALS):
        time.sleep(_SHORTEST_WAIT_S + chance.random() * 4 * flow.packet_us / 1e6)
        asked_ns.append(begin(turn))
        ear.wait_until_all_have("B", _LIMIT_S, sender)
        end()
        ear.wait_until_all_have("A", _LIMIT_S, sender)
    arrivals = ear.stop()
    streams = [stream_of(arrivals, stream) for stream in streams_in(arrivals)]
    last, first = [], []
    for began_ns in asked_ns:
        changed = [first_change(s, began_ns, to_b=True, audible=_TONE_THERE) for s in streams]
        heard = [at_ns for at_ns in changed if at_ns is not None]
        if len(heard) != flow.streams:
            raise MeasurementError(f"a claim reached {len(heard)} of {flow.streams} zones")
        last.append((max(heard) - began_ns) / 1e6)
        first.append((min(heard) - began_ns) / 1e6)
    return Delays(tuple(last), tuple(first)), continuity(arrivals, flow.packet_samples)
