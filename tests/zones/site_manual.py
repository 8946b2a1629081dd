"""The manual's reference tables, made from the shapes that the parser reads by."""

from zones.sitefile_console import ConsoleKeys, SingleSignOnKeys
from zones.sitefile_doors import DoorsKeys
from zones.sitefile_notices import (
    ContactKeys,
    DeviceKeys,
    HomeAssistantKeys,
    NoticesKeys,
    SoundKeys,
    TechnicianKeys,
)
from zones.sitefile_shapes import (
    AmplifierKeys,
    CameraKeys,
    ExitKeys,
    GaugeKeys,
    GroupKeys,
    LegKeys,
    NetworkKeys,
    PathKeys,
    ProgrammeKeys,
    SiteKeys,
    SpeakerKeys,
    StoreKeys,
    StreamKeys,
    ZoneKeys,
)
from zones.sitefile_warnings import AudibleTestKeys, WarningKeys
from zones.sitefile_ways import AppriseKeys, MailKeys, MqttKeys, RelayKeys, WebhookKeys

_SECTIONS = (
    ("The top of the file", SiteKeys.SHAPE),
    ("networks", NetworkKeys.SHAPE),
    ("paths", PathKeys.SHAPE),
    ("amplifiers", AmplifierKeys.SHAPE),
    ("speakers", SpeakerKeys.SHAPE),
    ("exits", ExitKeys.SHAPE),
    ("zones", ZoneKeys.SHAPE),
    ("groups", GroupKeys.SHAPE),
    ("streams", StreamKeys.SHAPE),
    ("legs of a stream", LegKeys.SHAPE),
    ("gauges", GaugeKeys.SHAPE),
    ("cameras", CameraKeys.SHAPE),
    ("programme, a list", ProgrammeKeys.SHAPE),
    ("store", StoreKeys.SHAPE),
    ("warnings", WarningKeys.SHAPE),
    ("audible_test of warnings", AudibleTestKeys.SHAPE),
    ("console", ConsoleKeys.SHAPE),
    ("single_sign_on of console", SingleSignOnKeys.SHAPE),
    ("doors", DoorsKeys.SHAPE),
    ("notices", NoticesKeys.SHAPE),
    ("boards of notices", DeviceKeys.BOARD),
    ("beacons of notices", DeviceKeys.BEACON),
    ("gates of notices", DeviceKeys.GATE),
    ("contacts of notices", ContactKeys.SHAPE),
    ("technicians of notices", TechnicianKeys.SHAPE),
    ("home_assistant of notices", HomeAssistantKeys.SHAPE),
    ("webhook of notices", WebhookKeys.SHAPE),
    ("mqtt of notices", MqttKeys.SHAPE),
    ("relay of notices", RelayKeys.SHAPE),
    ("mail of notices", MailKeys.SHAPE),
    ("apprise of notices", AppriseKeys.SHAPE),
    ("sound of notices", SoundKeys.SHAPE),
)


_WITH_DEFAULTS = (AmplifierKeys.SHAPE, ZoneKeys.SHAPE, StreamKeys.SHAPE, CameraKeys.SHAPE)


def reference():
    """The part of docs/site-file.md below the heading `Every key`, as markdown."""
    return "\n".join(_section(title, shape) for title, shape in _SECTIONS)


def _section(title, shape):
    lines = [
        f"### {title}",
        "",
        shape.manual,
        "",
        "| key | value | meaning |",
        "| --- | --- | --- |",
    ]
    for field in shape.fields:
        key = f"**`{field.key}`**" if field.is_required else f"`{field.key}`"
        shared = " (shared)" if field.is_shared and shape in _WITH_DEFAULTS else ""
        lines.append(f"| {key} | {field.reading.values()} | {field.manual}{shared} |")
    return "\n".join([*lines, ""])
