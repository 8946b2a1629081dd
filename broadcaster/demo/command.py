"""The command `demo`: the whole station on this machine, with virtual amplifiers that hear it.

Nothing here is a mock: the processes, the packets and the witnesses are those of a real station.
Only the amplifiers are played by a program, and everything is kept on the loopback interface.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from broadcaster.control.alert_recovery import ALERTS_FILE
from broadcaster.demo.session import Finding, Scene, Session, Terminal
from broadcaster.engine.plan import Part
from broadcaster.engine.plan_file import plan_path
from broadcaster.options import run_option
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.simulator.music import SEED
from broadcaster.simulator.music_files import cache_name
from broadcaster.supervisor.ground import Options

LOOPBACK = "127.0.0.1"
EXIT_NOT_HEARD = 1


@click.command()
@click.option(
    "--for",
    "duration",
    type=click.FloatRange(min=1.0),
    metavar="SECONDS",
    help="End after so many seconds of music; without it, at the key q.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write what every amplifier heard to this file, as JSON.",
)
@click.option("--json", "as_json", is_flag=True, help="Print that report in the end.")
@click.option("--seed", type=int, default=SEED, help="Another seed makes other music.")
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The site file.  [default: config.yaml here, else of the checkout]",
)
@run_option
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="State directory.  [default: demo-state in the cache]",
)
def demo(
    duration: float | None,
    report: Path | None,
    as_json: bool,
    seed: int,
    config: Path | None,
    run: RunDirectory,
    state: Path | None,
) -> None:
    """Play music to virtual amplifiers over real multicast RTP, on this machine alone.

    Needs no root, no sound card and no internet. In a terminal it shows a live table and takes
    keys; otherwise it prints lines. With --for it puts one message on one zone by itself, evacuates
    it and corrects that; the exit status is 0 only if every amplifier heard everything without
    loss, and the warning and its correction were heard.
    """
    cache = _cache()
    kept = StateDirectory(state or cache / "demo-state")
    kept.make()
    if state is None:
        _forget(run, kept)
    options = Options(
        config=config or _site_file(),
        run=run,
        state=kept,
        interface=LOOPBACK,
        with_amplifiers=True,
        output=_fresh(kept.path / "log"),
        music=cache / cache_name(seed),
        is_open=True,
        is_demo=True,
    )
    _log_to(kept.path / "log" / "supervisor.log")
    scene = Scene(options, cache, seed, duration)
    finding = asyncio.run(_shown(scene, Console(stderr=as_json)))
    if report is not None:
        report.write_text(json.dumps(finding.facts(), ensure_ascii=False, indent=1) + "\n")
    if as_json:
        click.echo(json.dumps(finding.facts(), ensure_ascii=False))
    if duration is not None:
        sys.exit(0 if finding.ok else EXIT_NOT_HEARD)


async def _shown(scene: Scene, console: Console) -> Finding:
    is_live = console.is_terminal and not console.no_color and not console.is_dumb_terminal
    return await Session(scene, Terminal(console, is_live=is_live)).run()


def _site_file() -> Path:
    """The reference site: the demo plays it, but a wheel does not contain it."""
    for folder in (Path.cwd(), Path(__file__).parents[1]):
        if (folder / "config.yaml").is_file():
            return folder / "config.yaml"
    raise click.ClickException(
        "no site file: the demo plays the reference site, config.yaml, which is part of the "
        "checkout and not of the installed package. Run it in the checkout (make demo), or name a "
        "site file with --config"
    )


def _cache() -> Path:
    """Where generated music is kept."""
    named = os.environ.get("XDG_CACHE_HOME")
    try:
        cache = (Path(named) if named else Path.home() / ".cache") / "sorigil"
        cache.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:
        raise click.ClickException(
            f"no place for the music ({error}): set XDG_CACHE_HOME to a folder that can be written"
        ) from None
    return cache


def _forget(run: RunDirectory, kept: StateDirectory) -> None:
    """Begin without the warnings of the last demo: the next visitor did not see them begin.

    Raises:
        RunDirectoryError: another controller runs there, or the directory cannot be used.
    """
    run.make()
    with run.hold():
        table = ProcessTable.read(run.processes)
        records = [*kept.path.glob("journal.db*"), kept.path / "journal.head"]
        records += [kept.path / name for name in ("detections.json", "last-taken")]
        if table is not None and table.state == str(kept.path):
            records += [plan_path(run.path, part) for part in Part]
            records.append(run.path / ALERTS_FILE)
        for record in records:
            record.unlink(missing_ok=True)


def _fresh(folder: Path) -> Path:
    """A folder for this run's logs, without those of the last one."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.log"):
        with contextlib.suppress(OSError):
            old.unlink()
    return folder


def _log_to(path: Path) -> None:
    """The supervisor is in this process; its log must not run through the table."""
    handler: Any = logging.FileHandler(path)
    logging.basicConfig(
        handlers=[handler], level=logging.INFO, format="%(asctime)s %(message)s", force=True
    )
