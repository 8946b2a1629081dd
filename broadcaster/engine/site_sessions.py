"""From the site to what strangers need: session descriptions, announcements, the station's name.

Pure; control puts the announcements and the CNAME into the plan, and the engine repeats them.
"""

from __future__ import annotations

import hashlib
import ipaddress
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator

from broadcaster.engine.announcement import (
    LONGEST_BYTES,
    PORT,
    announced_at,
    announcement,
    deletion,
    interval,
)
from broadcaster.engine.plan import Datagram, Stream
from broadcaster.engine.session import sdp
from zones.site import Site, StreamSpec

AddressOf = Callable[[str], str]
"""This host's IPv4 address on an interface, which is given by name or is that address."""


def cname_of(secret: bytes) -> str:
    """The station's RTCP name: the same for all its streams, for ever, and telling nobody anything.

    96 bits, as RFC 7022 section 4.2 asks.
    """
    digest = hashlib.blake2b(b"cname", key=secret[:64], digest_size=12).digest()
    return b64encode(digest).decode()


def session_of(site: Site, stream: Stream, address_of: AddressOf, version: int = 1) -> str:
    """The session description (SDP) of a stream of the site, entitled with site and zone."""
    spec = site.stream(stream.id)
    title = f"{site.name.ko} · {site.zone(spec.zone).name.ko}"
    sources = [address_of(interface) for interface in _interfaces(site, spec)]
    return sdp(stream, title=title, sources=sources, ttl=spec.ttl, version=version)


def announcements_of(
    site: Site, streams: Iterable[Stream], address_of: AddressOf, version: int = 1
) -> tuple[Datagram, ...]:
    """An announcement for each stream on each network that carries it as multicast.

    `version` rises with each change of the site. Descriptions too long for an announcement are left
    out; unicast streams have nobody to tell.
    """
    told = [
        (leg_socket, source, announced_at(group), text, stream.ssrc)
        for stream in streams
        for text in [session_of(site, stream, address_of, version)]
        for leg_socket, source, group in _ways(site, stream, address_of)
        if len(announcement(text, source)) <= LONGEST_BYTES
    ]
    every = interval([len(text.encode()) for _, _, _, text, _ in told])
    return tuple(
        Datagram(
            *(leg_socket, address, PORT, every),
            *(announcement(text, source), deletion(text, source), ssrc),
        )
        for leg_socket, source, address, text, ssrc in told
    )


def _ways(site: Site, stream: Stream, address_of: AddressOf) -> Iterator[tuple[str, str, str]]:
    """(socket, own address, group) of each network that carries a stream as multicast."""
    seen: set[str] = set()
    interfaces = _interfaces(site, site.stream(stream.id))
    for leg, interface in zip(stream.legs, interfaces, strict=True):
        if ipaddress.IPv4Address(leg.address).is_multicast and leg.socket not in seen:
            seen.add(leg.socket)
            yield leg.socket, address_of(interface), leg.address


def _interfaces(site: Site, spec: StreamSpec) -> list[str]:
    return [site.network(leg.network).interface for leg in spec.sent]
