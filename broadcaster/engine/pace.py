"""When to send, and what to skip when late (SAFETY G4)."""

from __future__ import annotations

from dataclasses import dataclass

from zones.media_time import RATE, Sample

LATE_LIMIT: Sample = RATE // 50
"""20 ms: up to here what is due is sent; beyond it is skipped."""
BURST_LIMIT = 4
"""The most packets of one stream that may leave back to back."""
END_LEAD: Sample = 1920
"""A claim is ended this much ahead: two packets of the longest packet time, so that no packet that
is already sent or being encoded is contradicted, and the end is faded in every format."""


@dataclass(frozen=True, slots=True)
class Due:
    """The packet to send next begins at `sample`; `skipped` packets before it are given up."""

    sample: Sample
    skipped: int


def next_due(planned: Sample, now: Sample, packet_time: Sample) -> Due:
    """What to send when packet `planned` was next and the time is `now`.

    On time, or up to 20 ms and four packets late: the planned packet. Later than 20 ms: the one
    that is due now. In between, the oldest that keeps the burst within four packets. Sequence and
    timestamp advance over what is skipped, so receivers see loss, never a shifted clock.
    """
    behind = (now - planned) // packet_time
    if behind < BURST_LIMIT and now - planned <= LATE_LIMIT:
        return Due(planned, 0)
    skipped = behind if now - planned > LATE_LIMIT else behind - BURST_LIMIT + 1
    return Due(planned + skipped * packet_time, skipped)
