"""The local part of the plan: warnings put on air by hand while control is dead.

An act is written to a synced spool first and only then claims (SAFETY I2). Control, when it is
back, takes the claims into its own part and clears them here. Whoever writes holds a lock.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_file import PlanFile, plan_path
from zones.bus import Claim, ClaimId, ZoneId, withdrawn
from zones.media_time import Sample, WallAnchor
from zones.sound import Sequence, Source

MESSAGE_PREFIX = "message "
"""Sources with such names are prepared messages, staged by every engine."""

_NO_ANCHOR = WallAnchor(0, datetime(1970, 1, 1, tzinfo=UTC))
"""Only control's part tells the wall time."""


def prepared(run: Path) -> tuple[dict[str, Sequence], tuple[ZoneId, ...]]:
    """The messages the engines keep staged, by name, and the zones they send to.

    Raises:
        PlanError: there is no plan to take them from.
    """
    with PlanFile(plan_path(run, Part.CONTROL)) as file:
        plan = file.read()
    if plan is None:
        raise PlanError("control has never written a plan, so no message is staged")
    named = {
        name.removeprefix(MESSAGE_PREFIX): source
        for name, source in plan.sources.items()
        if name.startswith(MESSAGE_PREFIX) and isinstance(source, Sequence)
    }
    return named, tuple(dict.fromkeys(stream.zone for stream in plan.streams))


def spool(state: Path, act: Mapping[str, object], name: ClaimId) -> Path:
    """Write an act down so that it survives a power cut, before anything is heard.

    Raises:
        OSError: it cannot be written.
    """
    folder = state / "spool"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    with path.open("x") as file:
        json.dump(dict(act), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return path


def read_local(run: Path) -> Plan | None:
    """The local part in force; None when nobody ever wrote one."""
    if not plan_path(run, Part.LOCAL).exists():
        return None
    with PlanFile(plan_path(run, Part.LOCAL)) as file:
        return file.read()


def add_claims(run: Path, claims: tuple[Claim, ...], sources: Mapping[str, Source]) -> int:
    """Put claims on air beside those that are there; the new revision of the local part."""
    with _writing(run) as (file, plan):
        return _write(file, plan, (*plan.claims, *claims), {**plan.sources, **sources})


def end_claims(run: Path, names: frozenset[ClaimId], at: Sample) -> int:
    """End these claims at sample `at`; the new revision."""
    with _writing(run) as (file, plan):
        ended = tuple(withdrawn(c, at) if c.id in names else c for c in plan.claims)
        return _write(file, plan, ended, plan.sources)


def clear_claims(run: Path, names: frozenset[ClaimId]) -> int:
    """Drop claims that control has taken into its own part; the new revision."""
    with _writing(run) as (file, plan):
        left = tuple(claim for claim in plan.claims if claim.id not in names)
        return _write(file, plan, left, plan.sources)


@contextmanager
def _writing(run: Path) -> Iterator[tuple[PlanFile, Plan]]:
    """The local part, locked: one writer at a time. Rings control's bell, where engines sleep."""
    descriptor = os.open(run / "plan-local.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with PlanFile(plan_path(run, Part.LOCAL)) as file:
            empty = Plan(Part.LOCAL, file.revision, _NO_ANCHOR)
            yield file, file.read() or empty
        with PlanFile(plan_path(run, Part.CONTROL)) as control:
            control.ring()
    finally:
        os.close(descriptor)


def _write(
    file: PlanFile, before: Plan, claims: tuple[Claim, ...], sources: Mapping[str, Source]
) -> int:
    used = {id(claim.source) for claim in claims}
    kept = {name: source for name, source in sources.items() if id(source) in used}
    revision = file.revision + 1
    file.write(replace(before, revision=revision, claims=claims, sources=kept))
    return revision
