"""The command `notices`: who is told beside the zones, how that stands, and a test of each way."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from broadcaster.kept_site import site_or_kept
from broadcaster.link import LinkError, connect
from broadcaster.options import run_option, station_state_option
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.site_in_force import site_in_force
from zones.notices_settings import (
    Apprise,
    Contact,
    Device,
    Mail,
    Mqtt,
    Relay,
    Technician,
    Way,
    Webhook,
)
from zones.site import Name, Site

EXIT_NOT_TOLD: Final = 1
EXIT_WRONG: Final = 2
_LIMIT: Final = 5.0
SEVERITIES: Final = ("info", "minor", "major", "critical")
_Anybody = Device | Contact | Technician


_config_option = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Site file.  [default: the one in force, else config.yaml]",
)


@click.group(invoke_without_command=True)
@_config_option
@run_option
@station_state_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def notices(
    context: click.Context,
    run: RunDirectory,
    state: StateDirectory,
    config: Path | None,
    as_json: bool,
) -> None:
    """Who and what is told of warnings beside the zones, and who of faults.

    Without a command boards, beacons, gates, contacts and technicians are listed, and how it stands
    with telling them: `confirmed` means that the other side said so itself, `sent` that it took the
    message.
    """
    if context.invoked_subcommand is not None:
        return
    site = site_or_kept(_config(run, config), state).site
    snapshot = asyncio.run(_snapshot(run))
    told = {one["name"]: one for one in (snapshot or {}).get("notices", ())}
    rows = [_row(one, told) for one in _everybody(site)]
    if site.notices.sound is not None:
        device = site.notices.sound.device or "any"
        rows.append(_stood("sound", "own sound", "beeps while people are called", device, told))
    if as_json:
        alerts = {one["id"]: one.get("told", []) for one in (snapshot or {}).get("alerts", ())}
        said = {"runs": snapshot is not None, "notices": rows, "alerts": alerts}
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    if not rows:
        click.echo("the site file names nobody to tell; docs/notices.md says how")
        return
    width = {key: max(len(row[key]) for row in rows) for key in ("kind", "name", "what", "state")}
    for row in rows:
        line = "  ".join(row[key].ljust(width[key]) for key in width)
        click.echo(f"{line}  {row['way']}{': ' * bool(row['detail'])}{row['detail']}")
    if snapshot is None:
        click.echo(f"no station runs in {run.path}: nothing is told now", err=True)


@notices.command("test")
@click.argument("name")
@_config_option
@run_option
@station_state_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def test(
    name: str, run: RunDirectory, state: StateDirectory, config: Path | None, as_json: bool
) -> None:
    """Send a test message to one board, beacon, gate, contact or technician, marked as a test.

    Nothing moves by it: of a relay the coil is only read. The exit status is 0 when the message
    was taken, 1 when not, 2 when there is nobody of that name.
    """
    config = _config(run, config)
    site = site_or_kept(config, state).site
    everybody = _everybody(site)
    one = next((one for one in everybody if one.id == name), None)
    if one is None:
        known = ", ".join(one.id for one in everybody) or "nobody"
        click.echo(f"broadcaster: the site file tells no {name!r}; it tells {known}", err=True)
        sys.exit(EXIT_WRONG)
    answer, trouble = asyncio.run(_tried(site.name, one, config.parent))
    if as_json:
        said = {"name": name, "taken": not trouble, "answer": answer, "detail": trouble}
        click.echo(json.dumps(said, ensure_ascii=False))
    elif trouble:
        click.echo(f"{name} was not told: {trouble}", err=True)
    else:
        said_back = "" if answer is None else f"; it answered {json.dumps(answer)}"
        click.echo(f"{name} was told by {way_in_words(one.way)}{said_back}")
    sys.exit(EXIT_NOT_TOLD if trouble else 0)


async def _tried(site: Name, one: _Anybody, folder: Path) -> tuple[Mapping[str, Any] | None, str]:
    """The answer to a test, and why it was not taken; secrets lie in `folder`."""
    # These load what no other command needs.
    from broadcaster.notices.carriers import Carriers, session
    from broadcaster.notices.notice import NotToldError, test_notice

    async with session() as connections:
        carriers = Carriers(folder, connections)
        carrier = carriers.of(one.way, lambda said: None)
        lines = [asyncio.create_task(line.run()) for line in carriers.lines.values()]
        try:
            at = datetime.now(UTC).isoformat(timespec="seconds")
            return await carrier.tell(test_notice(site, one.id, at)), ""
        except NotToldError as error:
            return None, str(error)
        finally:
            for line in lines:
                line.cancel()
            await asyncio.gather(*lines, return_exceptions=True)


def _everybody(site: Site) -> tuple[_Anybody, ...]:
    return (*site.notices.devices, *site.notices.contacts, *site.notices.technicians)


def way_in_words(way: Way) -> str:
    """A way without its secrets."""
    match way:
        case Webhook():
            return f"webhook {way.url.partition('?')[0]}"
        case Mqtt():
            return f"MQTT {way.broker.host}:{way.broker.port} {way.topic}"
        case Relay():
            return f"relay {way.address}:{way.port} coil {way.coil}"
        case Mail():
            return f"mail to {', '.join(way.to)}"
        case Apprise():
            return f"apprise {way.url_file}"


def _row(one: _Anybody, told: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    if isinstance(one, Device):
        kind, what = one.kind.value, ", ".join(one.zones)
    elif isinstance(one, Technician):
        kind = "technician"
        waits = f", unacknowledged {one.after_s:g} s" if one.after_s else ""
        what = f"{one.role}: faults from {SEVERITIES[one.least]}{waits}"
    else:
        kind = "contact"
        step = "" if one.step is None else f", step {one.step}"
        what = f"{one.role}: {', '.join(one.hazards) or 'every hazard'}{step}"
    return _stood(kind, one.id, what, way_in_words(one.way), told)


def _stood(
    kind: str, name: str, what: str, way: str, told: Mapping[str, Mapping[str, str]]
) -> dict[str, str]:
    """How it stands with one of them, as it was reported."""
    report = told.get(name, {})
    return {
        "kind": kind,
        "name": name,
        "what": what if len(what) <= 40 else f"{what[:39]}…",
        "state": report.get("state", "not known"),
        "at": report.get("at", ""),
        "way": way,
        "detail": report.get("detail", ""),
    }


def _config(run: RunDirectory, config: Path | None) -> Path:
    """The site file: as named, else in force at the station that runs, else `config.yaml` here."""
    if config is not None:
        return config
    table = ProcessTable.read(run.processes) if run.holder() is not None else None
    if table is None:
        return Path("config.yaml")
    return site_in_force(run, Path(table.config), table.supervisor).config


async def _snapshot(run: RunDirectory) -> Mapping[str, Any] | None:
    """Control's newest; None when none runs."""
    try:
        async with connect(run.control_socket, "command line", _LIMIT) as link:
            return await link.command("status", who="command line", limit=_LIMIT)
    except LinkError:
        return None
