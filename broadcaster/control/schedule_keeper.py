"""Keeps the schedule: takes new versions up, works them out ahead, and tells the core.

The rules are worked out in a thread, for two days at a time; a change takes effect within a second.
Whatever is wrong with a schedule, the site's own programme and its quiet hours are always there.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from broadcaster.control.programme import Library, reach, site_outline
from broadcaster.radio.recordings import Kept, Recordings, RecordingsError
from broadcaster.radio.schedule_store import BY_FILE, Refused, ScheduleStore, said
from playlists.outline import Outline, Premises, outline
from playlists.playlist import Pool
from playlists.premises import site_premises
from playlists.recording import Recording
from playlists.schedule import Schedule
from zones.site import Site
from zones.sound import PcmId

log = logging.getLogger(__name__)

LOOK_EVERY = 0.5
"""Seconds between looks for a new version."""
RENEW_EVERY = 900.0
"""Seconds after which the outline reaches on, changed or not."""
_LARGEST_FILE = 4 << 20


@dataclass(frozen=True, eq=False)
class _Basis:
    """What an outline was worked out from; another one needs a new outline."""

    version: int
    site: Site
    library: Library
    said: int
    """Changes when somebody edits a recording."""

    def is_as(self, other: _Basis | None) -> bool:
        """Whether nothing has changed; large values are new ones when they have."""
        return (
            other is not None
            and (self.version, self.said) == (other.version, other.said)
            and self.site is other.site
            and self.library is other.library
        )


class ScheduleKeeper:
    """Publishes an outline at the beginning, whenever it changes, and before it runs out."""

    def __init__(
        self,
        state: Path,
        site: Callable[[], Site],
        file: Callable[[], Path | None],
        publish: Callable[[Outline, bool], None],
        publish_library: Callable[[Library], None],
        seed: int = 0,
    ) -> None:
        """`site` and `file` tell the site in force and its schedule file.

        `publish` gets each outline, and whether the schedule says something else since the last;
        `publish_library` the library when people have said something else of its recordings, or
        when a day begins.
        """
        self.store = ScheduleStore(state)
        self._state = state
        self._recordings: Recordings | None = None
        self._listed: Library | None = None
        self._edited: Mapping[str, Recording] = {}
        self._edited_at = -1
        self._corrected: tuple[Mapping[str, Recording], date] | None = None
        self._site = site
        self._file = file
        self._publish = publish
        self._publish_library = publish_library
        self._seed = seed
        self._library = Library()
        self._basis: _Basis | None = None
        self._file_seen: tuple[Path, int, int] | None = None
        self._file_fault = ""
        self._fault = ""
        self._recordings_fault = ""
        self.premises: Premises | None = None
        self.addresses: Mapping[str, str] = {}
        """Where the schedule's live sources come from, by their names."""
        self.by_sound: Mapping[PcmId, Recording] = {}
        """The recordings at hand, by their sound."""

    @property
    def faults(self) -> tuple[str, ...]:
        """What is wrong, in sentences."""
        return tuple(
            fault for fault in (self._file_fault, self._fault, self._recordings_fault) if fault
        )

    def use(self, library: Library) -> Library:
        """Deal from these recordings from now on; return them as people have described them.

        What may not be played today is left out.
        """
        self._library = library
        today = datetime.now(ZoneInfo(self._site().time_zone)).date()
        self._corrected = (self._edited, today)
        return corrected(library, self._edited, today)

    async def run(self) -> None:
        """Keep the schedule until cancelled."""
        loop = asyncio.get_running_loop()
        renewed_at = 0.0
        while True:
            await asyncio.to_thread(self._take_file)
            basis = await asyncio.to_thread(self._present)
            today = datetime.now(ZoneInfo(self._site().time_zone)).date()
            if self._corrected not in (None, (self._edited, today)):
                self._publish_library(self.use(self._library))
            is_new = not basis.is_as(self._basis)
            if is_new or loop.time() - renewed_at >= RENEW_EVERY:
                before, self._basis = self._basis, basis
                found = await asyncio.to_thread(self._worked_out, basis)
                renewed_at = loop.time()
                self._publish(found, before is None or _says_more(before, basis))
            await asyncio.sleep(LOOK_EVERY)

    def _present(self) -> _Basis:
        try:
            newest = self.store.newest()
        except Refused as error:
            self._fault = said(error)
            newest = None
        library = self._library
        try:
            if self._recordings is None:
                self._recordings = Recordings(self._state)
            if library is not self._listed:
                every = {one.id: one for listed in library.folders.values() for one in listed}
                placed = [(path, every[n]) for path, n in library.places.items() if n in every]
                self._recordings.add([*placed, *(("", one) for one in every.values())])
                self._listed = library
            stamp = self._recordings.stamp
            if stamp != self._edited_at:
                self._edited_at, self._edited = stamp, self._recordings.edited()
            self._recordings_fault = ""
        except RecordingsError as error:
            self._recordings_fault = str(error)
            stamp = 0
        return _Basis(newest.number if newest else 0, self._site(), library, stamp)

    def _pool(self, library: Library) -> Pool:
        """The recordings that playlists may name, as people have described them."""
        if self._recordings is None or self._recordings_fault:
            return pool_of(library, {})
        listed = {one.id for every in library.folders.values() for one in every}
        kept = {
            one.recording.id: one
            for one in self._recordings.every()
            # What the store has lost is replaced now, and told by the preview, not on air.
            if one.recording.id in listed or self._is_stored(one.recording.pcm)
        }
        return pool_of(library, kept)

    def _is_stored(self, pcm: PcmId) -> bool:
        return (self._state / "pcm" / pcm[:2] / f"{pcm}.pcm").is_file()

    def _worked_out(self, basis: _Basis) -> Outline:
        now = datetime.now(UTC)
        pool = self._pool(basis.library)
        self.by_sound = {one.pcm: one for one in pool.by_id.values()}
        try:
            schedule = self.store.schedule()
            self._fault = ""
        except Refused as error:
            # It was right when it was kept: another version of this program wrote it.
            self._fault = f"the schedule is not played: {said(error)}"
            log.error("%s", self._fault)
            schedule = Schedule()
        self.addresses = {one.id: one.address for one in schedule.sources}
        try:
            self.premises = site_premises(
                *(basis.site, ZoneInfo(basis.site.time_zone), schedule, pool),
                seed=self._seed,
                year=now.year,
            )
            return outline(self.premises, now, reach(now))
        except Exception:
            # The radio must not fall silent over a rule nobody thought of; the site still speaks.
            log.exception("the schedule cannot be worked out")
            self._fault = "the schedule cannot be worked out; the site's own programme plays"
            return site_outline(basis.site, now)

    def _take_file(self) -> None:
        """Make a version of the schedule file when it is new or was changed."""
        file = self._file()
        if file is None:
            self._file_fault = ""
            return
        try:
            status = file.stat()
            seen = (file, status.st_size, status.st_mtime_ns)
            if seen == self._file_seen:
                return
            self._file_seen = seen
            if status.st_size > _LARGEST_FILE:
                raise OSError(0, "it is larger than 4 MB")
            text = file.read_text(encoding="utf-8")
            if self._was_taken(text):
                return
            version = self.store.replace(
                *(text, BY_FILE, str(file), _names(self._site())), called=file.name
            )
            log.info("schedule version %d taken from %s", version.number, file)
            self._file_fault = ""
        except OSError as error:
            self._file_fault = f"the schedule file {file} cannot be read: {error.strerror}"
        except UnicodeDecodeError:
            self._file_fault = f"the schedule file {file} is not UTF-8: save it as UTF-8"
        except Refused as error:
            self._file_fault = f"the schedule file is not taken: {said(error)}"
            log.warning("%s", self._file_fault)

    def _was_taken(self, text: str) -> bool:
        """Whether the last version that came from the file says this already."""
        taken = [one for one in self.store.versions() if one.who == BY_FILE]
        return bool(taken) and taken[-1].text == text


def pool_of(library: Library, kept: Mapping[str, Kept]) -> Pool:
    """The recordings of a library and those `kept` besides, by id and by folder.

    What people said of a recording wins over what its file says.
    """
    by_id = {name: one.recording for name, one in kept.items()}
    folders = {
        folder: tuple(by_id.setdefault(one.id, one) for one in listed)
        for folder, listed in library.folders.items()
    }
    return Pool(by_id, folders)


def corrected(library: Library, said: Mapping[str, Recording], today: date) -> Library:
    """The library as people describe it, without what may not be played today."""
    folders = {
        folder: tuple(
            one for one in (said.get(each.id, each) for each in listed) if one.is_valid_on(today)
        )
        for folder, listed in library.folders.items()
    }
    return replace(library, folders=folders)


def _says_more(before: _Basis, after: _Basis) -> bool:
    """Whether what was planned may be wrong now; other recordings alone leave it standing."""
    return before.version != after.version or before.site is not after.site


def _names(site: Site) -> Iterable[str]:
    return [*(str(group.id) for group in site.groups), *(str(zone.id) for zone in site.zones)]
