"""Signed POSTs, as `broadcaster.signature` says; the answer is the reply's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp
from yarl import URL

from broadcaster.notices.notice import Notice, NotToldError
from broadcaster.notices.secret_file import secret_in
from broadcaster.signed_post import NotAnsweredError, Post
from zones.notices_settings import Webhook

LIMIT: Final = 10.0
"""Seconds a receiver may take."""
_LONGEST_REPLY: Final = 65_536


class WebhookSender:
    """Brings notices to one URL."""

    answers_later = False

    def __init__(self, way: Webhook, folder: Path, session: aiohttp.ClientSession) -> None:
        """Files of `way` are relative to `folder`."""
        self._way = way
        self._secret = folder / way.secret_file
        self._session = session
        self._url = URL(way.url)

    async def tell(self, notice: Notice) -> Mapping[str, Any] | None:
        """POST it; raises NotToldError unless the reply's status is one of success."""
        body = json.dumps(dict(notice.fields), ensure_ascii=False).encode()
        secret = secret_in(self._secret).encode()
        post = Post(self._url, self._way.key, secret, LIMIT, _LONGEST_REPLY)
        try:
            status, said = await post.send(self._session, body, {"Idempotency-Key": notice.id})
        except NotAnsweredError as error:
            raise NotToldError(str(error)) from None
        if not 200 <= status < 300:
            raise NotToldError(f"{self._url.host} answered with HTTP status {status}")
        return json_object(said)


def json_object(octets: bytes) -> Mapping[str, Any] | None:
    """The JSON object in some bytes; None when they hold none."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
