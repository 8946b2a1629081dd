"""What the routes of one console share."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from broadcaster.console.control_line import ControlLine
from broadcaster.console.listening import Listening
from broadcaster.console.live import Live
from broadcaster.console.people import People
from broadcaster.console.people_database import PeopleDatabase
from broadcaster.console.rates import Lockout, Rates
from broadcaster.console.sessions import Sessions
from broadcaster.console.setup_code import SetupCode
from broadcaster.console.tokens import Tokens

SIGN_IN_RATE = (0.5, 10.0)
REQUEST_RATE = (500.0, 1000.0)
"""Requests a second of one peer, and how many at once."""


@dataclass(frozen=True, slots=True)
class Reach:
    """How browsers reach the console: by which names, over TLS or not, in a demo or not.

    `has_sign_on`: whether the organisation's accounts may sign in as well.
    """

    names: frozenset[str]
    has_tls: bool = False
    is_demo: bool = False
    has_sign_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """The people, the line to control and the live state of one console."""

    title: str
    state: Path
    run: Path
    reach: Reach
    database: PeopleDatabase
    people: People
    sessions: Sessions
    tokens: Tokens
    setup: SetupCode
    line: ControlLine
    live: Live
    listening: Listening
    clock: Callable[[], float] = time.time
    """UTC seconds."""
    lockout: Lockout = field(default_factory=Lockout)
    requests: Rates = field(default_factory=lambda: Rates(*REQUEST_RATE))
    sign_ins: Rates = field(default_factory=lambda: Rates(*SIGN_IN_RATE))
    hashing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))
    """Held while a password is hashed: each takes 64 MiB."""


def new_station(
    *,
    title: str,
    state: Path,
    run: Path,
    control: Path,
    reach: Reach,
    clock: Callable[[], float] = time.time,
) -> Station:
    """A station in the directories `state` and `run`, with control at the socket `control`.

    Raises:
        PeopleError: the database of people cannot be used.
        OSError: the setup code cannot be written.
    """
    database = PeopleDatabase(state)
    people = People(database)
    setup = SetupCode(run)
    if not people.has_administrator and not reach.is_demo:
        setup.make()
    else:
        setup.remove()
    line = ControlLine(control)
    live = Live(line)
    line.changed = live.changed
    return Station(
        title=title,
        state=state,
        run=run,
        reach=reach,
        database=database,
        people=people,
        sessions=Sessions(database),
        tokens=Tokens(database),
        setup=setup,
        line=line,
        live=live,
        listening=Listening(run),
        clock=clock,
    )
