"""What the station still needs, and eviction must leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.ingest.errors import StoreError
from zones.sound import PcmId, Segment, Sequence, Timeline

_ID = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


def named_by_station(run: Path, state: Path) -> frozenset[PcmId]:
    """Return every recording that a plan, a message or a folder of the programme names.

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
    except (OSError, ValueError) as error:
        raise StoreError(
            f"what the station needs cannot be found out ({error}); nothing is removed"
        ) from error
    return frozenset(in_plans) | {PcmId(name.decode("ascii")) for name in in_library}


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
