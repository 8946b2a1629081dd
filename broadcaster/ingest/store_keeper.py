"""Keep the PCM store within bounds and sound: size, eviction, remains, scrub."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from broadcaster.ingest.errors import StoreError
from broadcaster.ingest.pcm_store import PARTIAL, SAMPLE_BYTES, PcmStore
from zones.media_time import Sample
from zones.sound import PcmId

DAMAGED = ".damaged"
_READ_BYTES = 1 << 20

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""


@dataclass(frozen=True, slots=True)
class StoreSize:
    """What the store holds."""

    recordings: int
    samples: Sample
    bytes: int
    free_bytes: int
    """Left on its disk for us."""


@dataclass(frozen=True, slots=True)
class Evicted:
    """What was removed to make room."""

    ids: tuple[PcmId, ...]
    bytes: int
    over_bytes: int
    """Still over the budget, because all that is left is protected; 0 if it fits."""


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What a scrub found."""

    recordings: int
    bytes: int
    damaged: tuple[PcmId, ...]


def size_of(store: PcmStore) -> StoreSize:
    """Return what the store holds and what its disk has left."""
    sizes = [status.st_size for _, status in _statuses(store)]
    free = os.statvfs(store.directory)
    return StoreSize(
        recordings=len(sizes),
        samples=sum(sizes) // SAMPLE_BYTES,
        bytes=sum(sizes),
        free_bytes=free.f_bavail * free.f_frsize,
    )


def evict(
    store: PcmStore,
    budget_bytes: int,
    protected: Collection[PcmId],
    *,
    wanted_since_ns: int | None = None,
) -> Evicted:
    """Remove what was not wanted for the longest time until the store fits its budget.

    Args:
        store: the store.
        budget_bytes: what it may hold.
        protected: never removed: what a plan, a message or the next 24 hours name. Who calls
            must know all of it; what it cannot find out it must not evict.
        wanted_since_ns: what was stored or wanted since then (Unix time in ns) stays as well: it
            may be on its way into a plan.
    """
    statuses = list(_statuses(store))
    held = sum(status.st_size for _, status in statuses)
    removed, freed = [], 0
    for pcm_id, status in sorted(statuses, key=lambda entry: (entry[1].st_mtime_ns, entry[0])):
        if held - freed <= budget_bytes:
            break
        is_recent = wanted_since_ns is not None and status.st_mtime_ns >= wanted_since_ns
        if pcm_id not in protected and not is_recent:
            store.discard(pcm_id)
            removed.append(pcm_id)
            freed += status.st_size
    return Evicted(tuple(removed), freed, max(0, held - freed - budget_bytes))


def remove_remains(store: PcmStore) -> int:
    """Delete what processes that were killed half-way left; return how many files and folders."""
    removed = 0
    for path in store.directory.glob(f".*{PARTIAL}"):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue  # somebody just finished
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.is_dir():
                # A program that outlived who started it may still write there: then next time.
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
            removed += 1
        except (BlockingIOError, FileNotFoundError):
            continue  # somebody is writing it, or just finished
        finally:
            os.close(descriptor)
    return removed


def scrub(
    store: PcmStore, *, set_aside: bool = False, progress: Progress | None = None
) -> Scrubbed:
    """Read everything and compare it with its name.

    Reading drops what it read from the page cache again, so that the pages the engine needs stay.

    Args:
        store: the store.
        set_aside: rename damaged files, so that the next import of their sound writes them anew.
            Whoever plays one at the moment keeps it; but it is not found again until then.
        progress: told about each mebibyte.
    """
    total = sum(status.st_size for _, status in _statuses(store))
    damaged: list[PcmId] = []
    recordings, done = 0, 0
    for pcm_id in store.ids():
        path = store.path(pcm_id)
        digest = hashlib.sha256()
        try:
            for data in _read_once(path):
                digest.update(data)
                done += len(data)
                if progress:
                    progress(done, total)
        except FileNotFoundError:
            continue  # evicted meanwhile
        except OSError as error:
            # A sector that cannot be read is what a scrub is there to find.
            digest.update(f"unreadable: {error}".encode())
        recordings += 1
        if digest.hexdigest() != pcm_id:
            damaged.append(pcm_id)
            if set_aside:
                path.rename(path.with_suffix(DAMAGED))
    return Scrubbed(recordings, done, tuple(damaged))


def _read_once(path: Path) -> Iterator[bytes]:
    with path.open("rb", buffering=0) as file:
        while data := file.read(_READ_BYTES):
            yield data
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _statuses(store: PcmStore) -> Iterator[tuple[PcmId, os.stat_result]]:
    try:
        for pcm_id in store.ids():
            try:
                yield pcm_id, store.path(pcm_id).stat()
            except FileNotFoundError:
                continue
    except OSError as error:
        raise StoreError(
            f"{store.directory}: {error.strerror or error}; check the disk and who may read it"
        ) from error
