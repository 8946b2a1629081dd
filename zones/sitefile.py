"""The site file: text in, one frozen `Site` out, or every problem at once."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping

from zones.bus import ZoneId
from zones.media_time import samples
from zones.problem import Problem
from zones.reception import KeepAlive, Reception
from zones.site import (
    Amplifier,
    AmplifierId,
    Camera,
    CameraId,
    Daypart,
    DaypartId,
    Exit,
    ExitId,
    Gauge,
    GaugeId,
    Group,
    GroupId,
    Leg,
    Name,
    Network,
    NetworkId,
    OutputId,
    Path,
    PathId,
    ProfileId,
    ProgrammeEntry,
    Site,
    Spare,
    Speaker,
    SpeakerId,
    StreamId,
    StreamSpec,
    Zone,
    output_id,
    resting_zone,
)
from zones.sitefile_audible_test import audible_test, check_audible_test
from zones.sitefile_checks import check_site
from zones.sitefile_console import check_console, console_settings
from zones.sitefile_doors import check_doors, doors_settings
from zones.sitefile_draft import Draft, read_draft
from zones.sitefile_draft import named_files as named_files
from zones.sitefile_names import zones_of_groups
from zones.sitefile_notices import notices_settings
from zones.sitefile_notices_checks import check_notices
from zones.sitefile_outputs import zone_of_output
from zones.sitefile_reception import check_reception, listeners
from zones.sitefile_shapes import (
    NAME_EN,
    NAME_KO,
    AmplifierKeys,
    CameraKeys,
    ExitKeys,
    GaugeKeys,
    GroupKeys,
    NetworkKeys,
    PathKeys,
    ProgrammeKeys,
    SiteKeys,
    SpeakerKeys,
    StoreKeys,
    StreamKeys,
    ZoneKeys,
)
from zones.sitefile_streams import (
    DEFAULT_MTU,
    check_streams,
    legs_of,
    payload_type_of,
)
from zones.sitefile_warnings import check_warnings, quiet_neighbours, self_test_group
from zones.yaml_shape import Field, Placed, Record

DEFAULT_STORE_BUDGET_BYTES = 20_000_000_000
"""Room for about 58 hours of decoded audio: 48 000 samples of two bytes a second."""


class SiteError(Exception):
    """A site file that can't be used: every problem, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem], files: Mapping[str, str]) -> None:
        self.problems = tuple(problems)
        self._files = dict(files)
        super().__init__("\n".join(map(str, self.problems)))

    def rendered(self) -> str:
        """Every problem with its line and a caret, as `check` prints it."""
        return "\n".join(each.rendered(self._files.get(each.file, "")) for each in self.problems)


def parse_site(
    files: Mapping[str, str],
    main: str,
    *,
    profiles: Mapping[ProfileId, Reception] | None = None,
    time_zones: Collection[str] | None = None,
    unreadable: Collection[str] = (),
) -> Site:
    """The site that the text of `main` and of the files it names describes.

    `profiles` are the firmware profiles there are and `time_zones` the IANA names; with None
    either isn't checked. Nothing is said about the `unreadable` files that are not in `files`.

    Raises:
        SiteError: with every problem there is. Warnings are kept in `Site.warnings`.
    """
    problems: list[Problem] = []
    draft = read_draft(files, main, unreadable, problems)
    if draft is not None:
        problems.extend(check_site(draft, time_zones))
        problems.extend(check_streams(draft))
        problems.extend(check_console(draft.top.may(SiteKeys.CONSOLE)))
        problems.extend(check_doors(draft.top.may(SiteKeys.DOORS)))
        problems.extend(check_notices(draft))
        problems.extend(check_audible_test(draft))
        streams = draft.table(SiteKeys.STREAMS).values()
        groups = (leg.address for stream in streams for leg in legs_of(stream))
        problems.extend(check_warnings(draft.top.may(SiteKeys.WARNINGS), groups))
        if profiles is not None:
            problems.extend(check_reception(draft, profiles))
    wrong = [problem for problem in problems if not problem.is_warning]
    if draft is None or wrong:
        # What is odd may only follow from what is wrong.
        raise SiteError(_in_order(wrong, main), files)
    return _Builder(draft, profiles or {}).site(_in_order(problems, main))


def _in_order(problems: Iterable[Problem], main: str) -> tuple[Problem, ...]:
    """Each problem once, the main file's first, by line and column."""
    return tuple(sorted(set(problems), key=lambda p: (p.file != main, p)))


class _Builder:
    """Makes the site of a draft that was found right."""

    def __init__(self, draft: Draft, profiles: Mapping[ProfileId, Reception]) -> None:
        self._draft = draft
        self._listeners = listeners(draft, profiles)
        self._is_approximate = draft.top.may(SiteKeys.APPROXIMATE) or False
        self._zone_of = {output: ZoneId(z) for output, z in zone_of_output(draft).items()}
        self._groups = zones_of_groups(draft)
        self._zones = tuple(draft.table(SiteKeys.ZONES))

    def site(self, warnings: tuple[Problem, ...]) -> Site:
        top, table = self._draft.top, self._draft.table
        store = top.may(SiteKeys.STORE)
        return Site(
            name=_name(top, SiteKeys.NAME),
            time_zone=top.must(SiteKeys.TIME_ZONE),
            networks=tuple(_network(*item) for item in table(SiteKeys.NETWORKS).items()),
            dayparts=tuple(
                Daypart(DaypartId(name.value), *hours)
                for name, hours in top.must(SiteKeys.DAYPARTS)
            ),
            paths=tuple(self._path(*item) for item in table(SiteKeys.PATHS).items()),
            amplifiers=tuple(_amplifier(*item) for item in table(SiteKeys.AMPLIFIERS).items()),
            speakers=tuple(self._speaker(*item) for item in table(SiteKeys.SPEAKERS).items()),
            exits=tuple(self._exit(*item) for item in table(SiteKeys.EXITS).items()),
            zones=tuple(self._zone(*item) for item in table(SiteKeys.ZONES).items()),
            groups=tuple(self._group(*item) for item in table(SiteKeys.GROUPS).items()),
            streams=tuple(
                self._stream(name, record, record.must(StreamKeys.ZONE).value)
                for name, record in table(SiteKeys.STREAMS).items()
                if record.has(StreamKeys.ZONE)
            ),
            gauges=tuple(self._gauge(*item) for item in table(SiteKeys.GAUGES).items()),
            cameras=tuple(self._camera(*item) for item in table(SiteKeys.CAMERAS).items()),
            programme=tuple(
                ProgrammeEntry(
                    self._zones_named(entry.must(ProgrammeKeys.ZONES)),
                    entry.must(ProgrammeKeys.RECORDINGS),
                )
                for entry in top.may(SiteKeys.PROGRAMME) or ()
            ),
            store_budget_bytes=(
                DEFAULT_STORE_BUDGET_BYTES if store is None else round(store.must(StoreKeys.BUDGET))
            ),
            console=console_settings(top.may(SiteKeys.CONSOLE)),
            doors=doors_settings(top.may(SiteKeys.DOORS)),
            notices=notices_settings(top.may(SiteKeys.NOTICES), self._zones_named),
            rules=top.may(SiteKeys.RULES),
            schedule=top.may(SiteKeys.SCHEDULE),
            spares=tuple(
                self._spare(name, record, record.must(StreamKeys.SPARE).value)
                for name, record in table(SiteKeys.STREAMS).items()
                if record.has(StreamKeys.SPARE)
            ),
            quiet_neighbours=quiet_neighbours(top.may(SiteKeys.WARNINGS)),
            self_test=self_test_group(top.may(SiteKeys.WARNINGS)),
            audible_test=audible_test(
                top.may(SiteKeys.WARNINGS),
                self._zones_named,
                tuple(ZoneId(zone) for zone in self._zones),
            ),
            warnings=warnings,
        )

    def _approximate(self, record: Record, field: Field[bool]) -> bool:
        own = record.may(field)
        return self._is_approximate if own is None else own

    def _zones_named(self, names: Iterable[Placed[str]]) -> tuple[ZoneId, ...]:
        wanted = set(
            itertools.chain.from_iterable(
                self._groups.get(name.value, frozenset({name.value})) for name in names
            )
        )
        return tuple(ZoneId(zone) for zone in self._zones if zone in wanted)

    def _path(self, name: str, record: Record) -> Path:
        return Path(
            id=PathId(name),
            name=_name(record, PathKeys.NAME),
            length_m=record.must(PathKeys.LENGTH),
            line=record.must(PathKeys.LINE),
            approximate=self._approximate(record, PathKeys.APPROXIMATE),
        )

    def _speaker(self, name: str, record: Record) -> Speaker:
        output = record.must(SpeakerKeys.OUTPUT).value
        zone = self._zone_of[output]
        path = self._draft.table(SiteKeys.ZONES)[zone].must(ZoneKeys.PATH).value
        return Speaker(
            id=SpeakerId(name),
            output=OutputId(output),
            zone=zone,
            path=PathId(path),
            distance_m=record.must(SpeakerKeys.DISTANCE),
            at=record.must(SpeakerKeys.AT),
            approximate=self._approximate(record, SpeakerKeys.APPROXIMATE),
        )

    def _exit(self, name: str, record: Record) -> Exit:
        return Exit(
            id=ExitId(name),
            name=_name(record, ExitKeys.NAME),
            path=PathId(record.must(ExitKeys.PATH).value),
            distance_m=record.must(ExitKeys.DISTANCE),
            at=record.must(ExitKeys.AT),
            approximate=self._approximate(record, ExitKeys.APPROXIMATE),
        )

    def _zone(self, name: str, record: Record) -> Zone:
        return Zone(
            id=ZoneId(name),
            name=_name(record, ZoneKeys.NAME),
            path=PathId(record.must(ZoneKeys.PATH).value),
            order=record.must(ZoneKeys.ORDER),
            start_m=record.must(ZoneKeys.FROM),
            end_m=record.must(ZoneKeys.TO),
            polygon=record.may(ZoneKeys.POLYGON) or (),
            approximate=self._approximate(record, ZoneKeys.APPROXIMATE),
            neighbours=tuple(ZoneId(each.value) for each in record.must(ZoneKeys.NEIGHBOURS)),
            exits=tuple(ExitId(each.value) for each in record.may(ZoneKeys.EXITS) or ()),
            outputs=tuple(OutputId(each.value) for each in record.must(ZoneKeys.OUTPUTS)),
            levels_db=tuple(
                (DaypartId(part.value), level) for part, level in record.must(ZoneKeys.LEVELS)
            ),
            warning_level_db=record.must(ZoneKeys.WARNING_LEVEL),
            quiet_hours=record.may(ZoneKeys.QUIET_HOURS),
        )

    def _group(self, name: str, record: Record) -> Group:
        members = self._groups[name]
        return Group(
            id=GroupId(name),
            name=_name(record, GroupKeys.NAME),
            zones=tuple(ZoneId(zone) for zone in self._zones if zone in members),
        )

    def _spare(self, name: str, record: Record, amplifier: str) -> Spare:
        stream = self._stream(name, record, resting_zone(amplifier))
        return Spare(stream.id, AmplifierId(amplifier), stream)

    def _stream(self, name: str, record: Record, zone: str) -> StreamSpec:
        receptions = self._listeners.get(name, ())
        wants_dither = any(each.keep_alive is KeepAlive.DITHER for each in receptions)
        return StreamSpec(
            id=StreamId(name),
            zone=ZoneId(zone),
            format=record.must(StreamKeys.FORMAT),
            packet_time=samples(record.must(StreamKeys.PACKET_TIME)),
            payload_type=payload_type_of(record) or 0,
            legs=tuple(
                Leg(NetworkId(leg.network.value), str(leg.address), leg.port, leg.repeat)
                for leg in legs_of(record)
            ),
            ttl=record.must(StreamKeys.TTL),
            dscp=record.must(StreamKeys.DSCP),
            delay=samples(record.may(StreamKeys.DELAY) or 0.0),
            min_priority=record.may(StreamKeys.MIN_PRIORITY) or 0,
            # The slowest amplifier on the stream sets how early everything begins.
            pre_roll=max((each.pre_roll for each in receptions), default=0),
            keep_alive=KeepAlive.DITHER if wants_dither else KeepAlive.NONE,
        )

    def _gauge(self, name: str, record: Record) -> Gauge:
        return Gauge(
            id=GaugeId(name),
            name=_name(record, GaugeKeys.NAME),
            measures=record.must(GaugeKeys.MEASURES),
            unit=record.must(GaugeKeys.UNIT),
            path=PathId(record.must(GaugeKeys.PATH).value),
            distance_m=record.must(GaugeKeys.DISTANCE),
            at=record.must(GaugeKeys.AT),
            approximate=self._approximate(record, GaugeKeys.APPROXIMATE),
            period_s=record.must(GaugeKeys.PERIOD),
            delay_s=record.may(GaugeKeys.DELAY) or 0.0,
            zones=self._zones_named(record.must(GaugeKeys.ZONES)),
        )

    def _camera(self, name: str, record: Record) -> Camera:
        return Camera(
            id=CameraId(name),
            name=_name(record, CameraKeys.NAME),
            at=record.must(CameraKeys.AT),
            approximate=self._approximate(record, CameraKeys.APPROXIMATE),
            azimuth_deg=record.must(CameraKeys.AZIMUTH) % 360.0,
            field_of_view_deg=record.must(CameraKeys.FIELD_OF_VIEW),
            range_m=record.must(CameraKeys.RANGE),
            zones=self._zones_named(record.must(CameraKeys.ZONES)),
            detects=record.must(CameraKeys.DETECTS),
            evidence=record.must(CameraKeys.EVIDENCE),
            period_s=record.may(CameraKeys.PERIOD) or 0.0,
            delay_s=record.may(CameraKeys.DELAY) or 0.0,
        )


def _name(record: Record, field: Field[Record]) -> Name:
    name = record.must(field)
    return Name(ko=name.must(NAME_KO), en=name.must(NAME_EN))


def _network(name: str, record: Record) -> Network:
    return Network(
        id=NetworkId(name),
        interface=record.must(NetworkKeys.INTERFACE),
        mtu=record.may(NetworkKeys.MTU) or DEFAULT_MTU,
    )


def _amplifier(name: str, record: Record) -> Amplifier:
    amplifier = AmplifierId(name)
    count = record.must(AmplifierKeys.OUTPUTS)
    return Amplifier(
        id=amplifier,
        name=_name(record, AmplifierKeys.NAME),
        profile=ProfileId(record.must(AmplifierKeys.PROFILE).value),
        network=NetworkId(record.must(AmplifierKeys.NETWORK).value),
        address=str(record.must(AmplifierKeys.ADDRESS)),
        outputs=tuple(output_id(amplifier, number) for number in range(1, count + 1)),
    )
