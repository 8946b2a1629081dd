"""The commands about the site file: `check` and `config schema`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import click

from alerts.detection import RulesError
from broadcaster.rules_reader import read_rules
from broadcaster.site_reader import read_site
from zones.problem import Problem
from zones.site import Site
from zones.site_change import Change, interrupted, site_changes
from zones.sitefile import SiteError
from zones.sitefile_schema import site_schema

EXIT_WRONG = 2
"""Exit status of `check` when the site file can't be used."""


@click.command()
@click.argument(
    "config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("config.yaml"),
    required=False,
)
@click.option(
    "--against",
    "old_config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Another site file: also say what CONFIG changes in it, and which streams start anew.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(config: Path, old_config: Path | None, as_json: bool) -> None:
    """Say everything that is wrong in a site file (config.yaml) and the rules it names.

    The exit status is 0 if the file can be used, also with warnings, and 2 if not.
    """
    site = _read(config, as_json)
    changes: tuple[Change, ...] | None = None
    if old_config is not None:
        changes = site_changes(_read(old_config, as_json), site)
    if as_json:
        verdict = _verdict(config, site.warnings, site)
        if changes is not None:
            verdict |= _differences(changes)
        click.echo(json.dumps(verdict, ensure_ascii=False))
        return
    for warning in site.warnings:
        text = (config.parent / warning.file).read_text(encoding="utf-8", errors="replace")
        click.echo(warning.rendered(text), err=True)
    for change in changes or ():
        click.echo(str(change))
    click.echo(f"{config}: right. {_summary(site)}")
    if changes is not None:
        gaps = len(interrupted(changes))
        gap = f"starts {gaps} stream{'s' * (gaps != 1)} anew" if gaps else "interrupts no stream"
        count = f"{len(changes)} change{'s' * (len(changes) != 1)}"
        click.echo(f"{count} against {old_config}; taking it over {gap}.")


def _read(config: Path, as_json: bool) -> Site:
    """The site in a file; if it is wrong, every problem is shown and the command ends."""
    try:
        site = read_site(config)
        return replace(site, warnings=(*site.warnings, *_rules_warnings(site, config)))
    except (SiteError, RulesError) as error:
        if as_json:
            click.echo(json.dumps(_verdict(config, error.problems, None), ensure_ascii=False))
        else:
            click.echo(error.rendered(), err=True)
            click.echo(_count(config, error.problems), err=True)
        sys.exit(EXIT_WRONG)


def _rules_warnings(site: Site, config: Path) -> tuple[Problem, ...]:
    """What is odd in the rules that a site has of its own; raises RulesError if they are wrong."""
    if site.rules is None:
        return ()
    try:
        return read_rules(site, config.parent).warnings
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        problem = Problem(site.rules, 1, 1, f"the rules can't be read: {reason}")
        raise RulesError([problem], "") from None


@click.group(name="config")
def config_group() -> None:
    """About the site file's form."""


@config_group.command(name="schema")
def schema() -> None:
    """Print the JSON Schema (2020-12) of config.yaml, for editors that complete and check it."""
    click.echo(json.dumps(site_schema(), indent=2, ensure_ascii=False))


def _counts(site: Site) -> dict[str, int]:
    return {
        "zones": len(site.zones),
        "amplifiers": len(site.amplifiers),
        "speakers": len(site.speakers),
        "streams": len(site.streams),
        "groups": len(site.groups),
        "gauges": len(site.gauges),
        "cameras": len(site.cameras),
    }


def _summary(site: Site) -> str:
    shown = ("zones", "amplifiers", "speakers", "streams")
    counts = _counts(site)
    return f"{site.name.en}: {', '.join(f'{counts[what]} {what}' for what in shown)}"


def _count(config: Path, problems: tuple[Problem, ...]) -> str:
    wrong = sum(not problem.is_warning for problem in problems)
    odd = len(problems) - wrong
    warnings = f" and {odd} warning{'s' * (odd != 1)}" if odd else ""
    return f"{config}: {wrong} problem{'s' * (wrong != 1)}{warnings}"


def _verdict(config: Path, problems: tuple[Problem, ...], site: Site | None) -> dict[str, object]:
    """What `check --json` prints."""
    return {
        "config": str(config),
        "ok": site is not None,
        "counts": _counts(site) if site is not None else None,
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


def _differences(changes: tuple[Change, ...]) -> dict[str, object]:
    """What `check --against --json` adds."""
    return {
        "changes": [
            {
                "kind": change.kind.value,
                "part": change.part,
                "name": change.name,
                "field": change.field,
                "text": str(change),
                "interrupts": list(change.interrupts),
            }
            for change in changes
        ],
        "interrupts": sorted(interrupted(changes)),
    }
