"""One installation: its networks, amplifiers, speakers, zones and streams, as the site file says.

Everything here is a frozen value. The site file's parser makes it, nobody changes it.
Distances are metres along a path, levels are dB of gain, times are samples at 48 000 Hz
unless a name says otherwise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum
from typing import NewType, Protocol, TypeVar

from zones.audible_test import AudibleTest
from zones.bus import ZoneId as ZoneId
from zones.console_settings import ConsoleSettings
from zones.doors_settings import DoorsSettings
from zones.geometry import Point
from zones.media_time import Sample
from zones.notices_settings import NoticesSettings
from zones.problem import Problem
from zones.reception import KeepAlive as KeepAlive
from zones.stream_format import StreamId as StreamId

NetworkId = NewType("NetworkId", str)
PathId = NewType("PathId", str)
ProfileId = NewType("ProfileId", str)
AmplifierId = NewType("AmplifierId", str)
OutputId = NewType("OutputId", str)
"""An output of an amplifier, written `amplifier/number`: `amp-01/2`."""
SpeakerId = NewType("SpeakerId", str)
ExitId = NewType("ExitId", str)
GroupId = NewType("GroupId", str)
GaugeId = NewType("GaugeId", str)
CameraId = NewType("CameraId", str)
DaypartId = NewType("DaypartId", str)


class UnknownNameError(LookupError):
    """A name that this site doesn't have."""


class Evidence(Enum):
    """How a source reports: at a fixed period, or only when something starts and stops."""

    SAMPLE = "sample"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class Name:
    """What people call a thing, in Korean and in English."""

    ko: str
    en: str


@dataclass(frozen=True, slots=True)
class Network:
    """A network that audio leaves by: an interface (name or own address) and its MTU in bytes."""

    id: NetworkId
    interface: str
    mtu: int


@dataclass(frozen=True, slots=True)
class Daypart:
    """Named hours in wall time, half-open; with `until` <= `start` they run past midnight."""

    id: DaypartId
    start: dt.time
    until: dt.time

    def holds(self, time_of_day: dt.time) -> bool:
        """Whether the wall time lies in these hours."""
        if self.start < self.until:
            return self.start <= time_of_day < self.until
        return time_of_day >= self.start or time_of_day < self.until


@dataclass(frozen=True, slots=True)
class Path:
    """A walking path: its length and the line it follows, from its start to its end."""

    id: PathId
    name: Name
    length_m: float
    line: tuple[Point, ...]
    approximate: bool


@dataclass(frozen=True, slots=True)
class Amplifier:
    """A network amplifier, its firmware profile and its loudspeaker outputs."""

    id: AmplifierId
    name: Name
    profile: ProfileId
    network: NetworkId
    address: str
    outputs: tuple[OutputId, ...]


@dataclass(frozen=True, slots=True)
class Speaker:
    """A loudspeaker: the output that drives it and where it stands along its path."""

    id: SpeakerId
    output: OutputId
    zone: ZoneId
    path: PathId
    distance_m: float
    at: Point
    approximate: bool


@dataclass(frozen=True, slots=True)
class Exit:
    """A way off the path: its name as spoken in a message, and where it is."""

    id: ExitId
    name: Name
    path: PathId
    distance_m: float
    at: Point
    approximate: bool


@dataclass(frozen=True, slots=True)
class Zone:
    """The smallest area that can be addressed: a stretch of a path from `start_m` to `end_m`.

    `levels_db` is the gain of the programme in each daypart, `warning_level_db` that of every
    warning at any hour. `quiet_hours` are hours without programme, None if there are none.
    `polygon` is a closed ring (first point repeated) and may be empty.
    """

    id: ZoneId
    name: Name
    path: PathId
    order: int
    start_m: float
    end_m: float
    polygon: tuple[Point, ...]
    approximate: bool
    neighbours: tuple[ZoneId, ...]
    exits: tuple[ExitId, ...]
    outputs: tuple[OutputId, ...]
    levels_db: tuple[tuple[DaypartId, float], ...]
    warning_level_db: float
    quiet_hours: tuple[dt.time, dt.time] | None


@dataclass(frozen=True, slots=True)
class Group:
    """A named set of zones, in the order of the site."""

    id: GroupId
    name: Name
    zones: tuple[ZoneId, ...]


@dataclass(frozen=True, slots=True)
class Leg:
    """One way a stream's packets go: out of a network to an address (multicast or not) and port.

    Each packet is sent `repeat` times: a second copy outlives a lost first one.
    """

    network: NetworkId
    address: str
    port: int
    repeat: int = 1


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """One RTP stream of a zone: what it carries, how, and where to.

    `packet_time`, `delay` and `pre_roll` are samples at 48 000 Hz. `dscp` is 0-63.
    `min_priority` is the lowest priority heard on this stream; 0 means everything.
    `pre_roll` is how long the amplifiers need to wake, `keep_alive` what keeps them awake.
    """

    id: StreamId
    zone: ZoneId
    format: str
    packet_time: Sample
    payload_type: int
    legs: tuple[Leg, ...]
    ttl: int
    dscp: int
    delay: Sample
    min_priority: int
    pre_roll: Sample
    keep_alive: KeepAlive

    @property
    def sent(self) -> tuple[Leg, ...]:
        """Every leg as often as its packets are sent; second copies come after all first ones."""
        most = max(leg.repeat for leg in self.legs)
        return tuple(leg for copy in range(most) for leg in self.legs if copy < leg.repeat)


@dataclass(frozen=True, slots=True)
class Spare:
    """A spare amplifier and the stream it listens to, in a zone of nobody until it takes over."""

    id: StreamId
    amplifier: AmplifierId
    stream: StreamSpec


@dataclass(frozen=True, slots=True)
class Gauge:
    """An instrument by the path; `period_s` and `delay_s` say when a reading is fresh."""

    id: GaugeId
    name: Name
    measures: str
    unit: str
    path: PathId
    distance_m: float
    at: Point
    approximate: bool
    period_s: float
    delay_s: float
    zones: tuple[ZoneId, ...]


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera whose detections a rule uses, where it looks, and the zones it speaks for.

    `azimuth_deg` is where its middle points (0 north), `field_of_view_deg` how wide it sees.
    `period_s` is 0 for a camera that reports states.
    """

    id: CameraId
    name: Name
    at: Point
    approximate: bool
    azimuth_deg: float
    field_of_view_deg: float
    range_m: float
    zones: tuple[ZoneId, ...]
    detects: tuple[str, ...]
    evidence: Evidence
    period_s: float
    delay_s: float


@dataclass(frozen=True, slots=True)
class ProgrammeEntry:
    """Ordinary output: the recordings (folder or playlist, beside the site file) of some zones."""

    zones: tuple[ZoneId, ...]
    recordings: str


@dataclass(frozen=True, slots=True)
class Site:
    """One installation, whole. Every name inside it resolves; the parser saw to that."""

    name: Name
    time_zone: str
    networks: tuple[Network, ...]
    dayparts: tuple[Daypart, ...]
    paths: tuple[Path, ...]
    amplifiers: tuple[Amplifier, ...]
    speakers: tuple[Speaker, ...]
    exits: tuple[Exit, ...]
    zones: tuple[Zone, ...]
    groups: tuple[Group, ...]
    streams: tuple[StreamSpec, ...]
    gauges: tuple[Gauge, ...]
    cameras: tuple[Camera, ...]
    programme: tuple[ProgrammeEntry, ...]
    store_budget_bytes: int
    console: ConsoleSettings
    quiet_neighbours: bool
    self_test: str | None
    doors: DoorsSettings
    notices: NoticesSettings
    rules: str | None
    schedule: str | None
    spares: tuple[Spare, ...] = ()
    audible_test: AudibleTest | None = None
    warnings: tuple[Problem, ...] = ()
    """What the site file's reader found odd, though not wrong."""

    def network(self, network: NetworkId) -> Network:
        """The network of that name; raises UnknownNameError if there is none."""
        return _named(self.networks, network, "network")

    def zone(self, zone: ZoneId) -> Zone:
        """The zone of that name; raises UnknownNameError if there is none."""
        return _named(self.zones, zone, "zone")

    def amplifier(self, amplifier: AmplifierId) -> Amplifier:
        """The amplifier of that name; raises UnknownNameError if there is none."""
        return _named(self.amplifiers, amplifier, "amplifier")

    def stream(self, stream: StreamId) -> StreamSpec:
        """The stream of that name; raises UnknownNameError if there is none."""
        return _named(self.streams, stream, "stream")

    def zones_named(self, names: Iterable[str]) -> tuple[ZoneId, ...]:
        """The zones meant by a list of zone and group names, each once, in the site's order.

        Raises:
            UnknownNameError: for a name that is neither, saying which there are.
        """
        groups = {str(group.id): group.zones for group in self.groups}
        known = {str(zone.id) for zone in self.zones}
        wanted: set[str] = set()
        for name in names:
            if name in groups:
                wanted.update(groups[name])
            elif name in known:
                wanted.add(name)
            else:
                raise UnknownNameError(
                    f'no zone or group "{name}" here; groups are {", ".join(groups) or "none"}, '
                    f"zones {', '.join(sorted(known))}"
                )
        return tuple(zone.id for zone in self.zones if zone.id in wanted)

    def spare(self, name: str) -> Spare:
        """The spare with that stream or amplifier; raises UnknownNameError if there is none."""
        for spare in self.spares:
            if name in (spare.id, spare.amplifier):
                return spare
        known = ", ".join(str(spare.id) for spare in self.spares) or "none in the site file"
        raise UnknownNameError(f'no spare "{name}" here; there are {known}')

    def streams_of(self, zone: ZoneId) -> tuple[StreamSpec, ...]:
        """The streams that carry a zone's sound."""
        return tuple(stream for stream in self.streams if stream.zone == zone)

    def amplifiers_of(self, zone: ZoneId) -> tuple[Amplifier, ...]:
        """The amplifiers with an output in a zone, in the site's order."""
        outputs = set(self.zone(zone).outputs)
        return tuple(amp for amp in self.amplifiers if outputs.intersection(amp.outputs))

    def speakers_of(self, zone: ZoneId) -> tuple[Speaker, ...]:
        """The loudspeakers of a zone, in the order they are listed."""
        return tuple(speaker for speaker in self.speakers if speaker.zone == zone)


def with_interface(site: Site, interface: str) -> Site:
    """The same site with every network on one interface; `127.0.0.1` keeps it on this machine."""
    return replace(
        site, networks=tuple(replace(network, interface=interface) for network in site.networks)
    )


def without_quiet_hours(site: Site) -> Site:
    """The same site with a programme round the clock: to show it, or to test it, at any hour."""
    return replace(site, zones=tuple(replace(zone, quiet_hours=None) for zone in site.zones))


def resting_zone(amplifier: str) -> ZoneId:
    """The zone of a spare amplifier that has taken nothing over: none that a site could have."""
    return ZoneId(f"spare {amplifier}")


def output_id(amplifier: AmplifierId, number: int) -> OutputId:
    """The name of an amplifier's output; outputs are numbered from 1."""
    return OutputId(f"{amplifier}/{number}")


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


_Item = TypeVar("_Item", bound=_HasId)


def _named(items: tuple[_Item, ...], wanted: str, kind: str) -> _Item:
    for item in items:
        if item.id == wanted:
            return item
    raise UnknownNameError(f'no {kind} "{wanted}" here; there are {", ".join(i.id for i in items)}')
