"""Reads the site file, and again when somebody asks; says what another one would change.

A wrong file changes nothing. A right one takes effect with the next plan, between two packets.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alerts.detection import RulesError
from broadcaster.control.acts import TakeSite
from broadcaster.control.ground import Ground, ground_of, version_of
from broadcaster.control.play_order import RefusedError
from broadcaster.engine.site_streams import sockets_of
from broadcaster.kept_site import keep_site, site_or_kept
from broadcaster.rules_reader import read_rules, rules_in_force
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.site_in_force import SiteNote, note_site, site_in_force
from broadcaster.site_reader import read_site
from zones.media_time import MediaClock
from zones.site import Site, with_interface, without_quiet_hours
from zones.site_change import Change, interrupted, site_changes
from zones.sitefile import SiteError

log = logging.getLogger(__name__)

_MOST_SHOWN = 200_000
"""Characters of problems in one answer."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What came of looking at a site file: an answer, and the order that puts it in force."""

    said: Mapping[str, Any]
    note: SiteNote
    order: TakeSite | None = None


class SiteKeeper:
    """The site file in force."""

    def __init__(
        self,
        run: RunDirectory,
        state: StateDirectory,
        config: Path,
        *,
        interface: str | None = None,
        music: Path | None = None,
        supervisor: int = 0,
        seed: int = 0,
        hazards: Collection[str] | None = None,
    ) -> None:
        """`config` is what the supervisor, a process id, was started with.

        With `interface` everything is sent there, and with `music` that folder is the programme,
        whatever a site file says, at any hour.
        """
        self._run = run
        self._state = state
        self._interface = interface
        self._music = music
        self._supervisor = supervisor
        self._seed = seed
        self._hazards = hazards
        self.note = site_in_force(run, config, supervisor)
        self.faults: tuple[str, ...] = ()
        self._read_from = self.note.config

    def read(self) -> Site:
        """The site in force, as its file is now; the last right one when that is wrong.

        Raises:
            SiteError: it is wrong, and there never was a right one.
        """
        found = site_or_kept(self.note.config, self._state)
        self._read_from = found.config
        self.faults = (found.fault,) if found.fault else ()
        if not found.fault:
            self._keep(found.config)
        return self._here(found.site)

    @property
    def folder(self) -> Path:
        """Where the files that the site file names lie."""
        return self._read_from.parent

    def ground(self, site: Site, clock: MediaClock) -> Ground:
        """What the site in force gives, with its rules, or those shipped if its own are wrong."""
        rules, fault = rules_in_force(site, self.folder, self._hazards)
        self.faults = (*self.faults, *([fault] if fault else ()))
        return replace(self._ground(site, self._read_from, clock), rules=rules)

    def folders(self, site: Site) -> dict[str, Path]:
        """Where the recordings of each of the site's programme entries lie."""
        return folders_of(site, self.note.config.parent, self._music)

    def schedule_file(self, site: Site) -> Path | None:
        """The file that a site names for its schedule; None without one."""
        return None if site.schedule is None else self.note.config.parent / site.schedule

    async def proposal(self, fields: Mapping[str, Any], now: Ground) -> Proposal:
        """What the command `reload` asks for, with `now` in force.

        Raises:
            RefusedError: it cannot be done while the station runs.
        """
        named = fields.get("config")
        path = self.note.config if named is None else Path(str(named))
        note = SiteNote(path, self.note.loads + 1)
        try:
            ground = await asyncio.to_thread(self._looked_at, path, now.clock)
        except (SiteError, RulesError) as error:
            return Proposal(_wrong(path, error), note)
        changes = site_changes(now.site, ground.site)
        gaps = [str(stream) for stream in sorted(interrupted(changes))]
        self._check_sockets(ground.site)
        said = {"config": str(path), "changes": _listed(changes), "interrupts": gaps}
        if gaps and fields.get("interrupt") is not True:
            return Proposal({**said, "applied": False}, note)
        order = TakeSite(
            key=str(fields.get("key", "")),
            who=str(fields.get("who", "")),
            ground=ground,
            changes=tuple(said["changes"]),
        )
        return Proposal({**said, "applied": True}, note, order)

    def take(self, note: SiteNote) -> None:
        """This site file is in force from now on."""
        self.note = note
        self.faults = ()
        self._keep(note.config)
        try:
            note_site(self._run, note, self._supervisor)
        except OSError as error:
            log.warning("the others are not told of the new site: %s", error)

    def _looked_at(self, config: Path, clock: MediaClock) -> Ground:
        site = self._here(read_site(config))
        try:
            rules = read_rules(site, config.parent, self._hazards)
        except (OSError, UnicodeDecodeError) as error:
            raise RefusedError(f"the rules {site.rules} cannot be read: {error}", "rules") from None
        return replace(self._ground(site, config, clock), rules=rules)

    def _keep(self, config: Path) -> None:
        """Have a copy for the day the file is wrong."""
        try:
            keep_site(config, self._state)
        except OSError as error:
            log.warning("no copy of the site file can be kept: %s", error)

    def _here(self, site: Site) -> Site:
        if self._music is not None:
            site = without_quiet_hours(site)
        return site if self._interface is None else with_interface(site, self._interface)

    def _ground(self, site: Site, config: Path, clock: MediaClock) -> Ground:
        table = ProcessTable.read(self._run.processes)
        sources = {} if table is None else table.sources
        version = version_of(config)
        return ground_of(site, self._state.secret(), clock, sources, version, self._seed)

    def _check_sockets(self, site: Site) -> None:
        """Refuse what needs a socket that the engines do not have."""
        table = ProcessTable.read(self._run.processes)
        there = {} if table is None else table.sources
        for one in sockets_of(site):
            if one.name not in there:
                raise RefusedError(
                    f"sending by {one.interface} with TTL {one.ttl} and DSCP {one.dscp} needs a "
                    "new socket, and sockets are opened only at the start: restart the controller "
                    "for this change",
                    "config",
                )


def folders_of(site: Site, beside: Path, music: Path | None) -> dict[str, Path]:
    """Where the recordings of each programme entry lie: all in `music`, or beside the site file."""
    names = {entry.recordings for entry in site.programme}
    return {name: music if music is not None else beside / name for name in sorted(names)}


def _wrong(path: Path, error: SiteError | RulesError) -> dict[str, Any]:
    problems = [
        {
            **{name: getattr(one, name) for name in ("file", "line", "column", "message", "hint")},
            "severity": "warning" if one.is_warning else "error",
        }
        for one in error.problems[:1000]
    ]
    rendered = error.rendered()[:_MOST_SHOWN]
    return {"config": str(path), "applied": False, "problems": problems, "rendered": rendered}


def _listed(changes: tuple[Change, ...]) -> list[str]:
    return [str(change) for change in changes]
