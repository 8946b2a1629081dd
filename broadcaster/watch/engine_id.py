"""Asks a v3 agent for its engine id (RFC 3414 section 4): a question without a user.

The message is always the same, so it is written out here; only the answer is taken apart.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

from pyasn1.codec.ber import decoder  # type: ignore[import-untyped]
from pyasn1.error import PyAsn1Error  # type: ignore[import-untyped]
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message  # type: ignore[import-untyped]
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters  # type: ignore[import-untyped]

# SNMPv3Message: version 3, a message id of 4 octets, 65507 octets at most, flags "reportable",
# USM with empty parameters, an empty scoped GetRequest (RFC 3412 section 6, RFC 3414 section 2.4).
_HEAD: Final = bytes.fromhex("303e020103301102 04".replace(" ", ""))
_TAIL: Final = bytes.fromhex(
    "020300ffe30401040201030410300e0400020100020100040004000400301404000400a00e0204"
)
_END: Final = bytes.fromhex("0201000201003000")
_LONGEST: Final = 4096


class EngineIdError(Exception):
    """No engine id came back."""


def question(message_id: bytes) -> bytes:
    """The request; `message_id` has four octets, the first below 0x80."""
    return _HEAD + message_id + _TAIL + message_id + _END


def engine_id_in(octets: bytes) -> str:
    """The engine id in an answer, in hex.

    Raises:
        EngineIdError: it is no answer of a v3 agent.
    """
    try:
        message, _ = decoder.decode(octets[:_LONGEST], asn1Spec=SNMPv3Message())
        security, _ = decoder.decode(
            bytes(message.getComponentByPosition(2)), asn1Spec=UsmSecurityParameters()
        )
        engine_id = bytes(security.getComponentByPosition(0))
    except (PyAsn1Error, ValueError, TypeError, IndexError) as error:
        raise EngineIdError(f"what came back is no answer of SNMPv3: {error}"[:120]) from None
    if not 5 <= len(engine_id) <= 32:
        raise EngineIdError("the agent gives no engine id")
    return engine_id.hex()


async def ask_engine_id(address: str, port: int, limit: float, tries: int = 2) -> str:
    """The engine id of the agent at an address; raises EngineIdError."""
    loop = asyncio.get_running_loop()
    answers: asyncio.Queue[bytes] = asyncio.Queue(maxsize=8)
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _Answers(answers), remote_addr=(address, port)
    )
    try:
        for _ in range(tries):
            transport.sendto(question(bytes([secrets.randbelow(127) + 1, *secrets.token_bytes(3)])))
            try:
                async with asyncio.timeout(limit):
                    return engine_id_in(await answers.get())
            except TimeoutError:
                continue
    finally:
        transport.close()
    raise EngineIdError("no answer to a question of SNMPv3")


class _Answers(asyncio.DatagramProtocol):
    def __init__(self, answers: asyncio.Queue[bytes]) -> None:
        self._answers = answers

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._answers.full():
            self._answers.put_nowait(data)
