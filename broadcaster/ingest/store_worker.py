"""A round of care for the store: `python -m broadcaster.ingest.store_worker`, started by control.

It reads every recording slowly and compares it with its name, makes damaged ones anew from the
files they came from, and evicts what nobody needs until the store fits its budget. It prints one
JSON object:

    {"mended": [PCM, ...], "damaged": [{"pcm": PCM, "file": PATH or null}, ...],
     "evicted": [PCM, ...], "over_bytes": 0}
    {"error": "a sentence"}

`damaged` are those that could not be made anew: they stay, since one wrong bit sounds better than
silence.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from broadcaster.background import stand_back
from broadcaster.engine.libc import die_with_parent
from broadcaster.ingest.errors import IngestError
from broadcaster.ingest.library import Library
from broadcaster.ingest.library_worker import builtins
from broadcaster.ingest.protected import named_by_station
from broadcaster.ingest.store_keeper import DAMAGED, evict, remove_remains, scrub
from zones.sound import PcmId

BYTES_PER_SECOND = 16e6
"""How fast the store is read: slower than any disk, and a full one of 20 GB in 20 minutes."""
_RECENT = timedelta(hours=1)
"""What was stored or wanted since may be on its way into a plan, and is not evicted."""


def main(arguments: list[str] | None = None) -> int:
    """Do one round; exit status 0, or 2 when the store cannot be used."""
    parser = argparse.ArgumentParser(prog="broadcaster.ingest.store_worker", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--budget", type=int, required=True, help="bytes the store may hold")
    parser.add_argument("--rate", type=float, default=BYTES_PER_SECOND, help="bytes a second")
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    options = parser.parse_args(arguments)
    if options.parent:
        die_with_parent(options.parent)
    stand_back()
    try:
        said = cared_for(options.state, options.run, options.budget, options.rate)
    except (IngestError, OSError) as error:
        said = {"error": str(error)}
    sys.stdout.write(json.dumps(said) + "\n")
    return 2 if "error" in said else 0


def cared_for(state: Path, run: Path, budget: int, rate: float) -> dict[str, Any]:
    """What one round found and did; `rate` is in bytes a second.

    Raises:
        IngestError: the store cannot be used, or what the station needs cannot be found out.
    """
    shelf = Library(state)
    remove_remains(shelf.store)
    begun = time.monotonic()

    def keep_pace(done: int, total: int) -> None:
        time.sleep(max(0.0, begun + done / rate - time.monotonic()))

    damaged = scrub(shelf.store, progress=keep_pace).damaged
    mended = [pcm for pcm in damaged if _is_mended(shelf, state, pcm)]
    hour_ago = (datetime.now(UTC) - _RECENT).timestamp()
    evicted = evict(
        shelf.store, budget, named_by_station(run, state), wanted_since_ns=int(hour_ago * 1e9)
    )
    files = {one.pcm: file for file, one in shelf.files()}
    return {
        "mended": mended,
        "damaged": [{"pcm": p, "file": files.get(p)} for p in damaged if p not in mended],
        "evicted": list(evicted.ids),
        "over_bytes": evicted.over_bytes,
    }


def _is_mended(shelf: Library, state: Path, pcm: PcmId) -> bool:
    """Make a damaged recording anew; whether that succeeded. If not, it is as it was."""
    path = shelf.store.path(pcm)
    aside = path.with_suffix(DAMAGED)
    path.rename(aside)
    try:
        # Whatever has its name again was hashed while it was written.
        is_mended = any(shelf.store.contains(pcm) for _ in _sources(shelf, state, pcm))
    except BaseException:
        aside.rename(path)
        raise
    if is_mended:
        aside.unlink()
    else:
        aside.rename(path)
    return is_mended


def _sources(shelf: Library, state: Path, pcm: PcmId) -> Iterator[object]:
    """Everything that may make this recording, brought in one after the other."""
    files = [Path(file) for file, one in shelf.files() if one.pcm == pcm and Path(file).exists()]
    yield from shelf.import_files(files)
    yield from builtins(state, shelf.store)


if __name__ == "__main__":
    sys.exit(main())
