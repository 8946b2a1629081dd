"""`broadcaster play` and `broadcaster withdraw`: put a recording on zones, and take it off."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic_ns
from typing import Any, NoReturn

import click

from broadcaster.background import ONE_THREAD
from broadcaster.control.library_keeper import WORKER
from broadcaster.link import LinkError, NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.user import user_name
from zones import priority as levels
from zones.priority import PriorityError, parse_priority

EXIT_NOT_ON_AIR = 1
EXIT_REFUSED = 2


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--zones", required=True, help="Zones and groups, separated by commas, or `all`.")
@click.option(
    "--priority",
    "level",
    metavar="LEVEL",
    help="A number 0-255 or a name such as announcement.  [default: 100; a warning's: 232]",
)
@click.option(
    "--kind",
    type=click.Choice(["notice", "warning"]),
    default="notice",
    show_default=True,
    help="A warning needs a level of at least 224 and --repeat.",
)
@click.option("--repeat", is_flag=True, help="Repeat until it is withdrawn.")
@click.option("--in-quiet-hours", is_flag=True, help="Play it in quiet hours all the same.")
@click.option("--title", help="What it is called.  [default: as the file says]")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def play(
    file: Path,
    zones: str,
    level: str | None,
    kind: str,
    repeat: bool,
    in_quiet_hours: bool,
    title: str | None,
    run: RunDirectory,
    as_json: bool,
) -> None:
    """Play a sound FILE on zones, once or until it is withdrawn.

    What plays there returns afterwards, at its live position. The exit status is 0 when it is on
    air, 1 when it is not, and 2 when it is refused.
    """
    number = _level(level, kind)
    stored = decoded(file, _state(run), is_speech=kind == "warning")
    # After decoding: what is measured is the station, not the file.
    order = {
        "pcm": stored.pcm,
        "length": stored.length,
        "title": title or stored.title,
        "zones": [name.strip() for name in zones.split(",") if name.strip()],
        "priority": number,
        "kind": kind,
        "repeat": repeat,
        "in_quiet_hours": in_quiet_hours,
        "given_ns": monotonic_ns(),
    }
    answer = _asked(run, "play", order)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo(sentence(answer))
        if answer["on_air"] and repeat:
            click.echo(f"end it with: broadcaster withdraw {answer['claim']}")
        _say_if_not_durable(answer)
    sys.exit(0 if answer["on_air"] else EXIT_NOT_ON_AIR)


@click.command()
@click.argument("claim")
@run_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def withdraw(claim: str, run: RunDirectory, as_json: bool) -> None:
    """End a CLAIM in all its zones; `broadcaster status --json` lists the claims."""
    answer = _asked(run, "withdraw", {"claim": claim})
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    elif answer["adopted"]:
        click.echo(f"{claim}: withdrawn in {count(len(answer['zones']), 'zone')}")
    else:
        click.echo(f"{claim}: {answer['reason']}")
    if not as_json:
        _say_if_not_durable(answer)
    sys.exit(0 if answer["adopted"] else EXIT_NOT_ON_AIR)


@dataclass(frozen=True, slots=True)
class Stored:
    """A file's sound in the store: its length in samples, and what it calls itself."""

    pcm: str
    length: int
    title: str


def decoded(file: Path, state: StateDirectory, *, is_speech: bool) -> Stored:
    """Bring a file into the store; speech is shaped and levelled to be understood outdoors.

    Raises:
        click.ClickException: it cannot be decoded or stored, with a sentence.
    """
    name = os.fsencode(file.absolute()) + b"\n"
    if b"\n" in name[:-1]:
        _refuse(f"{file}: a line break in a file's name; rename it")
    done = subprocess.run(
        [
            *(sys.executable, "-m", WORKER, "--state", str(state.path), "--awaited"),
            *("--parent", str(os.getpid()), *(("--speech",) if is_speech else ())),
        ],
        input=name,
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        check=False,
    )
    said: dict[str, Any] = {}
    for line in done.stdout.splitlines():
        said = json.loads(line)
    if "recording" not in said:
        _refuse(said.get("error") or f"{file}: the decoder failed on it; convert it to FLAC or WAV")
    recording = said["recording"]
    return Stored(recording["pcm"], recording["length"], recording["title"] or file.stem)


def sentence(answer: dict[str, Any]) -> str:
    """What became of an order to play, in words."""
    zones, on_air = answer["zones"], answer["on_air"]
    if not answer["adopted"]:
        return f"not on air: {answer['reason']}"
    if answer["start"] is None:
        return "not on air yet: its sound is still being read; it begins as soon as it is"
    if not on_air:
        return f"waiting: a higher claim has {'the zone' if len(zones) == 1 else 'all zones'}"
    words = f"on air in {count(len(on_air), 'zone')}"
    if len(on_air) < len(zones):
        words += f", waiting in {len(zones) - len(on_air)} where a higher claim is"
    return f"{words}, first packet {answer['first_packet_ms']:.0f} ms after the command"


def _say_if_not_durable(answer: dict[str, Any]) -> None:
    """Warn when a power cut now would take the record of an act with it; the act itself stands."""
    if answer.get("durable") is False:
        click.echo(f"not in the journal yet: {answer['not_durable']}", err=True)


def count(number: int, thing: str) -> str:
    """`1 zone`, `2 zones`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _level(text: str | None, kind: str) -> int:
    if text is None:
        return levels.WARNING if kind == "warning" else levels.TIMED_NOTICE
    try:
        return parse_priority(text)
    except PriorityError as error:
        _refuse(f"--priority: {error}")


def _asked(run: RunDirectory, name: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Control's answer to a command.

    Raises:
        CommandRefusedError, LinkError: each with a sentence.
    """

    async def ask() -> dict[str, Any]:
        async with connect(run.control_socket, "command line") as link:
            return await link.command(name, who=user_name(), **fields)

    try:
        return asyncio.run(ask())
    except NobodyListensError:
        raise LinkError(
            f"no control runs in {run.path}: start a station with `broadcaster run`, or name its "
            "run directory with --run"
        ) from None


def _state(run: RunDirectory) -> StateDirectory:
    """Where the station in this run directory keeps its sound."""
    table = ProcessTable.read(run.processes)
    if table is None:
        _refuse(
            f"no station runs in {run.path}: start one with `broadcaster run`, or name its run "
            "directory with --run"
        )
    return StateDirectory(Path(table.state))


class _RefusalError(click.ClickException):
    exit_code = EXIT_REFUSED


def _refuse(reason: str) -> NoReturn:
    raise _RefusalError(reason)
