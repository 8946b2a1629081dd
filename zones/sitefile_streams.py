"""What must hold for a site's streams: addresses, ports, packet sizes, and who can play them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from zones.media_time import Sample, samples, seconds
from zones.problem import Problem
from zones.sitefile_draft import Draft
from zones.sitefile_names import unknown_name
from zones.sitefile_outputs import zone_of_output
from zones.sitefile_shapes import AmplifierKeys, LegKeys, NetworkKeys, SiteKeys, StreamKeys
from zones.stream_format import FORMATS, StreamFormat
from zones.yaml_shape import Field, Placed, Record

DEFAULT_MTU: Final = 1500
"""Ethernet's, in bytes; what a network has that doesn't say otherwise."""

DYNAMIC_PAYLOAD_TYPES: Final = range(96, 128)
"""Payload types for formats without a fixed one (RFC 3551 section 6)."""

_RESERVED: Final = {
    # RFC 5771: blocks that belong to protocols, and addresses within them that devices listen to.
    "224.0.0.0/24": "for neighbouring routers; switches send it to every port",
    "224.0.1.0/24": "for protocols between networks",
    "224.2.127.254/32": "where sessions are announced (SAP)",
    "232.0.0.0/8": "for source-specific multicast, which amplifiers can't join",
    "233.252.0.0/24": "for examples in documents",
    "239.255.255.250/32": "where devices look for each other (SSDP)",
    "239.255.255.255/32": "where sessions are announced (SAP)",
}
_RESERVED_NETWORKS: Final = tuple(
    (ipaddress.IPv4Network(block), why) for block, why in _RESERVED.items()
)
_ADMINISTRATIVE: Final = ipaddress.IPv4Network("239.0.0.0/8")
_MAC_BITS: Final = (1 << 23) - 1
"""The bits of a group that its Ethernet address keeps (RFC 1112 section 6.4)."""


@dataclass(frozen=True, slots=True)
class DraftLeg:
    """One leg as written, with the record and keys to point at."""

    record: Record
    network: Placed[str]
    address: ipaddress.IPv4Address
    port: int
    address_key: Field[ipaddress.IPv4Address]
    port_key: Field[int]
    network_key: Field[Placed[str]]
    stream: Record
    repeat: int = 1


def legs_of(stream: Record) -> tuple[DraftLeg, ...]:
    """The legs of a stream that could be read whole."""
    keys = StreamKeys
    network, address, port = (
        stream.may(keys.NETWORK),
        stream.may(keys.ADDRESS),
        stream.may(keys.PORT),
    )
    inner = stream.may(keys.LEGS)
    if inner is not None:
        return tuple(
            DraftLeg(
                leg,
                leg.must(LegKeys.NETWORK),
                leg.must(LegKeys.ADDRESS),
                leg.must(LegKeys.PORT),
                LegKeys.ADDRESS,
                LegKeys.PORT,
                LegKeys.NETWORK,
                stream,
                leg.may(LegKeys.REPEAT) or 1,
            )
            for leg in inner
        )
    if network is None or address is None or port is None:
        return ()
    return (
        DraftLeg(stream, network, address, port, keys.ADDRESS, keys.PORT, keys.NETWORK, stream),
    )


def check_streams(draft: Draft) -> Iterator[Problem]:
    """Everything about streams and networks that doesn't agree."""
    streams = draft.table(SiteKeys.STREAMS)
    legs: list[DraftLeg] = []
    for stream in streams.values():
        yield from _check_use(draft, stream)
        yield from _check_ways(stream)
        yield from _check_packets(stream)
        legs.extend(legs_of(stream))
    for leg in legs:
        yield from _check_leg(draft, leg)
    yield from _check_collisions(legs)
    yield from _check_spares(draft)


def _check_use(draft: Draft, stream: Record) -> Iterator[Problem]:
    """A stream is of one zone, or of one spare amplifier."""
    yield from unknown_name(draft, stream, StreamKeys.ZONE, SiteKeys.ZONES, "zone")
    yield from unknown_name(draft, stream, StreamKeys.SPARE, SiteKeys.AMPLIFIERS, "amplifier")
    if stream.has(StreamKeys.ZONE) and stream.has(StreamKeys.SPARE):
        yield stream.problem(
            StreamKeys.SPARE, "has both zone and spare", "a spare's stream has no zone of its own"
        )
    elif not stream.has(StreamKeys.ZONE) and not stream.has(StreamKeys.SPARE):
        yield stream.place.problem(
            f'{stream.subject}: lacks "zone"', "or spare, with a spare amplifier's name"
        )


def _check_spares(draft: Draft) -> Iterator[Problem]:
    """A spare amplifier serves no zone, and has one stream."""
    zone_of = {
        output.partition("/")[0]: zone for output, zone in reversed(zone_of_output(draft).items())
    }
    owner: dict[str, Record] = {}
    for stream in draft.table(SiteKeys.STREAMS).values():
        spare = stream.may(StreamKeys.SPARE)
        if spare is None:
            continue
        if spare.value in zone_of:
            yield stream.problem(
                StreamKeys.SPARE,
                f'spare: "{spare.value}" plays zone "{zone_of[spare.value]}"',
                "a spare amplifier has no zone of its own",
            )
        other = owner.setdefault(spare.value, stream)
        if other is not stream:
            yield stream.problem(
                StreamKeys.SPARE, f'spare: "{spare.value}" has {other.subject} already'
            )


def _check_ways(stream: Record) -> Iterator[Problem]:
    """Either one address or a list of legs."""
    if stream.has(StreamKeys.LEGS):
        if stream.has(StreamKeys.ADDRESS):
            yield stream.problem(
                StreamKeys.ADDRESS, "has both address and legs", "move the address into the legs"
            )
        return
    fields: tuple[Field[Any], ...] = (StreamKeys.ADDRESS, StreamKeys.PORT, StreamKeys.NETWORK)
    missing = [f'"{field.key}"' for field in fields if not stream.has(field)]
    if missing:
        yield stream.place.problem(f"{stream.subject}: lacks {', '.join(missing)}")


# --- packets ----------------------------------------------------------------------------------


def payload_type_of(stream: Record) -> int | None:
    """The payload type given, or else the fixed one of the format."""
    name = stream.may(StreamKeys.FORMAT)
    given = stream.may(StreamKeys.PAYLOAD_TYPE)
    fixed = FORMATS[name].static_payload_type if name is not None else None
    return given if given is not None else fixed


def means(payload_type: int, stream_format: StreamFormat) -> bool:
    """Whether a payload type may stand for a format: its fixed one, or a dynamic one."""
    return payload_type in {stream_format.static_payload_type, *DYNAMIC_PAYLOAD_TYPES}


def milliseconds(length: Sample) -> str:
    """A packet time as it is written in a site file."""
    return f"{seconds(length) * 1000:g} ms"


def _check_packets(stream: Record) -> Iterator[Problem]:
    name, packet_seconds = stream.may(StreamKeys.FORMAT), stream.may(StreamKeys.PACKET_TIME)
    if name is None:
        return
    stream_format = FORMATS[name]
    yield from _check_payload_type(stream, stream_format)
    if packet_seconds is None or samples(packet_seconds) in stream_format.packet_times:
        return
    usual = ", ".join(milliseconds(each) for each in stream_format.packet_times)
    yield stream.problem(
        StreamKeys.PACKET_TIME,
        f"packet_time: {packet_seconds * 1000:g} ms is no packet time of {name}",
        f"{name} has {usual}",
    )


def _check_payload_type(stream: Record, stream_format: StreamFormat) -> Iterator[Problem]:
    given, fixed = stream.may(StreamKeys.PAYLOAD_TYPE), stream_format.static_payload_type
    if stream.has(StreamKeys.PAYLOAD_TYPE) and given is None:
        return
    if given is None and fixed is None:
        yield stream.problem(
            StreamKeys.FORMAT, f"{stream_format.name} needs a payload_type", "96 is usual"
        )
    elif given is not None and not means(given, stream_format):
        right = f"{fixed}, or one of 96 to 127" if fixed is not None else "one of 96 to 127"
        yield stream.problem(
            StreamKeys.PAYLOAD_TYPE,
            f"payload_type: {given} doesn't mean {stream_format.name}",
            f"use {right}",
        )


def _check_leg(draft: Draft, leg: DraftLeg) -> Iterator[Problem]:
    yield from unknown_name(draft, leg.record, leg.network_key, SiteKeys.NETWORKS, "network")
    yield from _check_address(draft, leg)
    if leg.port % 2:
        yield leg.record.warning(
            leg.port_key,
            f"port: {leg.port} is odd; RTP takes an even port and RTCP the next "
            "(RFC 3550 section 11)",
        )
    network = draft.table(SiteKeys.NETWORKS).get(leg.network.value)
    name, packet_seconds = (
        leg.stream.may(StreamKeys.FORMAT),
        leg.stream.may(StreamKeys.PACKET_TIME),
    )
    if network is None or name is None or packet_seconds is None:
        return
    mtu = network.may(NetworkKeys.MTU) or DEFAULT_MTU
    size = FORMATS[name].datagram_bytes(samples(packet_seconds))
    if size > mtu:
        fitting = [
            each for each in FORMATS[name].packet_times if FORMATS[name].datagram_bytes(each) <= mtu
        ]
        hint = f"at most {milliseconds(max(fitting))} fits" if fitting else ""
        yield leg.stream.problem(
            StreamKeys.PACKET_TIME,
            f"packet_time: {packet_seconds * 1000:g} ms of {name} makes packets of {size} bytes; "
            f'network "{leg.network.value}" carries {mtu}',
            hint,
        )


def _check_address(draft: Draft, leg: DraftLeg) -> Iterator[Problem]:
    address, key, record = leg.address, leg.address_key, leg.record
    if not address.is_multicast:
        owners = draft.table(SiteKeys.AMPLIFIERS).values()
        if address.is_unspecified or address.is_reserved:
            yield record.problem(key, f"address: {address} can't be sent to")
        elif address not in {owner.may(AmplifierKeys.ADDRESS) for owner in owners}:
            yield record.warning(key, f"address: {address} is neither a group nor an amplifier's")
        return
    why = next((why for block, why in _RESERVED_NETWORKS if address in block), None)
    suggestion = f"use 239.192.77.{int(address) & 0xFF or 1} or another of 239.192.0.0/14"
    if why is not None:
        yield record.problem(key, f"address: {address} is reserved {why}", suggestion)
    elif int(address) & _MAC_BITS < 256:
        yield record.problem(
            key,
            f"address: {address} has the Ethernet address of 224.0.0.{int(address) & 0xFF}, "
            "which switches send to every port",
            suggestion,
        )
    elif address not in _ADMINISTRATIVE:
        yield record.warning(
            key, f"address: {address} is of global scope; a site's own groups are in 239.0.0.0/8"
        )


def _check_collisions(legs: list[DraftLeg]) -> Iterator[Problem]:
    """Streams that share an address and port, an RTCP port or an Ethernet address."""
    taken: dict[tuple[str, ipaddress.IPv4Address, int], DraftLeg] = {}
    by_mac: dict[tuple[str, int], DraftLeg] = {}
    for leg in legs:
        where = leg.network.value
        other = taken.setdefault((where, leg.address, leg.port), leg)
        if other is not leg:
            yield leg.record.problem(
                leg.address_key,
                f"address: {leg.address} port {leg.port} is taken by {other.stream.subject} "
                f"in line {other.record.place_of(other.address_key).line}",
            )
        if not leg.address.is_multicast:
            continue
        other = by_mac.setdefault((where, int(leg.address) & _MAC_BITS), leg)
        if other.address != leg.address:
            yield leg.record.problem(
                leg.address_key,
                f"address: {leg.address} has the same Ethernet address as {other.address} of "
                f"{other.stream.subject}; switches can't tell them apart",
                "let the last three numbers differ in more than the highest bit",
            )
    for leg in legs:
        beside = taken.get((leg.network.value, leg.address, leg.port + 1))
        if beside is not None and beside.stream is not leg.stream:
            yield beside.record.problem(
                beside.port_key,
                f"port: {beside.port} is the RTCP port of {leg.stream.subject}",
                f"use an even port, such as {leg.port + 2}",
            )
