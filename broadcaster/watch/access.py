"""How each agent is reached and asked: the file `watch.yaml` beside the site file. Pure.

It holds communities and keys, so it is a file of its own, closed to other users, and never part of
the site file that goes from hand to hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from zones.problem import Problem
from zones.site import Site
from zones.yaml_document import Node, Scalar, Table, read_document
from zones.yaml_kind import (
    ID,
    IPV4,
    SECONDS_UNITS,
    TEXT,
    Kind,
    ValueProblem,
    choice,
    did_you_mean,
    quantity,
    whole,
)
from zones.yaml_shape import Field, Inside, Many, One, Raw, Record, Shape

PERIOD: Final = 10.0
PORT: Final = 161
TRAP_PORT: Final = 162
CLIENTS: Final = ("pysnmp", "gufo-snmp")
"""What asks the agents; the second is the extra `thousands`."""
TCP_PORTS: Final = (80, 443, 5060)
"""HTTP, HTTPS, SIP."""
AUTHENTICATIONS: Final = ("md5", "sha", "sha224", "sha256", "sha384", "sha512")
PRIVACIES: Final = (
    "des",
    "3des",
    "aes",
    "aes192",
    "aes256",
    "aes192-blumenthal",
    "aes256-blumenthal",
)
_SHORTEST_KEY: Final = 8
"""Characters of a passphrase (RFC 3414 section 11.2)."""


class AccessError(Exception):
    """A file of access that cannot be used, with every problem in it."""

    def __init__(self, problems: list[Problem], text: str) -> None:
        self.problems = tuple(sorted(problems))
        self._text = text
        super().__init__("\n".join(problem.rendered(text) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an agent is asked with: a community, or a user of USM (RFC 3414) with passphrases."""

    version: str = "v2c"
    community: str = ""
    user: str = ""
    authentication: str = ""
    authentication_key: str = ""
    privacy: str = ""
    privacy_key: str = ""

    def __repr__(self) -> str:
        """Without the secrets: this may end up in a log."""
        return f"Credentials({self.version}, {self.user or 'community'})"


@dataclass(frozen=True, slots=True)
class Reach:
    """Where one agent is and how it is asked; `address` None is that of the site file."""

    credentials: Credentials
    port: int = PORT
    address: str | None = None
    engine_id: str = ""
    """In hex; learnt from the device when empty."""
    tcp_ports: tuple[int, ...] = TCP_PORTS
    """Where the device itself answers, agent or not."""


@dataclass(frozen=True, slots=True)
class Access:
    """All that the watch must know beside the site. `switches` are the amplifiers behind each."""

    period: float = PERIOD
    client: str = CLIENTS[0]
    amplifiers: Mapping[str, Reach] = field(default_factory=dict)
    traps: tuple[str, int] | None = None
    trap_users: tuple[Credentials, ...] = ()
    switches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mdns: str | None = None
    """The own address that mDNS is listened to on; None for not at all."""
    sweep: tuple[str, ...] = ()
    metrics: tuple[str, int] | None = None
    """Own address and port at which Prometheus may ask."""


def _read_key(text: str) -> str:
    if len(text) < _SHORTEST_KEY:
        raise ValueProblem(f"a key has at least {_SHORTEST_KEY} characters (RFC 3414)")
    return text


def _read_hex(text: str) -> str:
    try:
        octets = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        octets = b""
    if not 5 <= len(octets) <= 32:
        raise ValueProblem(f'"{text}" is no engine id: 5 to 32 octets in hex (RFC 3411)')
    return octets.hex()


_KEY: Final = Kind("a key", _read_key, {"type": "string", "minLength": 8}, "a passphrase")
_ENGINE: Final = Kind("an engine id", _read_hex, {"type": "string"}, "hex")
_PERIOD: Final = quantity("a time", SECONDS_UNITS, "2 s", "5 min", example="10 s")
_TABLE: Final = Raw("a table", {"type": "object"})


def _words(called: str, words: tuple[str, ...]) -> Kind[str]:
    return choice(called, {word: word for word in words})


class _Keys:
    VERSION: Final = Field(
        "version", One(_words("a version", ("v1", "v2c", "v3"))), "SNMP version", is_shared=True
    )
    COMMUNITY: Final = Field("community", One(TEXT), "for v1 and v2c", is_shared=True)
    USER: Final = Field("user", One(TEXT), "for v3", is_shared=True)
    AUTHENTICATION: Final = Field(
        "authentication", One(_words("an authentication", AUTHENTICATIONS)), "", is_shared=True
    )
    AUTHENTICATION_KEY: Final = Field("authentication_key", One(_KEY), "", is_shared=True)
    PRIVACY: Final = Field("privacy", One(_words("a privacy", PRIVACIES)), "", is_shared=True)
    PRIVACY_KEY: Final = Field("privacy_key", One(_KEY), "", is_shared=True)
    CREDENTIALS: Final = (
        *(VERSION, COMMUNITY, USER, AUTHENTICATION, AUTHENTICATION_KEY, PRIVACY, PRIVACY_KEY),
    )
    PORT: Final = Field("port", One(whole("a port", 1, 65535)), "UDP port", is_shared=True)
    ADDRESS: Final = Field("address", One(IPV4), "if not that of the site file")
    ENGINE: Final = Field("engine_id", One(_ENGINE), "learnt when it is not here")
    TCP: Final = Field(
        "tcp_ports", Many(One(whole("a port", 1, 65535)), least=1, most=8), "80, 443, 5060",
        is_shared=True,
    )  # fmt: skip
    AMPLIFIER: Final = Shape("amplifier", (*CREDENTIALS, PORT, TCP, ADDRESS, ENGINE))

    SCHEMA: Final = Field("schema", One(whole("a version", 1, 1)), "1", is_required=True)
    EVERY: Final = Field("period", One(_PERIOD), "time between two polls")
    CLIENT: Final = Field("client", One(_words("a client", CLIENTS)), "what asks the agents")
    DEFAULTS: Final = Field("amplifier_defaults", _TABLE, "for every amplifier")
    AMPLIFIERS: Final = Field("amplifiers", _TABLE, "how each is asked")
    LISTEN: Final = Field("address", One(IPV4), "own address", is_required=True)
    TRAP_PORT: Final = Field("port", One(whole("a port", 1, 65535)), "162")
    TRAPS: Final = Field(
        "traps",
        Inside(Shape("traps", (LISTEN, TRAP_PORT, *CREDENTIALS))),
        "where notifications come in",
    )
    SWITCHES: Final = Field("switches", _TABLE, "amplifiers behind each switch")
    MDNS: Final = Field("mdns", One(IPV4), "own address to look for devices on")
    SWEEP: Final = Field("sweep", Many(One(TEXT), most=16), "networks, like 10.77.0.0/24")
    METRICS_PORT: Final = Field("port", One(whole("a port", 1, 65535)), "", is_required=True)
    METRICS: Final = Field(
        "metrics", Inside(Shape("metrics", (LISTEN, METRICS_PORT))), "where Prometheus may ask"
    )
    SHAPE: Final = Shape(
        "", (SCHEMA, EVERY, CLIENT, DEFAULTS, AMPLIFIERS, TRAPS, SWITCHES, MDNS, SWEEP, METRICS)
    )


def parse_access(text: str, file: str, site: Site) -> Access:
    """The access in a file's text.

    Raises:
        AccessError: with every problem there is.
    """
    problems: list[Problem] = []
    document = read_document(text, file, problems)
    if document is None:
        raise AccessError(problems, text)
    top = _Keys.SHAPE.read(document, "", problems)
    known = {str(each.id) for each in site.amplifiers}
    reaches = _reaches(top, known, problems)
    switches = _switches(top.may(_Keys.SWITCHES), known, problems)
    traps = top.may(_Keys.TRAPS)
    trap_user = None if traps is None else _credentials(traps, problems)
    if problems or not top.is_whole:
        raise AccessError(problems, text)
    users = {str(reach.credentials.user): reach.credentials for reach in reaches.values()}
    mdns, metrics = top.may(_Keys.MDNS), top.may(_Keys.METRICS)
    return Access(
        period=top.may(_Keys.EVERY) or PERIOD,
        client=top.may(_Keys.CLIENT) or CLIENTS[0],
        amplifiers=reaches,
        traps=None
        if traps is None
        else (str(traps.must(_Keys.LISTEN)), traps.may(_Keys.TRAP_PORT) or TRAP_PORT),
        trap_users=tuple(
            each for each in (trap_user, *users.values()) if each is not None and each.version
        ),
        switches=switches,
        mdns=None if mdns is None else str(mdns),
        sweep=top.may(_Keys.SWEEP) or (),
        metrics=None
        if metrics is None
        else (str(metrics.must(_Keys.LISTEN)), metrics.must(_Keys.METRICS_PORT)),
    )


def _reaches(top: Record, known: set[str], problems: list[Problem]) -> dict[str, Reach]:
    node = top.may(_Keys.DEFAULTS)
    defaults = None
    if node is not None:
        defaults = _Keys.AMPLIFIER.defaults("amplifier_defaults").read(node, "", problems)
    found: dict[str, Reach] = {}
    for name, entry in _entries(top.may(_Keys.AMPLIFIERS), "amplifiers", problems):
        if name.text not in known:
            problems.append(
                name.place.problem(
                    f'amplifiers: the site has no "{name.text}"', did_you_mean(name.text, known)
                )
            )
            continue
        record = _Keys.AMPLIFIER.read(entry, name.text, problems, defaults=defaults)
        credentials = _credentials(record, problems)
        if record.is_whole and credentials is not None:
            address = record.may(_Keys.ADDRESS)
            found[name.text] = Reach(
                credentials,
                record.may(_Keys.PORT) or PORT,
                None if address is None else str(address),
                record.may(_Keys.ENGINE) or "",
                record.may(_Keys.TCP) or TCP_PORTS,
            )
    if defaults is not None and defaults.is_whole and defaults.has(_Keys.VERSION):
        shared = _credentials(defaults, problems)
        for name_text in sorted(known - set(found)):
            if shared is not None:
                found[name_text] = Reach(shared, defaults.may(_Keys.PORT) or PORT)
    return found


def _credentials(record: Record, problems: list[Problem]) -> Credentials | None:
    """The credentials of a table; None, with the reason, when they do not go together."""
    keys = {each.key: record.may(each) or "" for each in _Keys.CREDENTIALS}
    found = Credentials(**{**keys, "version": keys["version"] or "v2c"})
    before = len(problems)
    if found.version in {"v1", "v2c"} and not found.community:
        problems.append(record.problem(_Keys.COMMUNITY, f"{found.version} needs a community"))
    if found.version == "v3":
        if not found.user:
            problems.append(record.problem(_Keys.USER, "v3 needs a user"))
        for kind, key, shown in (
            (found.authentication, found.authentication_key, _Keys.AUTHENTICATION),
            (found.privacy, found.privacy_key, _Keys.PRIVACY),
        ):
            if bool(kind) != bool(key):
                problems.append(
                    record.problem(shown, f"{shown.key} and {shown.key}_key go together")
                )
        if found.privacy and not found.authentication:
            problems.append(record.problem(_Keys.PRIVACY, "privacy needs authentication"))
    return found if len(problems) == before else None


def _switches(
    node: Node | None, known: set[str], problems: list[Problem]
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, entry in _entries(node, "switches", problems):
        behind = Many(One(ID), least=2).read(entry, f"switches: {name.text}", problems) or ()
        for each in behind:
            if each not in known:
                problems.append(
                    entry.place.problem(
                        f'switches: {name.text}: the site has no "{each}"',
                        did_you_mean(each, known),
                    )
                )
        found[name.text] = behind
    return found


def _entries(
    node: Node | None, called: str, problems: list[Problem]
) -> Iterator[tuple[Scalar, Node]]:
    if isinstance(node, Table):
        yield from node.entries
    elif node is not None:
        problems.append(node.place.problem(f"{called}: needs a table of names"))
