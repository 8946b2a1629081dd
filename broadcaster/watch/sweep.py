"""Asks every address of some networks whether an agent is there: one socket, no list of devices.

For each address a question of SNMPv3 without a user, and one for each community we have. An agent
answers the first with its engine id, the others with what it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Network
from typing import Final

from pyasn1.codec.ber import decoder, encoder  # type: ignore[import-untyped]
from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pysnmp.error import PySnmpError  # type: ignore[import-untyped]
from pysnmp.proto.api import v1, v2c  # type: ignore[import-untyped]

from broadcaster.watch.engine_id import EngineIdError, engine_id_in, question
from broadcaster.watch.inventory import Device
from firmware_profiles.oid import SYS_DESCR, SYS_NAME
from firmware_profiles.reading import text_of

MOST_ADDRESSES: Final = 4_096
ROUNDS: Final = 2
ROUND_LIMIT: Final = 1.2
"""Seconds that answers are waited for after the last question of a round."""
_AT_ONCE: Final = 64
_BREATH: Final = 0.02
_MESSAGE_ID: Final = bytes((0x11, 0x22, 0x33, 0x44))


async def swept(
    networks: Iterable[str],
    communities: Iterable[tuple[str, str]],
    ports: Iterable[int] = (161,),
    more: Iterable[str] = (),
) -> list[Device]:
    """Every device that answers, of networks (such as `10.77.0.0/24`) and at `more` addresses.

    `communities` come with the version, "v1" or "v2c", they are asked with.

    Raises:
        ValueError: a network is none, or they have more than 4,096 addresses in all.
    """
    asked = [IPv4Network(text) for text in networks]
    known = list(more)
    # Counted before they are written out: a /8 is two gigabytes of them.
    count = sum(network.num_addresses for network in asked) + len(known)
    if count > MOST_ADDRESSES:
        raise ValueError(f"{count:,} addresses; {MOST_ADDRESSES:,} are the most")
    listed = (str(host) for network in asked for host in network.hosts())
    addresses = list(dict.fromkeys([*listed, *known]))
    if not addresses:
        return []
    places = [(address, port) for address in addresses for port in ports]
    questions = [question(_MESSAGE_ID)]
    questions += [_question(*each) for each in dict.fromkeys(communities)]
    answers = _Answers()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: answers, local_addr=("0.0.0.0", 0)  # noqa: S104 - answers come in by any card
    )  # fmt: skip
    try:
        for _ in range(ROUNDS):
            for begin in range(0, len(places), _AT_ONCE):
                for place in places[begin : begin + _AT_ONCE]:
                    for octets in questions:
                        transport.sendto(octets, place)
                await asyncio.sleep(_BREATH)
            await asyncio.sleep(ROUND_LIMIT)
    finally:
        transport.close()
    wanted = set(addresses)
    return [device for address, device in answers.devices.items() if address in wanted]


class _Answers(asyncio.DatagramProtocol):
    """Collects what comes back, one device for each address."""

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        address = addr[0]
        known = self.devices.get(address, Device(address, "snmp"))
        if len(self.devices) > MOST_ADDRESSES:
            return
        try:
            self.devices[address] = replace(known, engine_id=engine_id_in(data))
            return
        except EngineIdError:
            pass
        said = _answer(data)
        if said is not None:
            self.devices[address] = replace(known, description=said[0], name=said[1])

    def error_received(self, exc: Exception) -> None:
        """An address at which nobody is."""


def _question(version: str, community: str) -> bytes:
    pdu = v2c.GetRequestPDU()
    v2c.apiPDU.set_defaults(pdu)
    v2c.apiPDU.set_varbinds(pdu, [(SYS_DESCR, v2c.null), (SYS_NAME, v2c.null)])
    # Both versions write a GetRequest alike (RFC 3416 section 3); only the number differs.
    api = v1.apiMessage if version == "v1" else v2c.apiMessage
    message = v1.Message() if version == "v1" else v2c.Message()
    api.set_defaults(message)
    api.set_community(message, community)
    api.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def _answer(octets: bytes) -> tuple[str, str] | None:
    """Description and name in an answer; None when it is none."""
    try:
        message, _ = decoder.decode(octets, asn1Spec=v2c.Message())
        pdu = v2c.apiMessage.get_pdu(message)
        values = {tuple(oid): value for oid, value in v2c.apiPDU.get_varbinds(pdu)}
        return (
            text_of(bytes(values.get(SYS_DESCR, b""))),
            text_of(bytes(values.get(SYS_NAME, b""))),
        )
    except (PyAsn1Error, PySnmpError, ValueError, TypeError, IndexError):
        return None
