"""Where each amplifier is: as the files say, or where it proved to be; and looking for the lost.

An amplifier that has another address now is followed there when its engine id proves it. It is
looked for when somebody asks, and by itself as soon as one is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from broadcaster.watch.access import PORT, Access
from broadcaster.watch.inventory import Device, Expected, stock_told, taken_stock
from broadcaster.watch.mdns_browser import MdnsBrowser
from broadcaster.watch.memory import Memory
from broadcaster.watch.sweep import swept
from zones.site import Site

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 60.0
"""Seconds between two looks for amplifiers that are lost, if mDNS brings no news sooner."""
_LEAST_BETWEEN: Final = 5.0
_MOST_PORTS: Final = 16


class Whereabouts:
    """The addresses of all amplifiers; `moved` hears of each that has another one now."""

    def __init__(
        self, site: Site, access: Access, memory: Memory, moved: Callable[[str, str], None]
    ) -> None:
        """Nobody is looked for yet."""
        self._access, self._memory, self._moved = access, memory, moved
        self._own = {str(each.id): str(each.address) for each in site.amplifiers}
        self.browser = None if access.mdns is None else MdnsBrowser(access.mdns)

    def address_of(self, amplifier: str) -> str:
        """Where an amplifier is asked: where it was found, else as the files say."""
        reach = self._access.amplifiers.get(amplifier)
        moved = self._memory.addresses.get(amplifier)
        return moved or (reach.address if reach is not None else None) or self._own[amplifier]

    def amplifier_at(self, address: str) -> str | None:
        """The one amplifier at an address; None when there is none, or more than one."""
        names = [name for name in self._own if self.address_of(name) == address]
        return names[0] if len(names) == 1 else None

    def move(self, amplifier: str, address: str | None) -> None:
        """Ask an amplifier at another address from now on; None: as the files say."""
        if address is None:
            self._memory.addresses.pop(amplifier, None)
        else:
            self._memory.addresses[amplifier] = address
        self._moved(amplifier, self.address_of(amplifier))

    async def take_stock(self, answering: Mapping[str, str]) -> dict[str, Any]:
        """Look for devices; `answering` are the amplifiers that answer, with the name each gives.

        An amplifier that proves to be elsewhere is followed.

        Raises:
            ValueError: the networks to sweep are none.
        """
        devices = await self._found()
        devices += [
            Device(
                self.address_of(name), "poll", said, engine_id=self._memory.engines.get(name, "")
            )
            for name, said in answering.items()
        ]
        expected = {
            name: Expected(self.address_of(name), self._memory.engines.get(name, ""))
            for name in self._own
        }
        stock = taken_stock(expected, devices)
        for name, address in stock.moved.items():
            if name in self._access.amplifiers and stock.found[name].engine_id:
                log.warning("%s has moved from %s to %s", name, self.address_of(name), address)
                self.move(name, address)
        return stock_told(stock, expected)

    async def _found(self) -> list[Device]:
        """What answers a sweep, and what announces itself; that is asked who it is, too."""
        announced = [] if self.browser is None else self.browser.devices
        known = {self.address_of(name) for name in self._own}
        strangers = {each.address for each in announced} - known
        reaches = self._access.amplifiers.values()
        ports = {PORT, *(reach.port for reach in reaches)}
        communities = {
            (reach.credentials.version, reach.credentials.community)
            for reach in reaches
            if reach.credentials.community
        }
        found = await swept(self._access.sweep, communities, sorted(ports)[:_MOST_PORTS], strangers)
        return [*found, *announced]

    async def follow(
        self, lost: Callable[[], bool], answering: Callable[[], Mapping[str, str]]
    ) -> None:
        """Look for amplifiers as long as one is lost, until cancelled."""
        news = asyncio.Event() if self.browser is None else self.browser.found
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await news.wait()
            news.clear()
            if lost():
                try:
                    await self.take_stock(answering())
                except ValueError as error:
                    log.warning("sweep in watch.yaml: %s", error)
                    return
            await asyncio.sleep(_LEAST_BETWEEN)

    async def browse(self) -> None:
        """Listen to mDNS; that it cannot is told once, and nothing else suffers."""
        if self.browser is None:
            return
        try:
            await self.browser.run()
        except OSError as error:
            log.warning("no mDNS on %s: %s", self._access.mdns, error)
