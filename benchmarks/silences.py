"""What a death leaves in the streams: packets that are missing, and how long nothing came."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from benchmarks.arrivals import Arrivals, signed_steps, stream_of, streams_in

BEFORE_NS = 50_000_000
"""A silence may begin this much before the death is noted: two packets of 20 ms, and room."""


def missing_after(
    arrivals: Arrivals, deaths_ns: Sequence[int], within_ns: int
) -> tuple[npt.NDArray[np.int64], int]:
    """Packets that each death took from each stream.

    Args:
        arrivals: everything that was received.
        deaths_ns: when somebody was killed, rising, on CLOCK_MONOTONIC.
        within_ns: a gap in the sequence numbers that ends later than this after a death is not
            that death's.

    Returns:
        A row a death and a column a stream, in the order of their numbers; and how many packets
        are missing that belong to no death.
    """
    streams = streams_in(arrivals)
    missing = np.zeros((len(deaths_ns), len(streams)), np.int64)
    elsewhere = 0
    for column, stream in enumerate(streams):
        mine = stream_of(arrivals, stream)
        steps = signed_steps(mine["sequence"], 16)
        for place in np.flatnonzero(steps > 1):
            at_ns = int(mine["at_ns"][place])
            death = int(np.searchsorted(deaths_ns, at_ns, side="right")) - 1
            if death >= 0 and at_ns - deaths_ns[death] <= within_ns:
                missing[death, column] += int(steps[place]) - 1
            else:
                elsewhere += int(steps[place]) - 1
    return missing, elsewhere


def longest_silence_ms(arrivals: Arrivals, death_ns: int, within_ns: int) -> float:
    """The longest time without a packet in any stream, around a death, in milliseconds.

    A stream that does not come back is silent until the end of the look, `within_ns` after the
    death; where nothing at all was received, so were all.
    """
    begin_ns, end_ns = death_ns - BEFORE_NS, death_ns + within_ns
    longest = 0 if len(arrivals) else within_ns
    for stream in streams_in(arrivals):
        at_ns = stream_of(arrivals, stream)["at_ns"]
        seen = at_ns[(at_ns >= begin_ns) & (at_ns < end_ns)]
        longest = max(longest, int(np.diff(seen, prepend=begin_ns, append=end_ns).max()))
    return longest / 1e6
