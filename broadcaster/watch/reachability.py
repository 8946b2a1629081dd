"""Is a device there at all? Asked when its agent is silent, and of devices that have none.

A connection is tried to the ports such devices serve. One that is refused proves the device as well
as one that is taken, so no right to send ICMP is needed. Only on loopback a refusal proves nothing:
there our own kernel answers.
"""

from __future__ import annotations

import asyncio
import contextlib
from ipaddress import ip_address
from typing import Final

LIMIT: Final = 1.5


async def is_reachable(address: str, ports: tuple[int, ...], limit: float = LIMIT) -> bool:
    """Whether anything answers at an address within `limit` seconds."""
    tries = [asyncio.create_task(_answers(address, port), name=f"try {address}") for port in ports]
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
