"""Signing in with the organisation's account: OpenID Connect, Authorization Code with PKCE.

RFC 6749 section 4.1, RFC 7636. Local accounts go on beside it: when the provider cannot be
reached, nobody is kept from warning.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import aiohttp
from aiohttp import web

from broadcaster.console.gate import cookie_name
from broadcaster.console.id_token import Claims, IdTokenError, UnknownKeyError, claims_of
from broadcaster.console.problem import ProblemError
from broadcaster.console.sessions import LASTS
from broadcaster.console.station import Station
from broadcaster.rights import Role
from zones.console_settings import SingleSignOn

log = logging.getLogger(__name__)

PATH: Final = "/api/v1/session/sign-on"
_COOKIE: Final = "sorigil-sign-on"
_LASTS: Final = 600
"""Seconds somebody may take at the provider."""
_MOST_WAITING: Final = 1000
_ANSWER_LIMIT: Final = 10.0
_LONGEST_ANSWER: Final = 1 << 20
_DONE: Final = (
    '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=/">'
    '<title>Sorigil</title><p><a href="/">소리길 Sorigil</a></p>'
)
"""A redirect from another site would not carry our cookie, which is SameSite=Strict."""


class SignOnError(Exception):
    """The provider did not vouch for somebody; the text says why."""


@dataclass(frozen=True, slots=True)
class _Question:
    """What was asked of the provider, to hold its answer against."""

    state: str
    nonce: str
    verifier: str
    asked_at: float


class SignOn:
    """The two routes: to the provider, and back from it."""

    def __init__(self, station: Station, settings: SingleSignOn, secret: str) -> None:
        """`secret` is what the provider knows us by."""
        self._station = station
        self._settings = settings
        # RFC 6749 section 2.3.1: both are form-encoded first.
        pair = f"{quote_plus(settings.client)}:{quote_plus(secret)}"
        self._credentials = base64.b64encode(pair.encode()).decode()
        self._roles = {group: Role(role) for group, role in settings.roles}
        self._waiting: OrderedDict[str, _Question] = OrderedDict()
        self._found: dict[str, Any] = {}
        self._keys: list[Mapping[str, Any]] = []

    def add_to(self, app: web.Application) -> None:
        """Put the routes into an application."""
        app.router.add_get(PATH, self._leave)
        app.router.add_get(f"{PATH}/callback", self._return)

    async def _leave(self, request: web.Request) -> web.Response:
        """Send a browser to the provider."""
        now = asyncio.get_running_loop().time()
        if self._station.sign_ins.wait(request.remote or "", now):
            raise ProblemError(429, "too-often", "too many attempts: wait a moment")
        try:
            found = await self._discovered()
        except SignOnError as error:
            raise ProblemError(
                502, "no-provider", f"{error}; sign in with an account of this station"
            ) from None
        handle, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
        question = _Question(secrets.token_urlsafe(16), secrets.token_urlsafe(16), verifier, now)
        self._waiting[handle] = question
        if len(self._waiting) > _MOST_WAITING:
            self._waiting.popitem(last=False)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": self._settings.client,
            "redirect_uri": _back(request),
            "scope": "openid profile email",
            "state": question.state,
            "nonce": question.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        response = web.Response(
            status=303,
            headers={"Location": f"{found['authorization_endpoint']}?{urlencode(asked)}"},
        )
        # Lax: it must come along when the provider sends the browser back.
        response.set_cookie(
            _COOKIE,
            handle,
            max_age=_LASTS,
            path=PATH,
            httponly=True,
            samesite="Lax",
            secure=self._station.reach.has_tls,
        )
        return response

    async def _return(self, request: web.Request) -> web.Response:
        """Take the provider's word and begin a session."""
        question = self._waiting.pop(request.cookies.get(_COOKIE, ""), None)
        try:
            claims = await self._answered(request, question)
            name, shown, roles = self._person(claims)
        except SignOnError as error:
            log.warning("a sign-in with %s was refused: %s", self._settings.issuer, error)
            self._station.line.audit(
                "sign-in refused", self._settings.issuer, peer=request.remote, why=str(error)
            )
            return web.Response(status=303, headers={"Location": "/sign-in#refused"})
        secret = await asyncio.to_thread(
            self._station.sessions.begin,
            *(name, shown, request.remote or "unknown", self._station.clock()),
            roles=roles,
        )
        self._station.line.audit("signed in", name, peer=request.remote, roles=sorted(roles))
        response = web.Response(text=_DONE, content_type="text/html")
        response.del_cookie(_COOKIE, path=PATH)
        response.set_cookie(
            cookie_name(self._station.reach),
            secret,
            max_age=int(LASTS),
            path="/",
            httponly=True,
            samesite="Strict",
            secure=self._station.reach.has_tls,
        )
        return response

    async def _answered(self, request: web.Request, question: _Question | None) -> Claims:
        now = asyncio.get_running_loop().time()
        if question is None or now - question.asked_at > _LASTS:
            raise SignOnError("nobody here had asked, or too long ago")
        state = request.query.get("state", "")
        if not hmac.compare_digest(state.encode(), question.state.encode()):
            raise SignOnError("the answer belongs to another question")
        if "code" not in request.query:
            raise SignOnError(f"the provider says {request.query.get('error', 'nothing')[:80]!r}")
        token = await self._exchanged(request, question)
        try:
            return await self._proven(token, question)
        except IdTokenError as error:
            raise SignOnError(f"the ID token is not believed: {error}") from None

    async def _exchanged(self, request: web.Request, question: _Question) -> str:
        """The ID token for the code of the answer."""
        found = await self._discovered()
        said = await self._fetched(
            "POST",
            found["token_endpoint"],
            data={
                "grant_type": "authorization_code",
                "code": request.query["code"],
                "redirect_uri": _back(request),
                "code_verifier": question.verifier,
            },
            headers={"Authorization": f"Basic {self._credentials}"},
        )
        token = said.get("id_token")
        if not isinstance(token, str):
            raise SignOnError("the provider gave no ID token")
        return token

    async def _proven(self, token: str, question: _Question) -> Claims:
        """The claims of a token; with the provider's newest keys if those known did not sign it."""
        for is_last in (False, True):
            if not self._keys or is_last:
                found = await self._discovered()
                keys = (await self._fetched("GET", found["jwks_uri"])).get("keys")
                self._keys = [key for key in keys if isinstance(key, dict)] if keys else []
            try:
                return claims_of(
                    token,
                    self._keys,
                    issuer=self._settings.issuer,
                    client=self._settings.client,
                    nonce=question.nonce,
                    now=self._station.clock(),
                )
            except UnknownKeyError:
                if is_last:
                    raise
        raise SignOnError("the provider has no keys")

    def _person(self, claims: Claims) -> tuple[str, str, frozenset[Role]]:
        """Name, shown name and roles here of whom the claims are about."""
        listed = claims.get(self._settings.claim)
        groups = listed if isinstance(listed, list) else [listed]
        roles = frozenset(self._roles[group] for group in groups if group in self._roles)
        name = str(claims.get("preferred_username") or claims["sub"])[:60]
        if not roles:
            raise SignOnError(f"{name} is in no group that has a role here")
        # The name of an account here never has an @ in it.
        full = f"{name}@{urlsplit(self._settings.issuer).hostname}"
        return full, str(claims.get("name") or name)[:80], roles

    async def _discovered(self) -> dict[str, Any]:
        """The provider's endpoints (OpenID Connect Discovery 1.0), asked for once."""
        if not self._found:
            issuer = self._settings.issuer
            found = await self._fetched("GET", f"{issuer}/.well-known/openid-configuration")
            if str(found.get("issuer", "")).rstrip("/") != issuer:
                raise SignOnError(f"{issuer} calls itself {found.get('issuer')!r}")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                endpoint = found.get(name)
                scheme = urlsplit(endpoint).scheme if isinstance(endpoint, str) else ""
                if scheme != urlsplit(issuer).scheme:
                    raise SignOnError(f"{issuer} names no {name} that can be used")
            self._found = found
        return self._found

    async def _fetched(self, method: str, url: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
        """The JSON object at an address of the provider."""
        limit = aiohttp.ClientTimeout(total=_ANSWER_LIMIT)
        try:
            async with (
                aiohttp.ClientSession(timeout=limit) as http,
                http.request(method, url, allow_redirects=False, **more) as answer,
            ):
                if answer.status != 200:
                    raise SignOnError(f"the provider answers {answer.status}")
                return _object(await _read(answer.content))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise SignOnError(f"the provider cannot be asked: {error!r}") from None


async def _read(content: aiohttp.StreamReader) -> bytes:
    octets = b""
    async for chunk in content.iter_chunked(1 << 16):
        octets += chunk
        if len(octets) > _LONGEST_ANSWER:
            raise SignOnError("the provider's answer is too long")
    return octets


def _object(octets: bytes) -> dict[str, Any]:
    said = json.loads(octets)
    if not isinstance(said, dict):
        raise ValueError("no JSON object")
    return said


def _back(request: web.Request) -> str:
    """Where the provider is to send the browser; the Host was checked by the gate."""
    return f"{request.scheme}://{request.host}{PATH}/callback"
