"""What a request is refused with: RFC 9457, a sentence for people and a word for programs."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

_TITLES = {
    400: "not a request",
    401: "sign in first",
    403: "not allowed",
    404: "not found",
    405: "not that way",
    408: "too slow",
    409: "not now",
    413: "too long",
    415: "not JSON",
    421: "not this station",
    422: "refused",
    429: "too often",
    500: "our fault",
    502: "no word from elsewhere",
    503: "not reachable",
    504: "no answer",
}


class ProblemError(Exception):
    """A request that is refused.

    `code` is a word that never changes, `where` the field that is wrong, `more` goes into the
    answer as it is.
    """

    def __init__(
        self, status: int, code: str, detail: str, *, where: str | None = None, **more: object
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.where = where
        self.more = more

    def response(self) -> web.Response:
        """The answer."""
        facts: dict[str, Any] = {
            "type": "about:blank",
            "title": _TITLES.get(self.status, "refused"),
            "status": self.status,
            "code": self.code,
            "detail": str(self),
            **self.more,
        }
        if self.where is not None:
            facts["where"] = self.where
        headers = {}
        if isinstance(wait := self.more.get("wait_s"), int | float):
            headers["Retry-After"] = str(max(1, round(wait)))
        response = web.Response(
            body=json.dumps(facts, ensure_ascii=False).encode(),
            status=self.status,
            content_type="application/problem+json",
            headers=headers,
        )
        if self.status == 408:
            response.force_close()  # the rest of the request may never come
        return response
