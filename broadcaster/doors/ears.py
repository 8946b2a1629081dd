"""The door for ears on other hosts: proves who reports, and hands reports to the station's ear."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any, Final

from aiohttp import hdrs, web

from broadcaster.doors.admission import Admission, RefusedError
from broadcaster.link import CommandRefusedError, LinkError, connect

EARS_PATH: Final = "/ingest/v1/ears"
KIND: Final = "ear"
"""What a key must be bound to, by name, to report as an ear."""
BODY_BYTES: Final = 1 << 20
_LIMIT_S: Final = 3.0


class EarsDoor:
    """Takes reports from whoever has a key for it."""

    def __init__(self, admission: Admission, ear_socket: Path) -> None:
        """`ear_socket` is the link of the station's own ear."""
        self._admission = admission
        self._socket = ear_socket

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one report: what to listen to, and what was made of what was heard."""
        try:
            return _json(200, await self._taken(request))
        except RefusedError as error:
            return _json(error.status, {"error": error.sentence})

    async def _taken(self, request: web.Request) -> dict[str, Any]:
        if (request.content_length or 0) > BODY_BYTES or request.content_type != "application/json":
            raise RefusedError(413, f"send application/json of at most {BODY_BYTES} bytes")
        try:
            async with asyncio.timeout(_LIMIT_S):
                body = await request.read()
        except TimeoutError:
            raise RefusedError(408, f"the body took longer than {_LIMIT_S:g} s") from None
        if len(body) > BODY_BYTES or request.headers.get(hdrs.CONTENT_ENCODING):
            raise RefusedError(413, f"send at most {BODY_BYTES} bytes, uncompressed")
        sender = self._admission.of_signature(
            request.headers, request.method, request.raw_path, body
        )
        if KIND not in sender.key.kinds:
            raise RefusedError(
                403, f"key {sender.key.name} does not report as an ear: keys add --kind {KIND}"
            )
        return await self._handed_over(sender.key.name, _fields(body))

    async def _handed_over(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        try:
            async with connect(self._socket, "doors", _LIMIT_S) as link:
                answer = await link.command(
                    "heard", who=name, limit=_LIMIT_S, ear=name, streams=fields.get("streams")
                )
        except CommandRefusedError as error:
            raise RefusedError(422, str(error)) from None
        except LinkError:
            raise RefusedError(503, "the station's own ear is away; report again") from None
        return dict(answer)


def _fields(body: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError):
        raise RefusedError(422, "the body is no JSON") from None
    if not isinstance(fields, dict):
        raise RefusedError(422, "a report is an object")
    return fields


def _json(status: int, fields: dict[str, Any]) -> web.Response:
    return web.json_response(fields, status=status)
