"""The key `doors` of the site file: what may stand there, and the settings it says."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final

from zones.doors_settings import DEFAULT_DOORS_HOST, DEFAULT_DOORS_PORT, DoorsSettings
from zones.problem import Problem
from zones.yaml_kind import IPV4, PATH, whole
from zones.yaml_shape import Field, One, Record, Shape


class DoorsKeys:
    """`doors`."""

    HOST: Final = Field(
        "host", One(IPV4), "address they listen at, 127.0.0.1 (this machine only) if not said"
    )
    PORT: Final = Field(
        "port",
        One(whole("a port", 0, 65_535)),
        f"their port, {DEFAULT_DOORS_PORT} if not said; 0 lets the system choose",
    )
    CERTIFICATE: Final = Field("certificate", One(PATH), "their certificate chain, a PEM file")
    KEY: Final = Field("key", One(PATH), "the certificate's private key, a PEM file")
    CLIENTS: Final = Field(
        "clients",
        One(PATH),
        "authorities, a PEM file, whose certificates senders may show instead of signing",
    )
    SHAPE: Final = Shape(
        "doors", (HOST, PORT, CERTIFICATE, KEY, CLIENTS), "Where detections come in."
    )


def check_doors(record: Record | None) -> list[Problem]:
    """What is wrong with settings whose values are each right."""
    if record is None:
        return []
    found = []
    has_certificate = record.has(DoorsKeys.CERTIFICATE)
    if has_certificate != record.has(DoorsKeys.KEY):
        given, lacks = DoorsKeys.CERTIFICATE, DoorsKeys.KEY
        if not has_certificate:
            given, lacks = lacks, given
        found.append(record.problem(given, f"{given.key} needs {lacks.key} beside it"))
    host = record.may(DoorsKeys.HOST)
    if host is not None and not ip_address(str(host)).is_loopback and not has_certificate:
        found.append(
            record.problem(
                DoorsKeys.HOST,
                f"host: {host} is reached from other machines, and there is no certificate",
                "add certificate and key; without them only 127.0.0.1 is listened at",
            )
        )
    if record.has(DoorsKeys.CLIENTS) and not has_certificate:
        found.append(record.problem(DoorsKeys.CLIENTS, "clients needs certificate beside it"))
    return found


def doors_settings(record: Record | None) -> DoorsSettings:
    """The settings in a record; without one those of a station whose site file says nothing."""
    if record is None:
        return DoorsSettings()
    port = record.may(DoorsKeys.PORT)
    return DoorsSettings(
        host=str(record.may(DoorsKeys.HOST) or DEFAULT_DOORS_HOST),
        port=DEFAULT_DOORS_PORT if port is None else port,
        certificate=record.may(DoorsKeys.CERTIFICATE),
        key=record.may(DoorsKeys.KEY),
        clients=record.may(DoorsKeys.CLIENTS),
    )
