"""Is a device there at all? Asked when its agent is silent, and of devices that have none.

A connection is tried to the ports such devices serve. One that is refused proves the device as well
as one that is taken, so no right to send ICMP is needed. Only on loopback a refusal proves nothing:
there our own kernel answers. Where SIP is among the ports it is asked by UDP too (OPTIONS, RFC 3261
section 11), which is all that many speakers speak.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from ipaddress import ip_address
from typing import Final

LIMIT: Final = 1.5
SIP: Final = 5060


async def is_reachable(address: str, ports: tuple[int, ...], limit: float = LIMIT) -> bool:
    """Whether anything answers at an address within `limit` seconds."""
    tries = [asyncio.create_task(_answers(address, port), name=f"try {address}") for port in ports]
    if SIP in ports:
        tries.append(asyncio.create_task(speaks_sip(address), name=f"try SIP {address}"))
    try:
        async with asyncio.timeout(limit):
            for done in asyncio.as_completed(tries):
                if await done:
                    return True
    except TimeoutError:
        return False
    finally:
        for each in tries:
            each.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
    return False


async def speaks_sip(address: str, port: int = SIP, limit: float = LIMIT) -> bool:
    """Whether anything at all comes back to OPTIONS by UDP within `limit` seconds."""
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[bool] = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Ear(heard, is_own=ip_address(address).is_loopback),
            remote_addr=(address, port),
        )
    except OSError:
        return False
    try:
        host, own_port = transport.get_extra_info("sockname")[:2]
        transport.sendto(_options(address, f"{host}:{own_port}"))
        async with asyncio.timeout(limit):
            return await heard
    except TimeoutError:
        return False
    finally:
        transport.close()


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, heard: asyncio.Future[bool], *, is_own: bool) -> None:
        self._heard, self._is_own = heard, is_own

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Whatever it says, somebody is there."""
        if not self._heard.done():
            self._heard.set_result(True)

    def error_received(self, exc: Exception) -> None:
        """A port that is refused is refused by the device, on loopback by ourselves."""
        if isinstance(exc, ConnectionRefusedError) and not self._heard.done():
            self._heard.set_result(not self._is_own)


def _options(address: str, own: str) -> bytes:
    token = secrets.token_hex(8)
    lines = (
        f"OPTIONS sip:{address} SIP/2.0",
        f"Via: SIP/2.0/UDP {own};rport;branch=z9hG4bK{token}",
        "Max-Forwards: 70",
        f"From: <sip:watch@{own}>;tag={token}",
        f"To: <sip:{address}>",
        f"Call-ID: {token}@{own}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    )
    return "\r\n".join((*lines, "", "")).encode()


async def _answers(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except ConnectionRefusedError:
        return not ip_address(address).is_loopback
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
