"""Amplifiers and their faults: what the watch knows of them, and what technicians do about it.

Two acts, as voice alarm practice has them: to acknowledge says that somebody has seen a fault, to
reset that it is over and was looked at. Both go on record with who did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from broadcaster.console.problem import ProblemError
from broadcaster.console.routes import Call, Handle
from broadcaster.console.station import Station
from broadcaster.link import CommandRefusedError, LinkError, connect
from broadcaster.run_directory import RunDirectory

_LIMIT: Final = 10.0
"""Seconds the watch may take to answer."""


class Devices:
    """The routes below /api/v1/amplifiers and /api/v1/faults."""

    def __init__(self, station: Station) -> None:
        """`station` says where the watch listens."""
        self._station = station
        self._socket = RunDirectory(station.run).watch_socket

    async def all(self, call: Call) -> Mapping[str, Any]:
        """Every amplifier in brief, and every fault."""
        return await self._ask("report", call, {})

    async def one(self, call: Call) -> Mapping[str, Any]:
        """One amplifier with all its readings, and its faults."""
        name = call.request.match_info["amplifier"]
        return await self._ask("report", call, {"amplifier": name})

    def on_fault(self, act: str, action: str) -> Handle:
        """An act on the faults that the body names; `action` is what the record calls it."""

        async def done(call: Call) -> Mapping[str, Any]:
            fields = call.body.fields()
            answer = await self._ask(act, call, fields)
            self._station.line.audit(action, call.by.name, peer=call.peer, **fields)
            return answer

        return done

    async def maintain(self, call: Call) -> Mapping[str, Any]:
        """Say that somebody works at an amplifier: its faults ring nobody meanwhile."""
        fields = {**call.body.fields(), "amplifier": call.request.match_info["amplifier"]}
        answer = await self._ask("maintenance", call, fields)
        self._station.line.audit("maintenance", call.by.name, peer=call.peer, **fields)
        return answer

    async def _ask(self, name: str, call: Call, fields: dict[str, Any]) -> Mapping[str, Any]:
        try:
            async with connect(self._socket, "console", _LIMIT) as link:
                answer = await link.command(name, who=call.by.name, limit=_LIMIT, **fields)
        except CommandRefusedError as refusal:
            raise ProblemError(422, "refused", str(refusal), where=refusal.where) from None
        except LinkError as error:
            raise ProblemError(503, "watch-down", f"the watch cannot be asked: {error}") from None
        return {key: value for key, value in answer.items() if key not in {"key", "ok"}}
