"""The command `sdp`: what a receiver must know to play a stream of ours (SDP, RFC 8866)."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from broadcaster.engine.announcement import PORT
from broadcaster.engine.plan import Part, Plan, Stream
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.session import MEDIA_TYPE
from broadcaster.engine.site_sessions import session_of
from broadcaster.engine.site_streams import streams_of
from broadcaster.options import run_option
from broadcaster.own_addresses import address_by
from broadcaster.run_directory import ProcessTable, RunDirectory, this_boot
from broadcaster.site_reader import read_site
from zones.site import Site, with_interface

EXIT_UNKNOWN = 2
_NO_SECRET = bytes(32)


@dataclass(frozen=True, slots=True)
class Session:
    """A stream, its description, and the address and port each leg is sent from, if known."""

    stream: Stream
    sdp: str
    sources: tuple[tuple[str, int], ...] = ()

    @property
    def facts(self) -> dict[str, object]:
        """What `--json` prints of it."""
        return {
            "stream": self.stream.id,
            "zone": self.stream.zone,
            "sources": [{"address": address, "port": port} for address, port in self.sources],
            "sdp": self.sdp,
        }


@click.command()
@click.argument("names", nargs=-1, metavar="[STREAM|ZONE]...")
@run_option
@click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Describe the streams of this site file instead of those of the running station.",
)
@click.option(
    "--interface", metavar="NAME", help="With --config: send everything by this interface."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def sdp(
    names: tuple[str, ...],
    run: RunDirectory,
    config: Path | None,
    interface: str | None,
    as_json: bool,
) -> None:
    """Print the session descriptions (SDP) of streams: all, or those named by stream or zone.

    They are what the running station announces. To play one: save it and open it with a player.
    """
    if config is not None:
        site = read_site(config)
        every = list(described(site if interface is None else with_interface(site, interface)))
    else:
        every = list(announced(run))
    wanted = [one for one in every if not names or {one.stream.id, one.stream.zone} & set(names)]
    known = {name for one in every for name in (one.stream.id, one.stream.zone)}
    unknown = [name for name in names if name not in known]
    if unknown:
        click.echo(
            f"broadcaster: no stream or zone {unknown[0]!r}; streams are "
            f"{', '.join(one.stream.id for one in every) or 'none'}",
            err=True,
        )
        sys.exit(EXIT_UNKNOWN)
    if as_json:
        facts = {"streams": [one.facts for one in wanted]}
        click.echo(json.dumps(facts, ensure_ascii=False))
    else:
        click.echo("\n".join(one.sdp.replace("\r\n", "\n") for one in wanted), nl=False)


def described(site: Site) -> Iterator[Session]:
    """The sessions of a site that need not be on air.

    Raises:
        InterfaceError: an interface of the site is not one of this machine.
    """
    address_of = address_by({})
    for stream in streams_of(site, _NO_SECRET, this_boot()):
        yield Session(stream, session_of(site, stream, address_of))


def announced(run: RunDirectory) -> Iterator[Session]:
    """The sessions of the running station; neither control nor an engine has to live.

    Raises:
        click.ClickException: there is none.
    """
    table = ProcessTable.read(run.processes)
    plan = None
    if table is not None and plan_path(run.path, Part.CONTROL).exists():
        with PlanFile(plan_path(run.path, Part.CONTROL)) as file:
            plan = file.read()
    if table is None or plan is None:
        raise _NothingRunsError(
            f"nothing runs in {run.path}: start a station with `broadcaster run`, name its run "
            "directory with --run, or a site file with --config"
        )
    told = _texts(plan)
    site: Site | None = None
    for stream in plan.streams:
        text = told.get(stream.ssrc)
        if text is None:
            # Unicast, or too long to be announced.
            site = site or _site_of(table)
            text = session_of(site, stream, address_by(table.sources))
        sources = (table.sources.get(leg.socket) for leg in stream.legs)
        yield Session(stream, text, tuple(source for source in sources if source is not None))


def _texts(plan: Plan) -> dict[int, str]:
    """The announced descriptions, by the SSRC that stands in their origin."""
    told = {}
    for datagram in plan.datagrams:
        if datagram.port == PORT:
            text = datagram.payload.partition(MEDIA_TYPE.encode() + b"\0")[2].decode()
            origin = text.partition("\r\no=")[2].split()
            told[int(origin[1])] = text
    return told


def _site_of(table: ProcessTable) -> Site:
    site = read_site(Path(table.config))
    return site if table.interface is None else with_interface(site, table.interface)


class _NothingRunsError(click.ClickException):
    exit_code = EXIT_UNKNOWN
