"""Drafts a profile from a recorded walk: what can be seen is filled in, and nothing is believed.

Everything drafted is `unverified`, so that it is shown and never alarms, until somebody gives each
fact its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from firmware_profiles.oid import (
    ENTERPRISES,
    IF_TYPE,
    SYS_DESCR,
    SYS_OBJECT_ID,
    Oid,
    dotted,
    is_under,
)
from firmware_profiles.reading import Raw, text_of
from firmware_profiles.walk import below

MOST_ITEMS: Final = 40
_VERSION: Final = re.compile(r"(?<![0-9.])[vV]?([0-9]+\.[0-9]+(?:\.[0-9]+)*)")
_SNMP_OWN: Final[Oid] = (*ENTERPRISES, 8072)
"""What net-snmp tells of itself; it is in many devices and says nothing of them."""

_STREAM: Final = """\
stream:
  formats:
    - {format: PCMU/8000, packet_times: [20 ms], payload_types: [0], source: unverified}
  receive: {multicast: true, groups: 1, even_port: true, source: unverified}
  buffer: {default: 100 ms, min: 20 ms, max: 2 s, source: unverified}
  waking: {keep_alive: dither, pre_roll: 500 ms, source: unverified}
  on_stop: {timeout: 2 s, source: unverified}
"""


def draft(name: str, walk: Mapping[Oid, Raw]) -> str:
    """The text of a profile called `name` for the device that was walked."""
    described = text_of(walk.get(SYS_DESCR, ""))
    root = _family(walk)
    version = _VERSION.search(described)
    lines = [
        f"# Drafted from a walk of a device that says of itself: {described or 'nothing'}",
        "# Give each fact its source; what stays unverified is shown and never alarms.",
        "schema: 1",
        f"id: {name}",
        "vendor: to be filled in",
        f"models: [{_quoted(described or name)}]",
        f"firmware: {{family: {name}"
        + (f', min: "{version[1]}"}}' if version is not None else "}"),
        _STREAM.rstrip(),
    ]
    if root:
        lines += ["match:", f"  object_ids: [{dotted(root)}]"]
        if version is not None:
            pattern = f"{re.escape(described[: version.start(1)][-20:])}(?P<firmware>[0-9.]+)"
            lines.append(f"  description: {_quoted(pattern)}")
        lines.append("  source: unverified")
    lines.append("snmp: {versions: [v2c], source: unverified}")
    if below(walk, IF_TYPE):
        lines.append("includes: generic-mib2")
    items = list(_items(walk, root))
    if items:
        lines += ["items:", *items]
    lines.append("sources: []")
    return "\n".join(lines) + "\n"


def _family(walk: Mapping[Oid, Raw]) -> Oid:
    """The maker's own part of sysObjectID: enterprises, its number and one more."""
    found = walk.get(SYS_OBJECT_ID)
    if not isinstance(found, tuple) or not is_under(found, ENTERPRISES):
        return ()
    return found[: len(ENTERPRISES) + 2]


def _items(walk: Mapping[Oid, Raw], root: Oid) -> Iterator[str]:
    maker = root[: len(ENTERPRISES) + 1] or ENTERPRISES
    own = {at: raw for at, raw in below(walk, maker).items() if not is_under(at, _SNMP_OWN)}
    for number, (at, raw) in enumerate(list(own.items())[:MOST_ITEMS], 1):
        title = _quoted(f"object {number}: {text_of(raw)[:60]}")
        yield f"  - name: object-{number}"
        yield f"    title: {{ko: 항목 {number}, en: {title}}}"
        yield f"    oid: {dotted(at)}"
        yield f"    type: {'gauge' if isinstance(raw, int) else 'text'}"
        yield "    pace: slow"
        yield "    source: unverified"


def _quoted(text: str) -> str:
    """A YAML scalar in single quotes."""
    return "'" + text.replace("'", "''") + "'"
