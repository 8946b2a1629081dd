"""What the watch keeps in the state directory: faults, and what it has learnt of each device."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from broadcaster.run_directory import write_whole

log = logging.getLogger(__name__)

_FILE: Final = "watch.json"
_LARGEST: Final = 32 << 20


@dataclass
class Memory:
    """The file `watch.json`: `engines` and `firmware` by amplifier, the health model's own part.

    `volumes` are those of commissioning, by amplifier and output.
    """

    folder: Path
    engines: dict[str, str] = field(default_factory=dict)
    firmware: dict[str, str] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    """Where an amplifier was found when it is no longer where the site file says."""
    volumes: dict[str, dict[str, str]] = field(default_factory=dict)
    health: dict[str, Any] = field(default_factory=dict)

    def read(self) -> None:
        """Take what is there; a spoilt file is put aside and begun anew."""
        path = self.folder / _FILE
        try:
            octets = path.read_bytes()
            if len(octets) > _LARGEST:
                raise ValueError("it is too large")
            fields = json.loads(octets)
            parts = [dict(fields[name]) for name in ("engines", "firmware", "addresses", "health")]
            volumes = {name: dict(each) for name, each in dict(fields.get("volumes", {})).items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            log.warning("%s cannot be read (%s): faults are found anew", path, error)
            path.replace(path.with_suffix(".spoilt"))
            return
        for mine, kept in zip((self.engines, self.firmware, self.addresses), parts, strict=False):
            mine.update({str(name): str(value) for name, value in kept.items()})
        self.volumes.update(volumes)
        self.health = parts[3]

    def octets(self) -> bytes:
        """The file as it should be."""
        return json.dumps(
            {
                "engines": self.engines,
                "firmware": self.firmware,
                "addresses": self.addresses,
                "volumes": self.volumes,
                "health": self.health,
            },
            ensure_ascii=False,
        ).encode()

    def write(self, octets: bytes) -> None:
        """Put the file in place; trouble is logged, nothing waits for it."""
        try:
            write_whole(self.folder / _FILE, octets)
        except OSError as error:
            log.warning("faults cannot be kept in %s: %s", self.folder, error)
