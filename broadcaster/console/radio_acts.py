"""The radio staff's routes: each is a command of control; files are taken in here."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from time import monotonic_ns
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiohttp import web

from broadcaster.console.problem import ProblemError
from broadcaster.console.radio_models import AsRunQuery, UploadQuery
from broadcaster.console.routes import Call, Handle
from broadcaster.console.station import Station
from broadcaster.journal.entry import JournalError
from broadcaster.radio.fields import heard_tracks
from broadcaster.radio.report import table
from broadcaster.radio.uploads import Draft, kept_name

LONGEST_UPLOAD: Final = 8_000_000_000
"""Bytes; the import takes no longer file."""
_RESERVE: Final = 1_000_000_000
"""Bytes of the disk that uploads leave free: the journal and the store need it more."""
_PIECE: Final = 1 << 20
_PATIENCE: Final = 30.0
"""Seconds without a byte after which whoever sends is gone."""
_UPLOADS_AT_ONCE: Final = 4


class RadioActs:
    """Asks control for the radio staff."""

    def __init__(self, station: Station) -> None:
        """`station` has the line to control."""
        self._station = station
        self._uploading = 0

    def look(self, command: str, *parts: str) -> Handle:
        """What changes nothing; `parts` of the path become fields."""

        async def ask(call: Call) -> Mapping[str, Any]:
            return await self._ask(command, call, f"{command}-{monotonic_ns():x}", parts)

        return ask

    def act(self, command: str, *parts: str) -> Handle:
        """What changes something, once for each key."""

        async def do(call: Call) -> Mapping[str, Any]:
            self._refuse_partial(call)
            return await self._ask(command, call, call.key, parts)

        return do

    def remove(self, section: str, part: str) -> Handle:
        """Take what the path names off the schedule."""

        async def do(call: Call) -> Mapping[str, Any]:
            self._refuse_partial(call)
            gone = {"remove": {section: [call.request.match_info[part]]}}
            return await self._station.line.command(
                "schedule-edit", by=call.by, key=call.key, fields=gone
            )

        return do

    async def put_playlist(self, call: Call) -> Mapping[str, Any]:
        """Make a playlist, or another of it."""
        self._refuse_partial(call)
        said = call.body.fields()
        more = {name: said.pop(name) for name in ("base", "why") if name in said}
        named = {call.request.match_info["playlist"]: said}
        return await self._station.line.command(
            "schedule-edit", by=call.by, key=call.key, fields={"put": {"playlists": named}, **more}
        )

    async def as_run(self, call: Call) -> Mapping[str, Any]:
        """What was heard, all of it: the journal is read here, which no frame limits."""
        query: AsRunQuery = call.query
        asked = await self._station.line.command(
            "as-run",
            by=call.by,
            key=f"as-run-{monotonic_ns():x}",
            fields={**query.fields(), "most": 0},
        )
        since, until = (
            None if asked.get(name) is None else datetime.fromisoformat(asked[name])
            for name in ("since", "until")
        )
        state, zones = self._station.state, asked.get("zones")
        try:
            heard = await asyncio.to_thread(lambda: list(heard_tracks(state, since, until, zones)))
        except JournalError as error:
            raise ProblemError(503, "no-journal", str(error)) from None
        return {"entries": heard, "time_zone": asked["time_zone"]}

    async def as_run_table(self, call: Call) -> web.Response:
        """The same as CSV, with a mark so that Excel reads Korean as UTF-8."""
        found = await self.as_run(call)
        text = table(found["entries"], ZoneInfo(found["time_zone"]))
        return web.Response(
            body=("\ufeff" + text).encode(),
            headers={
                "Content-Type": "text/csv; charset=utf-8",
                "Content-Disposition": 'attachment; filename="as-run.csv"',
            },
        )

    async def upload(self, call: Call) -> Mapping[str, Any]:
        """Take a file in; the station brings it into the library by itself."""
        self._refuse_partial(call)
        query: UploadQuery = call.query
        try:
            name = kept_name(query.name)
        except ValueError as error:
            raise ProblemError(422, "invalid", str(error), where="name") from None
        if self._uploading >= _UPLOADS_AT_ONCE:
            raise ProblemError(
                503, "busy", "four files are coming in already; send it in a moment", wait_s=10
            )
        self._uploading += 1
        try:
            size = await self._taken_in(call.request, name)
        except OSError as error:
            raise ProblemError(
                507, "no-disk", f"the file cannot be kept ({error.strerror}); free some space"
            ) from None
        finally:
            self._uploading -= 1
        self._station.line.audit("file sent in", call.by.name, file=name, bytes=size)
        return {"upload": name, "bytes": size, "state": "waiting"}

    async def _taken_in(self, request: web.Request, name: str) -> int:
        state = self._station.state
        _check_room(state, request.content_length or 0)
        draft = await asyncio.to_thread(Draft, state, name)
        try:
            while True:
                async with asyncio.timeout(_PATIENCE):
                    octets = await request.content.read(_PIECE)
                if not octets:
                    break
                _check_room(state, len(octets))
                if draft.size + len(octets) > LONGEST_UPLOAD:
                    raise ProblemError(413, "too-long", "a file has at most 8 GB")
                await asyncio.to_thread(draft.write, octets)
            if not draft.size:
                raise ProblemError(422, "invalid", "the file is empty: nothing was sent")
            await asyncio.to_thread(draft.keep)
        except TimeoutError:
            draft.drop()
            raise ProblemError(408, "too-slow", "nothing came for half a minute") from None
        except BaseException:
            draft.drop()
            raise
        return draft.size

    async def _ask(
        self, command: str, call: Call, key: str, parts: tuple[str, ...]
    ) -> Mapping[str, Any]:
        said = {part: call.request.match_info[part] for part in parts}
        for model in (call.query, call.body):
            if model is not None:
                said = {**model.fields(), **said}
        return await self._station.line.command(command, by=call.by, key=key, fields=said)

    def _refuse_partial(self, call: Call) -> None:
        """The programme is one for all zones: a token for some of them does not change it."""
        if call.by.zones is not None:
            raise ProblemError(
                403, "not-those-zones", "this token is only for some zones; the programme is one"
            )


def _check_room(state: Path, wanted: int) -> None:
    free = shutil.disk_usage(state).free
    if free - wanted < _RESERVE:
        raise ProblemError(
            507,
            "no-disk",
            f"the disk has {free / 1e9:.1f} GB free, and 1 GB stays free: free some space",
        )
