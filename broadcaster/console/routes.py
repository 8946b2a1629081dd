"""What a route is: its path, who may use it, what it takes and gives. The table is in `api`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from broadcaster.console.identity import Identity
from broadcaster.console.models import Request


@dataclass(frozen=True, slots=True)
class Call:
    """A request that is allowed and well-formed."""

    request: web.Request
    by: Identity
    body: Any = None
    """The model that the route takes."""
    query: Any = None
    key: str = ""
    """Its Idempotency-Key."""

    @property
    def peer(self) -> str:
        """The address it came from."""
        return self.request.remote or "unknown"


Given = Mapping[str, Any] | BaseModel | web.StreamResponse
Handle = Callable[[Call], Awaitable[Given]]


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the API.

    `right` is an act of the table of rights, None for what everybody may, signed in or not.
    """

    method: str
    path: str
    right: str | None
    handle: Handle
    summary: str
    gives: type[BaseModel]
    takes: type[Request] | None = None
    query: type[Request] | None = None
    status: int = 200
    needs_key: bool = False
    tag: str = "station"
    is_own: bool = False
    """Whether it is about oneself: any signed-in person may, whatever their roles."""
    media_type: str = "application/json"
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What the parts of the path in braces mean."""
    longest: int = 1 << 16
    """Bytes that the body may have."""
    file_type: str = ""
    """Of a body that is a file, which the handler reads by itself."""
