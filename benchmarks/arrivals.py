"""What the probe wrote down, judged: losses, continuity, pacing, and where the audio changes."""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

ARRIVAL: Final = np.dtype(
    [
        ("at_ns", "<i8"),
        ("timestamp", "<u4"),
        ("ssrc", "<u4"),
        ("content", "<u4"),
        ("stream", "<u2"),
        ("sequence", "<u2"),
        ("tone_a", "<u2"),
        ("tone_b", "<u2"),
        ("payload_bytes", "<u2"),
        ("marker_and_type", "u1"),
        ("is_rtp", "u1"),
    ]
)
"""`struct arrival` of probe.c: one packet, its kernel receive time on CLOCK_MONOTONIC."""

Arrivals = npt.NDArray[np.void]
_MARKER: Final = 0x80
_FAR_US: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Continuity:
    """What broke between the first and the last packet of each stream, summed over the streams."""

    packets: int
    streams: int
    lost: int
    doubled: int
    reordered: int
    timestamp_breaks: int
    ssrc_changes: int
    markers: int
    not_rtp: int

    @property
    def is_unbroken(self) -> bool:
        """Every packet there once, in its turn, at its timestamp, from one source."""
        return self.packets > 0 and not (
            self.lost
            or self.doubled
            or self.reordered
            or self.timestamp_breaks
            or self.ssrc_changes
            or self.not_rtp
        )

    def __str__(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in asdict(self).items())


def stream_of(arrivals: Arrivals, stream: int) -> Arrivals:
    """The RTP packets of one stream in the order they arrived."""
    mine = arrivals[(arrivals["stream"] == stream) & (arrivals["is_rtp"] == 1)]
    in_order: Arrivals = mine[np.argsort(mine["at_ns"], kind="stable")]
    return in_order


def streams_in(arrivals: Arrivals) -> list[int]:
    """The streams that were heard."""
    return [int(stream) for stream in np.unique(arrivals["stream"])]


def between(arrivals: Arrivals, begin_ns: int, end_ns: int) -> Arrivals:
    """The packets received in a span of CLOCK_MONOTONIC."""
    window: Arrivals = arrivals[(arrivals["at_ns"] >= begin_ns) & (arrivals["at_ns"] < end_ns)]
    return window


def continuity(arrivals: Arrivals, packet_samples: int) -> Continuity:
    """Judge every stream packet by packet; `packet_samples` is a packet on the RTP clock.

    Differences are taken modulo 2^16 and 2^32 (RFC 3550 section 5.1), so a wrap is no break.
    """
    lost = doubled = reordered = timestamp_breaks = ssrc_changes = 0
    for stream in streams_in(arrivals):
        mine = stream_of(arrivals, stream)
        changes = np.flatnonzero(np.diff(mine["ssrc"].astype(np.int64))) + 1
        ssrc_changes += len(changes)
        for run in np.split(mine, changes):
            steps = signed_steps(run["sequence"], 16)
            advances = signed_steps(run["timestamp"], 32)
            places = np.cumsum(steps)
            here = len(np.unique(places))
            lost += int(np.ptp(places)) + 1 - here if here else 0
            doubled += len(run) - here
            reordered += int((steps < 0).sum())
            timestamp_breaks += int((advances != steps * packet_samples).sum())
    return Continuity(
        packets=len(arrivals),
        streams=len(streams_in(arrivals)),
        lost=lost,
        doubled=doubled,
        reordered=reordered,
        timestamp_breaks=timestamp_breaks,
        ssrc_changes=ssrc_changes,
        markers=int((arrivals["marker_and_type"] & _MARKER > 0).sum()),
        not_rtp=int((arrivals["is_rtp"] == 0).sum()),
    )


def signed_steps(counter: npt.NDArray[Any], bits: int) -> npt.NDArray[np.int64]:
    """From each packet to the next, the first 0: a wrap goes ahead, an overtaken packet back."""
    steps = np.diff(counter.astype(np.int64), prepend=counter[:1].astype(np.int64))
    half = 2 ** (bits - 1)
    signed: npt.NDArray[np.int64] = (steps + half) % (2 * half) - half
    return signed


@dataclass(frozen=True, slots=True)
class Deviation:
    """How far packets arrive from where their timestamps put them, in microseconds.

    Each stream is measured from its own median, so that its place in the tick costs nothing.
    """

    p50: float
    p99: float
    p999: float
    latest: float
    over_a_millisecond: int

    def detail(self) -> dict[str, Any]:
        """The same for a row's detail, in whole tenths."""
        return {name: round(value, 1) for name, value in asdict(self).items()}


def deviation(arrivals: Arrivals, rate_hz: int) -> Deviation | None:
    """The pacing of all streams together; None below 100 packets, where p99 says nothing."""
    parts = []
    latest = 0.0
    for stream in streams_in(arrivals):
        mine = stream_of(arrivals, stream)
        due_us = np.cumsum(signed_steps(mine["timestamp"], 32)) * 1e6 / rate_hz
        came_us = (mine["at_ns"] - mine["at_ns"][0]) / 1e3
        late_us = came_us - due_us
        late_us -= np.median(late_us)
        latest = max(latest, float(late_us.max()))
        parts.append(np.abs(late_us))
    if sum(map(len, parts)) < 100:
        return None
    p50, p99, p999 = np.percentile(np.concatenate(parts), [50, 99, 99.9])
    far = int(sum((part > _FAR_US).sum() for part in parts))
    return Deviation(float(p50), float(p99), float(p999), latest, far)


def first_change(stream: Arrivals, after_ns: int, to_b: bool, audible: int) -> int | None:
    """When the audio changed: receive time of the first packet in which the other tone is there.

    Args:
        stream: one stream's packets in order.
        after_ns: look from here on, on CLOCK_MONOTONIC.
        to_b: whether the change is from tone A to tone B, or back.
        audible: amplitude from which a tone counts as there; a fade's first packet must reach it.

    Returns:
        Nanoseconds on CLOCK_MONOTONIC, or None if it didn't change.
    """
    tone = stream["tone_b" if to_b else "tone_a"]
    changed = np.flatnonzero((stream["at_ns"] >= after_ns) & (tone >= audible))
    return int(stream["at_ns"][changed[0]]) if len(changed) else None


def contents_at_each_instant(arrivals: Arrivals) -> npt.NDArray[np.int64]:
    """How many different payloads were sent with each RTP timestamp, for streams on one clock."""
    order = np.unique(np.stack([arrivals["timestamp"], arrivals["content"]], axis=1), axis=0)
    return np.unique(order[:, 0], return_counts=True)[1].astype(np.int64)
