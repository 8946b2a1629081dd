"""A disk of 32 MiB that fills up and turns read-only: `python -m ...small_disk DIRECTORY`.

DIRECTORY is a file system of its own, in a mount namespace that ends with this process. Prints one
JSON object.
"""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from broadcaster.journal import Journal, Setting, writer
from broadcaster.journal.reader import JournalReader
from tests.broadcaster.journal.written import PATIENCE, entry, quiet

BALLAST = 6 << 20


async def _until(is_so):
    async with asyncio.timeout(PATIENCE):
        while not is_so():  # noqa: ASYNC110 - what it waits for happens in a thread
            await asyncio.sleep(0.005)


def _fill(path):
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


async def _record_until(journal, is_enough):
    """Record entries of 2 kB until `is_enough` of the last outcome; how many were durable."""
    durable = 0
    while True:
        facts = {"text": "x" * 2000}
        record = journal.record([entry(durable, facts=facts)])
        outcome = await record.within(PATIENCE)
        durable += outcome.durable
        if is_enough(outcome):
            return durable, record


async def _filled(directory, found):
    ballast, filler = directory / "journal.ballast", directory / "filler"
    async with Journal(directory, Setting(ballast=BALLAST)) as journal:
        await _until(ballast.exists)
        _fill(filler)
        found["on_a_full_disk"], _ = await _record_until(journal, lambda _: not ballast.exists())
        found["fault"] = journal.faults
        more, record = await _record_until(journal, lambda outcome: not outcome.durable)
        found["from_ballast"] = more
        found["reason"] = record.outcome.reason
        filler.unlink()
        found["when_there_is_room"] = (await record.settled()).durable
        await _until(lambda: ballast.exists() and not journal.faults)


async def _read_only(directory, found):
    def remount(how):
        subprocess.run(["mount", "-o", f"remount,{how}", directory], check=True)

    async with Journal(directory, Setting(ballast=BALLAST)) as journal:
        await journal.record([entry(1)]).within(PATIENCE)
    remount("ro")
    async with Journal(directory, Setting(ballast=BALLAST)) as journal:
        record = journal.record([entry(2)])
        found["read_only"] = (await record.within(PATIENCE)).reason
        found["readable"] = [bool(one.broken) for one in JournalReader(directory).verify()]
        remount("rw")
        found["writable_again"] = (await record.settled()).durable


def main(directory):
    quiet()
    writer.BALLAST_EVERY = 0.1
    found: dict[str, object] = {}
    asyncio.run(_filled(directory, found))
    asyncio.run(_read_only(directory, found))
    found["broken"] = [str(one.broken) for one in JournalReader(directory).verify() if one.broken]
    print(json.dumps(found))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]))
