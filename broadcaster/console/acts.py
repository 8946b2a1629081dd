"""The acts: each is a command of control with the fields of its request."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic_ns
from typing import Any

from broadcaster.console.gate import Gate
from broadcaster.console.problem import ProblemError
from broadcaster.console.routes import Call, Handle
from broadcaster.console.station import Station
from broadcaster.rights import act_of


class Acts:
    """Sends commands for people."""

    def __init__(self, station: Station, gate: Gate) -> None:
        """`gate` says who may do what depends on what is asked."""
        self._station = station
        self._gate = gate

    async def target(self, call: Call) -> Mapping[str, Any]:
        """Raise a warning."""
        return await self._send("raise", call, call.body.fields())

    async def preview(self, call: Call) -> Mapping[str, Any]:
        """Ask what a warning would do. Nothing changes, so it has no key of its own."""
        key = f"preview-{monotonic_ns():x}"
        return await self._station.line.command(
            "preview", by=call.by, key=key, fields=call.body.fields()
        )

    def on_alert(self, command: str) -> Handle:
        """An act on the alert that the path names."""

        async def act(call: Call) -> Mapping[str, Any]:
            alert = call.request.match_info["alert"]
            self._check_zones_of(call, "alerts", alert)
            return await self._send(command, call, {**call.body.fields(), "alert": alert})

        return act

    async def play(self, call: Call) -> Mapping[str, Any]:
        """Put a sound on zones."""
        return await self._send("play", call, call.body.fields())

    async def withdraw(self, call: Call) -> Mapping[str, Any]:
        """Take a sound off its zones."""
        name = call.request.match_info["claim"]
        claims = self._station.line.snapshot.get("claims", [])
        if any(one.get("id") == name and one.get("kind") == "warning" for one in claims):
            self._gate.check_right(call.by, "withdraw-warning", call.request)
        self._check_zones_of(call, "claims", name)
        return await self._send("withdraw", call, {"claim": name})

    def on_spare(self, command: str) -> Handle:
        """An act on the spare amplifier that the path names."""

        async def act(call: Call) -> Mapping[str, Any]:
            if call.by.zones is not None:
                self._check_zones(call, [getattr(call.body, "zone", "")])
            fields = {**call.body.fields(), "spare": call.request.match_info["spare"]}
            self._gate.check_right(call.by, command, call.request)
            return await self._station.line.command(
                command, by=call.by, key=call.key, fields=fields
            )

        return act

    async def steer(self, call: Call) -> Mapping[str, Any]:
        """Steer the running programme."""
        return await self._send("steer", call, call.body.fields())

    async def start_exercise(self, call: Call) -> Mapping[str, Any]:
        """Begin an exercise."""
        return await self._send("exercise", call, call.body.fields())

    async def _send(self, command: str, call: Call, fields: dict[str, Any]) -> Mapping[str, Any]:
        self._gate.check_right(call.by, act_of(command, fields), call.request)
        if call.by.zones is not None and "alert" not in fields and "claim" not in fields:
            self._check_zones(call, fields.get("zones"))
        given = {**fields, "given_ns": monotonic_ns()}
        return await self._station.line.command(command, by=call.by, key=call.key, fields=given)

    def _check_zones_of(self, call: Call, part: str, name: str) -> None:
        """Refuse a token of some zones an act on what sounds in others."""
        if call.by.zones is None:
            return
        listed = self._station.line.snapshot.get(part, [])
        found = next((one for one in listed if one.get("id") == name), None)
        self._check_zones(call, None if found is None else found.get("zones"))
        wanted = getattr(call.body, "zones", None)
        if wanted is not None:
            self._check_zones(call, wanted)

    def _check_zones(self, call: Call, zones: list[str] | None) -> None:
        """Refuse zones a token is not for; zones it does not name itself could be any."""
        allowed = call.by.zones
        if allowed is None or (zones and allowed.issuperset(zones)):
            return
        raise ProblemError(
            403,
            "not-those-zones",
            f"this token is only for {', '.join(sorted(allowed))}: name zones among them",
            where="zones",
        )
