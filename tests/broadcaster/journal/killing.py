"""Kill -9 whoever writes the journal, again and again: `-m ...killing DIRECTORY TRIALS SEED`.

One process with everything imported forks a recorder for each trial, kills it at a moment drawn by
chance, and looks for every row that recorder had called durable. Prints one JSON object.
"""

import asyncio
import json
import os
import random
import select
import signal
import sys
import time
from pathlib import Path

from broadcaster.journal import Journal
from broadcaster.journal.reader import JournalReader
from tests.broadcaster.journal.written import LIGHT, PATIENCE, entry, quiet

_AT_ONCE = 3


async def record_for_ever(directory, said, trial):
    """Record entries and write the subject of each durable one to the pipe `said`."""
    begun = time.monotonic()
    async with Journal(directory, LIGHT) as journal:
        await journal.opened(PATIENCE)
        os.write(said, f"opened {time.monotonic() - begun}\n".encode())
        assert journal.faults == (), journal.faults

        async def keep_recording(who):
            number = 0
            while True:
                number += 1
                subject = f"{trial}-{who}-{number}"
                outcome = await journal.record([entry(number, subject=subject)]).within(PATIENCE)
                assert outcome.durable, outcome.reason
                os.write(said, f"{subject}\n".encode())

        await asyncio.gather(*(keep_recording(who) for who in range(_AT_ONCE)))


def trial(directory, number, chance):
    """One recorder's life: the lines it said before it was killed."""
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        try:
            asyncio.run(record_for_ever(directory, said, number))
        finally:
            os._exit(1)
    os.close(said)
    wanted = chance.choice([0, 0, 1, chance.randrange(40)])
    text = b""
    while text.count(b"\n") < wanted and (octets := os.read(heard, 65_536)):
        text += octets
    # The moment within a commit, or within the opening when nothing was waited for.
    end = time.monotonic() + chance.random() * (0.005 if wanted else 0.03)
    while (left := end - time.monotonic()) > 0 and select.select([heard], [], [], left)[0]:
        octets = os.read(heard, 65_536)
        text += octets
        if not octets:
            break
    os.kill(child, signal.SIGKILL)
    while octets := os.read(heard, 65_536):
        text += octets
    os.close(heard)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, "the recorder failed by itself"
    return text.decode().splitlines()


def main(directory, trials, seed):
    quiet()
    chance = random.Random(seed)
    openings: list[float] = []
    lost: list[str] = []
    acknowledged = after = 0
    for number in range(trials):
        lines = trial(directory, number, chance)
        openings += [float(line.split()[1]) for line in lines if line.startswith("opened")]
        durable = {line for line in lines if not line.startswith("opened")}
        acknowledged += len(durable)
        if not (directory / "journal.db").exists():
            lost += durable
            continue
        rows = list(JournalReader(directory).rows(after=after))
        lost += durable - {row.subject for row in rows}
        after = rows[-1].sequence if rows else after
    verdicts = JournalReader(directory).verify()
    openings.sort()
    found = {
        "trials": trials,
        "acknowledged": acknowledged,
        "rows": after,
        "lost": sorted(lost),
        "files": len(verdicts),
        "broken": [str(verdict.broken) for verdict in verdicts if verdict.broken],
        "opening_ms": {
            "p50": round(openings[len(openings) // 2] * 1000, 1),
            "max": round(openings[-1] * 1000, 1),
        },
    }
    print(json.dumps(found))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
