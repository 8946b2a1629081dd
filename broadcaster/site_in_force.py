"""Which site file a station runs by: its supervisor's, until a reload names it anew.

Control notes every reload in the run directory, so that the others read the site again, and so that
a control that is started anew reads the same file. The note holds for one life of a supervisor.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from broadcaster.run_directory import RunDirectory, birth_of, write_whole

_FILE = "site.json"


@dataclass(frozen=True, slots=True)
class SiteNote:
    """The site file in force, and how often one was loaded since the start."""

    config: Path
    loads: int = 0


def site_in_force(run: RunDirectory, config: Path, supervisor: int) -> SiteNote:
    """What was noted last under the supervisor with that process id; `config` is its own."""
    try:
        fields = json.loads((run.path / _FILE).read_bytes())
        if fields.pop("supervisor") == [supervisor, birth_of(supervisor)]:
            return SiteNote(Path(fields["config"]), int(fields["loads"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # none yet, or none that can be read
    return SiteNote(config.absolute())


def note_site(run: RunDirectory, note: SiteNote, supervisor: int) -> None:
    """Tell the others; raises OSError."""
    fields = {
        **asdict(note),
        "config": str(note.config),
        "supervisor": [supervisor, birth_of(supervisor)],
    }
    write_whole(run.path / _FILE, json.dumps(fields).encode(), durable=False)
