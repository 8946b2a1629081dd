"""Whom and what a warning is told beside the loudspeakers, and by which way. Values only.

Files that are named here hold secrets or certificates; their paths are relative to the site file.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from zones.bus import ZoneId

DEFAULT_MQTT_PORT: Final = 8883
DEFAULT_MODBUS_PORT: Final = 502
DEFAULT_WITHIN_S: Final = 60.0
"""Seconds a person has to acknowledge a call before the next one is called."""


class DeviceKind(Enum):
    """What stands by the path."""

    BOARD = "board"
    """Shows text."""
    BEACON = "beacon"
    """Flashes."""
    GATE = "gate"
    """Closes the path."""


class Security(Enum):
    """How a mail server is spoken to."""

    TLS = "tls"
    """TLS from the first byte, as at port 465 (RFC 8314)."""
    STARTTLS = "starttls"
    """TLS from the command STARTTLS on (RFC 3207)."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A signed POST to `url`; `key` says which secret it is signed with."""

    url: str
    key: str
    secret_file: str


@dataclass(frozen=True, slots=True)
class Broker:
    """An MQTT broker, and who we are to it."""

    host: str
    port: int = DEFAULT_MQTT_PORT
    tls: bool = True
    authority: str | None = None
    user: str | None = None
    password_file: str | None = None


@dataclass(frozen=True, slots=True)
class Mqtt:
    """A topic that is published to, and one on which the other side answers."""

    broker: Broker
    topic: str
    feedback: str | None = None


@dataclass(frozen=True, slots=True)
class Relay:
    """A coil of a Modbus TCP device, counted from 0; `unit` is its unit identifier."""

    address: str
    coil: int
    port: int = DEFAULT_MODBUS_PORT
    unit: int = 1


@dataclass(frozen=True, slots=True)
class Mail:
    """Letters `sender` writes to these addresses through a mail server."""

    server: str
    port: int
    security: Security
    sender: str
    to: tuple[str, ...]
    user: str | None = None
    password_file: str | None = None
    authority: str | None = None


@dataclass(frozen=True, slots=True)
class Apprise:
    """A service that the library Apprise knows, such as a pager or a chat.

    Its URL holds secrets and stands in a file.
    """

    url_file: str


Way = Webhook | Mqtt | Relay | Mail | Apprise
"""How something is told."""


@dataclass(frozen=True, slots=True)
class Device:
    """A board, beacon or gate; it is told of warnings in its zones from `least` upwards.

    `least` is a level: 224 caution, 232 warning, 240 evacuate. A gate that does not open by itself
    is only ever closed by the station; a person opens it.
    """

    id: str
    kind: DeviceKind
    zones: tuple[ZoneId, ...]
    least: int
    way: Way
    opens_itself: bool = True


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody who is told of warnings: of these hazards (of all if empty) from `least` upwards.

    With a `step` they stand on the calling list: 0 is called together with the duty seats, 1 when
    nobody acknowledged, and so on; whoever is called has `within_s` seconds.
    """

    id: str
    role: str
    hazards: tuple[str, ...]
    least: int
    way: Way
    step: int | None = None
    within_s: float = DEFAULT_WITHIN_S


@dataclass(frozen=True, slots=True)
class Technician:
    """Somebody who is told of faults, from `least` upwards (0 info, 1 minor, 2 major, 3 critical).

    With `after_s` only of those that nobody has acknowledged for so many seconds.
    """

    id: str
    role: str
    least: int
    way: Way
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class HomeAssistant:
    """A broker on which a home automation finds the station by MQTT discovery.

    `prefix` is where it looks for devices, `topic` what our own topics begin with.
    """

    broker: Broker
    prefix: str = "homeassistant"
    topic: str = "sorigil"


@dataclass(frozen=True, slots=True)
class SoundOutput:
    """The server's own loudspeaker: an alarm tone while people are called.

    `device` is a part of the name of a sound device; None is the system's own choice.
    """

    device: str | None = None


@dataclass(frozen=True, slots=True)
class NoticesSettings:
    """Everything and everybody that is told."""

    devices: tuple[Device, ...] = ()
    contacts: tuple[Contact, ...] = ()
    sound: SoundOutput | None = None
    technicians: tuple[Technician, ...] = ()
    home_assistant: HomeAssistant | None = None

    def __str__(self) -> str:
        """How many there are, for a sentence."""
        counts = [(kind.value, sum(d.kind is kind for d in self.devices)) for kind in DeviceKind]
        counts += [("contact", len(self.contacts)), ("technician", len(self.technicians))]
        told = [f"{count} {word}{'s' * (count > 1)}" for word, count in counts if count]
        told += ["own sound"] if self.sound else []
        told += ["home automation"] if self.home_assistant else []
        return ", ".join(told) or "nobody"
