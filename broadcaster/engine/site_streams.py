"""From the site to the engine: which streams to send, and which sockets that takes.

Pure; used by control, which writes the streams into the plan, and by the supervisor, which opens
the sockets. Both get the names of the sockets from here.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from broadcaster.engine.packet import stream_ssrc
from broadcaster.engine.plan import Leg, Stream, socket_name
from zones.bus import ZoneId
from zones.media_time import BootId
from zones.reception import KeepAlive
from zones.site import Leg as SiteLeg
from zones.site import Site, StreamId, StreamSpec
from zones.stream_format import FORMATS

SELF_TEST_STREAM = StreamId("self-test")
SELF_TEST_ZONE = ZoneId("self-test")
"""The zone of the hidden self-test, which is none of the site's."""


@dataclass(frozen=True, slots=True)
class SendingSocket:
    """A socket to open: its name in the plan, the interface (name or own address), TTL, DSCP."""

    name: str
    interface: str
    ttl: int
    dscp: int


def streams_of(site: Site, secret: bytes, boot: BootId) -> tuple[Stream, ...]:
    """Every stream of the site as the engine sends it; SSRCs hold for this boot (SAFETY G1)."""
    return tuple(_stream(site, spec, secret, boot) for spec in site.streams)


def spares_of(site: Site, secret: bytes, boot: BootId) -> tuple[Stream, ...]:
    """The streams of the spare amplifiers while they rest: silence, in a zone of nobody."""
    return tuple(_stream(site, spare.stream, secret, boot) for spare in site.spares)


def self_test_of(site: Site, secret: bytes, boot: BootId) -> Stream | None:
    """The stream of the hidden self-test: like the site's first, to a group that nobody plays."""
    if site.self_test is None or not site.streams:
        return None
    like = site.streams[0]
    spec = replace(
        like,
        id=SELF_TEST_STREAM,
        zone=SELF_TEST_ZONE,
        legs=(replace(like.legs[0], address=site.self_test, repeat=1),),
        delay=0,
        pre_roll=0,
        min_priority=0,
    )
    return _stream(site, spec, secret, boot)


def sockets_of(site: Site) -> tuple[SendingSocket, ...]:
    """The sockets the streams of this site leave by, each once."""
    specs = (*site.streams, *(spare.stream for spare in site.spares))
    return tuple(dict.fromkeys(_socket(site, spec, leg) for spec in specs for leg in spec.legs))


def _socket(site: Site, spec: StreamSpec, leg: SiteLeg) -> SendingSocket:
    interface = site.network(leg.network).interface
    name = socket_name(interface, spec.ttl, spec.dscp)
    return SendingSocket(name, interface, spec.ttl, spec.dscp)


def _stream(site: Site, spec: StreamSpec, secret: bytes, boot: BootId) -> Stream:
    payload_format = FORMATS[spec.format]
    legs = tuple(Leg(_socket(site, spec, leg).name, leg.address, leg.port) for leg in spec.sent)
    return Stream(
        spec.id,
        spec.zone,
        payload_format,
        spec.packet_time,
        spec.payload_type,
        stream_ssrc(secret, spec.id, payload_format, boot),
        legs,
        delay=spec.delay,
        keep_alive=spec.keep_alive is KeepAlive.DITHER,
        min_priority=spec.min_priority,
        pre_roll=spec.pre_roll,
    )
