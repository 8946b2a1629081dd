"""Record entries and say on standard output which are durable: `python -m ...recording DIRECTORY`.

Small checkpoints, several openings: everything the journal does to its files happens soon.
"""

import asyncio
import os
import sys
from pathlib import Path

from broadcaster.journal import Journal, Setting, database
from tests.broadcaster.journal.written import PATIENCE, entry, quiet

_OPENINGS = 3
_ENTRIES = 80


def _connect(path):
    connection = database.connect(path)
    connection.execute("PRAGMA wal_autocheckpoint = 40")
    return connection


async def record(directory):
    """Record alone, and some at once, in each of several openings."""
    for opening in range(_OPENINGS):
        async with Journal(directory, Setting(ballast=0, connect=_connect)) as journal:
            for number in range(_ENTRIES):
                subjects = [f"{opening}-{number}-{one}" for one in range(1 + number % 3)]
                entries = [entry(number, subject=subject) for subject in subjects]
                if (await journal.record(entries).within(PATIENCE)).durable:
                    os.write(1, "".join(f"{subject}\n" for subject in subjects).encode())
                if number % 40 == 39:
                    # Quiet enough for the head to be kept.
                    await asyncio.sleep(0.15)


if __name__ == "__main__":
    quiet()
    asyncio.run(record(Path(sys.argv[1])))
