"""The ways of the key `notices`: how somebody or something is told, and the settings that says."""

from __future__ import annotations

import re
from typing import Final

from zones.notices_settings import (
    DEFAULT_MODBUS_PORT,
    DEFAULT_MQTT_PORT,
    Apprise,
    Broker,
    Mail,
    Mqtt,
    Relay,
    Security,
    Way,
    Webhook,
)
from zones.yaml_kind import FLAG, ID, PATH, TEXT, Kind, ValueProblem, choice, whole
from zones.yaml_shape import Field, Inside, Many, One, Record, Shape

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
TOPIC_KIND: Final = _matching("an MQTT topic without wildcards", _TOPIC, "path/board-1")
_MAIL_KIND: Final = _matching("a mail address", _ADDRESS, "duty@district.example")
_PORT: Final = whole("a port", 1, 65_535)
_SECURITY: Final = choice("a way to a mail server", {each.value: each for each in Security})
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
    TOPIC: Final = Field("topic", One(TOPIC_KIND), "topic to publish to", is_required=True)
    FEEDBACK: Final = Field("feedback", One(TOPIC_KIND), "topic on which the other side answers")
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


class BrokerKeys:
    """The keys of a broker without a topic."""

    OURS: Final = (
        MqttKeys.BROKER,
        MqttKeys.PORT,
        MqttKeys.TLS,
        MqttKeys.AUTHORITY,
        MqttKeys.USER,
        MqttKeys.PASSWORD_FILE,
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


class AppriseKeys:
    """`apprise`."""

    URL_FILE: Final = Field(
        "url_file", One(PATH), "file with the URL of the service", is_required=True
    )
    SHAPE: Final = Shape("apprise", (URL_FILE,), "A service that the library Apprise knows.")


WEBHOOK: Final = Field("webhook", Inside(WebhookKeys.SHAPE), "a signed POST")
MQTT: Final = Field("mqtt", Inside(MqttKeys.SHAPE), "a message to an MQTT broker")
RELAY: Final = Field("relay", Inside(RelayKeys.SHAPE), "a coil of a Modbus TCP device")
MAIL: Final = Field("mail", Inside(MailKeys.SHAPE), "a letter")
APPRISE: Final = Field("apprise", Inside(AppriseKeys.SHAPE), "a pager, a chat: the extra `apprise`")
WAYS: Final[tuple[Field[Record], ...]] = (WEBHOOK, MQTT, RELAY, MAIL, APPRISE)


def way_of(entry: Record) -> Way:
    """The one way of a record that was found right."""
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
    if (said := entry.may(APPRISE)) is not None:
        return Apprise(said.must(AppriseKeys.URL_FILE))
    said = entry.must(MQTT)
    return Mqtt(broker_of(said), said.must(MqttKeys.TOPIC), said.may(MqttKeys.FEEDBACK))


def broker_of(said: Record) -> Broker:
    """The broker that a record names."""
    return Broker(
        host=said.must(MqttKeys.BROKER),
        port=said.may(MqttKeys.PORT) or DEFAULT_MQTT_PORT,
        tls=said.may(MqttKeys.TLS) is not False,
        authority=said.may(MqttKeys.AUTHORITY),
        user=said.may(MqttKeys.USER),
        password_file=said.may(MqttKeys.PASSWORD_FILE),
    )


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
