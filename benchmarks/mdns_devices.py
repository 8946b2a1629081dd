"""Devices that announce themselves by mDNS: `python -m benchmarks.mdns_devices 100 PARENT`.

Prints when all had announced themselves, on CLOCK_MONOTONIC, and stays until it is ended.
"""

import asyncio
import socket
import sys
import time

from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from broadcaster.engine.libc import die_with_parent

_SERVICE = "_http._tcp.local."


def _device(number: int) -> AsyncServiceInfo:
    return AsyncServiceInfo(
        _SERVICE,
        f"horn-{number:03} virtual amplifier.{_SERVICE}",
        addresses=[socket.inet_aton(f"127.0.80.{number + 1}")],
        port=80,
        properties={"vendor": "Sorigil", "model": "virtual amplifier", "id": f"horn-{number:03}"},
    )


async def announce(count: int) -> None:
    """Announce and stay."""
    network = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    # Together: each name is tried three times first, which takes a second.
    announcing = await asyncio.gather(
        *(network.async_register_service(_device(number)) for number in range(count))
    )
    await asyncio.gather(*announcing)
    sys.stdout.write(f"{time.monotonic()}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    asyncio.run(announce(int(sys.argv[1])))
