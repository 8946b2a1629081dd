"""Keeps a home automation informed through its broker: discovery once, then what changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import aiomqtt

from broadcaster.notices.home_assistant import (
    OFFLINE,
    ONLINE,
    Message,
    discovery,
    states,
    status_topic,
)
from broadcaster.notices.mqtt_sender import LIMIT, broker_client
from broadcaster.notices.notice import NotToldError
from zones.notices_settings import HomeAssistant
from zones.site import Site

log = logging.getLogger(__name__)

STALE_S: Final = 10.0
"""Without a snapshot of control for so long nothing that is shown counts."""
RETRY_S: Final = 5.0
_BETWEEN_S: Final = 0.5
"""Seconds between two rounds of states, at least."""


class HomeAssistantSender:
    """Shows one site to one home automation. Nothing that comes from there is an order."""

    def __init__(self, site: Site, settings: HomeAssistant, folder: Path) -> None:
        """Files of the settings are relative to `folder`."""
        self._site, self._settings, self._folder = site, settings, folder
        self._snapshot: Mapping[str, Any] | None = None
        self._news = asyncio.Event()
        self._shown: dict[str, str] = {}

    def take(self, snapshot: Mapping[str, Any]) -> None:
        """This is how things stand."""
        self._snapshot = snapshot
        self._news.set()

    async def run(self) -> None:
        """Show it until cancelled; losing the broker and finding it again is logged once each."""
        is_lost = False
        while True:
            try:
                async with self._client() as client:
                    if is_lost:
                        log.info("the broker of the home automation is back")
                    is_lost = False
                    async with asyncio.TaskGroup() as tasks:
                        tasks.create_task(self._show(client), name="states")
                        tasks.create_task(self._hear(client), name="births")
            except* (aiomqtt.MqttError, NotToldError, OSError) as group:
                if not is_lost:
                    host = self._settings.broker.host
                    log.warning("home automation by %s: %s", host, group.exceptions[0])
                is_lost = True
            await asyncio.sleep(RETRY_S)

    def _client(self) -> aiomqtt.Client:
        gone = aiomqtt.Will(status_topic(self._settings), OFFLINE, qos=1, retain=True)
        return broker_client(self._settings.broker, self._folder, gone)

    async def _hear(self, client: aiomqtt.Client) -> None:
        """Show everything again when the home automation begins anew."""
        await client.subscribe(f"{self._settings.prefix}/status", qos=1, timeout=LIMIT)
        async for message in client.messages:
            if message.payload == ONLINE.encode() and not message.retain:
                self._shown.clear()
                self._news.set()

    async def _show(self, client: aiomqtt.Client) -> None:
        self._shown.clear()
        while True:
            if not self._shown:
                await self._publish(client, discovery(self._site, self._settings))
            await self._publish(client, self._now())
            await asyncio.sleep(_BETWEEN_S)
            try:
                async with asyncio.timeout(STALE_S):
                    await self._news.wait()
            except TimeoutError:
                self._snapshot = None

    def _now(self) -> list[Message]:
        self._news.clear()
        status = status_topic(self._settings)
        if self._snapshot is None:
            return [Message(status, OFFLINE)]
        told = states(self._site, self._settings, self._snapshot)
        return [*told, Message(status, ONLINE)]

    async def _publish(self, client: aiomqtt.Client, messages: Iterable[Message]) -> None:
        """Publish what is other than the broker has it."""
        for one in messages:
            if self._shown.get(one.topic) != one.payload:
                await client.publish(one.topic, one.payload, qos=1, retain=True, timeout=LIMIT)
                self._shown[one.topic] = one.payload
