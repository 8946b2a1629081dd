"""Finds devices that announce themselves by mDNS. It finds, it never supervises.

A device that loses power says no goodbye and stays in everybody's cache for more than an hour.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from typing import Final

from zeroconf import IPVersion, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from broadcaster.watch.inventory import Device

TYPES: Final = (
    *("_http._tcp.local.", "_https._tcp.local.", "_sip._udp.local.", "_sip._tcp.local."),
    *("_rtsp._tcp.local.", "_oca._tcp.local.", "_axis-video._tcp.local."),
)
"""None of the makers' manuals names a type of its own: devices are known by what they say."""
MOST_DEVICES: Final = 2_000
_RESOLVE_MS: Final = 3_000
_RESOLVE_AT_ONCE: Final = 128


class MdnsBrowser:
    """Listens on one own address and keeps the devices it has seen."""

    def __init__(self, address: str, types: tuple[str, ...] = TYPES) -> None:
        """`address` is that of the interface to listen on."""
        self._address, self._types = address, list(types)
        self._devices: OrderedDict[str, Device] = OrderedDict()
        self._room = asyncio.Semaphore(_RESOLVE_AT_ONCE)
        self._resolving: set[asyncio.Task[None]] = set()
        self.found = asyncio.Event()
        """Set when a device came or went; cleared by who waits for it."""

    @property
    def devices(self) -> list[Device]:
        """What was seen and has not said goodbye."""
        return list(self._devices.values())

    async def run(self) -> None:
        """Listen until cancelled; raises OSError when the address cannot be listened on."""
        network = AsyncZeroconf(interfaces=[self._address], ip_version=IPVersion.V4Only)
        browser = AsyncServiceBrowser(network.zeroconf, self._types, handlers=[self._changed])
        try:
            await asyncio.Event().wait()
        finally:
            for task in self._resolving:
                task.cancel()
            await browser.async_cancel()
            await network.async_close()

    def _changed(
        self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        if state_change is ServiceStateChange.Removed:
            self._devices.pop(name, None)
            self.found.set()
            return
        task = asyncio.get_running_loop().create_task(
            self._resolve(zeroconf, service_type, name), name=f"mdns {name[:40]}"
        )
        self._resolving.add(task)
        task.add_done_callback(self._resolving.discard)

    async def _resolve(self, zeroconf: Zeroconf, service_type: str, name: str) -> None:
        info = AsyncServiceInfo(service_type, name)
        async with self._room:
            if not await info.async_request(zeroconf, _RESOLVE_MS):
                return
        # A peer that publishes IPv6 hands back its link-local address too.
        addresses = info.parsed_addresses(IPVersion.V4Only)
        if not addresses:
            return
        properties = info.decoded_properties
        with contextlib.suppress(KeyError):
            del self._devices[name]
        self._devices[name] = Device(
            address=addresses[0],
            by="mdns",
            name=_said(properties, "id") or name.partition(".")[0][:64],
            description=_said(properties, "model"),
            vendor=_said(properties, "vendor"),
        )
        while len(self._devices) > MOST_DEVICES:
            self._devices.popitem(last=False)
        self.found.set()


def _said(properties: dict[str, str | None], key: str) -> str:
    return "".join(c for c in (properties.get(key) or "") if c.isprintable())[:64]
