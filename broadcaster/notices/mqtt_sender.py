"""One connection to each MQTT broker, kept up, shared by all who are told through it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import aiomqtt

from broadcaster.notices.notice import Notice, NotToldError
from broadcaster.notices.secret_file import secret_in
from broadcaster.notices.webhook_sender import json_object
from zones.notices_settings import Broker

log = logging.getLogger(__name__)

LIMIT: Final = 5.0
"""Seconds a broker may take to answer, and a notice waits for a connection."""
_RETRIES: Final = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_LONGEST_ANSWER: Final = 65_536

Answers = Callable[[Mapping[str, Any]], None]
"""Who wants the JSON objects that come on a topic."""


class BrokerLine:
    """A connection to one broker; losing it and finding it again is logged once each."""

    def __init__(self, broker: Broker, folder: Path) -> None:
        """Files of `broker` are relative to `folder`."""
        self._broker = broker
        self._folder = folder
        self._topics: dict[str, list[Answers]] = {}
        self._client: aiomqtt.Client | None = None
        self._connected = asyncio.Event()
        self._trouble = "not connected yet"

    def listen(self, topic: str, take: Answers) -> None:
        """Hand every JSON object on a topic to `take`; to be asked for before `run`."""
        self._topics.setdefault(topic, []).append(take)

    async def run(self) -> None:
        """Keep the connection up until cancelled."""
        failures = 0
        while True:
            try:
                await self._hold(is_return=failures > 0)
            except (aiomqtt.MqttError, NotToldError, OSError) as error:
                self._trouble = str(error) or type(error).__name__
            was_up = self._client is not None
            self._client = None
            self._connected.clear()
            if was_up or failures == 0:
                log.warning("broker %s is away: %s", self._broker.host, self._trouble)
            failures = 1 if was_up else failures + 1
            await asyncio.sleep(_RETRIES[min(failures, len(_RETRIES)) - 1])

    async def _hold(self, *, is_return: bool) -> None:
        """Be connected until the connection ends."""
        async with broker_client(self._broker, self._folder) as client:
            for topic in self._topics:
                await client.subscribe(topic, qos=1, timeout=LIMIT)
            self._client = client
            self._connected.set()
            if is_return:
                log.info("broker %s is back", self._broker.host)
            async for message in client.messages:
                # A kept answer was given to an earlier question.
                if not message.retain:
                    self._take(str(message.topic), message.payload)
        raise aiomqtt.MqttError("the broker closed the connection")

    def _take(self, topic: str, payload: object) -> None:
        said = None
        if isinstance(payload, bytes | bytearray) and len(payload) <= _LONGEST_ANSWER:
            said = json_object(bytes(payload))
        if said is None:
            log.debug("what came on %s is no JSON object", topic)
            return
        for take in self._topics.get(topic, ()):
            take(said)

    async def publish(self, topic: str, notice: Notice) -> None:
        """Publish at least once (QoS 1); raises NotToldError unless the broker has taken it."""
        place = f"broker {self._broker.host}"
        if self._client is None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LIMIT):
                    await self._connected.wait()
        client = self._client
        if client is None:
            raise NotToldError(f"{place} is away: {self._trouble}")
        body = json.dumps(dict(notice.fields), ensure_ascii=False).encode()
        try:
            await client.publish(topic, body, qos=1, retain=notice.is_kept, timeout=LIMIT)
        except (aiomqtt.MqttError, OSError, ValueError) as error:
            raise NotToldError(f"{place} did not take it: {error}") from None


def broker_client(broker: Broker, folder: Path, will: aiomqtt.Will | None = None) -> aiomqtt.Client:
    """A client of a broker, to be entered; `will` is what the broker says when we are gone.

    Raises:
        NotToldError: its password cannot be read.
        OSError: its authority cannot be read.
    """
    context, password = None, None
    if broker.tls:
        authority = None if broker.authority is None else str(folder / broker.authority)
        context = ssl.create_default_context(cafile=authority)
    if broker.password_file is not None:
        password = secret_in(folder / broker.password_file)
    return aiomqtt.Client(
        broker.host,
        broker.port,
        username=broker.user,
        password=password,
        tls_context=context,
        timeout=LIMIT,
        keepalive=15,
        will=will,
    )


class MqttSender:
    """Brings notices to one topic."""

    def __init__(self, line: BrokerLine, topic: str, *, answers_later: bool) -> None:
        """`line` must run; answers come by its `listen`."""
        self._line = line
        self._topic = topic
        self.answers_later = answers_later

    async def tell(self, notice: Notice) -> Mapping[str, Any] | None:
        """Publish it; raises NotToldError."""
        await self._line.publish(self._topic, notice)
        return None
