"""What reports of ears on other hosts say of arrival, beside what was heard here (SAFETY A1).

Pure. The station's own ear proves what was *sent*; a remote one proves that this very sound came
to its place in the network. The times are those of the packets, so the other host's clock does not
matter. It says nothing of amplifiers elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from broadcaster.ear.batch import EarLeg
from broadcaster.ear.remote_count import SAMPLED, digest
from broadcaster.engine.packet import HEADER, samples_near
from broadcaster.multicast import Datagrams
from broadcaster.witness import Fact, Witness
from zones.media_time import RATE, Sample

LEAST_SHARE: Final = 0.9
"""Of the packets that were sent, less is not *arrived*."""
LATE: Sample = 5 * RATE
"""A report whose newest packet is older tells of what was, not of what is."""
HOLDS_S: Final = 4.0
"""Seconds for which a report speaks: they come every second."""
MOST_EARS: Final = 64
_REMEMBERED: Final = 256
"""Digests kept of each stream: at least 16 s of it."""
_MOST_STREAMS: Final = 4_096


class SentDigests:
    """Digests of what this host heard itself send, by stream and timestamp."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self._of: dict[str, OrderedDict[int, str]] = {}
        self._newest: dict[str, Sample] = {}

    def note(self, batch: Datagrams, legs: Sequence[EarLeg], now: Sample) -> None:
        """Remember the packets of a batch that remote ears remember too."""
        headers = batch.headers()
        chosen = batch.is_plain() & (headers["sequence"] % SAMPLED == 0)
        for row in np.flatnonzero(chosen).tolist():
            stream = str(legs[int(batch.socket[row])].stream)
            known = self._of.setdefault(stream, OrderedDict())
            payload = batch.octets[row, HEADER.itemsize : batch.lengths[row]].tobytes()
            known.setdefault(int(headers["timestamp"][row]), digest(payload))
            self._newest[stream] = now
            while len(known) > _REMEMBERED:
                known.popitem(last=False)

    def agrees(self, stream: str, timestamp: int, found: str) -> bool | None:
        """Whether a packet is what was sent; None when it was not heard here."""
        known = self._of.get(stream, OrderedDict()).get(timestamp)
        return None if known is None else known == found

    def is_sent(self, stream: str, now: Sample) -> bool:
        """Whether a stream was heard here lately."""
        newest = self._newest.get(stream)
        return newest is not None and now - newest <= LATE


@dataclass(frozen=True, slots=True)
class Said:
    """What one ear says of one stream; `at` is the sample of its newest packet."""

    value: bool | None
    at: Sample
    detail: Mapping[str, Any] = field(default_factory=dict)


class ReportError(ValueError):
    """A report that is none; the text says what is wrong."""


class RemoteEars:
    """The newest word of every remote ear."""

    def __init__(self, legs: Sequence[EarLeg]) -> None:
        """`legs` are those the station's own ear listens to."""
        self.sent = SentDigests()
        self._said: dict[str, dict[str, Said]] = {}
        self._legs: dict[str, EarLeg] = {}
        self.listen_to(legs)

    def listen_to(self, legs: Sequence[EarLeg]) -> None:
        """There are other streams."""
        self._legs = {str(leg.stream): leg for leg in reversed(legs)}

    def hear(self, ear: str, streams: object, now: Sample) -> dict[str, bool | None]:
        """Take a report; what it says of each stream.

        Raises:
            ReportError: it is none, or comes from one ear too many.
        """
        if not isinstance(streams, dict) or len(streams) > _MOST_STREAMS:
            raise ReportError("streams is an object of counts by stream")
        if ear not in self._said and len(self._said) >= MOST_EARS:
            raise ReportError(f"{MOST_EARS} remote ears report already")
        said = {
            name: self._judged(leg, streams[name], now)
            for name, leg in self._legs.items()
            if name in streams
        }
        self._said[ear] = said
        return {name: each.value for name, each in said.items()}

    def _judged(self, leg: EarLeg, counts: object, now: Sample) -> Said:
        packets, expected, timestamp, digests = _counts(counts)
        stream = str(leg.stream)
        share = packets / expected if expected else None
        detail = {"ratio": None if share is None else round(share, 3), "fault": ""}
        if timestamp is None or share is None:
            is_cut = self.sent.is_sent(stream, now)
            detail["fault"] = "nothing arrives there" if is_cut else ""
            return Said(False if is_cut else None, now, detail)
        at = _sample(timestamp, leg.clock_hz, now)
        agreeing = [self.sent.agrees(stream, when, found) for when, found in digests]
        if False in agreeing:
            fault, value = "other sound arrives there than was sent", False
        elif share < LEAST_SHARE:
            fault, value = f"{1 - share:.0%} of the packets are lost on the way there", False
        else:
            return Said(True if True in agreeing else None, at, detail)
        return Said(value, at, {**detail, "fault": fault})

    def witnesses(self, now: Sample) -> Iterator[Witness]:
        """What remote ears say of arrival; an ear that fell silent is soon too old to count."""
        for ear, streams in list(self._said.items()):
            if all(now - said.at > 60 * RATE for said in streams.values()):
                del self._said[ear]
                continue
            for name, said in streams.items():
                leg = self._legs.get(name)
                if leg is not None:
                    yield Witness(
                        *(f"ear {ear}", leg.zone, leg.stream, Fact.ARRIVED),
                        *(said.value, min(said.at, now)),
                        {**said.detail, "holds_s": HOLDS_S, "witness": "an ear on another host"},
                    )


def _sample(timestamp: int, clock_hz: int, now: Sample) -> Sample:
    stamps, rates = np.array([timestamp], np.uint32), np.array([clock_hz], np.int64)
    return int(samples_near(stamps, rates, now)[0])


def _counts(counts: object) -> tuple[int, int, int | None, list[tuple[int, str]]]:
    """Packets, expected ones, the newest timestamp, digests; raises ReportError."""
    try:
        assert isinstance(counts, dict)  # noqa: S101 - told like every other mistake
        packets, expected = int(counts["packets"]), int(counts["expected"])
        timestamp = None if counts["timestamp"] is None else int(counts["timestamp"])
        digests = [(int(when), str(found)) for when, found in counts["digests"]]
    except (AssertionError, KeyError, TypeError, ValueError, OverflowError):
        raise ReportError("the counts of a stream are none") from None
    is_wide = timestamp is not None and not 0 <= timestamp < 1 << 32
    if is_wide or not 0 <= packets < 1 << 32 or not 0 <= expected < 1 << 32:
        raise ReportError("the counts of a stream are out of range")
    return packets, expected, timestamp, digests
