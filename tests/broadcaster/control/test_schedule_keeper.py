"""The keeper of the schedule: versions, the schedule file, corrections, and what it survives."""

import asyncio
import contextlib
from dataclasses import replace
from datetime import date

import pytest

from broadcaster.control.programme import Library
from broadcaster.control.schedule_keeper import ScheduleKeeper, corrected
from broadcaster.radio.recordings import Recordings
from broadcaster.radio.schedule_store import ScheduleStore
from playlists.outline import Outline
from playlists.schedule_edit import Edit
from tests.broadcaster.control.bench import library, site

ENTRY = {"zones": "all", "silence": True, "first": "2026-11-22 21:00", "length": "1 h"}
EDIT = Edit({"entries": {"hush": ENTRY}})


class Station:
    """A keeper at work, and what it published."""

    def __init__(self, state, file=None):
        self.outlines: asyncio.Queue[tuple[Outline, bool]] = asyncio.Queue()
        self.libraries: asyncio.Queue[Library] = asyncio.Queue()
        self.keeper = ScheduleKeeper(
            state,
            site,
            lambda: file,
            lambda found, is_changed: self.outlines.put_nowait((found, is_changed)),
            self.libraries.put_nowait,
        )

    async def next(self):
        async with asyncio.timeout(30):
            return await self.outlines.get()

    @contextlib.asynccontextmanager
    async def at_work(self):
        task = asyncio.create_task(self.keeper.run())
        try:
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def spans(found):
    return {span.name.split()[0] for lane in found.lanes for span in lane.spans if span.occurrence}


async def test_a_new_version_is_taken_up_and_told_as_a_change(tmp_path):
    async with Station(tmp_path).at_work() as station:
        found, is_changed = await station.next()
        assert (spans(found), is_changed) == (set(), True)
        version = ScheduleStore(tmp_path).change(
            Edit({"entries": {"hush": {**ENTRY, "rule": "FREQ=DAILY"}}}), "kim", "", ["all"]
        )
        found, is_changed = await station.next()
        assert (spans(found), is_changed, version.number) == ({"hush"}, True, 1)


async def test_other_music_is_no_change_of_the_schedule(tmp_path):
    async with Station(tmp_path).at_work() as station:
        await station.next()
        station.keeper.use(library())
        _, is_changed = await station.next()
        assert not is_changed
    with contextlib.closing(Recordings(tmp_path)) as kept:
        assert len(kept) == 4


async def test_the_schedule_file_makes_a_version_when_it_is_new_or_changed(tmp_path):
    file = tmp_path / "schedule.yaml"
    file.write_text("schema: 1\ncountry: KR\n")
    async with Station(tmp_path, file).at_work() as station:
        await station.next()
        store = station.keeper.store
        assert [one.number for one in store.versions()] == [1]
        store.change(EDIT, "kim", "", ["all"])
        await station.next()
        assert store.newest().number == 2  # the unchanged file does not undo what Kim did
        file.write_text("schema: 1\ncountry: nowhere at all\nentrys: {}\n")
        async with asyncio.timeout(30):
            while not station.keeper.faults:  # noqa: ASYNC110 - a keeper announces no faults
                await asyncio.sleep(0)
        assert 'did you mean "entries"?' in station.keeper.faults[0]
        assert store.newest().number == 2


async def test_a_version_nobody_can_read_leaves_the_site_s_programme(tmp_path):
    store = ScheduleStore(tmp_path)
    store.replace("schema: 1", "kim", "", ["all"])
    text = (tmp_path / "schedule.jsonl").read_text().replace("schema: 1", "schema: 9")
    (tmp_path / "schedule.jsonl").write_text(text)
    async with Station(tmp_path).at_work() as station:
        found, _ = await station.next()
        assert len(found.lanes[0].spans) >= 1
        assert "is not played" in station.keeper.faults[0]


async def test_what_people_say_of_a_recording_reaches_the_air(tmp_path):
    async with Station(tmp_path).at_work() as station:
        station.keeper.use(library())
        await station.next()
        with contextlib.closing(Recordings(tmp_path)) as kept:
            kept.say("r2", {"valid_until": "2020-01-01"})
        async with asyncio.timeout(30):
            found = await station.libraries.get()
        (folder,) = found.folders.values()
        assert {one.id for one in folder} == {"r0", "r1", "r3"}


def test_a_correction_changes_what_it_names_and_nothing_else():
    (folder,) = library().folders
    said = {"r1": replace(library().folders[folder][1], cue_in=48_000)}
    found = corrected(library(), said, date(2026, 11, 22)).folders[folder]
    assert [one.cue_in for one in found] == [0, 48_000, 0, 0]


# --- two people at once ---


def test_the_second_of_two_is_told_and_nothing_is_lost(tmp_path):
    store, other = ScheduleStore(tmp_path), ScheduleStore(tmp_path)
    base = store.change(EDIT, "kim", "", ["all"]).number
    kims = Edit({"entries": {"hush": {**ENTRY, "length": "2 h"}}}, base=base)
    store.change(kims, "kim", "longer", ["all"])
    lees = Edit({"entries": {"hush": {**ENTRY, "length": "3 h"}}}, base=base)
    with pytest.raises(Exception, match="kim has changed entries hush since version 1"):
        other.change(lees, "lee", "", ["all"])
    elsewhere = Edit({"entries": {"calm": ENTRY}}, base=base)
    assert other.change(elsewhere, "lee", "", ["all"]).number == 3
    now = store.schedule()
    assert {one.id: one.length.total_seconds() for one in now.entries} == {
        "hush": 7200, "calm": 3600,
    }  # fmt: skip
    assert store.changes_of(store.versions()[1]) == ("entries hush: length 1 h -> 2 h",)
    store.undo(1, "kim", ["all"])
    assert [one.id for one in store.schedule().entries] == ["hush"]


def test_a_line_cut_off_by_a_power_failure_is_left_out(tmp_path):
    store = ScheduleStore(tmp_path)
    store.change(EDIT, "kim", "", ["all"])
    with (tmp_path / "schedule.jsonl").open("ab") as file:
        file.write(b'{"number": 2, "at": "2026-')
    assert [one.number for one in store.versions()] == [1]
    assert store.change(Edit({"entries": {"more": ENTRY}}), "kim", "", ["all"]).number == 2
    assert len(ScheduleStore(tmp_path).schedule().entries) == 2
