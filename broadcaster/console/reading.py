"""What is only read: how things stand, alerts, the journal, metrics, and about this API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from time import monotonic_ns
from typing import Any, Final, TypeVar

from aiohttp import web

from broadcaster.console.certificates import TlsPlace
from broadcaster.console.metrics import Metrics
from broadcaster.console.models import JournalQuery
from broadcaster.console.problem import ProblemError
from broadcaster.console.routes import Call
from broadcaster.console.station import Station
from broadcaster.journal.chain import Row
from broadcaster.journal.entry import JournalError, Kind
from broadcaster.journal.reader import JournalReader
from broadcaster.picture_store import PictureError, PictureStore
from broadcaster.run_directory import StateDirectory

_T = TypeVar("_T")

_WINDOW: Final = 2000
"""Rows of the journal that are looked through at once for those of a kind."""
_MOST_WINDOWS: Final = 20
_LONGEST_HISTORY: Final = 500


class Reading:
    """The routes that change nothing."""

    def __init__(self, station: Station) -> None:
        """`station` has the newest snapshot."""
        self._station = station
        self._metrics = Metrics()
        self._site: Mapping[str, Any] = {}
        self.document: Mapping[str, Any] = {}
        """The OpenAPI document of the routes there are."""

    async def snapshot(self, call: Call) -> Mapping[str, Any]:
        """How things stand."""
        return {**self._known(), "age_s": self._station.line.age}

    async def site(self, call: Call) -> Mapping[str, Any]:
        """What does not change from moment to moment: paths, zones, places, messages."""
        known = self._station.line.snapshot.get("site", {}).get("version")
        if not known or known != self._site.get("version"):
            key = f"site-{monotonic_ns():x}"
            self._site = await self._station.line.command("site", by=call.by, key=key, fields={})
        return self._site

    async def alerts(self, call: Call) -> Mapping[str, Any]:
        """The alerts that live."""
        return {"alerts": self._known().get("alerts", [])}

    async def alert(self, call: Call) -> Mapping[str, Any]:
        """One alert, and what is on record of it."""
        name = call.request.match_info["alert"]
        alerts = self._station.line.snapshot.get("alerts", [])
        living = next((one for one in alerts if one.get("id") == name), None)
        rows = await self._read(lambda: _history(self._station.state, name))
        if living is None and not rows:
            raise ProblemError(404, "not-found", f"neither control nor the journal knows {name}")
        return {"alert": living, "history": rows}

    async def journal(self, call: Call) -> Mapping[str, Any]:
        """A page of the journal, newest first."""
        query: JournalQuery = call.query
        entries, before = await self._read(lambda: _page(self._station.state, query))
        return {"entries": entries, "before": before}

    async def picture(self, call: Call) -> web.Response:
        """A picture of a detection. It is shown only after who looks and why went on record."""
        name, query = call.request.match_info["picture"], call.query
        self._station.line.audit(
            "picture seen",
            call.by.name,
            peer=call.peer,
            picture=name,
            purpose=" ".join(query.purpose.split()),
            **({} if query.alert is None else {"alert": query.alert}),
        )
        try:
            octets = await asyncio.to_thread(_picture, self._station.state, name)
        except PictureError as error:
            raise ProblemError(404, "no-picture", str(error)) from None
        except OSError as error:
            raise ProblemError(
                503, "no-disk", f"the pictures cannot be read: {error.strerror}"
            ) from None
        return web.Response(body=octets, content_type="image/jpeg")

    async def metrics(self, call: Call) -> web.Response:
        """The state for Prometheus."""
        line = self._station.line
        self._metrics.take(line.snapshot)
        text = self._metrics.text(
            age=line.age, is_up=line.is_up, watchers=self._station.live.watchers
        )
        return web.Response(
            body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}
        )

    async def health(self, call: Call) -> Mapping[str, Any]:
        """Whether the console lives, and hears control."""
        line, age = self._station.line, self._station.line.age
        is_heard = line.is_up and age is not None and age < 5
        return {
            "ok": is_heard,
            "control": "up" if line.is_up else "lost",
            "watchers": self._station.live.watchers,
        }

    async def authority(self, call: Call) -> web.Response:
        """The certificate that browsers are to trust."""
        try:
            octets = TlsPlace(self._station.state / "tls").authority.read_bytes()
        except FileNotFoundError:
            raise ProblemError(
                404, "not-found", "this station has no authority: `broadcaster tls init` makes one"
            ) from None
        return web.Response(body=octets, content_type="application/x-x509-ca-cert")

    async def openapi(self, call: Call) -> Mapping[str, Any]:
        """This API, as OpenAPI 3.1."""
        return self.document

    def _known(self) -> Mapping[str, Any]:
        snapshot = self._station.line.snapshot
        if not snapshot:
            raise ProblemError(
                503, "control-down", "control has not been heard yet; it may be starting"
            )
        return snapshot

    async def _read(self, look: Callable[[], _T]) -> _T:
        """Look into the journal in a thread: it may be long."""
        try:
            return await asyncio.to_thread(look)
        except JournalError as error:
            raise ProblemError(503, "no-journal", str(error)) from None


def _picture(state: Path, name: str) -> bytes:
    return PictureStore(StateDirectory(state)).show(name)


def _history(state: Path, subject: str) -> list[dict[str, Any]]:
    rows = JournalReader(state).rows(kind=Kind.ALERT, subject=subject)
    return [_entry(row) for row in islice(rows, _LONGEST_HISTORY)]


def _page(state: Path, query: JournalQuery) -> tuple[list[dict[str, Any]], int | None]:
    """Entries before a sequence, newest first; and the sequence to go on from, None at the end."""
    reader = JournalReader(state)
    end = query.before
    if end is None:
        newest = reader.newest()
        end = 1 if newest is None else newest.sequence + 1
    kind = None if query.kind is None else Kind(query.kind)
    found: list[Row] = []
    for _ in range(_MOST_WINDOWS):
        start = max(0, end - 1 - (_WINDOW if kind or query.subject else query.limit))
        window = list(_between(reader, start, end, kind, query.subject))
        wanted = window[-(query.limit - len(found)) :]
        found += reversed(wanted)
        if len(found) >= query.limit:
            end = found[-1].sequence
            break
        end = start + 1
        if start == 0:
            break
    return [_entry(row) for row in found], end if end > 1 else None


def _between(
    reader: JournalReader, after: int, before: int, kind: Kind | None, subject: str | None
) -> Iterator[Row]:
    for row in reader.rows(after=after, kind=kind, subject=subject):
        if row.sequence >= before:
            return
        yield row


def _entry(row: Row) -> dict[str, Any]:
    return {
        "sequence": row.sequence,
        "kind": row.kind,
        "subject": row.subject,
        "utc": row.utc,
        "facts": json.loads(row.facts),
    }
