"""Who plays a site's streams: every amplifier needs one that it takes and that reaches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from zones.media_time import samples
from zones.problem import Problem
from zones.reception import Reception
from zones.site import ProfileId, resting_zone
from zones.sitefile_draft import Draft
from zones.sitefile_outputs import amplifiers_of_zones, spares_of
from zones.sitefile_shapes import AmplifierKeys, SiteKeys, StreamKeys
from zones.sitefile_streams import legs_of, means, milliseconds, payload_type_of
from zones.stream_format import FORMATS
from zones.yaml_kind import did_you_mean
from zones.yaml_shape import Record

Owners = Mapping[IPv4Address, Record]


@dataclass(frozen=True, slots=True)
class _Listener:
    """An amplifier of a zone, and what its profile says."""

    amplifier: Record
    reception: Reception
    zone: str

    def takes(self, stream: Record) -> bool | None:
        """Whether it can play a stream; None if the stream itself is wrong."""
        name, packet_seconds = stream.may(StreamKeys.FORMAT), stream.may(StreamKeys.PACKET_TIME)
        payload_type = payload_type_of(stream)
        if name is None or packet_seconds is None or payload_type is None:
            return None
        packet_time, stream_format = samples(packet_seconds), FORMATS[name]
        if packet_time not in stream_format.packet_times or not means(payload_type, stream_format):
            return None
        return self.reception.takes(name, packet_time, payload_type)

    def is_reached_by(self, stream: Record, owners: Owners) -> bool:
        """Whether a stream goes to more than other amplifiers: a group, or no other's address."""
        legs = legs_of(stream)
        return not legs or any(
            owners.get(leg.address, self.amplifier) is self.amplifier for leg in legs
        )


def check_reception(draft: Draft, profiles: Mapping[ProfileId, Reception]) -> Iterator[Problem]:
    """Everything about profiles, and about streams that can't be played, in the site's order."""
    yield from _check_names(draft, profiles)
    owners, streams_of = _owners(draft), _streams_of_zones(draft)
    needed: dict[str, int] = {}
    played: set[str] = set()
    for listener in _listeners(draft, profiles):
        streams = streams_of.get(listener.zone, [])
        yield from _check_listener(listener, streams, owners)
        taken = [stream for stream in streams if listener.takes(stream) is not False]
        heard = [stream for stream in taken if listener.is_reached_by(stream, owners)]
        played.update(stream.name for stream in heard)
        name = listener.amplifier.name
        needed[name] = needed.get(name, 0) + _streams_needed(heard)
    yield from _check_groups(draft, profiles, needed)
    for stream in draft.table(SiteKeys.STREAMS).values():
        if stream.is_whole and stream.name not in played:
            yield stream.place.warning(f"{stream.subject}: no amplifier of its zone plays it")


def listeners(
    draft: Draft, profiles: Mapping[ProfileId, Reception]
) -> dict[str, tuple[Reception, ...]]:
    """What the amplifiers need that hear each stream, by the stream's name."""
    owners, streams_of = _owners(draft), _streams_of_zones(draft)
    found: dict[str, tuple[Reception, ...]] = {}
    for listener in _listeners(draft, profiles):
        for stream in streams_of.get(listener.zone, ()):
            if listener.takes(stream) and listener.is_reached_by(stream, owners):
                found[stream.name] = (*found.get(stream.name, ()), listener.reception)
    return found


def _owners(draft: Draft) -> Owners:
    """The amplifier at each address; the first if several claim it."""
    found: dict[IPv4Address, Record] = {}
    for amplifier in draft.table(SiteKeys.AMPLIFIERS).values():
        address = amplifier.may(AmplifierKeys.ADDRESS)
        if address is not None:
            found.setdefault(address, amplifier)
    return found


def _streams_of_zones(draft: Draft) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for stream in draft.table(SiteKeys.STREAMS).values():
        zone, spare = stream.may(StreamKeys.ZONE), stream.may(StreamKeys.SPARE)
        if zone is not None:
            found.setdefault(zone.value, []).append(stream)
        elif spare is not None:
            found.setdefault(resting_zone(spare.value), []).append(stream)
    return found


def _streams_needed(heard: list[Record]) -> int:
    """How many of a zone's streams an amplifier listens to: one, and those kept for priorities."""
    kept = sum(bool(stream.may(StreamKeys.MIN_PRIORITY)) for stream in heard)
    return kept + (len(heard) > kept)


def _listeners(draft: Draft, profiles: Mapping[ProfileId, Reception]) -> Iterator[_Listener]:
    amplifiers = draft.table(SiteKeys.AMPLIFIERS)
    of_spares = {resting_zone(name): [name] for name in spares_of(draft)}
    for zone, names in (amplifiers_of_zones(draft) | of_spares).items():
        for name in names:
            profile = amplifiers[name].may(AmplifierKeys.PROFILE)
            if profile is not None and ProfileId(profile.value) in profiles:
                yield _Listener(amplifiers[name], profiles[ProfileId(profile.value)], zone)


def _check_names(draft: Draft, profiles: Mapping[ProfileId, Reception]) -> Iterator[Problem]:
    for amplifier in draft.table(SiteKeys.AMPLIFIERS).values():
        profile = amplifier.may(AmplifierKeys.PROFILE)
        if profile is not None and profile.value not in profiles:
            yield amplifier.problem(
                AmplifierKeys.PROFILE,
                f'profile: no firmware profile "{profile.value}"',
                did_you_mean(profile.value, profiles),
            )


def _check_listener(
    listener: _Listener, streams: list[Record], owners: Owners
) -> Iterator[Problem]:
    """An amplifier must hear at least one stream of its zone."""
    amplifier = listener.amplifier
    taken = [stream for stream in streams if listener.takes(stream) is not False]
    if streams and not taken:
        formats = ", ".join(
            f"{each.format} at {' or '.join(map(milliseconds, each.packet_times))}"
            for each in listener.reception.formats
        )
        yield streams[0].place.problem(
            f'{streams[0].subject}: {amplifier.subject} in zone "{listener.zone}" can\'t play it',
            f"its profile takes {formats}",
        )
    elif taken and not any(listener.is_reached_by(stream, owners) for stream in taken):
        yield taken[0].place.problem(
            f'{taken[0].subject}: goes past {amplifier.subject} in zone "{listener.zone}"',
            f"add a leg to {amplifier.may(AmplifierKeys.ADDRESS)}, or use a multicast group",
        )
    for stream in taken:
        yield from _check_legs(listener, stream)


def _check_legs(listener: _Listener, stream: Record) -> Iterator[Problem]:
    for leg in legs_of(stream):
        if listener.reception.needs_even_port and leg.port % 2:
            yield leg.record.problem(
                leg.port_key, f"port: {listener.amplifier.subject} takes even ports only"
            )
        if leg.address.is_multicast and not listener.reception.multicast:
            yield leg.record.problem(
                leg.address_key,
                f"address: {listener.amplifier.subject} can't receive multicast",
                "send to its own address",
            )


def _check_groups(
    draft: Draft, profiles: Mapping[ProfileId, Reception], needed: Mapping[str, int]
) -> Iterator[Problem]:
    """No amplifier is sent more streams at once than it can receive."""
    for name, count in needed.items():
        amplifier = draft.table(SiteKeys.AMPLIFIERS)[name]
        most = profiles[ProfileId(amplifier.must(AmplifierKeys.PROFILE).value)].groups
        if count > most:
            yield amplifier.place.problem(
                f"{amplifier.subject}: its zones have {count} streams, "
                f"it can receive {most} at once"
            )
