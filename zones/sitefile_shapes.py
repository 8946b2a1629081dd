"""The keys of the site file: one shape for each sort of table, with its line of manual.

The parser, the JSON Schema and the manual's reference tables all come from here.
"""

from __future__ import annotations

from typing import Final

from zones.geometry import Point
from zones.sitefile_console import ConsoleKeys
from zones.sitefile_doors import DoorsKeys
from zones.sitefile_notices import NoticesKeys
from zones.sitefile_values import (
    BUDGET_KIND,
    DELAY_KIND,
    DETECTS_KIND,
    DISTANCE_KIND,
    DSCP_KIND,
    EVIDENCE_KIND,
    FORMAT_KIND,
    INTERFACE_KIND,
    LENGTH_KIND,
    LEVEL_KIND,
    MEASURES_KIND,
    PACKET_TIME_KIND,
    PERIOD_KIND,
    PRIORITY_KIND,
    SOURCE_DELAY_KIND,
    ByName,
    PointReading,
)
from zones.sitefile_warnings import WarningKeys
from zones.yaml_document import Node
from zones.yaml_kind import FLAG, HOURS, ID, IPV4, OUTPUT, PATH, TEXT, Schema, number, whole
from zones.yaml_shape import (
    Field,
    Inside,
    Many,
    One,
    OnePlaced,
    Placed,
    Raw,
    Record,
    Shape,
)

NAME_KO: Final = Field("ko", One(TEXT), "in Korean", is_required=True)
NAME_EN: Final = Field("en", One(TEXT), "in English", is_required=True)
NAME_SHAPE: Final = Shape("name", (NAME_KO, NAME_EN), "What people call it, in both languages.")


def _name() -> Field[Record]:
    return Field("name", Inside(NAME_SHAPE), "what people call it", is_required=True)


def _approximate() -> Field[bool]:
    return Field("approximate", One(FLAG), "whether the place is not surveyed", is_shared=True)


def _at() -> Field[Point]:
    return Field("at", PointReading(), "where it is, in degrees", is_required=True)


def _distance() -> Field[float]:
    return Field("distance", One(DISTANCE_KIND), "from the start of its path", is_required=True)


def _zones(manual: str) -> Field[tuple[Placed[str], ...]]:
    return Field("zones", Many(OnePlaced(ID), least=1, may_be_one=True), manual, is_required=True)


# --- the tables -------------------------------------------------------------------------------


class NetworkKeys:
    """`networks`: where audio leaves."""

    INTERFACE: Final = Field(
        "interface",
        One(INTERFACE_KIND),
        "where audio leaves; never guessed",
        is_required=True,
    )
    MTU: Final = Field(
        "mtu",
        One(whole("an MTU", 576, 9216)),
        "largest packet in bytes, 1500 unless it says otherwise",
    )
    SHAPE: Final = Shape("network", (INTERFACE, MTU), "A network that audio leaves by.")


class PathKeys:
    """`paths`: the walking paths that speakers stand along."""

    NAME: Final = _name()
    LENGTH: Final = Field("length", One(LENGTH_KIND), "from start to end", is_required=True)
    LINE: Final = Field(
        "line",
        Many(PointReading(), least=2, most=2000),
        "points from start to end",
        is_required=True,
    )
    APPROXIMATE: Final = _approximate()
    SHAPE: Final = Shape(
        "path", (NAME, LENGTH, LINE, APPROXIMATE), "A path with speakers along it."
    )


class AmplifierKeys:
    """`amplifiers` and `amplifier_defaults`."""

    NAME: Final = _name()
    PROFILE: Final = Field(
        "profile", OnePlaced(ID), "its firmware profile", is_required=True, is_shared=True
    )
    NETWORK: Final = Field(
        "network", OnePlaced(ID), "the network it is on", is_required=True, is_shared=True
    )
    ADDRESS: Final = Field("address", One(IPV4), "its own address", is_required=True)
    OUTPUTS: Final = Field(
        "outputs",
        One(whole("a number of outputs", 1, 64)),
        "how many loudspeaker outputs it has, numbered from 1",
        is_required=True,
        is_shared=True,
    )
    SHAPE: Final = Shape("amplifier", (NAME, PROFILE, NETWORK, ADDRESS, OUTPUTS), "An amplifier.")


class SpeakerKeys:
    """`speakers`."""

    OUTPUT: Final = Field(
        "output", OnePlaced(OUTPUT), "the output that drives it", is_required=True
    )
    DISTANCE: Final = _distance()
    AT: Final = _at()
    APPROXIMATE: Final = _approximate()
    SHAPE: Final = Shape("speaker", (OUTPUT, DISTANCE, AT, APPROXIMATE), "A loudspeaker.")


class ExitKeys:
    """`exits`."""

    NAME: Final = _name()
    PATH: Final = Field("path", OnePlaced(ID), "the path it leads off", is_required=True)
    DISTANCE: Final = _distance()
    AT: Final = _at()
    APPROXIMATE: Final = _approximate()
    SHAPE: Final = Shape("exit", (NAME, PATH, DISTANCE, AT, APPROXIMATE), "A way off a path.")


class ZoneKeys:
    """`zones` and `zone_defaults`."""

    NAME: Final = _name()
    PATH: Final = Field(
        "path", OnePlaced(ID), "the path it is a stretch of", is_required=True, is_shared=True
    )
    ORDER: Final = Field(
        "order",
        One(whole("an order", 1, 9999)),
        "its place along the path, from 1 at the start",
        is_required=True,
    )
    FROM: Final = Field("from", One(DISTANCE_KIND), "where it begins on its path", is_required=True)
    TO: Final = Field("to", One(DISTANCE_KIND), "where it ends on its path", is_required=True)
    POLYGON: Final = Field(
        "polygon",
        Many(PointReading(), least=4, most=500),
        "its outline; the last point repeats the first",
    )
    APPROXIMATE: Final = _approximate()
    NEIGHBOURS: Final = Field(
        "neighbours", Many(OnePlaced(ID)), "zones within hearing of it", is_required=True
    )
    EXITS: Final = Field("exits", Many(OnePlaced(ID)), "ways off the path, nearest first")
    OUTPUTS: Final = Field(
        "outputs",
        Many(OnePlaced(OUTPUT), least=1),
        "amplifier outputs that play it",
        is_required=True,
    )
    LEVELS: Final = Field(
        "levels",
        ByName(One(LEVEL_KIND)),
        "gain of the programme in each daypart",
        is_required=True,
        is_shared=True,
    )
    WARNING_LEVEL: Final = Field(
        "warning_level",
        One(LEVEL_KIND),
        "gain of every warning, at any hour",
        is_required=True,
        is_shared=True,
    )
    QUIET_HOURS: Final = Field("quiet_hours", One(HOURS), "hours without programme", is_shared=True)
    SHAPE: Final = Shape(
        "zone",
        (
            NAME,
            PATH,
            ORDER,
            FROM,
            TO,
            POLYGON,
            APPROXIMATE,
            NEIGHBOURS,
            EXITS,
            OUTPUTS,
            LEVELS,
            WARNING_LEVEL,
            QUIET_HOURS,
        ),
        "The smallest area that can be addressed.",
    )


class GroupKeys:
    """`groups`."""

    NAME: Final = _name()
    ZONES: Final = _zones("its zones; other groups may be named too")
    SHAPE: Final = Shape("group", (NAME, ZONES), "A named set of zones.")


class LegKeys:
    """`legs` of a stream."""

    NETWORK: Final = Field("network", OnePlaced(ID), "the network it leaves by", is_required=True)
    ADDRESS: Final = Field(
        "address", One(IPV4), "multicast group, or an amplifier's address", is_required=True
    )
    PORT: Final = Field(
        "port", One(whole("a port", 1024, 65535)), "UDP port; RTCP takes the next", is_required=True
    )
    REPEAT: Final = Field(
        "repeat",
        One(whole("a number of copies", 1, 2)),
        "how often each packet is sent",
    )
    SHAPE: Final = Shape("leg", (NETWORK, ADDRESS, PORT, REPEAT), "One way that packets go.")


class StreamKeys:
    """`streams` and `stream_defaults`."""

    ZONE: Final = Field("zone", OnePlaced(ID), "the zone it carries; needed without spare")
    SPARE: Final = Field("spare", OnePlaced(ID), "the spare amplifier it is for, instead of a zone")
    NETWORK: Final = Field(
        "network", OnePlaced(ID), "the network it leaves by; needed without legs", is_shared=True
    )
    ADDRESS: Final = Field(
        "address", One(IPV4), "group, or an amplifier's address; needed without legs"
    )
    PORT: Final = Field(
        "port",
        One(whole("a port", 1024, 65535)),
        "UDP port, an even one; needed without legs",
        is_shared=True,
    )
    LEGS: Final = Field(
        "legs",
        Many(Inside(LegKeys.SHAPE), least=1, most=8),
        "several ways at once, instead of network, address and port",
    )
    FORMAT: Final = Field(
        "format", One(FORMAT_KIND), "what the packets carry", is_required=True, is_shared=True
    )
    PACKET_TIME: Final = Field(
        "packet_time",
        One(PACKET_TIME_KIND),
        "sound in one packet",
        is_required=True,
        is_shared=True,
    )
    PAYLOAD_TYPE: Final = Field(
        "payload_type",
        One(whole("a payload type", 0, 127)),
        "RTP payload type; needed for formats without a fixed one",
        is_shared=True,
    )
    TTL: Final = Field(
        "ttl",
        One(whole("a TTL", 1, 255)),
        "routers it may cross, plus one",
        is_required=True,
        is_shared=True,
    )
    DSCP: Final = Field(
        "dscp", One(DSCP_KIND), "its class in the network", is_required=True, is_shared=True
    )
    DELAY: Final = Field(
        "delay", One(DELAY_KIND), "how much later it plays than others", is_shared=True
    )
    MIN_PRIORITY: Final = Field(
        "min_priority",
        One(PRIORITY_KIND),
        "only claims at or above this are heard on it",
        is_shared=True,
    )
    SHAPE: Final = Shape(
        "stream",
        (
            ZONE,
            SPARE,
            NETWORK,
            ADDRESS,
            PORT,
            LEGS,
            FORMAT,
            PACKET_TIME,
            PAYLOAD_TYPE,
            TTL,
            DSCP,
            DELAY,
            MIN_PRIORITY,
        ),
        "One RTP stream.",
    )


class GaugeKeys:
    """`gauges`."""

    NAME: Final = _name()
    MEASURES: Final = Field("measures", One(MEASURES_KIND), "what it measures", is_required=True)
    UNIT: Final = Field("unit", One(TEXT), "unit of its readings", is_required=True)
    PATH: Final = Field("path", OnePlaced(ID), "the path it stands by", is_required=True)
    DISTANCE: Final = _distance()
    AT: Final = _at()
    APPROXIMATE: Final = _approximate()
    PERIOD: Final = Field("period", One(PERIOD_KIND), "time between readings", is_required=True)
    DELAY: Final = Field("delay", One(SOURCE_DELAY_KIND), "how old a reading is when it arrives")
    ZONES: Final = _zones("the zones it speaks for")
    SHAPE: Final = Shape(
        "gauge",
        (NAME, MEASURES, UNIT, PATH, DISTANCE, AT, APPROXIMATE, PERIOD, DELAY, ZONES),
        "An instrument whose readings rules use.",
    )


class CameraKeys:
    """`cameras` and `camera_defaults`."""

    NAME: Final = _name()
    AT: Final = _at()
    APPROXIMATE: Final = _approximate()
    AZIMUTH: Final = Field(
        "azimuth",
        One(number("degrees", 0, 360)),
        "where it looks, in degrees: 0 is north, 90 east",
        is_required=True,
    )
    FIELD_OF_VIEW: Final = Field(
        "field_of_view",
        One(number("degrees", 1, 360)),
        "how wide it sees, in degrees",
        is_required=True,
        is_shared=True,
    )
    RANGE: Final = Field(
        "range", One(LENGTH_KIND), "how far its detections reach", is_required=True, is_shared=True
    )
    ZONES: Final = _zones("the zones it speaks for")
    DETECTS: Final = Field(
        "detects",
        Many(One(DETECTS_KIND), least=1),
        "what it detects",
        is_required=True,
        is_shared=True,
    )
    EVIDENCE: Final = Field(
        "evidence",
        One(EVIDENCE_KIND),
        "state: start and stop; sample: again at every period",
        is_required=True,
        is_shared=True,
    )
    PERIOD: Final = Field("period", One(PERIOD_KIND), "time between samples", is_shared=True)
    DELAY: Final = Field(
        "delay", One(SOURCE_DELAY_KIND), "how old a detection is when it arrives", is_shared=True
    )
    SHAPE: Final = Shape(
        "camera",
        (
            NAME,
            AT,
            APPROXIMATE,
            AZIMUTH,
            FIELD_OF_VIEW,
            RANGE,
            ZONES,
            DETECTS,
            EVIDENCE,
            PERIOD,
            DELAY,
        ),
        "A camera whose detections rules use.",
    )


class ProgrammeKeys:
    """Items of `programme`."""

    ZONES: Final = _zones("zones or groups that hear it")
    RECORDINGS: Final = Field(
        "recordings",
        One(PATH),
        "folder or playlist, relative to the site file",
        is_required=True,
    )
    SHAPE: Final = Shape("programme entry", (ZONES, RECORDINGS), "Ordinary output of some zones.")


class StoreKeys:
    """`store`."""

    BUDGET: Final = Field(
        "budget", One(BUDGET_KIND), "most space that decoded audio may take", is_required=True
    )
    SHAPE: Final = Shape("store", (BUDGET,), "The store of decoded audio.")


# --- the whole file ---------------------------------------------------------------------------

_FILE_NAME: Final[Schema] = {"type": "string", "pattern": r"\.ya?ml$"}


def table_schema(shape: Shape) -> Schema:
    """The schema of a table of such records under their names."""
    names = {"pattern": dict(ID.schema)["pattern"]}
    return {"type": "object", "propertyNames": names, "additionalProperties": shape.schema()}


def _table(key: str, shape: Shape, *, is_required: bool = False) -> Field[Node]:
    schema: Schema = {
        "anyOf": [
            _FILE_NAME,
            {"type": "array", "items": _FILE_NAME, "minItems": 1},
            table_schema(shape),
        ]
    }
    called = f"a table of {key} by name, or files of them"
    return Field(key, Raw(called, schema), "see below", is_required=is_required)


def _defaults(key: str, shape: Shape) -> Field[Node]:
    manual = f"keys that every {shape.called} has unless it says otherwise"
    return Field(key, Raw("a table of shared keys", shape.defaults().schema()), manual)


class SiteKeys:
    """The top level of the site file."""

    SCHEMA: Final = Field(
        "schema", One(whole("a version", 1, 1)), "version of the site file: 1", is_required=True
    )
    NAME: Final = _name()
    TIME_ZONE: Final = Field(
        "time_zone", One(TEXT), "IANA name, such as Asia/Seoul", is_required=True
    )
    APPROXIMATE: Final = Field(
        "approximate", One(FLAG), "true if places are not surveyed, unless one says otherwise"
    )
    NETWORKS: Final = _table("networks", NetworkKeys.SHAPE, is_required=True)
    DAYPARTS: Final = Field(
        "dayparts", ByName(One(HOURS)), "named hours that cover the day", is_required=True
    )
    PATHS: Final = _table("paths", PathKeys.SHAPE, is_required=True)
    AMPLIFIER_DEFAULTS: Final = _defaults("amplifier_defaults", AmplifierKeys.SHAPE)
    AMPLIFIERS: Final = _table("amplifiers", AmplifierKeys.SHAPE, is_required=True)
    SPEAKERS: Final = _table("speakers", SpeakerKeys.SHAPE)
    EXITS: Final = _table("exits", ExitKeys.SHAPE)
    ZONE_DEFAULTS: Final = _defaults("zone_defaults", ZoneKeys.SHAPE)
    ZONES: Final = _table("zones", ZoneKeys.SHAPE, is_required=True)
    GROUPS: Final = _table("groups", GroupKeys.SHAPE)
    STREAM_DEFAULTS: Final = _defaults("stream_defaults", StreamKeys.SHAPE)
    STREAMS: Final = _table("streams", StreamKeys.SHAPE, is_required=True)
    GAUGES: Final = _table("gauges", GaugeKeys.SHAPE)
    CAMERA_DEFAULTS: Final = _defaults("camera_defaults", CameraKeys.SHAPE)
    CAMERAS: Final = _table("cameras", CameraKeys.SHAPE)
    PROGRAMME: Final = Field(
        "programme", Many(Inside(ProgrammeKeys.SHAPE)), "what plays on an ordinary day"
    )
    STORE: Final = Field("store", Inside(StoreKeys.SHAPE), "the store of decoded audio")
    WARNINGS: Final = Field("warnings", Inside(WarningKeys.SHAPE), "how warnings behave here")
    CONSOLE: Final = Field(
        "console", Inside(ConsoleKeys.SHAPE), "where people reach the station by browser"
    )
    DOORS: Final = Field("doors", Inside(DoorsKeys.SHAPE), "where detections come in")
    NOTICES: Final = Field(
        "notices", Inside(NoticesKeys.SHAPE), "who and what is told of warnings beside the zones"
    )
    SCHEDULE: Final = Field(
        "schedule", One(PATH), "the radio staff's schedule, if it is kept in a file"
    )
    RULES: Final = Field(
        "rules", One(PATH), "the site's own rules for detections; those shipped if not said"
    )
    SHAPE: Final = Shape(
        "",
        (
            SCHEMA,
            NAME,
            TIME_ZONE,
            APPROXIMATE,
            NETWORKS,
            DAYPARTS,
            PATHS,
            AMPLIFIER_DEFAULTS,
            AMPLIFIERS,
            SPEAKERS,
            EXITS,
            ZONE_DEFAULTS,
            ZONES,
            GROUPS,
            STREAM_DEFAULTS,
            STREAMS,
            GAUGES,
            CAMERA_DEFAULTS,
            CAMERAS,
            PROGRAMME,
            STORE,
            WARNINGS,
            CONSOLE,
            DOORS,
            NOTICES,
            RULES,
            SCHEDULE,
        ),
        "One installation.",
    )


TABLES: Final[tuple[Field[Node], ...]] = (
    SiteKeys.NETWORKS,
    SiteKeys.PATHS,
    SiteKeys.AMPLIFIERS,
    SiteKeys.SPEAKERS,
    SiteKeys.EXITS,
    SiteKeys.ZONES,
    SiteKeys.GROUPS,
    SiteKeys.STREAMS,
    SiteKeys.GAUGES,
    SiteKeys.CAMERAS,
)
"""The tables that may stand in files of their own."""
