"""Notices by any of the services that the library Apprise knows; it is an extra, and blocks."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from broadcaster.notices.notice import Notice, NotToldError
from broadcaster.notices.secret_file import secret_in
from zones.notices_settings import Apprise

LIMIT: Final = 30.0
"""Seconds the service may take."""


class AppriseSender:
    """Brings notices to one service, by the URL in a file."""

    answers_later = False

    def __init__(self, way: Apprise, folder: Path) -> None:
        """The file of `way` is relative to `folder`."""
        self._path = folder / way.url_file

    async def tell(self, notice: Notice) -> Mapping[str, Any] | None:
        """Hand it to the service; raises NotToldError unless that takes it."""
        try:
            async with asyncio.timeout(LIMIT):
                await asyncio.to_thread(self._send, notice)
        except TimeoutError:
            raise NotToldError(f"the service did not answer within {LIMIT:g} s") from None
        return None

    def _send(self, notice: Notice) -> None:
        try:
            library: Any = importlib.import_module("apprise")
        except ImportError:
            raise NotToldError(
                "the extra `apprise` is not installed: pip install 'sorigil[apprise]'"
            ) from None
        service = library.Apprise()
        # Its own errors may hold the URL, and that the secret: only ours are told.
        if not service.add(secret_in(self._path)):
            raise NotToldError(f"{self._path.name} holds no URL of a service that Apprise knows")
        if not service.notify(title=notice.subject, body=notice.text):
            raise NotToldError("the service did not take it; see whether its URL is right")
