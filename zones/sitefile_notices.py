"""The key `notices` of the site file: what may stand there, and the settings it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from zones.bus import ZoneId
from zones.notices_settings import (
    DEFAULT_MODBUS_PORT,
    DEFAULT_MQTT_PORT,
    DEFAULT_WITHIN_S,
    Broker,
    Contact,
    Device,
    DeviceKind,
    Mail,
    Mqtt,
    NoticesSettings,
    Relay,
    Security,
    SoundOutput,
    Way,
    Webhook,
)
from zones.sitefile_values import ByName
from zones.yaml_kind import (
    FLAG,
    ID,
    PATH,
    SECONDS_UNITS,
    TEXT,
    Kind,
    ValueProblem,
    choice,
    quantity,
    whole,
)
from zones.yaml_shape import Field, Inside, Many, One, OnePlaced, Placed, Record, Shape

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_URL: Final = re.compile(r"https?://[^\s/?#@]+(/[^\s#]*)?")
_TOPIC: Final = re.compile(r"[^\s#+\x00-\x1f/$][^#+\x00-\x1f]{0,199}")
_ADDRESS: Final = re.compile(r"[^\s@<>,;\x00-\x1f]{1,64}@[A-Za-z0-9.-]{1,180}")


def _matching(called: str, form: re.Pattern[str], example: str) -> Kind[str]:
    def read(text: str) -> str:
        if form.fullmatch(text):
            return text
        raise ValueProblem(f'"{text}" is not {called}', f"such as {example}")

    schema = {"type": "string", "pattern": f"^{form.pattern}$"}
    return Kind(called, read, schema, f"{called}, like `{example}`")


_HOST_KIND: Final = _matching("the name of a host", _HOST, "broker.lan")
_URL_KIND: Final = _matching("a URL without a name in it", _URL, "https://boards.lan/upper")
_TOPIC_KIND: Final = _matching("an MQTT topic without wildcards", _TOPIC, "path/board-1")
_MAIL_KIND: Final = _matching("a mail address", _ADDRESS, "duty@district.example")
_PORT: Final = whole("a port", 1, 65_535)
_LEVEL: Final = choice("a level", {"caution": 224, "warning": 232, "evacuate": 240})
_SECURITY: Final = choice("a way to a mail server", {each.value: each for each in Security})
_WITHIN: Final = quantity("a time to answer", SECONDS_UNITS, "5 s", "1 h", example="60 s")
_MAIL_PORTS: Final = {Security.TLS: 465, Security.STARTTLS: 587, Security.NONE: 25}


class WebhookKeys:
    """`webhook`."""

    URL: Final = Field("url", One(_URL_KIND), "where it is sent", is_required=True)
    KEY: Final = Field("key", One(ID), "name of the secret, told in the request", is_required=True)
    SECRET_FILE: Final = Field(
        "secret_file", One(PATH), "file with the secret it is signed with", is_required=True
    )
    SHAPE: Final = Shape("webhook", (URL, KEY, SECRET_FILE), "A signed POST.")


class MqttKeys:
    """`mqtt`."""

    BROKER: Final = Field("broker", One(_HOST_KIND), "host of the broker", is_required=True)
    PORT: Final = Field("port", One(_PORT), f"its port, {DEFAULT_MQTT_PORT} if not said")
    TOPIC: Final = Field("topic", One(_TOPIC_KIND), "topic to publish to", is_required=True)
    FEEDBACK: Final = Field("feedback", One(_TOPIC_KIND), "topic on which the other side answers")
    TLS: Final = Field("tls", One(FLAG), "`true` if not said")
    AUTHORITY: Final = Field(
        "authority", One(PATH), "authority of the broker's certificate, a PEM file"
    )
    USER: Final = Field("user", One(TEXT), "our name at the broker")
    PASSWORD_FILE: Final = Field("password_file", One(PATH), "file with our password")
    SHAPE: Final = Shape(
        "mqtt",
        (BROKER, PORT, TOPIC, FEEDBACK, TLS, AUTHORITY, USER, PASSWORD_FILE),
        "A message to an MQTT broker.",
    )


class RelayKeys:
    """`relay`."""

    ADDRESS: Final = Field("address", One(_HOST_KIND), "the relay's address", is_required=True)
    PORT: Final = Field("port", One(_PORT), f"its port, {DEFAULT_MODBUS_PORT} if not said")
    UNIT: Final = Field("unit", One(whole("a unit", 0, 255)), "its unit identifier, 1 if not said")
    COIL: Final = Field(
        "coil", One(whole("a coil", 0, 65_535)), "the coil, counted from 0", is_required=True
    )
    SHAPE: Final = Shape("relay", (ADDRESS, PORT, UNIT, COIL), "A coil of a Modbus TCP device.")


class MailKeys:
    """`mail`."""

    SERVER: Final = Field("server", One(_HOST_KIND), "the mail server", is_required=True)
    PORT: Final = Field("port", One(_PORT), "its port; 465, 587 or 25 by the security")
    SECURITY: Final = Field("security", One(_SECURITY), "`tls` if not said")
    AUTHORITY: Final = Field(
        "authority", One(PATH), "authority of the server's certificate, a PEM file"
    )
    FROM: Final = Field("from", One(_MAIL_KIND), "who writes", is_required=True)
    TO: Final = Field(
        "to", Many(One(_MAIL_KIND), 1, 20, may_be_one=True), "who is written to", is_required=True
    )
    USER: Final = Field("user", One(TEXT), "our name at the server")
    PASSWORD_FILE: Final = Field("password_file", One(PATH), "file with our password")
    SHAPE: Final = Shape(
        "mail", (SERVER, PORT, SECURITY, AUTHORITY, FROM, TO, USER, PASSWORD_FILE), "A letter."
    )


WEBHOOK: Final = Field("webhook", Inside(WebhookKeys.SHAPE), "a signed POST")
MQTT: Final = Field("mqtt", Inside(MqttKeys.SHAPE), "a message to an MQTT broker")
RELAY: Final = Field("relay", Inside(RelayKeys.SHAPE), "a coil of a Modbus TCP device")
MAIL: Final = Field("mail", Inside(MailKeys.SHAPE), "a letter")
WAYS: Final[tuple[Field[Record], ...]] = (WEBHOOK, MQTT, RELAY, MAIL)
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
        (ROLE, HAZARDS, FROM_LEVEL, STEP, WITHIN, WEBHOOK, MQTT, MAIL),
        "Somebody who is told.",
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
    SHAPE: Final = Shape(
        "notices", (BOARDS, BEACONS, GATES, CONTACTS, SOUND), "Who is told beside the zones."
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
            way=_way(entry),
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
            way=_way(entry),
            step=entry.may(ContactKeys.STEP),
            within_s=entry.may(ContactKeys.WITHIN) or DEFAULT_WITHIN_S,
        )
        for name, entry in record.may(NoticesKeys.CONTACTS) or ()
    )
    sound = record.may(NoticesKeys.SOUND)
    output = None if sound is None else SoundOutput(sound.may(SoundKeys.DEVICE))
    return NoticesSettings(devices, contacts, output)


def _way(entry: Record) -> Way:
    if (said := entry.may(WEBHOOK)) is not None:
        return Webhook(
            said.must(WebhookKeys.URL),
            said.must(WebhookKeys.KEY),
            said.must(WebhookKeys.SECRET_FILE),
        )
    if (said := entry.may(RELAY)) is not None:
        unit = said.may(RelayKeys.UNIT)
        return Relay(
            said.must(RelayKeys.ADDRESS),
            said.must(RelayKeys.COIL),
            said.may(RelayKeys.PORT) or DEFAULT_MODBUS_PORT,
            1 if unit is None else unit,
        )
    if (said := entry.may(MAIL)) is not None:
        return _mail(said)
    said = entry.must(MQTT)
    broker = Broker(
        host=said.must(MqttKeys.BROKER),
        port=said.may(MqttKeys.PORT) or DEFAULT_MQTT_PORT,
        tls=said.may(MqttKeys.TLS) is not False,
        authority=said.may(MqttKeys.AUTHORITY),
        user=said.may(MqttKeys.USER),
        password_file=said.may(MqttKeys.PASSWORD_FILE),
    )
    return Mqtt(broker, said.must(MqttKeys.TOPIC), said.may(MqttKeys.FEEDBACK))


def _mail(said: Record) -> Mail:
    security = said.may(MailKeys.SECURITY) or Security.TLS
    return Mail(
        server=said.must(MailKeys.SERVER),
        port=said.may(MailKeys.PORT) or _MAIL_PORTS[security],
        security=security,
        sender=said.must(MailKeys.FROM),
        to=said.must(MailKeys.TO),
        user=said.may(MailKeys.USER),
        password_file=said.may(MailKeys.PASSWORD_FILE),
        authority=said.may(MailKeys.AUTHORITY),
    )
