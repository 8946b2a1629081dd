"""What an ear on another host counts of each stream, and how it is written in a report.

Pure. It knows nothing of the plan: it counts packets and remembers the digests of some, chosen by
their sequence number, so that the station's own ear can tell whether they are what was sent.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

SAMPLED: Final = 64
"""One packet in so many is digested: those whose sequence number it divides."""
DIGESTS: Final = 8
"""Digests in one report of a stream, the newest."""
_WIDE: Final = 1 << 16
_JUMP: Final = 3_000
"""A gap in the sequence numbers that is no loss any more but a stream begun anew."""


@dataclass(frozen=True, slots=True)
class HeardStream:
    """What a host is to listen to: one stream, as the station describes it."""

    id: str
    address: str
    port: int
    ssrc: int

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> HeardStream:
        """It out of JSON; raises KeyError, TypeError or ValueError when it is none."""
        port, ssrc = int(fields["port"]), int(fields["ssrc"])
        if not 0 < port < _WIDE:
            raise ValueError(f"{port} is no port")
        return cls(str(fields["id"]), str(fields["address"]), port, ssrc)

    def fields(self) -> dict[str, Any]:
        """It as JSON."""
        return {"id": self.id, "address": self.address, "port": self.port, "ssrc": self.ssrc}


def digest(payload: bytes) -> str:
    """Eight bytes that stand for a payload, in hex."""
    return hashlib.blake2b(payload, digest_size=8).hexdigest()


class RemoteCount:
    """The packets of one stream since the last report."""

    def __init__(self, ssrc: int) -> None:
        """Nothing was heard yet."""
        self._ssrc = ssrc
        self._newest: int | None = None
        self._timestamp = 0
        self._packets = self._expected = self._strangers = 0
        self._digests: deque[tuple[int, str]] = deque(maxlen=DIGESTS)

    def hear(
        self, headers: NDArray[np.void], octets: NDArray[np.uint8], lengths: NDArray[np.intp]
    ) -> None:
        """Take packets in the order in which they came; `octets` are whole datagrams in rows."""
        is_ours = headers["ssrc"] == self._ssrc
        self._strangers += int((~is_ours).sum())
        for row in np.flatnonzero(is_ours).tolist():
            sequence, timestamp = int(headers["sequence"][row]), int(headers["timestamp"][row])
            if not self._count(sequence, timestamp):
                continue
            if sequence % SAMPLED == 0:
                payload = octets[row, headers.dtype.itemsize : lengths[row]].tobytes()
                self._digests.append((timestamp, digest(payload)))

    def _count(self, sequence: int, timestamp: int) -> bool:
        """Count one packet; False for one that came twice or late."""
        self._packets += 1
        if self._newest is None:
            step = 1
        else:
            step = (sequence - self._newest) % _WIDE
            if step == 0 or step > _WIDE - _JUMP:
                self._packets -= step == 0
                return False
        self._expected += step if step < _JUMP else 1
        self._newest, self._timestamp = sequence, timestamp
        return True

    def report(self) -> dict[str, Any]:
        """What was heard since the last report, as JSON; counting begins anew."""
        fields = {
            "packets": self._packets,
            "expected": self._expected,
            "strangers": self._strangers,
            "timestamp": self._timestamp if self._packets else None,
            "digests": [list(each) for each in self._digests],
        }
        self._packets = self._expected = self._strangers = 0
        self._digests.clear()
        return fields
