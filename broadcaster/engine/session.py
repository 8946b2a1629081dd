"""Session descriptions: what a receiver must know to play a stream (SDP, RFC 8866).

They claim no more than is true: the timestamps follow this sender's own clock, not PTP.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence

from broadcaster.engine.codec import OPUS
from broadcaster.engine.plan import Leg, Stream
from zones.media_time import RATE

MEDIA_TYPE = "application/sdp"


def sdp(stream: Stream, *, title: str, sources: Sequence[str], ttl: int, version: int = 1) -> str:
    """The description of `stream`, one media section a leg.

    `title` is what a person reads when choosing. `sources` holds this host's address on each leg's
    network, in the order of the legs. `version` rises with each change. Several legs carry the same
    packets and are grouped as duplicates (RFC 7104, as SMPTE ST 2022-7 uses it).

    Raises:
        ValueError: not one source address for each leg, or no IPv4 address.
    """
    if len(sources) != len(stream.legs):
        raise ValueError(f"stream {stream.id}: {len(stream.legs)} legs, {len(sources)} addresses")
    for source in sources:
        ipaddress.IPv4Address(source)
    lines = [
        "v=0",
        f"o=- {stream.ssrc} {version} IN IP4 {sources[0]}",
        f"s={_text(title)}",
        "t=0 0",
        "a=recvonly",
    ]
    # A leg that is sent twice is received once.
    ways = list(dict.fromkeys(zip(stream.legs, sources, strict=True)))
    if len(ways) > 1:
        lines.append(f"a=group:DUP {' '.join(_mid(number) for number in range(len(ways)))}")
    for number, (leg, source) in enumerate(ways):
        lines += _media(stream, leg, source, ttl)
        if len(ways) > 1:
            lines.append(f"a=mid:{_mid(number)}")
    return "\r\n".join([*lines, ""])


def _media(stream: Stream, leg: Leg, source: str, ttl: int) -> Iterator[str]:
    is_multicast = ipaddress.IPv4Address(leg.address).is_multicast
    milliseconds = f"{stream.packet_time * 1000 / RATE:g}"
    yield f"m=audio {leg.port} RTP/AVP {stream.payload_type}"
    yield f"c=IN IP4 {leg.address}" + (f"/{ttl}" if is_multicast else "")
    yield f"a=rtpmap:{stream.payload_type} {stream.format.name}"
    if stream.format is OPUS:  # RFC 7587 section 7: two channels in the name, one in the sound
        yield f"a=fmtp:{stream.payload_type} sprop-stereo=0; sprop-maxcapturerate=48000"
    yield f"a=ptime:{milliseconds}"
    yield f"a=maxptime:{milliseconds}"
    if is_multicast:
        yield f"a=source-filter: incl IN IP4 {leg.address} {source}"
    yield "a=ts-refclk:local"  # RFC 7273 section 4: a clock nobody else shares
    yield "a=mediaclk:sender"


def _mid(number: int) -> str:
    return str(number + 1)


def _text(title: str) -> str:
    """A title in one line; SDP has no way to write an empty one (RFC 8866 section 5.3)."""
    return " ".join("".join(c if c.isprintable() else " " for c in title).split()) or "-"
