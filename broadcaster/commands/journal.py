"""The commands about the journal: `verify` and `export`. They read; a running station goes on."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO

import click

from broadcaster.journal.chain import Row
from broadcaster.journal.entry import Kind, utc_text
from broadcaster.journal.reader import JournalReader, Verdict
from broadcaster.options import state_option
from broadcaster.run_directory import StateDirectory

EXIT_BROKEN = 1
_COLUMNS = ("sequence", "kind", "utc", "at_sample", "subject", "facts", "hash")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def _moment(context: click.Context, option: click.Parameter, given: str | None) -> datetime | None:
    """A day or a time, ISO 8601; UTC unless it says otherwise."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        raise click.BadParameter(
            f"{given!r} is no time; write 2026-07-01 or 2026-07-01T06:30+09:00"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


@click.group()
def journal() -> None:
    """What was done and decided, hash-chained: check it, export it."""


@journal.command()
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(state: StateDirectory, as_json: bool) -> None:
    """Check that no row was changed, removed or cut off.

    The exit status is 0 when every row is as it was written, 1 when one is not (the first such row
    is named), 2 when there is no journal to check. Whoever writes the printed head down elsewhere
    can show later that nothing before it was changed.
    """
    verdicts = JournalReader(state.path).verify()
    is_broken = any(verdict.broken is not None for verdict in verdicts)
    if as_json:
        files = [_facts(verdict) for verdict in verdicts]
        click.echo(json.dumps({"ok": not is_broken, "files": files}, ensure_ascii=False))
    else:
        for verdict in verdicts:
            click.echo(_said(verdict), err=verdict.broken is not None)
    sys.exit(EXIT_BROKEN if is_broken else 0)


@journal.command()
@state_option
@click.option(
    "--from", "since", metavar="TIME", callback=_moment, help="First moment; a day or a time, UTC."
)
@click.option(
    "--to", "until", metavar="TIME", callback=_moment, help="The moment before which to end."
)
@click.option(
    "--kind",
    "kinds",
    type=click.Choice([kind.value for kind in Kind]),
    multiple=True,
    help="Only this kind; may be given more than once.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One JSON object a line, or CSV for spreadsheets (UTF-8 with BOM).",
)
@click.option(
    "--output",
    type=click.File("wb"),
    default="-",
    metavar="FILE",
    help="Write here, not to stdout.",
)
def export(
    state: StateDirectory,
    since: datetime | None,
    until: datetime | None,
    kinds: tuple[str, ...],
    form: str,
    output: BinaryIO,
) -> None:
    """Write the rows out, oldest first, each with its hash."""
    first = utc_text(since) if since is not None else ""
    end = utc_text(until) if until is not None else "~"
    rows = (
        row
        for row in JournalReader(state.path).rows()
        if first <= row.utc < end and (not kinds or row.kind in kinds)
    )
    for octets in _csv(rows) if form == "csv" else _jsonl(rows):
        output.write(octets)


def _jsonl(rows: Iterable[Row]) -> Iterator[bytes]:
    for row in rows:
        said = dict(zip(_COLUMNS, _values(row, json.loads(row.facts)), strict=True))
        yield (json.dumps(said, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _csv(rows: Iterable[Row]) -> Iterator[bytes]:
    """The rows as RFC 4180 has them; what a spreadsheet would calculate gets an apostrophe."""
    yield b"\xef\xbb\xbf" + _line(_COLUMNS)
    for row in rows:
        yield _line([_plain(value) for value in _values(row, row.facts)])


def _line(values: Iterable[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(values)
    return text.getvalue().encode("utf-8", "replace")


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _values(row: Row, facts: object) -> tuple[object, ...]:
    return (row.sequence, row.kind, row.utc, row.at, row.subject, facts, row.digest.hex())


def _facts(verdict: Verdict) -> dict[str, object]:
    broken, head = verdict.broken, verdict.head
    return {
        "file": verdict.file,
        "first": verdict.first,
        "rows": verdict.rows,
        "head": None if head is None else {"sequence": head.sequence, "hash": head.digest.hex()},
        "broken": None if broken is None else {"row": broken.sequence, "reason": broken.reason},
    }


def _said(verdict: Verdict) -> str:
    if verdict.broken is not None:
        return f"{verdict.file}: broken at {verdict.broken}"
    head = verdict.head
    assert head is not None  # noqa: S101 - a file without one is broken
    return (
        f"{verdict.file}: {verdict.rows} rows from {verdict.first}, all as they were written; "
        f"head {head.sequence} {head.digest.hex()}"
    )
