"""What the demo shows: a table of commanded, sent and arrived for every zone, in words. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from alerts.claim_name import Role, parse_claim_name
from broadcaster.demo.warned import is_living

QUIETEST_DBFS = -48.0
LOUDEST_DBFS = -6.0
BAR = 8
"""Characters of a level bar."""
_LONGEST = 34
NEWS = 5
"""The newest lines that are shown."""
_STEPS = " ▏▎▍▌▋▊▉█"
KEYS = (
    "up/down or a number choose   space marks   m message on/off   e evacuate   c correct   "
    "a all-clear",
    "f wildfire   w flood wave   k unplug   p plug in   ? help   q quit",
)
HELP = (
    "on air     commanded: what the plan says",
    "sent       our ear decoded the packets that left and compared them with the plan",
    "arrived    the amplifier's own counters say that the stream reaches it",
    "heard      an amplifier plays it without a gap (a virtual one can tell)",
    "warned     ms from the command or detection to the first packet, and until it arrived",
    "lost       packets that never came to the amplifier",
    "m puts a prepared message on the chosen zone, or takes it off: music comes back live.",
    "e evacuates the marked zones, or the chosen one: flood by the stream, wildfire on the hill.",
    "c says that the running warnings were an error, a that the hazard is over: for a minute.",
    "f lets three simulated cameras see a fire grow, w a wave pass the gauges; c or a ends it too.",
    "What was ended does not warn again by itself there for 10 minutes.",
    "In another terminal: broadcaster status, broadcaster alerts, broadcaster simulate fog",
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
    is_quiet: bool = False
    """Whether it is silent beside a warned zone, as it should be."""
    warned: str = ""
    """How long the warning in it took, in words."""


@dataclass(frozen=True, slots=True)
class View:
    """Everything on the screen."""

    title: str
    rows: Sequence[Row]
    chosen: int
    marked: Collection[str]
    warnings: Sequence[str]
    """The living warnings, a line each."""
    news: Sequence[str]
    faults: Sequence[str]
    with_help: bool
    is_wide: bool
    """Whether the terminal can show Korean and blocks."""


def rows_of(snapshot: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The zones in control's snapshot, with what their amplifiers report."""
    known = {report["id"]: report for report in reports}
    ways = _ways(snapshot.get("alerts", ()))
    return [_row(stream, known, ways) for stream in snapshot.get("streams", ())]


def _ways(alerts: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """By zone, how long the newest living warning took to its first packet and its arrival."""
    said = {}
    for alert in alerts:
        zones = (alert.get("path") or {}).get("zones") or {}
        for zone, way in zones.items() if is_living(alert) else ():
            steps = [way["first_packet_ms"], way["arrived_ms"]]
            said[zone] = " / ".join("?" if step is None else f"{step:.0f}" for step in steps)
    return said


def _row(
    stream: Mapping[str, Any],
    known: Mapping[str, Mapping[str, Any]],
    ways: Mapping[str, str],
) -> Row:
    commanded = stream["commanded"] or {"title": "nothing", "kind": "", "claim": ""}
    claim = parse_claim_name(commanded["claim"])
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
        is_quiet=claim is not None and claim.role is Role.BESIDE,
        warned=ways.get(stream["zone"], ""),
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
    parts += [Text(line, style="bold yellow") for line in view.warnings[:4]]
    parts += [Text(line, style="red") for line in view.faults[:3]]
    parts += [Text(line, style="cyan") for line in view.news[-NEWS:]]
    parts += [Text(line) for line in HELP] if view.with_help else []
    parts += [Text(line, style="dim") for line in KEYS]
    return Group(*parts)


def _table(view: View) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for heading in ("zone", "on air (commanded)", "sent", "arrived", "heard", "level"):
        # A fault in many words must not push the other facts off the screen.
        most = _LONGEST if heading in ("on air (commanded)", "sent") else None
        table.add_column(heading, no_wrap=True, overflow="ellipsis", max_width=most)
    table.add_column("warned ms", justify="right", no_wrap=True)
    table.add_column("loss", justify="right")
    table.add_column("packets", justify="right")
    for number, row in enumerate(view.rows):
        style = "" if row.kind == "programme" else "yellow"
        if row.is_quiet:
            style = "dim"
        elif row.sent is False or row.heard is False:
            style = "red"
        mark = (">" if number == view.chosen else " ") + ("*" if row.zone in view.marked else " ")
        table.add_row(*_cells(row, mark, number, is_wide=view.is_wide), style=style)
    return table


def _cells(row: Row, mark: str, number: int, *, is_wide: bool) -> tuple[str, ...]:
    heard = "quiet" if row.is_quiet else word(row.heard)
    total = row.packets + row.lost
    return (
        f"{mark}{number + 1:>2}",
        row.name["ko" if is_wide else "en"],
        row.title if is_wide else row.title.encode("ascii", "ignore").decode().strip(" -"),
        row.sent_fault or word(row.sent),
        word(row.arrived),
        heard if row.plugged else "unplugged",
        bar(row.level_dbfs, is_wide=is_wide),
        row.warned,
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
