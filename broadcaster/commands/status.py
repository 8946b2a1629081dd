"""The command `status`: what runs, what is on air, who witnessed it, what is wrong.

Control knows most of it. When control is dead the engine goes on, and so does this command: it then
reads what the supervisor, the plan and the engine's own block say, and claims no witness.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from time import monotonic_ns
from typing import Any, Final

import click

from broadcaster.engine.plan import Part, Plan, PlanError, Stream
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import EngineState, SharedBlock
from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import ProcessEntry, ProcessTable, RunDirectory
from broadcaster.supervisor.supervisor import ENGINE, with_standby
from zones.media_time import RATE

EXIT_NOTHING_RUNS: Final = 1
_ALIVE_NS: Final = 1_000_000_000
"""An engine that has not beaten for so long does not speak."""
_ANSWER_LIMIT: Final = 2.0
"""Seconds control may take; it answers within milliseconds or not at all."""

Facts = dict[str, Any]


@click.command()
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(run: RunDirectory, as_json: bool) -> None:
    """Show what runs, what each zone is commanded, what was sent and what has arrived.

    *Sent* is what the ear on this machine decoded and compared with the plan; *arrived* is what
    the amplifiers report. Where nobody witnesses arrival it is unknown, never assumed. The exit
    status is 0 while a controller runs, 1 when nothing does.
    """
    facts = asyncio.run(look(run))
    if facts is None:
        if as_json:
            click.echo(json.dumps({"processes": [], "streams": [], "engine": None, "faults": []}))
        click.echo(f"Nothing runs in {run.path}; `broadcaster run` starts a controller.", err=True)
        sys.exit(EXIT_NOTHING_RUNS)
    if as_json:
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        _show(facts)


async def look(run: RunDirectory) -> Facts | None:
    """What can be said of the controller in a run directory; None when none runs.

    Raises:
        RunDirectoryError: what lies there was not written by this version.
    """
    holder = run.holder()
    table = ProcessTable.read(run.processes) if holder is not None else None
    if table is None or table.supervisor != holder:
        if holder is None:
            return None
        return _starting(holder)
    faults: list[str] = []
    snapshot = await _from_control(run, faults)
    engine = _engine_state(run)
    speaking = engine is not None and 0 <= monotonic_ns() - engine.beat_ns < _ALIVE_NS
    speaker = engine.pid if engine is not None and speaking else 0
    entries = with_standby(table.processes, speaker)
    faults += [f"{entry.role} is down; it is being started again" for entry in _down(entries)]
    if not speaker:
        faults.append("no engine is sending")
    if snapshot is None:
        snapshot = {"engine": _engine(engine, speaker), "streams": _planned(run, faults)}
        if engine is not None and engine.fault:
            faults.append(f"engine: {engine.fault}")
    return {
        **snapshot,
        "supervisor": table.supervisor,
        "config": table.config,
        "processes": [_process(entry, speaker) for entry in entries],
        "faults": [*faults, *snapshot.get("faults", []), *_unheard(snapshot["streams"])],
    }


def _unheard(streams: list[Facts]) -> list[str]:
    """A sentence for each stream of which somebody says that it is not there."""
    found = []
    for stream in streams:
        if stream["sent"] is False:
            why = (stream.get("sent_detail") or {}).get("fault") or "other sound, or none"
            found.append(f"{stream['zone']}: the right sound is not sent: {why}")
        silent = [
            str(one.get("amplifier"))
            for one in stream.get("arrived_detail") or ()
            if one.get("value") is False
        ]
        if silent:
            found.append(f"{stream['zone']}: nothing arrives at {', '.join(silent)}")
    return found


def _starting(holder: int) -> Facts:
    sentence = f"the controller (process {holder}) has only just started; ask again"
    return {
        "supervisor": holder, "processes": [], "streams": [], "engine": None, "faults": [sentence],
    }  # fmt: skip


async def _from_control(run: RunDirectory, faults: list[str]) -> Facts | None:
    """Control's snapshot; None, and the reason among the faults, when it gives none."""
    try:
        async with (
            asyncio.timeout(_ANSWER_LIMIT),
            connect(run.control_socket, "status") as link,
        ):
            snapshot: Facts = await anext(link.snapshots())
            return snapshot
    except NobodyListensError:
        faults.append("control does not run: what was sent and what has arrived is not known")
    except TimeoutError:
        faults.append(f"control does not answer within {_ANSWER_LIMIT:g} s")
    except LinkError as error:
        faults.append(f"control does not answer: {error}")
    return None


def _engine_state(run: RunDirectory) -> EngineState | None:
    if not run.engine.exists():
        return None
    with closing(SharedBlock(run.engine)) as block:
        return block.state()


def _engine(state: EngineState | None, speaker: int) -> Facts | None:
    """The engine as control would show it."""
    if state is None:
        return None
    age_ns = monotonic_ns() - state.beat_ns
    return {
        "pid": state.pid,
        "speaking": speaker != 0,
        "real_time": state.real_time,
        "locked": state.locked,
        "late_ticks": state.late_ticks,
        "skipped_packets": state.skipped_packets,
        "fault": state.fault,
        "beat_age_ms": round(age_ns / 1e6, 1) if state.beat_ns else None,
    }


def _planned(run: RunDirectory, faults: list[str]) -> list[Facts]:
    """The streams of the plan, of which nobody says whether they are heard."""
    streams: dict[str, Stream] = {}
    for part in Part:
        plan = _plan(run, part, faults)
        if plan is not None:
            streams |= {stream.id: stream for stream in plan.streams}
    return [_stream(stream) for stream in streams.values()]


def _plan(run: RunDirectory, part: Part, faults: list[str]) -> Plan | None:
    path = plan_path(run.path, part)
    if not path.exists():
        return None
    try:
        with PlanFile(path) as file:
            return file.read()
    except PlanError as error:
        faults.append(f"the {part.value} part of the plan cannot be read: {error}")
    return None


def _stream(stream: Stream) -> Facts:
    return {
        "id": stream.id,
        "zone": stream.zone,
        "group": stream.legs[0].address,
        "port": stream.legs[0].port,
        "format": stream.format.name,
        "packet_time_ms": stream.packet_time * 1000 / RATE,
        "ssrc": stream.ssrc,
        "commanded": None,
        "sent": None,
        "arrived": None,
    }


def _down(entries: tuple[ProcessEntry, ...]) -> list[ProcessEntry]:
    return [entry for entry in entries if not _is_alive(entry.pid) and entry.started_ns]


def _is_alive(pid: int) -> bool:
    if not pid:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _process(entry: ProcessEntry, speaker: int) -> Facts:
    lived = timedelta(microseconds=(monotonic_ns() - entry.started_ns) / 1000)
    started = datetime.now(UTC) - lived if entry.started_ns else None
    return {
        "role": entry.role,
        "pid": entry.pid or None,
        "speaking": entry.role == ENGINE and entry.pid == speaker != 0,
        "alive": _is_alive(entry.pid),
        "restarts": entry.restarts,
        "started_at": started.isoformat(timespec="milliseconds") if started else None,
    }


# --- for people -------------------------------------------------------------------------------

_WORDS: Final = {True: "yes", False: "NO", None: "unknown"}


def _show(facts: Facts) -> None:
    """Print the facts as tables; every state is a word, colour only repeats it."""
    from rich.console import Console
    from rich.table import Table

    console = Console()
    streams = Table(box=None, pad_edge=False)
    for title in ("zone", "on air", "sent", "arrived", "to"):
        streams.add_column(title, no_wrap=True, overflow="ellipsis")
    for stream in facts["streams"]:
        commanded = stream.get("commanded")
        streams.add_row(
            (stream.get("zone_name") or {}).get("ko") or stream["zone"],
            commanded["title"] if commanded else "unknown",
            _WORDS[stream["sent"]],
            _WORDS[stream["arrived"]],
            f"{stream['group']}:{stream['port']}",
        )
    processes = Table("process", "pid", "state", "restarts", box=None, pad_edge=False)
    for process in facts["processes"]:
        state = "speaking" if process["speaking"] else "alive" if process["alive"] else "DOWN"
        processes.add_row(
            process["role"], str(process["pid"] or "-"), state, str(process["restarts"])
        )
    console.print(streams, _formats(facts["streams"]), "", processes, "", sep="\n")
    engine = facts["engine"]
    if engine and not (engine["real_time"] and engine["locked"]):
        lacks = [
            *([] if engine["real_time"] else ["real-time scheduling"]),
            *([] if engine["locked"] else ["locked memory"]),
        ]
        console.print(f"degraded: the engine runs without {' and '.join(lacks)}", style="bold")
    for fault in facts["faults"]:
        console.print(
            f"fault: {fault}", style="bold", markup=False, highlight=False, soft_wrap=True
        )
    if not facts["faults"]:
        console.print("No faults.")


def _formats(streams: list[Facts]) -> str:
    """How many streams there are of each format."""
    kinds = Counter(f"{one['format']} at {one['packet_time_ms']:g} ms" for one in streams)
    counts = (f"{number} x {kind}" for kind, number in kinds.items())
    return f"streams: {', '.join(counts) or 'none'}"
