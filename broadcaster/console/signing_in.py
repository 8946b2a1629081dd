"""Signing in and out, handing a desk over, own passwords and codes, the first administrator."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from broadcaster.console import passwords, totp
from broadcaster.console.gate import Gate, cookie_name, json_response
from broadcaster.console.identity import Identity
from broadcaster.console.people import Person
from broadcaster.console.people_database import PeopleError
from broadcaster.console.problem import ProblemError
from broadcaster.console.routes import Call
from broadcaster.console.sessions import LASTS
from broadcaster.console.station import Station
from broadcaster.rights import Role


class SigningIn:
    """The routes below /api/v1/session, and /api/v1/setup."""

    def __init__(self, station: Station, gate: Gate) -> None:
        """`gate` knows whose session a cookie names."""
        self._station = station
        self._gate = gate

    async def who(self, call: Call) -> Mapping[str, Any]:
        """Who is signed in here."""
        if not call.by.roles:
            raise self._gate.unknown()
        return call.by.described()

    async def sign_in(self, call: Call) -> web.Response:
        """Begin a session; one that this browser had ends."""
        person = await self._proven(call)
        if call.by.session:
            with contextlib.suppress(PeopleError):
                await asyncio.to_thread(self._station.sessions.end, call.by.session)
        secret = await asyncio.to_thread(
            self._station.sessions.begin, person.name, person.shown, call.peer, self._now()
        )
        self._audit("signed in", person.name, call)
        return self._signed_in(secret)

    async def sign_over(self, call: Call) -> web.Response:
        """Make this session the next person's; without one it is signing in."""
        before = call.by
        person = await self._proven(call)
        secret = None
        if before.session:
            secret = await asyncio.to_thread(
                self._station.sessions.sign_over,
                *(before.session, person.name, person.shown, self._now()),
            )
        if secret is None:
            secret = await asyncio.to_thread(
                self._station.sessions.begin, person.name, person.shown, call.peer, self._now()
            )
        self._audit("signed over", person.name, call, taken_over_from=before.name)
        return self._signed_in(secret)

    async def sign_out(self, call: Call) -> web.Response:
        """End this session."""
        if call.by.session:
            await asyncio.to_thread(self._station.sessions.end, call.by.session)
            self._audit("signed out", call.by.name, call)
        response = json_response({"done": True})
        response.del_cookie(
            cookie_name(self._station.reach),
            path="/",
            secure=self._station.reach.has_tls,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def set_up(self, call: Call) -> web.Response:
        """Make the first administrator, who is then signed in."""
        asked = call.body
        self._slow_down(call)
        if not self._station.setup.is_right(asked.code):
            self._audit("set-up refused", asked.name, call)
            raise ProblemError(
                403, "wrong-code", f"that is not the code in {self._station.setup.path}"
            )
        try:
            async with self._station.hashing:
                person = await asyncio.to_thread(
                    self._station.people.add,
                    *(asked.name, asked.shown, [Role.ADMINISTRATOR], asked.password, self._now()),
                    is_first=True,
                )
        except PeopleError as error:
            raise ProblemError(422, "refused", str(error)) from None
        self._station.setup.remove()
        self._audit("first administrator", person.name, call)
        secret = await asyncio.to_thread(
            self._station.sessions.begin, person.name, person.shown, call.peer, self._now()
        )
        return self._signed_in(secret)

    async def new_password(self, call: Call) -> Mapping[str, Any]:
        """Change one's own password; one's other sessions end."""
        person = self._own(call)
        await self._check_password(call, person.name, person.password, call.body.old)
        self._station.lockout.succeeded(person.name, call.peer)
        try:
            async with self._station.hashing:
                await asyncio.to_thread(
                    self._station.people.set_password,
                    *(person.name, call.body.new),
                    but=call.by.session,
                )
        except PeopleError as error:
            raise ProblemError(422, "refused", str(error), where="new") from None
        self._audit("password changed", person.name, call)
        return {"done": True}

    async def offer_codes(self, call: Call) -> Mapping[str, Any]:
        """Offer a secret for an authenticator app; nothing is asked for yet."""
        person = self._own(call)
        secret = totp.new_secret()
        return {
            "secret": secret,
            "address": totp.address(secret, person.name, self._station.title),
        }

    async def take_codes(self, call: Call) -> Mapping[str, Any]:
        """Ask for codes from now on, once the app has shown that it makes the right ones."""
        person = self._own(call)
        await self._check_password(call, person.name, person.password, call.body.password)
        self._station.lockout.succeeded(person.name, call.peer)
        if totp.step_of(call.body.secret, call.body.code, self._now(), 0) is None:
            raise ProblemError(
                422, "wrong-code", "that is not the app's code; are its clock and ours right?"
            )
        await asyncio.to_thread(self._station.people.set_totp, person.name, call.body.secret)
        self._audit("codes begun", person.name, call)
        return {"done": True}

    # --- proof ---

    async def _proven(self, call: Call) -> Person:
        """Who the password and the code of a request belong to."""
        asked = call.body
        name = asked.name.strip().lower()
        self._slow_down(call)
        person = self._station.people.named(name)
        kept = passwords.nobodys_hash() if person is None else person.password
        await self._check_password(call, name, kept, asked.password)
        if person is None:
            raise self._wrong(call, name, "unknown name")
        if person.is_barred:
            raise self._wrong(call, name, "barred")
        if person.totp is not None:
            if not asked.code:
                raise ProblemError(
                    401, "code-needed", "give the code of your authenticator app too", where="code"
                )
            await self._check_code(call, person, person.totp, asked.code)
        self._station.lockout.succeeded(name, call.peer)
        return person

    async def _check_password(self, call: Call, name: str, kept: str, given: str) -> None:
        """Refuse a wrong password, and any while too many were wrong."""
        lockout, now = self._station.lockout, asyncio.get_running_loop().time()
        if wait := lockout.wait(name, call.peer, now):
            raise ProblemError(
                429,
                "locked",
                f"too many wrong passwords: try again in {wait:.0f} s",
                wait_s=round(wait, 1),
            )
        # Counted before it is known, so that many at once get no free tries.
        lockout.failed(name, call.peer, now)
        async with self._station.hashing:
            is_right = await asyncio.to_thread(passwords.is_password, given, kept)
        if not is_right:
            raise self._wrong(call, name, "wrong password")

    async def _check_code(self, call: Call, person: Person, secret: str, code: str) -> None:
        step = totp.step_of(secret, code, self._now(), person.totp_used)
        if step is None or not await asyncio.to_thread(
            self._station.people.use_code, person.name, step
        ):
            raise self._wrong(call, person.name, "wrong code")

    def _wrong(self, call: Call, name: str, why: str) -> ProblemError:
        """Note a failed attempt; what is said gives nothing away."""
        self._audit("sign-in refused", name, call, why=why)
        return ProblemError(
            401, "wrong-credentials", "name, password or code is wrong, or the code was used before"
        )

    def _slow_down(self, call: Call) -> None:
        wait = self._station.sign_ins.wait(call.peer, asyncio.get_running_loop().time())
        if wait:
            raise ProblemError(
                429,
                "too-often",
                f"too many attempts: try again in {wait:.0f} s",
                wait_s=round(wait, 1),
            )

    def _own(self, call: Call) -> Person:
        person = self._station.people.named(call.by.name) if call.by.session else None
        if person is None:
            raise ProblemError(
                403, "no-account", "this is for people with an account here, not for tokens"
            )
        return person

    # --- answers ---

    def _signed_in(self, secret: str) -> web.Response:
        by: Identity | None = self._station.sessions.of_secret(secret, self._now())
        response = json_response({} if by is None else by.described())
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

    def _audit(self, action: str, who: str, call: Call, **facts: object) -> None:
        self._station.line.audit(action, who, peer=call.peer, **facts)

    def _now(self) -> float:
        return self._station.clock()
