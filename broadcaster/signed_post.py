"""One signed POST, as `broadcaster.signature` says, and why there was no answer to it."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from yarl import URL

from broadcaster.signature import signing_headers


class NotAnsweredError(Exception):
    """There was no answer; the text says from whom and why, without any secret."""


@dataclass(frozen=True, slots=True)
class Post:
    """Where to, and what it is signed with.

    `limit` is in seconds, and `longest` the bytes of an answer that are read. `context` proves who
    answers; without one the system's authorities do.
    """

    url: URL
    key: str
    secret: bytes
    limit: float
    longest: int
    context: ssl.SSLContext | None = None

    async def send(
        self,
        session: aiohttp.ClientSession,
        body: bytes,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send JSON; the status and the bytes of the answer.

        Raises:
            NotAnsweredError: there was none in time.
        """
        stamp, nonce = int(datetime.now(UTC).timestamp()), secrets.token_hex(16)
        signed = signing_headers(self.key, self.secret, stamp, nonce, self.url.raw_path_qs, body)
        try:
            async with (
                asyncio.timeout(self.limit),
                session.post(
                    self.url,
                    data=body,
                    headers={**signed, "Content-Type": "application/json", **(headers or {})},
                    ssl=True if self.context is None else self.context,
                    allow_redirects=False,
                ) as reply,
            ):
                return reply.status, await reply.content.read(self.longest)
        except TimeoutError:
            why = f"did not answer within {self.limit:g} s"
        except aiohttp.ClientConnectorError as error:
            why = f"cannot be reached: {error.os_error.strerror or error.os_error}"
        except (aiohttp.ClientError, OSError) as error:
            why = f"cannot be reached: {error}"
        raise NotAnsweredError(f"{self.url.host} {why}")
