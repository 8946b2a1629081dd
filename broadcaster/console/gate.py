"""What every request passes before a route sees it: hosts, origins, rates, who asks, rights."""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import json
import logging
import re
from collections import OrderedDict
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import BaseModel, ValidationError

from broadcaster.console.identity import DEMO, Identity
from broadcaster.console.models import Request
from broadcaster.console.openapi import KEY_PATTERN
from broadcaster.console.people_database import PeopleError
from broadcaster.console.problem import ProblemError
from broadcaster.console.rates import Rates
from broadcaster.console.routes import Call, Given, Route
from broadcaster.console.station import Reach, Station
from broadcaster.rights import RIGHTS, is_allowed

log = logging.getLogger(__name__)

BODY_LIMIT: Final = 10.0
"""Seconds in which a body must have arrived."""
LONGEST_BODY: Final = 1 << 16
PACKED_FROM: Final = 4096
"""Bytes of JSON from which an answer is packed for browsers that take it so."""
_MOST_KEYS: Final = 10_000
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "font-src 'self'; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; "
        "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def cookie_name(reach: Reach) -> str:
    """What the session's cookie is called; over TLS so that no other host can set it."""
    return "__Host-sorigil" if reach.has_tls else "sorigil"


class Gate:
    """Lets a request through to its route, or says why not."""

    def __init__(self, station: Station) -> None:
        """`station` knows who may do what."""
        self._station = station
        self._keys: OrderedDict[str, bytes] = OrderedDict()
        self._refusals = Rates(0.2, 20)

    # --- before any route ---

    @web.middleware
    async def middleware(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        """Check what can be checked of any request, and turn refusals into answers."""
        try:
            self._check_host(request)
            wait = self._station.requests.wait(request.remote or "", _now())
            if wait:
                raise ProblemError(
                    429, "too-often", "too many requests; wait a moment", wait_s=round(wait, 2)
                )
            response: web.StreamResponse = await handler(request)
            return response
        except ProblemError as problem:
            return problem.response()
        except PeopleError as error:
            log.error("%s %s: %s", request.method, request.path, error)
            return ProblemError(503, "no-disk", f"{error}; nothing was changed").response()
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _problem_of(error, request).response()
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return ProblemError(
                500, "failed", "the console failed on this request; its log says more"
            ).response()

    async def add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Put the headers on an answer that tell a browser what it must not do with it."""
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if self._station.reach.has_tls:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"

    def _check_host(self, request: web.Request) -> None:
        """Refuse what was meant for another host: a name rebound to our address, a stray proxy."""
        name = host_name(request.headers.get("Host", ""))
        if name not in self._station.reach.names:
            raise ProblemError(
                421,
                "unknown-host",
                "this station is not called that; add the name to `names` of `console` in the "
                "site file",
            )

    # --- for one route ---

    def bound(self, route: Route) -> Any:  # noqa: ANN401 - aiohttp's handler
        """The handler of a route, guarded."""

        async def handle(request: web.Request) -> web.StreamResponse:
            given = await route.handle(await self._call(route, request))
            return _response(given, route.status)

        return handle

    async def _call(self, route: Route, request: web.Request) -> Call:
        is_bearer = "Authorization" in request.headers
        if request.method not in _SAFE and not is_bearer:
            self.check_origin(request)
        by = self.asker(request)
        if by is None and (route.right is not None or route.is_own):
            raise self.unknown()
        if by is not None and route.right is not None:
            self.check_right(by, route.right, request)
        key = self._key(request) if route.needs_key else ""
        body = await self._body(route, request)
        query = None if route.query is None else _read_query(route.query, request)
        if key:
            self._check_same(key, request, body)
        return Call(request, by or NOBODY, body, query, key)

    def asker(self, request: web.Request) -> Identity | None:
        """Who asks; None for nobody known.

        Raises:
            ProblemError: a token that is none, or no longer.
        """
        now = self._station.clock()
        if authorization := request.headers.get("Authorization"):
            scheme, _, secret = authorization.partition(" ")
            known = self._station.tokens.of_secret(secret.strip(), now)
            if scheme.lower() != "bearer" or known is None:
                raise ProblemError(
                    401, "unknown-token", "there is no such token, or it has expired or was revoked"
                )
            return known
        if cookie := request.cookies.get(cookie_name(self._station.reach)):
            known = self._station.sessions.of_secret(cookie, now)
            if known is not None:
                return known
        return DEMO if self._station.reach.is_demo and is_local(request) else None

    def who_now(self, by: Identity) -> Identity | None:
        """What became of somebody who was known: changed, or None when it is over."""
        now = self._station.clock()
        if by.session:
            return self._station.sessions.of_id(by.session, now)
        return self._station.tokens.of_id(by.token, now) if by.token else by

    def unknown(self) -> ProblemError:
        """Asks to sign in."""
        return ProblemError(
            401,
            "sign-in",
            "sign in first: your session has ended or never began. Nothing was done; after "
            "signing in send the same again with the same Idempotency-Key",
            sign_in="/api/v1/session",
            setup=self._station.setup.is_asked_for,
            sign_on=self._station.reach.has_sign_on,
        )

    def check_right(self, by: Identity, right: str, request: web.Request) -> None:
        """Refuse an act to who may not do it, and put that on record."""
        if is_allowed(right, by.roles):
            return
        if not self._refusals.wait(by.name, _now()):
            self._station.line.audit("act refused", by.name, act=right, peer=request.remote)
        may = ", ".join(sorted(RIGHTS.get(right, ())))
        raise ProblemError(
            403, "not-allowed", f"{by.shown} may not do this ({right}); {may} may", act=right
        )

    def check_origin(self, request: web.Request) -> None:
        """Refuse what another site's page sent: by Origin, or by Sec-Fetch-Site without one."""
        origin = request.headers.get("Origin")
        site = request.headers.get("Sec-Fetch-Site")
        if origin is not None:
            parts = urlsplit(origin)
            schemes = {"https"} if self._station.reach.has_tls else {"http", "https"}
            is_ours = parts.scheme in schemes and parts.netloc == request.headers.get("Host")
        elif site is not None:
            is_ours = site == "same-origin"
        else:
            is_ours = cookie_name(self._station.reach) not in request.cookies
        if not is_ours:
            raise ProblemError(
                403, "foreign-origin", "this was sent by a page of another site, or by none"
            )

    def _key(self, request: web.Request) -> str:
        key = request.headers.get("Idempotency-Key", "")
        if not re.fullmatch(KEY_PATTERN[1:-1], key):
            raise ProblemError(
                400,
                "no-key",
                "send an Idempotency-Key of 8 to 100 letters, digits or _.:- with each act",
                where="Idempotency-Key",
            )
        return key

    def _check_same(self, key: str, request: web.Request, body: BaseModel | None) -> None:
        """Refuse a key that came before with something else."""
        said = b"" if body is None else body.model_dump_json().encode()
        print_ = hashlib.sha256(request.method.encode() + request.path.encode() + b"\0" + said)
        before = self._keys.setdefault(key, print_.digest())
        self._keys.move_to_end(key)
        if len(self._keys) > _MOST_KEYS:
            self._keys.popitem(last=False)
        if before != print_.digest():
            raise ProblemError(
                422,
                "key-used",
                "this Idempotency-Key came with another request before: take a new one",
                where="Idempotency-Key",
            )

    async def _body(self, route: Route, request: web.Request) -> Any:  # noqa: ANN401 - the model
        if route.takes is None:
            return None
        try:
            async with asyncio.timeout(BODY_LIMIT):
                octets = await _read_body(request, route.longest)
        except TimeoutError:
            raise ProblemError(408, "too-slow", "the request took too long to arrive") from None
        if octets and request.content_type != "application/json":
            raise ProblemError(415, "not-json", "send application/json")
        try:
            return route.takes.model_validate_json(octets or b"{}")
        except ValidationError as error:
            raise _invalid(error) from None


async def _read_body(request: web.Request, longest: int) -> bytes:
    """The whole body; raises ProblemError when it is longer than a route takes."""
    octets = bytearray()
    async for piece in request.content.iter_any():
        octets += piece
        if len(octets) > longest:
            raise ProblemError(413, "too-long", f"a body has at most {longest} bytes")
    return bytes(octets)


NOBODY: Final = Identity("nobody", "", frozenset())


def host_name(host: str) -> str:
    """The name in a Host header, without its port, in small letters."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def is_local(request: web.Request) -> bool:
    """Whether it came from this machine itself, not through something that passes it on."""
    if request.headers.keys() & {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"}:
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _read_query(model: type[Request], request: web.Request) -> Request:
    try:
        return model.model_validate_strings(dict(request.query))
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> ProblemError:
    """Every problem of a body, without the body itself."""
    found = [
        {
            "where": ".".join(map(str, one["loc"])),
            "problem": one["msg"].removeprefix("Value error, "),
        }
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    first = found[0]
    about = f"{first['where']}: " if first["where"] else ""
    return ProblemError(
        422, "invalid", f"{about}{first['problem']}", where=first["where"] or None, problems=found
    )


def _problem_of(error: web.HTTPException, request: web.Request) -> ProblemError:
    said = {
        404: ("not-found", f"there is nothing at {request.path[:200]}"),
        405: ("no-such-method", f"{request.method} is not for {request.path[:200]}"),
        413: ("too-long", f"a body has at most {LONGEST_BODY} bytes"),
    }
    code, detail = said.get(error.status, ("refused", error.reason))
    return ProblemError(error.status, code, detail)


def _response(given: Given, status: int) -> web.StreamResponse:
    if isinstance(given, web.StreamResponse):
        return given
    facts = given.model_dump(mode="json") if isinstance(given, BaseModel) else dict(given)
    return json_response(facts, status)


def json_response(facts: Any, status: int = 200) -> web.Response:  # noqa: ANN401 - JSON
    """An answer of JSON."""
    text = json.dumps(facts, ensure_ascii=False, separators=(",", ":"))
    body = text.encode()
    response = web.Response(body=body, status=status, content_type="application/json")
    if len(body) > PACKED_FROM:
        response.enable_compression()
    return response


def _now() -> float:
    return asyncio.get_running_loop().time()
