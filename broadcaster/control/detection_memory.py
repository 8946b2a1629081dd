"""What detections know over a restart, in the state directory: written down, and found again."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any, Final

from alerts.detection import Absence, Detections, parse_rules
from broadcaster.control.ground import Ground
from broadcaster.control.incident_pictures import IncidentPictures
from broadcaster.rules_reader import SHIPPED, shipped_rules
from broadcaster.run_directory import StateDirectory, write_whole

log = logging.getLogger(__name__)

_FILE: Final = "detections.json"
_BEAT: Final = "last-taken"
"""A file whose time of change says until when events were taken."""


def write_memory(state: StateDirectory, memory: Mapping[str, Any]) -> None:
    """Keep it over a power cut; raises OSError."""
    write_whole(state.path / _FILE, json.dumps(memory, ensure_ascii=False).encode())


def beat(state: StateDirectory) -> None:
    """Note that events are taken now; raises OSError."""
    (state.path / _BEAT).touch(mode=0o600)


def detections_found_again(
    ground: Ground, state: StateDirectory, utc: datetime
) -> tuple[Detections, IncidentPictures]:
    """The evidence as it was remembered, and the pictures of living alerts.

    What began while nobody listened still counts.
    """
    absence = None
    try:
        since = datetime.fromtimestamp((state.path / _BEAT).stat().st_mtime, UTC)
        absence = Absence(since, utc) if since < utc else None
    except OSError:
        pass  # the first start: nobody was absent
    rules = ground.rules or parse_rules(shipped_rules(), SHIPPED, ground.site)
    memory = _read(state.path / _FILE)
    detections = Detections(ground.site, rules, monotonic(), utc, absence=absence, memory=memory)
    return detections, IncidentPictures(memory)


def _read(path: Path) -> Mapping[str, Any] | None:
    try:
        memory = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.error("%s cannot be read, detections begin anew: %s", path, error)
        return None
    return memory if isinstance(memory, dict) else None
