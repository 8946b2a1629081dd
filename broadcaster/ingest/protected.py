"""What the station still needs, and eviction must leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.ingest.errors import StoreError
from broadcaster.radio.recordings import FILE as RECORDINGS
from broadcaster.radio.recordings import Recordings, RecordingsError
from broadcaster.radio.schedule_store import ScheduleStore, ScheduleStoreError
from playlists.playlist import FixedList, Pool
from playlists.schedule_file import ScheduleFileError
from zones.sound import PcmId, Segment, Sequence, Timeline

_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def named_by_station(run: Path, state: Path) -> frozenset[PcmId]:
    """Return every recording that a plan, a message, a playlist or a programme folder names.

    Both slots of both plan parts count: a new engine may fall back to the older one. The folders
    of the programme hold more than the next 24 hours play.

    Args:
        run: the run directory; without a plan in it nothing is on air.
        state: the state directory.

    Raises:
        StoreError: something is there and cannot be read, so nothing may be evicted.
    """
    try:
        in_plans = {pcm for part in Part for pcm in _named_by(run, part)}
        index = state / "library.json"
        in_library = _ID.findall(index.read_bytes()) if index.exists() else []
        in_schedule = frozenset(_in_schedule(state))
    except (OSError, ValueError, RecordingsError, ScheduleStoreError, ScheduleFileError) as error:
        raise StoreError(
            f"what the station needs cannot be found out ({error}); nothing is removed"
        ) from error
    named = {PcmId(name.decode("ascii")) for name in in_library}
    return frozenset(in_plans) | in_schedule | named


def _in_schedule(state: Path) -> Iterator[PcmId]:
    """What the schedule's playlists and news may play; its folders are in the library's index."""
    if not (state / RECORDINGS).exists():
        return
    schedule = ScheduleStore(state).schedule()
    with closing(Recordings(state)) as recordings:
        pool = Pool({one.recording.id: one.recording for one in recordings.every()})
    names = {item.recording for item in schedule.news}
    for playlist in schedule.playlists:
        if isinstance(playlist, FixedList):
            names.update(playlist.items)
        elif not playlist.choice.folders:
            yield from (one.pcm for one in pool.chosen(playlist.choice))
    yield from (pool.by_id[name].pcm for name in names if name in pool.by_id)


def _named_by(run: Path, part: Part) -> Iterator[PcmId]:
    path = plan_path(run, part)
    if not path.exists():
        return
    with PlanFile(path) as file:
        for is_older in (False, True):
            plan = file.read(older=is_older)
            if plan is not None:
                yield from _in_plan(plan)
            elif file.revision and not is_older:
                raise ValueError(f"{path} is being replaced; try again")


def _in_plan(plan: Plan) -> Iterator[PcmId]:
    # Every claim's source is among the plan's.
    for source in plan.sources.values():
        segments: tuple[Segment, ...] = ()
        match source:
            case Sequence(once, loop):
                segments = (*once, *loop)
            case Timeline(items):
                segments = tuple(segment for _, segment in items)
        yield from (segment.pcm for segment in segments if segment.pcm is not None)
