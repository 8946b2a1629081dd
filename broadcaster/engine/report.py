"""RTCP: sender reports that tie every stream's timestamps to one clock (RFC 3550 section 6).

All streams share one mapping from media time to NTP time and one CNAME, so a receiver of several
can play them in step. A stream says BYE only when the station stops for good (SAFETY G1).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from zones.media_time import RATE, Sample, WallAnchor

INTERVAL: Final[Sample] = 5 * RATE
"""How often a stream reports: the least RFC 3550 section 6.2 allows without extensions."""
CNAME_BYTES: Final = 255
"""The longest CNAME (RFC 3550 section 6.5)."""

_SENDER_REPORT, _RECEIVER_REPORT, _DESCRIPTION, _BYE = 200, 201, 202, 203
_CNAME_ITEM = 1
_VERSION_2 = 0x80
_NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class NtpMapping:
    """Media time as 64-bit NTP timestamps (RFC 3550 section 4), one for all streams."""

    at_zero: int
    """NTP time of sample 0, in 2^-32 s since 1900; it may be negative."""

    @classmethod
    def by(cls, anchor: WallAnchor) -> NtpMapping:
        """The mapping that follows from one instant known in both times."""
        since_1900 = (anchor.utc - _NTP_EPOCH) // _MICROSECOND
        return cls((since_1900 << 32) // 1_000_000 - (anchor.sample << 32) // RATE)

    def ntp_at(self, sample: Sample) -> int:
        """The NTP timestamp of `sample`, modulo 2^64 (its seconds wrap in 2036)."""
        return self.at_zero + (sample << 32) // RATE & 0xFFFF_FFFF_FFFF_FFFF


def sender_report(ssrc: int, ntp: int, rtp: int, packets: int, octets: int) -> bytes:
    """A sender report without report blocks (RFC 3550 section 6.4.1).

    `ntp` and `rtp` are one instant in both times; `packets` and `octets` of payload count from the
    beginning of the SSRC and wrap at 2^32.
    """
    return struct.pack(
        "!BBHIQIII",
        *(_VERSION_2, _SENDER_REPORT, 6, ssrc, ntp, rtp),
        *(packets & 0xFFFF_FFFF, octets & 0xFFFF_FFFF),
    )


def source_description(ssrc: int, cname: str) -> bytes:
    """The SDES packet that every compound packet carries (RFC 3550 section 6.5)."""
    item = cname.encode()
    if not 0 < len(item) <= CNAME_BYTES:
        raise ValueError(f"a CNAME has 1 to {CNAME_BYTES} bytes, not {len(item)}")
    chunk = struct.pack("!IBB", ssrc, _CNAME_ITEM, len(item)) + item
    chunk += bytes(4 - len(chunk) % 4)  # at least one null octet ends the list
    return struct.pack("!BBH", _VERSION_2 | 1, _DESCRIPTION, len(chunk) // 4) + chunk


def goodbye(ssrc: int) -> bytes:
    """The BYE packet of one source (RFC 3550 section 6.6)."""
    return struct.pack("!BBHI", _VERSION_2 | 1, _BYE, 1, ssrc)


@dataclass(frozen=True, slots=True)
class Report:
    """What a compound packet says of its sender."""

    ssrc: int
    ntp: int | None = None
    """None in a compound packet of somebody who does not send."""
    rtp: int = 0
    packets: int = 0
    octets: int = 0
    cname: str = ""
    is_leaving: bool = False


def parse_report(datagram: bytes) -> Report | None:
    """What the compound packet in `datagram` says, or None when it is none.

    Checked as RFC 3550 appendix A.2 says: version 2, a report first, lengths that add up.
    """
    found: Report | None = None
    at = 0
    while at < len(datagram):
        if len(datagram) - at < 8 or datagram[at] >> 6 != 2:
            return None
        flags, kind, words, ssrc = struct.unpack_from("!BBHI", datagram, at)
        end = at + 4 + 4 * words
        if end > len(datagram) or words < 1 or (flags & 0x20 and end != len(datagram)):
            return None
        body = datagram[at + 8 : end]
        if found is None:
            found = _first(kind, ssrc, body)
            if found is None:
                return None
        elif ssrc == found.ssrc and kind in (_DESCRIPTION, _BYE):
            found = _told(found, kind, body)
        at = end
    return found


def _first(kind: int, ssrc: int, body: bytes) -> Report | None:
    if kind == _RECEIVER_REPORT:
        return Report(ssrc)
    if kind != _SENDER_REPORT or len(body) < 20:
        return None
    return Report(ssrc, *struct.unpack_from("!QIII", body))


def _told(report: Report, kind: int, body: bytes) -> Report:
    cname = report.cname
    if kind == _DESCRIPTION and len(body) >= 2 and body[0] == _CNAME_ITEM:
        cname = body[2 : 2 + body[1]].decode(errors="replace")
    return Report(
        *(report.ssrc, report.ntp, report.rtp, report.packets, report.octets, cname),
        is_leaving=report.is_leaving or kind == _BYE,
    )
