"""Sends a signed test event through our own door, every hour: nobody hears what comes of it.

Whether it was heard on the wire is control's to say; here it is only sent, as a gateway would.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import time
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from alerts.detection.event import Kind, Mode, Phase
from broadcaster.doors.keys import SECRET_BYTES, Key, new_id
from broadcaster.doors.signature import signing_headers
from broadcaster.self_test import KEY, SENT_NS

log = logging.getLogger(__name__)

FIRST_AFTER: Final = 20.0
"""Seconds after the start: the programme is on air by then."""
EVERY: Final = 3600.0
_LIMIT: Final = 5.0


def own_key() -> Key:
    """A key for this process alone: it is kept nowhere and vouches for nothing but self-tests."""
    return Key(
        id=new_id(KEY),
        name=KEY,
        made=datetime.now(UTC),
        secret=secrets.token_bytes(SECRET_BYTES),
        sources=(KEY,),
        kinds=(Kind.MANUAL.value,),
    )


class SelfTester:
    """Sends self-tests to a door."""

    def __init__(
        self, url: str, key: Key, *, every: float = EVERY, first: float = FIRST_AFTER
    ) -> None:
        """`url` is the door's own, `key` one that it knows; `every` and `first` are seconds."""
        self._url = url
        self._key = key
        self._every = every
        self._first = first

    async def run(self) -> None:
        """Send until cancelled."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._first
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            due = loop.time() + self._every
            try:
                said = await self.send()
                if said:
                    log.warning("the self-test was not taken: %s", said)
            except (aiohttp.ClientError, OSError, TimeoutError) as error:
                log.warning("the self-test could not be sent: %s", error)

    async def send(self) -> str:
        """Send one; what the door said against it, empty if it took it.

        Raises:
            aiohttp.ClientError, OSError, TimeoutError: it could not be sent.
        """
        event = {
            "v": 1,
            "id": secrets.token_hex(8),
            "source": KEY,
            "kind": Kind.MANUAL.value,
            "phase": Phase.START.value,
            "mode": Mode.TEST.value,
            "time": datetime.now(UTC).isoformat(),
            "vendor": {SENT_NS: time.monotonic_ns()},
        }
        body = json.dumps(event).encode()
        path = urlsplit(self._url).path
        nonce, key = secrets.token_hex(16), self._key
        signed = signing_headers(key.id, key.secret, int(time.time()), nonce, path, body)
        headers = {**signed, "Content-Type": "application/json"}
        # The certificate is our own; whom we talk to is this process.
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_LIMIT)) as session,
            session.post(self._url, data=body, headers=headers, ssl=False) as response,
        ):
            said = await response.text()
            return "" if response.ok else f"{response.status} {said[:200]}"
