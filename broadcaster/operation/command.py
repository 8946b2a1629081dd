"""`broadcaster simulate-operation`: months of a station in minutes, judged by the safety rules."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from broadcaster.catalogue_reader import read_messages
from broadcaster.operation.judge import lines
from broadcaster.operation.premises import premises
from broadcaster.operation.year import Outcome, operate
from broadcaster.rules_reader import read_rules
from broadcaster.simulator.scenario_settings import read_settings
from broadcaster.site_reader import read_site

EXIT_BROKEN = 1


@click.command("simulate-operation")
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("config.yaml"),
    show_default=True,
    help="The site file.",
)
@click.option(
    "--seed", type=int, default=1, show_default=True, help="The same seed, the same days."
)
@click.option(
    "--days",
    type=click.FloatRange(min=0, min_open=True),
    default=365.0,
    show_default=True,
    help="How long the station runs.",
)
@click.option(
    "--busy",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="How many times as often as in an ordinary year things happen.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def simulate_operation(config: Path, seed: int, days: float, busy: float, as_json: bool) -> None:
    """Run a station in virtual time and look for broken safety rules.

    Control, alerts and detection are those of a station on air; sound, people, instruments and
    faults are played, all by one seed. The exit status is 1 when a rule was broken: then the last
    events are printed, and the command that repeats them.
    """
    site = read_site(config)
    messages = read_messages(None)
    rules = read_rules(site, config.parent)
    begun = time.perf_counter()

    def say(day: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\rday {day + 1} of {days:g}", err=True, nl=False)

    found = operate(premises(site, rules, messages), read_settings(), seed, days, busy, say)
    took = time.perf_counter() - begun
    if sys.stderr.isatty():
        click.echo("\r", err=True, nl=False)
    if as_json:
        click.echo(json.dumps({**found.message(), "took_s": round(took, 1)}, ensure_ascii=False))
    else:
        click.echo(_told(found, took, config))
    sys.exit(EXIT_BROKEN if found.broken else 0)


def _told(found: Outcome, took: float, config: Path) -> str:
    """What came of it, for people."""
    said = (
        f"{found.days:g} days in {took:.0f} s: {found.happenings} happenings, {found.aired} "
        f"warnings, {found.restarts} deaths of control, {len(found.broken)} broken rules"
    )
    if not found.broken:
        return said
    again = (
        f"broadcaster simulate-operation --config {config} --seed {found.seed} "
        f"--days {found.days:g} --busy {found.busy:g}"
    )
    events = "\n".join(f"  {event}" for event in found.events)
    broken = "\n".join(lines(list(found.broken)))
    return f"{events}\n{broken}\n{said}\nagain: {again}"
