"""A station as its radio staff's commands see it: site, schedule, recordings, what stands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.radio.recordings import Recordings
from broadcaster.radio.schedule_store import ScheduleStore
from broadcaster.radio.uploads import UPLOADS, place_of
from broadcaster.run_directory import ProcessTable, RunDirectory, StateDirectory
from broadcaster.site_in_force import site_in_force
from broadcaster.site_reader import read_site
from playlists.lane import Item
from playlists.outline import Premises
from playlists.playlist import Pool
from playlists.premises import site_premises
from playlists.preview import Preview, preview
from playlists.rotation import Rotation
from playlists.schedule import Schedule
from playlists.timeline import playable
from zones.bus import ZoneId
from zones.media_time import WallAnchor
from zones.site import Site
from zones.sound import PcmId, Timeline


@dataclass(frozen=True)
class RadioStation:
    """One station's programme, running or not."""

    site: Site
    config: Path
    state: StateDirectory
    run: RunDirectory

    @cached_property
    def schedules(self) -> ScheduleStore:
        """The schedule's versions."""
        return ScheduleStore(self.state.path)

    @cached_property
    def recordings(self) -> Recordings:
        """The recordings."""
        return Recordings(self.state.path)

    @cached_property
    def zone(self) -> ZoneInfo:
        """The site's wall time."""
        return ZoneInfo(self.site.time_zone)

    @property
    def names(self) -> tuple[str, ...]:
        """The zones and groups that an entry may name."""
        groups = (str(group.id) for group in self.site.groups)
        return (*groups, *(str(zone.id) for zone in self.site.zones))

    @cached_property
    def pool(self) -> Pool:
        """The recordings at hand, by id and by folder of the programme.

        In a folder is what lies there now, as the running station finds it.
        """
        by_id = {one.recording.id: one.recording for one in self.recordings.every()}
        files = {path: name for path, name in self.recordings.files().items() if name in by_id}
        places = {
            UPLOADS: place_of(self.state.path).absolute(),
            **{
                entry.recordings: (self.config.parent / entry.recordings).absolute()
                for entry in self.site.programme
            },
        }
        return Pool(
            by_id,
            {
                folder: tuple(by_id[files[path]] for path in _paths_in(place) if path in files)
                for folder, place in places.items()
            },
        )

    def premises(self, schedule: Schedule, now: dt.datetime, seed: int = 0) -> Premises:
        """What the programme is worked out from, with this schedule."""
        return site_premises(
            self.site,
            self.zone,
            schedule,
            self.pool,
            seed=seed,
            year=now.astimezone(self.zone).year,
        )

    def preview(self, days: float, schedule: Schedule | None = None) -> Preview:
        """What will play from now on, as this or the present schedule says.

        Raises:
            ScheduleStoreError, ScheduleFileError: the schedule cannot be read.
        """
        now = dt.datetime.now(dt.UTC)
        plan = self._plan()
        anchor = WallAnchor(0, now) if plan is None else plan.anchor
        found = self.premises(schedule or self.schedules.schedule(), now)
        rotations = {
            folder: Rotation(playable(one for one in listed if one.is_valid_on(now.date())), 0)
            for folder, listed in self.pool.folders.items()
        }
        return preview(
            *(found, rotations, anchor, now, now + dt.timedelta(days=days)),
            standing=_standing(plan),
            is_stored=self._is_stored,
        )

    def _is_stored(self, pcm: PcmId) -> bool:
        return (self.state.pcm / pcm[:2] / f"{pcm}.pcm").is_file()

    def _plan(self) -> Plan | None:
        """The plan in force, if a station runs and it can be read."""
        try:
            with PlanFile(plan_path(self.run.path, Part.CONTROL)) as file:
                return file.read()
        except (OSError, PlanError):
            return None


def _paths_in(place: Path) -> list[str]:
    """The files in a folder and below, or those that a playlist (m3u) names."""
    if place.suffix.lower() in (".m3u", ".m3u8"):
        try:
            lines = place.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
        except OSError:
            return []
        named = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
        return [str((place.parent / name).absolute()) for name in dict.fromkeys(named)]
    return sorted(str(path) for path in place.rglob("*") if not path.name.startswith("."))


def _standing(plan: Plan | None) -> Mapping[ZoneId, tuple[Item, ...]]:
    """What the plan holds for each zone already."""
    if plan is None:
        return {}
    return {
        claim.zone: claim.source.items
        for claim in plan.claims
        if claim.id == "schedule" and isinstance(claim.source, Timeline)
    }


def radio_station(run: RunDirectory, state: StateDirectory, config: Path | None) -> RadioStation:
    """The station in a run and a state directory, by its site file.

    Without `config` it is the running station's, else `config.yaml` here.

    Raises:
        SiteError: the site file is wrong.
    """
    if config is None:
        table = ProcessTable.read(run.processes)
        config = (
            Path("config.yaml")
            if table is None
            else site_in_force(run, Path(table.config), table.supervisor).config
        )
    return RadioStation(read_site(config), config.absolute(), state, run)
