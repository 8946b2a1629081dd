"""What the demo shows: a table of commanded, sent and arrived for every zone, in words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

QUIETEST_DBFS = -48.0
LOUDEST_DBFS = -6.0
BAR = 8
"""Characters of a level bar."""
_STEPS = " ▏▎▍▌▋▊▉█"
KEYS = (
    "m play the message here   w withdraw it   k unplug its amplifier   p plug it in   "
    "up/down or number choose a zone   q quit   ? help"
)
HELP = (
    "on air     commanded: what the plan says",
    "sent       our ear decoded the packets that left and compared them with the plan",
    "arrived    the amplifier's own counters say that the stream reaches it",
    "heard      an amplifier plays it without a gap (a virtual one can tell)",
    "lost       packets that never came to the amplifier",
    "Music goes on below a message and comes back at its live position, as on the radio.",
    "In another terminal: broadcaster status, broadcaster play FILE --zones hill",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One zone as the demo shows it; None is unknown, never assumed."""

    zone: str
    name: Mapping[str, str]
    title: str
    kind: str
    sent: bool | None
    sent_fault: str
    arrived: bool | None
    heard: bool | None
    amplifiers: tuple[str, ...]
    plugged: bool
    level_dbfs: float | None
    packets: int
    lost: int


@dataclass(frozen=True, slots=True)
class View:
    """Everything on the screen."""

    title: str
    rows: Sequence[Row]
    chosen: int
    news: Sequence[str]
    faults: Sequence[str]
    with_help: bool
    is_wide: bool
    """Whether the terminal can show Korean and blocks."""


def rows_of(snapshot: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The zones in control's snapshot, with what their amplifiers report."""
    known = {report["id"]: report for report in reports}
    return [_row(stream, known) for stream in snapshot.get("streams", ())]


def _row(stream: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]) -> Row:
    commanded = stream["commanded"] or {"title": "nothing", "kind": ""}
    names = tuple(entry["amplifier"] for entry in stream["arrived_detail"])
    mine = [known[name] for name in names if name in known]
    levels = [one["level_dbfs"] for one in mine if one["level_dbfs"] is not None]
    return Row(
        zone=stream["zone"],
        name=stream["zone_name"],
        title=commanded["title"],
        kind=commanded["kind"],
        sent=stream["sent"],
        sent_fault=str(stream["sent_detail"].get("fault") or ""),
        arrived=stream["arrived"],
        heard=all(one["heard"] for one in mine) if mine else None,
        amplifiers=names,
        plugged=all(one["plugged"] for one in mine),
        level_dbfs=max(levels, default=None),
        packets=sum(one["packets"] for one in mine),
        lost=sum(one["lost"] for one in mine),
    )


def word(value: bool | None) -> str:
    """A fact in a word."""
    return "unknown" if value is None else "yes" if value else "no"


def bar(level_dbfs: float | None, *, is_wide: bool) -> str:
    """A level as a bar of `BAR` characters."""
    if level_dbfs is None:
        return "-" * BAR
    share = (level_dbfs - QUIETEST_DBFS) / (LOUDEST_DBFS - QUIETEST_DBFS)
    eighths = round(max(0.0, min(1.0, share)) * BAR * 8)
    if not is_wide:
        return ("#" * round(eighths / 8)).ljust(BAR)
    whole, rest = divmod(eighths, 8)
    return ("█" * whole + _STEPS[rest].strip()).ljust(BAR)


def screen(view: View) -> RenderableType:
    """The whole screen."""
    parts: list[RenderableType] = [Text(view.title, style="bold"), _table(view)]
    parts += [Text(line, style="red") for line in view.faults[:3]]
    parts += [Text(line, style="cyan") for line in view.news[-3:]]
    parts += [Text(line) for line in HELP] if view.with_help else []
    parts.append(Text(KEYS, style="dim"))
    return Group(*parts)


def _table(view: View) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for heading in ("zone", "on air (commanded)", "sent", "arrived", "heard", "level"):
        table.add_column(heading, no_wrap=True, overflow="ellipsis")
    table.add_column("loss", justify="right")
    table.add_column("packets", justify="right")
    for number, row in enumerate(view.rows):
        style = "" if row.kind == "programme" else "yellow"
        if row.sent is False or row.heard is False:
            style = "red"
        mark = ">" if number == view.chosen else " "
        table.add_row(*_cells(row, mark, number, is_wide=view.is_wide), style=style)
    return table


def _cells(row: Row, mark: str, number: int, *, is_wide: bool) -> tuple[str, ...]:
    heard = word(row.heard) if row.plugged else "unplugged"
    total = row.packets + row.lost
    return (
        f"{mark}{number + 1:>2}",
        row.name["ko" if is_wide else "en"],
        row.title if is_wide else row.title.encode("ascii", "ignore").decode().strip(" -"),
        row.sent_fault or word(row.sent),
        word(row.arrived),
        heard,
        bar(row.level_dbfs, is_wide=is_wide),
        f"{row.lost / total:.1%}" if total else "",
        f"{row.packets:,}",
    )


def summary(rows: Sequence[Row]) -> str:
    """All zones in one line."""
    if not rows:
        return "control does not answer yet"
    count = len(rows)
    titles = sorted({row.title for row in rows})
    said = titles[0] if len(titles) == 1 else f"{len(titles)} things"
    return (
        f"{count} zones commanded ({said}), sent in {sum(row.sent is True for row in rows)}, "
        f"arrived in {sum(row.arrived is True for row in rows)}, "
        f"heard in {sum(row.heard is True for row in rows)}, "
        f"{sum(row.lost for row in rows)} of {sum(row.packets for row in rows):,} packets lost"
    )
