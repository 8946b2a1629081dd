"""Entries and journals for tests."""

import logging
from contextlib import closing
from datetime import UTC, datetime, timedelta

from broadcaster.journal import Entry, Journal, Kind, Setting
from broadcaster.journal.database import Database, connect_to_read

PATIENCE = 60
"""Seconds to wait for what must come."""
LIGHT = Setting(ballast=0)
"""A journal without ballast."""

_BEGIN = datetime(2026, 7, 1, 5, 30, tzinfo=UTC)


def entry(number, kind=Kind.ACT, **fields):
    facts = {"act": "play", "title": "대피 안내", "number": number}
    defaults = {"subject": f"claim-{number}", "facts": facts, "at": number * 480}
    utc = _BEGIN + timedelta(seconds=number)
    return Entry(**{"kind": kind, "utc": utc, **defaults, **fields})


async def write(directory, *numbers, setting=LIGHT):
    """Make the entries durable, each in its own commit."""
    async with Journal(directory, setting) as journal:
        for number in numbers:
            outcome = await journal.record([entry(number)]).within(PATIENCE)
            assert outcome.durable, outcome.reason
        return journal.head, journal.faults


def rows(path):
    with closing(Database(connect_to_read(path), path)) as database:
        return list(database.rows())


def quiet():
    logging.getLogger("broadcaster.journal").setLevel(logging.CRITICAL)
