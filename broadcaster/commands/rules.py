"""`broadcaster rules`: check the rules for detections, play recordings through them, explain."""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

import click

from alerts.detection.event import EventError
from alerts.detection.replay import Asked, Replayed, recorded, replay
from alerts.detection.rules import Rules
from alerts.detection.rules_file import RulesError, parse_rules
from broadcaster.catalogue_reader import read_messages
from broadcaster.link import NobodyListensError, connect
from broadcaster.options import run_option
from broadcaster.rules_reader import SHIPPED, shipped_rules
from broadcaster.run_directory import RunDirectory
from broadcaster.site_reader import read_site
from zones.site import Site

EXIT_WRONG = 2


@click.group()
def rules() -> None:
    """When a detection becomes a warning."""


def _config(command: Any) -> Any:  # noqa: ANN401 - a click decorator
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("config.yaml"),
        show_default=True,
        help="Site file.",
    )(command)


def _rules_option(command: Any) -> Any:  # noqa: ANN401 - a click decorator
    return click.option(
        "--rules",
        "own",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Rules file.  [default: the site's, else the one shipped]",
    )(command)


@rules.command()
@_config
@_rules_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(config: Path, own: Path | None, as_json: bool) -> None:
    """Say everything that is wrong in the rules, also what their sources can never satisfy.

    The exit status is 0 if the rules can be used, also with warnings, and 2 if not.
    """
    site = read_site(config)
    try:
        text, name = _text(site, config.parent, own)
        read = parse_rules(text, name, site, _hazards())
    except RulesError as error:
        if as_json:
            click.echo(json.dumps(_verdict(error.problems, None), ensure_ascii=False))
        else:
            click.echo(error.rendered(), err=True)
        sys.exit(EXIT_WRONG)
    if as_json:
        click.echo(json.dumps(_verdict(read.warnings, read), ensure_ascii=False))
        return
    for warning in read.warnings:
        click.echo(warning.rendered(text), err=True)
    alone = sum(rule.is_automatic for rule in read.rules)
    click.echo(
        f"{name}: right. {len(read.rules)} rules for {len(read.sources)} sources; "
        f"{alone} may sound without a person"
    )


@rules.command()
@click.argument("events", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@_config
@_rules_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def test(events: Path, config: Path, own: Path | None, as_json: bool) -> None:
    """Play a recording of EVENTS (JSON lines) through the rules, in no time and without air.

    Shown is what would be raised, and when it would sound if nobody did anything.
    """
    played = _replayed(events, config, own)
    if as_json:
        click.echo(json.dumps(played.message(), ensure_ascii=False))
        return
    for each in played.asked:
        click.echo(_line(each))
    counts = ", ".join(f"{count} {what}" for what, count in sorted(played.counts.items()))
    click.echo(f"{len(played.raised)} orders to warn. Events: {counts or 'none'}")


@rules.command()
@click.argument("alert")
@click.option(
    "--events",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Explain an incident of this recording instead of one of the running station.",
)
@_config
@_rules_option
@run_option
def explain(
    alert: str, events: Path | None, config: Path, own: Path | None, run: RunDirectory
) -> None:
    """Say why an ALERT, or the incident behind it, sounded or did not.

    `all` explains every incident there is, those included of which no alert came.
    """
    if events is None:
        stories = asyncio.run(_asked(run, alert))
    else:
        played = _replayed(events, config, own).stories
        stories = {name: list(story) for name, story in played.items() if alert in ("all", name)}
    if not stories:
        _refuse(f'there is no alert or incident "{alert}"; `all` shows those there are')
    for name, story in stories.items():
        click.echo(f"{name}: {story[0] if story else ''}")
        for sentence in story[1:]:
            click.echo(f"  {sentence}")


async def _asked(run: RunDirectory, alert: str) -> dict[str, list[str]]:
    """What control knows of an alert."""
    try:
        async with connect(run.control_socket, "command line") as link:
            answer = await link.command("explain", who=getpass.getuser(), alert=alert)
    except NobodyListensError:
        _refuse(
            f"no control runs in {run.path}: name a running station with --run, or a recording "
            "with --events"
        )
    return dict(answer.get("stories", {}))


def _replayed(events: Path, config: Path, own: Path | None) -> Replayed:
    site: Site = read_site(config)
    try:
        read = parse_rules(*_text(site, config.parent, own), site, _hazards())
        with events.open("rb") as file:
            return replay(recorded(file), site, read)
    except RulesError as error:
        _refuse(error.rendered())
    except EventError as error:
        _refuse(f"{events}: {error}")


def _hazards() -> Collection[str]:
    """The hazards that the messages which ship speak of."""
    return read_messages(None).hazards


def _text(site: Site, beside: Path, own: Path | None) -> tuple[str, str]:
    """The text of the rules, and what its file is called; raises OSError."""
    if own is None and site.rules is None:
        return shipped_rules(), SHIPPED
    path = own if own is not None else beside / str(site.rules)
    try:
        return path.read_text("utf-8"), str(path)
    except UnicodeDecodeError as error:
        _refuse(f"{path} is not UTF-8 at byte {error.start}: save it as UTF-8")


def _line(asked: Asked) -> str:
    fields = asked.message()
    when = f"{asked.at:%Y-%m-%d %H:%M:%S}"
    if fields["is"] != "detected":
        return f"{when}  {fields['is']}  {fields['incident']}: {fields['why']}"
    sounds = asked.sounds_at
    if sounds is None:
        ends = f"dropped after {fields['window_s']:.0f} s without a person"
    else:
        ends = "sounds at once" if sounds == asked.at else f"sounds at {sounds:%H:%M:%S}"
    zones = ", ".join(fields["zones"])
    why = "; ".join(fields["evidence"])
    return f"{when}  {fields['hazard']} {fields['level']} in {zones}, {ends}  ({why})"


def _verdict(problems: tuple[Any, ...], read: Rules | None) -> dict[str, Any]:
    return {
        "ok": read is not None,
        "rules": [rule.id for rule in read.rules] if read is not None else None,
        "authorised": read.authority is not None if read is not None else None,
        "problems": [
            {
                "file": problem.file,
                "line": problem.line,
                "column": problem.column,
                "severity": "warning" if problem.is_warning else "error",
                "message": problem.message,
                "hint": problem.hint,
            }
            for problem in problems
        ],
    }


class _RefusalError(click.ClickException):
    exit_code = EXIT_WRONG


def _refuse(reason: str) -> NoReturn:
    raise _RefusalError(reason)
