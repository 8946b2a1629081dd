"""Part journal: acts made durable, beside a program that only writes and syncs."""

import asyncio
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np

from benchmarks.context import Context, Step, take
from benchmarks.measurement import Measurement, MeasurementError
from broadcaster.journal import Entry, Journal, Kind, Setting

_ALONE: Final = 300
"""Acts one after the other in each round."""
_AT_ONCE: Final = 100
_EACH: Final = 50
"""How many give acts at the same time, and how many each gives."""
_LIMIT_S: Final = 30.0
_BLOCK: Final = bytes(5 * 4096)
"""What a commit of one act adds to the write-ahead log: about five pages."""


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    rows = ("journal.commits_per_s", "journal.commit_vs_sync", "journal.rows_per_s")
    yield from take(context, [Step(rows, 60, durable_acts)])


def durable_acts(context: Context) -> Iterator[Measurement]:
    """A floor, acts one by one, acts at once; interleaved, each on the disk of the checkout."""
    alone: list[float] = []
    floor: list[float] = []
    rates: list[float] = []
    for number in range(context.rounds):
        context.say(f"making {_ALONE} acts durable alone, {_AT_ONCE * _EACH} at once: {number + 1}")
        # Where a station has its state: scratch may lie in memory.
        with TemporaryDirectory(dir=context.build, prefix="journal-") as place:
            floor += _synced(Path(place))
            found = asyncio.run(_recorded(Path(place)))
        alone += found[0]
        rates.append(found[1])
    p50, p99 = (float(np.percentile(alone, share)) for share in (50, 99))
    floor_p50 = float(np.median(floor))
    detail: dict[str, Any] = {
        "p50_ms": round(p50 * 1000, 3),
        "p99_ms": round(p99 * 1000, 3),
        "max_ms": round(max(alone) * 1000, 3),
        "write_and_sync_p50_ms": round(floor_p50 * 1000, 3),
        "rows_per_s": [round(rate) for rate in rates],
    }
    yield Measurement("journal.commits_per_s", len(alone) / sum(alone), None, detail)
    yield Measurement("journal.commit_vs_sync", p50 / floor_p50, None, detail)
    yield Measurement("journal.rows_per_s", float(np.median(rates)), None, detail)


def _synced(place: Path) -> list[float]:
    """Seconds that each write of as many bytes took, with its sync."""
    took = []
    descriptor = os.open(place / "floor", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        for number in range(_ALONE):
            begun = time.perf_counter()
            os.pwrite(descriptor, _BLOCK, number * len(_BLOCK))
            os.fdatasync(descriptor)
            took.append(time.perf_counter() - begun)
    finally:
        os.close(descriptor)
    return took


async def _recorded(place: Path) -> tuple[list[float], float]:
    """Seconds until each lone act was durable; rows a second with many at once."""
    async with Journal(place, Setting(ballast=0)) as journal:
        await journal.opened(_LIMIT_S)
        alone = [await _durable(journal, number) for number in range(_ALONE)]

        async def give() -> None:
            for number in range(_EACH):
                await _durable(journal, number)

        begun = time.perf_counter()
        await asyncio.gather(*(give() for _ in range(_AT_ONCE)))
        return alone, _AT_ONCE * _EACH / (time.perf_counter() - begun)


async def _durable(journal: Journal, number: int) -> float:
    facts = {
        "act": "play",
        "who": "duty officer",
        "title": "홍제천 범람 대피 안내",
        "zones": [f"stream-{zone}" for zone in range(14)],
        "priority": 240,
        "key": f"key-{number}",
    }
    act = Entry(kind=Kind.ACT, subject=f"claim-{number}", utc=datetime.now(UTC), at=0, facts=facts)
    begun = time.perf_counter()
    outcome = await journal.record([act]).within(_LIMIT_S)
    if not outcome.durable:
        raise MeasurementError(f"the journal did not take an act: {outcome.reason}")
    return time.perf_counter() - begun
