"""The key `console` of the site file: what may stand there, and the settings it says."""

from __future__ import annotations

import re
from typing import Final

from zones.console_settings import (
    DEFAULT_CONSOLE_HOST,
    DEFAULT_CONSOLE_PORT,
    ROLES,
    ConsoleSettings,
    SingleSignOn,
)
from zones.problem import Problem
from zones.sitefile_values import ByName
from zones.yaml_kind import IPV4, PATH, TEXT, Kind, ValueProblem, choice, whole
from zones.yaml_shape import Field, Inside, Many, One, Record, Shape

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def _read_host(text: str) -> str:
    if _HOST.fullmatch(text):
        return text.lower()
    raise ValueProblem(
        f'"{text}" is not the name of a host', "such as console.lan, without https:// and port"
    )


def _read_issuer(text: str) -> str:
    if re.fullmatch(r"https://[^\s?#]{1,180}", text):
        return text.rstrip("/")
    raise ValueProblem(f'"{text}" is not an issuer', "such as https://login.example/district")


_HOST_KIND: Final = Kind(
    "the name of a host",
    _read_host,
    {"type": "string", "pattern": f"^{_HOST.pattern}$"},
    "a name or address, like `console.lan`",
)
_ISSUER_KIND: Final = Kind(
    "an issuer", _read_issuer, {"type": "string", "pattern": "^https://"}, "a URL with `https://`"
)
_ROLE_KIND: Final = choice("a role", {role: role for role in ROLES})


class SingleSignOnKeys:
    """`single_sign_on` of `console`."""

    ISSUER: Final = Field("issuer", One(_ISSUER_KIND), "the provider", is_required=True)
    CLIENT: Final = Field("client", One(TEXT), "our name at the provider", is_required=True)
    SECRET_FILE: Final = Field(
        "secret_file", One(PATH), "file with the secret agreed with it", is_required=True
    )
    CLAIM: Final = Field("claim", One(TEXT), "claim that lists groups, `groups` if not said")
    ROLES: Final = Field(
        "roles", ByName(One(_ROLE_KIND)), "the role that each group has here", is_required=True
    )
    SHAPE: Final = Shape(
        "single_sign_on",
        (ISSUER, CLIENT, SECRET_FILE, CLAIM, ROLES),
        "A provider of OpenID Connect that vouches for people.",
    )


class ConsoleKeys:
    """`console`."""

    HOST: Final = Field(
        "host", One(IPV4), "address it listens at, 127.0.0.1 (this machine only) if not said"
    )
    PORT: Final = Field(
        "port",
        One(whole("a port", 0, 65_535)),
        f"its port, {DEFAULT_CONSOLE_PORT} if not said; 0 lets the system choose",
    )
    NAMES: Final = Field(
        "names",
        Many(One(_HOST_KIND), most=50, may_be_one=True),
        "names and addresses it is called by in browsers, beside its host",
    )
    CERTIFICATE: Final = Field("certificate", One(PATH), "its certificate chain, a PEM file")
    KEY: Final = Field("key", One(PATH), "the certificate's private key, a PEM file")
    SINGLE_SIGN_ON: Final = Field(
        "single_sign_on", Inside(SingleSignOnKeys.SHAPE), "who else may vouch for people"
    )
    SHAPE: Final = Shape(
        "console",
        (HOST, PORT, NAMES, CERTIFICATE, KEY, SINGLE_SIGN_ON),
        "Where people reach the station by browser.",
    )


def check_console(record: Record | None) -> list[Problem]:
    """What is wrong with settings whose values are each right: a certificate without its key."""
    if record is None or record.has(ConsoleKeys.CERTIFICATE) == record.has(ConsoleKeys.KEY):
        return []
    given, lacks = ConsoleKeys.CERTIFICATE, ConsoleKeys.KEY
    if record.has(ConsoleKeys.KEY):
        given, lacks = lacks, given
    return [record.problem(given, f"{given.key} needs {lacks.key} beside it")]


def console_settings(record: Record | None) -> ConsoleSettings:
    """The settings in a record; without one those of a station whose site file says nothing."""
    if record is None:
        return ConsoleSettings()
    sign_on = record.may(ConsoleKeys.SINGLE_SIGN_ON)
    port = record.may(ConsoleKeys.PORT)
    return ConsoleSettings(
        host=str(record.may(ConsoleKeys.HOST) or DEFAULT_CONSOLE_HOST),
        port=DEFAULT_CONSOLE_PORT if port is None else port,
        names=record.may(ConsoleKeys.NAMES) or (),
        certificate=record.may(ConsoleKeys.CERTIFICATE),
        key=record.may(ConsoleKeys.KEY),
        single_sign_on=None if sign_on is None else _single_sign_on(sign_on),
    )


def _single_sign_on(record: Record) -> SingleSignOn:
    return SingleSignOn(
        issuer=record.must(SingleSignOnKeys.ISSUER),
        client=record.must(SingleSignOnKeys.CLIENT),
        secret_file=record.must(SingleSignOnKeys.SECRET_FILE),
        claim=record.may(SingleSignOnKeys.CLAIM) or "groups",
        roles=tuple((name.value, role) for name, role in record.must(SingleSignOnKeys.ROLES)),
    )
