"""The pictures of a request: taken out, named at once, checked and kept afterwards."""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from alerts.detection import EventError
from broadcaster.doors.picture_check import MOST_BYTES, refusal
from broadcaster.picture_store import PictureStore, picture_name

log = logging.getLogger(__name__)

MOST_PICTURES: Final = 3
"""Pictures of one request."""
_MOST_WAITING: Final = 30
_CARE_EVERY_S: Final = 3_600.0


def pictures_in(fields: dict[str, Any], at: str) -> list[bytes]:
    """The pictures of an event's JSON, which then holds their names instead.

    Raises:
        EventError: there are too many, or one is no base64 or too large.
    """
    given = fields.get("pictures")
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > MOST_PICTURES:
        raise EventError(f"{at}/pictures", f"needs a list of at most {MOST_PICTURES} pictures")
    found = []
    for n, text in enumerate(given):
        if not isinstance(text, str) or len(text) > MOST_BYTES * 4 // 3 + 4:
            raise EventError(
                f"{at}/pictures/{n}", f"is no base64 of at most {MOST_BYTES} bytes of JPEG"
            )
        try:
            found.append(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            raise EventError(f"{at}/pictures/{n}", "is not base64") from None
    fields["pictures"] = [picture_name(octets) for octets in found]
    return found


class Pictures:
    """Checks and keeps pictures one after another; no warning waits for them."""

    def __init__(self, store: PictureStore) -> None:
        self._store = store
        self._waiting: asyncio.Queue[bytes] = asyncio.Queue(_MOST_WAITING)
        self.dropped = 0
        """Pictures that came while too many waited, or that were none."""

    def add(self, pictures: Sequence[bytes]) -> None:
        """Have pictures checked and kept; the newest are left out while too many wait."""
        for octets in pictures:
            try:
                self._waiting.put_nowait(octets)
            except asyncio.QueueFull:
                self.dropped += 1

    async def run(self) -> None:
        """Check and keep until cancelled; remove what is past its time once an hour."""
        loop = asyncio.get_running_loop()
        care_at = loop.time()
        while True:
            if loop.time() >= care_at:
                care_at = loop.time() + _CARE_EVERY_S
                await asyncio.to_thread(self._store.forget_old, datetime.now(UTC))
            try:
                async with asyncio.timeout_at(care_at):
                    octets = await self._waiting.get()
            except TimeoutError:
                continue
            why = await refusal(octets)
            if why:
                self.dropped += 1
                log.warning("a picture was not kept: it %s", why)
                continue
            try:
                await asyncio.to_thread(self._store.keep, octets)
            except OSError as error:
                self.dropped += 1
                log.warning("a picture could not be kept: %s", error.strerror)
