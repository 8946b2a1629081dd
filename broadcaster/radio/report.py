"""The as-run log as a table for spreadsheets, with times as the wall showed them."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

_COLUMNS = {
    "planned": "planned", "began": "began", "error_ms": "error ms", "seconds": "seconds",
    "planned_seconds": "planned seconds", "title": "title", "artist": "artist", "album": "album",
    "composer": "composer", "label": "label", "isrc": "ISRC", "rights": "rights", "role": "role",
    "zones": "zones", "ended": "ended", "interrupted_by": "interrupted by", "verified": "verified",
    "recording": "recording",
}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def table(heard: list[dict[str, Any]], zone: ZoneInfo) -> str:
    """The entries as CSV (RFC 4180), times as the wall showed them."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS.values())
    for one in heard:
        writer.writerow(_cell(key, one.get(key), zone) for key in _COLUMNS)
    return text.getvalue()


def _cell(key: str, value: Any, zone: ZoneInfo) -> str:  # noqa: ANN401 - whatever JSON holds
    if value is None:
        return ""
    if key in ("planned", "began"):
        return wall_text(value, zone)
    if key == "verified":
        return "verified" if value else "not verified"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    is_number = isinstance(value, int | float)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text


def wall_text(utc: str, zone: ZoneInfo) -> str:
    """A moment of the log (UTC) as the wall showed it, to the millisecond."""
    at = datetime.fromisoformat(utc).replace(tzinfo=UTC).astimezone(zone)
    return at.isoformat(" ", "milliseconds").rpartition("+")[0] or at.isoformat(" ")
