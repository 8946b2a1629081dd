"""The carrier of each way of the site file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp

from broadcaster.notices.apprise_sender import AppriseSender
from broadcaster.notices.mail_sender import MailSender
from broadcaster.notices.mqtt_sender import BrokerLine, MqttSender
from broadcaster.notices.notice import Carrier
from broadcaster.notices.relay_sender import RelaySender
from broadcaster.notices.webhook_sender import WebhookSender
from zones.notices_settings import Apprise, Broker, Mail, Mqtt, Relay, Way, Webhook


class Carriers:
    """Makes carriers; those by MQTT share one line for each broker, which must be run."""

    def __init__(self, folder: Path, session: aiohttp.ClientSession) -> None:
        """Files of the ways are relative to `folder`."""
        self._folder = folder
        self._session = session
        self.lines: dict[Broker, BrokerLine] = {}

    def of(self, way: Way, answered: Callable[[Mapping[str, Any]], None]) -> Carrier:
        """The carrier of a way; `answered` takes what comes back later."""
        match way:
            case Webhook():
                return WebhookSender(way, self._folder, self._session)
            case Relay():
                return RelaySender(way)
            case Mail():
                return MailSender(way, self._folder)
            case Apprise():
                return AppriseSender(way, self._folder)
            case Mqtt(broker, topic, feedback):
                line = self.lines.get(broker)
                if line is None:
                    line = self.lines[broker] = BrokerLine(broker, self._folder)
                if feedback is not None:
                    line.listen(feedback, answered)
                return MqttSender(line, topic, answers_later=feedback is not None)


def session() -> aiohttp.ClientSession:
    """Connections for webhooks: no proxy, no cookies, no limit that one receiver could use up."""
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=0)
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": "sorigil"},
    )
