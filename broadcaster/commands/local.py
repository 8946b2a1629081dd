"""`broadcaster local`: warnings by hand while control is dead.

It needs nothing but an engine: the messages are those the last plan keeps staged. What it does is
written to the spool before it sounds, and control takes it over when it is back.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, monotonic_ns, sleep
from typing import NoReturn, TypeVar

import click

from broadcaster.engine.local_part import add_claims, end_claims, prepared, read_local, spool
from broadcaster.engine.pace import END_LEAD
from broadcaster.engine.plan import PlanError
from broadcaster.engine.shared_block import SharedBlock, SharedBlockError
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.user import user_name
from zones import priority
from zones.bus import Claim, ClaimId, Kind, ZoneId
from zones.media_time import RATE, MediaClock, Sample
from zones.sound import Sequence

PATIENCE = 2.0
"""Seconds to wait for the engine to begin."""

_run_option = click.option(
    "--run", "run_path", type=click.Path(path_type=Path), help="Run directory of the station."
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print facts as JSON.")


@click.group()
def local() -> None:
    """Warn by hand while control is dead: needs only an engine."""


@local.command()
@click.argument("message")
@click.option("--zones", required=True, help="Zones, separated by commas, or `all`.")
@click.option(
    "--priority",
    "level",
    type=click.IntRange(priority.LOWEST_EMERGENCY, 255),
    default=priority.EVACUATE,
    show_default=True,
    help="Level on the bus; warnings begin at 224.",
)
@click.option("--state", "state_path", type=click.Path(path_type=Path), help="State directory.")
@_run_option
@_json_option
def play(
    message: str,
    zones: str,
    level: int,
    state_path: Path | None,
    run_path: Path | None,
    *,
    as_json: bool,
) -> None:
    """Put the prepared MESSAGE on zones and repeat it until it is withdrawn."""
    run = _run(run_path)
    source, wanted = _chosen(run, message, zones)
    name = ClaimId(f"local-{uuid.uuid4().hex[:12]}")
    given = monotonic_ns()
    act = {
        "act": "local play",
        "claim": name,
        "message": message,
        "zones": list(wanted),
        "priority": level,
        "who": user_name(),
        "utc": datetime.now(UTC).isoformat(),
    }
    claims = tuple(Claim(name, zone, Kind.WARNING, level, source) for zone in wanted)
    try:
        spool(_state(run, state_path).path, act, name)
    except OSError as error:
        # A warning must sound with a dead disk; it is only not on record.
        click.echo(f"the act could not be written down: {error.strerror}", err=True)
    _guarded(lambda: add_claims(run.path, claims, {f"message {message}": source}))
    start, clock = _begun(run, name)
    delay = None
    if start is not None:
        delay = round((clock.monotonic_ns_at(start) - given) / 1e6, 1)
    if as_json:
        facts = {"claim": name, "zones": list(wanted), "start": start, "first_packet_ms": delay}
        click.echo(json.dumps(facts))
    elif delay is None:
        click.echo(f"{name}: no engine has begun it within {PATIENCE:g} s", err=True)
    else:
        click.echo(f"{name}: on air in {len(wanted)} zones, first packet after {delay} ms")
        click.echo(f"end it with: broadcaster local withdraw {name}")
    sys.exit(0 if start is not None else 1)


@local.command()
@click.argument("claim")
@_run_option
def withdraw(claim: str, run_path: Path | None) -> None:
    """End a CLAIM that was put on air here."""
    run = _run(run_path)
    plan = read_local(run.path)
    name = ClaimId(claim)
    if plan is None or all(known.id != name for known in plan.claims):
        listed = ", ".join(sorted({c.id for c in plan.claims})) if plan else ""
        _refuse(f"no claim {claim!r} was put on air here; there are: {listed or 'none'}")
    at = _clock(run).sample_at(monotonic_ns()) + END_LEAD
    _guarded(lambda: end_claims(run.path, frozenset({name}), at))
    click.echo(f"{name}: ended")


@local.command(name="list")
@_run_option
@_json_option
def list_messages(run_path: Path | None, *, as_json: bool) -> None:
    """List the messages that are staged, the zones, and what was put on air here."""
    run = _run(run_path)
    messages, zones = _guarded(lambda: prepared(run.path))
    plan = read_local(run.path)
    claims = sorted({claim.id for claim in plan.claims}) if plan else []
    if as_json:
        click.echo(
            json.dumps({"messages": sorted(messages), "zones": list(zones), "claims": claims})
        )
        return
    for title, listed in (("messages", sorted(messages)), ("zones", zones), ("on air", claims)):
        click.echo(f"{title}: {', '.join(listed) or 'none'}")


def _chosen(run: RunDirectory, message: str, zones: str) -> tuple[Sequence, tuple[ZoneId, ...]]:
    messages, known = _guarded(lambda: prepared(run.path))
    if message not in messages:
        _refuse(
            f"message {message!r} is not staged; there are: {', '.join(sorted(messages)) or 'none'}"
        )
    names = list(dict.fromkeys(name.strip() for name in zones.split(",") if name.strip()))
    wanted = known if names == ["all"] else tuple(ZoneId(name) for name in names)
    strange = [zone for zone in wanted if zone not in known]
    if strange or not wanted:
        _refuse(f"no zone {', '.join(strange) or 'given'}; there are: {', '.join(known)}, or all")
    return messages[message], wanted


def _begun(run: RunDirectory, name: ClaimId) -> tuple[Sample | None, MediaClock]:
    """The sample the engine gave to the claim, once it has."""
    block = SharedBlock(run.engine)
    try:
        clock = _clock(run)
        deadline = monotonic() + PATIENCE
        while monotonic() < deadline:
            found = block.stamps([name])
            if found:
                return found[name], clock
            sleep(60 / RATE)
        return None, clock
    finally:
        block.close()


def _clock(run: RunDirectory) -> MediaClock:
    block = SharedBlock(run.engine)
    try:
        clock = block.clock
    finally:
        block.close()
    if clock is None:
        _refuse(f"{run.path} has no media clock: no station was started in this boot")
    return clock


def _run(path: Path | None) -> RunDirectory:
    run = RunDirectory(path) if path else RunDirectory.default()
    if not run.engine.exists():
        _refuse(f"there is no station in {run.path}; name its run directory with --run")
    return run


def _state(run: RunDirectory, path: Path | None) -> StateDirectory:
    if path is not None:
        return StateDirectory(path)
    table = ProcessTable.read(run.processes)
    return StateDirectory(Path(table.state)) if table else StateDirectory.default()


class _RefusalError(click.ClickException):
    exit_code = 2


def _refuse(reason: str) -> NoReturn:
    raise _RefusalError(reason)


_Found = TypeVar("_Found")


def _guarded(work: Callable[[], _Found]) -> _Found:
    try:
        return work()
    except (PlanError, SharedBlockError) as error:
        _refuse(str(error))
    except OSError as error:
        _refuse(f"{error.filename or 'the run directory'}: {error.strerror}")
