"""The key `notices` of the site file: what may stand there, and the settings it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from zones.bus import ZoneId
from zones.notices_settings import (
    DEFAULT_WITHIN_S,
    Contact,
    Device,
    DeviceKind,
    HomeAssistant,
    NoticesSettings,
    SoundOutput,
    Technician,
)
from zones.sitefile_values import ByName
from zones.sitefile_ways import (
    APPRISE,
    MAIL,
    MQTT,
    RELAY,
    TOPIC_KIND,
    WEBHOOK,
    BrokerKeys,
    broker_of,
    way_of,
)
from zones.yaml_kind import ID, SECONDS_UNITS, TEXT, choice, quantity, whole
from zones.yaml_shape import Field, Inside, Many, One, OnePlaced, Placed, Record, Shape

_LEVEL: Final = choice("a level", {"caution": 224, "warning": 232, "evacuate": 240})
_MAJOR: Final = 2
_SEVERITY: Final = choice("a severity", {"info": 0, "minor": 1, "major": 2, "critical": 3})
_AFTER: Final = quantity("a time to wait", SECONDS_UNITS, "0 s", "24 h", example="10 min")
_WITHIN: Final = quantity("a time to answer", SECONDS_UNITS, "5 s", "1 h", example="60 s")
FROM_LEVEL: Final = Field("from", One(_LEVEL), "the lowest level it is told of, `caution` if not")


class DeviceKeys:
    """`boards`, `beacons` and `gates`."""

    ZONES: Final = Field(
        "zones",
        Many(OnePlaced(ID), least=1, may_be_one=True),
        "zones or groups whose warnings it is told",
        is_required=True,
    )
    OPENS: Final = Field(
        "opens",
        One(choice("how a gate opens", {"by-itself": True, "by-hand": False})),
        "a gate only: `by-itself` when no warning is left, or `by-hand`; by itself if not said",
    )
    BOARD: Final = Shape("board", (ZONES, FROM_LEVEL, WEBHOOK, MQTT), "Shows text.")
    BEACON: Final = Shape("beacon", (ZONES, FROM_LEVEL, WEBHOOK, MQTT, RELAY), "Flashes.")
    GATE: Final = Shape("gate", (ZONES, FROM_LEVEL, OPENS, WEBHOOK, MQTT, RELAY), "Closes a path.")


class ContactKeys:
    """`contacts`."""

    ROLE: Final = Field("role", One(TEXT), "who that is, such as 119 or city room")
    HAZARDS: Final = Field(
        "hazards",
        Many(One(ID), least=1, may_be_one=True),
        "the hazards it is told of, all if not said",
    )
    STEP: Final = Field(
        "step",
        One(whole("a step", 0, 99)),
        "its place on the calling list: 0 at once, 1 if nobody acknowledges, and so on",
    )
    WITHIN: Final = Field("within", One(_WITHIN), "time to acknowledge a call, 60 s if not said")
    SHAPE: Final = Shape(
        "contact",
        (ROLE, HAZARDS, FROM_LEVEL, STEP, WITHIN, WEBHOOK, MQTT, MAIL, APPRISE),
        "Somebody who is told.",
    )


class TechnicianKeys:
    """`technicians`."""

    FROM: Final = Field(
        "from",
        One(_SEVERITY),
        "the least severity they are told of, `major` if not said",
    )
    AFTER: Final = Field(
        "after",
        One(_AFTER),
        "only what nobody has acknowledged for so long, at once if not said",
    )
    SHAPE: Final = Shape(
        "technician",
        (ContactKeys.ROLE, FROM, AFTER, WEBHOOK, MQTT, MAIL, APPRISE),
        "Somebody who is told of faults.",
    )


class HomeAssistantKeys:
    """`home_assistant`."""

    PREFIX: Final = Field(
        "prefix", One(TOPIC_KIND), "topic of its discovery, `homeassistant` if not said"
    )
    TOPIC: Final = Field("topic", One(TOPIC_KIND), "what our topics begin with, `sorigil` if not")
    SHAPE: Final = Shape(
        "home_assistant",
        (*BrokerKeys.OURS, PREFIX, TOPIC),
        "A broker on which a home automation finds the station; it can only look.",
    )


class SoundKeys:
    """`sound`."""

    DEVICE: Final = Field("device", One(TEXT), "part of a sound device's name, any if not said")
    SHAPE: Final = Shape("sound", (DEVICE,), "The server's own loudspeaker.")


class NoticesKeys:
    """`notices`."""

    BOARDS: Final = Field("boards", ByName(Inside(DeviceKeys.BOARD)), "text boards")
    BEACONS: Final = Field("beacons", ByName(Inside(DeviceKeys.BEACON)), "flashing lights")
    GATES: Final = Field("gates", ByName(Inside(DeviceKeys.GATE)), "gates of the path")
    CONTACTS: Final = Field("contacts", ByName(Inside(ContactKeys.SHAPE)), "who is told")
    SOUND: Final = Field(
        "sound",
        Inside(SoundKeys.SHAPE),
        "an alarm tone of the server's own while people are called",
    )
    TECHNICIANS: Final = Field(
        "technicians", ByName(Inside(TechnicianKeys.SHAPE)), "who is told of faults"
    )
    HOME_ASSISTANT: Final = Field(
        "home_assistant",
        Inside(HomeAssistantKeys.SHAPE),
        "a home automation that shows us",
    )
    SHAPE: Final = Shape(
        "notices",
        (BOARDS, BEACONS, GATES, CONTACTS, SOUND, TECHNICIANS, HOME_ASSISTANT),
        "Who is told beside the zones.",
    )


DEVICES: Final = (
    (NoticesKeys.BOARDS, DeviceKind.BOARD),
    (NoticesKeys.BEACONS, DeviceKind.BEACON),
    (NoticesKeys.GATES, DeviceKind.GATE),
)


def notices_settings(
    record: Record | None, zones_named: Callable[[Iterable[Placed[str]]], tuple[ZoneId, ...]]
) -> NoticesSettings:
    """The settings in a record that was found right; `zones_named` knows groups."""
    if record is None:
        return NoticesSettings()
    devices = tuple(
        Device(
            id=name.value,
            kind=kind,
            zones=zones_named(entry.must(DeviceKeys.ZONES)),
            least=entry.may(FROM_LEVEL) or 224,
            way=way_of(entry),
            opens_itself=entry.may(DeviceKeys.OPENS) is not False,
        )
        for field, kind in DEVICES
        for name, entry in record.may(field) or ()
    )
    contacts = tuple(
        Contact(
            id=name.value,
            role=entry.may(ContactKeys.ROLE) or name.value,
            hazards=entry.may(ContactKeys.HAZARDS) or (),
            least=entry.may(FROM_LEVEL) or 224,
            way=way_of(entry),
            step=entry.may(ContactKeys.STEP),
            within_s=entry.may(ContactKeys.WITHIN) or DEFAULT_WITHIN_S,
        )
        for name, entry in record.may(NoticesKeys.CONTACTS) or ()
    )
    sound = record.may(NoticesKeys.SOUND)
    output = None if sound is None else SoundOutput(sound.may(SoundKeys.DEVICE))
    return NoticesSettings(devices, contacts, output, _technicians(record), _home_assistant(record))


def _technicians(record: Record) -> tuple[Technician, ...]:
    found = []
    for name, entry in record.may(NoticesKeys.TECHNICIANS) or ():
        least = entry.may(TechnicianKeys.FROM)
        found.append(
            Technician(
                id=name.value,
                role=entry.may(ContactKeys.ROLE) or name.value,
                least=_MAJOR if least is None else least,
                way=way_of(entry),
                after_s=entry.may(TechnicianKeys.AFTER) or 0.0,
            )
        )
    return tuple(found)


def _home_assistant(record: Record) -> HomeAssistant | None:
    said = record.may(NoticesKeys.HOME_ASSISTANT)
    if said is None:
        return None
    usual = HomeAssistant(broker_of(said))
    return HomeAssistant(
        usual.broker,
        said.may(HomeAssistantKeys.PREFIX) or usual.prefix,
        said.may(HomeAssistantKeys.TOPIC) or usual.topic,
    )
