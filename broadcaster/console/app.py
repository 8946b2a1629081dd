"""The console's application: gate, API, pages; and the server that carries it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from typing import Final

from aiohttp import web

from broadcaster.console.api import add_routes
from broadcaster.console.gate import LONGEST_BODY, Gate
from broadcaster.console.pages import Pages
from broadcaster.console.station import Station

HEADER_LIMIT: Final = 20.0
"""Seconds a connection may be without a whole request."""
_SHUTDOWN_LIMIT: Final = 1.0


def application(station: Station, pages: Pages) -> web.Application:
    """Everything a browser or a program can ask of a station."""
    gate = Gate(station)
    app = web.Application(middlewares=[gate.middleware], client_max_size=LONGEST_BODY)
    app.on_response_prepare.append(gate.add_headers)
    add_routes(app, station, gate)
    pages.add_to(app)
    return app


@contextlib.asynccontextmanager
async def serving(
    app: web.Application, host: str, port: int, tls: ssl.SSLContext | None = None
) -> AsyncIterator[tuple[str, int]]:
    """Serve at an address, where port 0 takes a free one; gives what was taken.

    Entering raises OSError when the address cannot be had.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        handle_signals=False,
        keepalive_timeout=HEADER_LIMIT,
        lingering_time=2.0,
        shutdown_timeout=_SHUTDOWN_LIMIT,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls, backlog=256).start()
        taken = runner.addresses[0]
        yield taken[0], taken[1]
    finally:
        await runner.cleanup()
