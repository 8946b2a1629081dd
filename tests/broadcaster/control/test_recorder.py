"""What control records, and what an answer says of it."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime

import pytest

from broadcaster.control import records
from broadcaster.control.acts import Recorded
from broadcaster.control.recorder import Recorder
from broadcaster.engine.local_part import spool
from broadcaster.journal import Kind, Setting
from broadcaster.journal.reader import JournalReader
from tests.broadcaster.control.bench import play
from tests.broadcaster.journal.disk import Disk, input_output_error
from tests.broadcaster.journal.written import PATIENCE, entry
from zones.bus import ClaimId
from zones.media_time import WallAnchor

NOW = WallAnchor(480, datetime(2026, 7, 1, tzinfo=UTC))


@contextlib.asynccontextmanager
async def recording(state, setting=None, known=()):
    recorder = Recorder(state, lambda: NOW, setting or Setting(ballast=0))
    task = asyncio.create_task(recorder.run(known))
    try:
        assert await recorder.journal.opened(PATIENCE)
        yield recorder
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def _facts(state, **wanted):
    return [json.loads(row.facts) for row in JournalReader(state).rows(**wanted)]


async def _rows_come(state, count):
    async with asyncio.timeout(PATIENCE):
        while len(rows := list(JournalReader(state).rows())) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return rows


async def test_an_act_that_is_on_the_disk_is_durable(state_directory):
    async with recording(state_directory) as recorder:
        recorder.record(Recorded((entry(1),), "k"))
        assert await recorder.durability("k") == {"durable": True}
        assert await recorder.durability("another") == {}


async def test_an_act_the_disk_refuses_is_not_durable_until_it_is(state_directory):
    disk = Disk()
    async with recording(state_directory, disk.setting()) as recorder:
        disk.errors = [input_output_error()]
        recorder.record(Recorded((entry(1),), "k"))
        assert await recorder.durability("k") == {
            "durable": False,
            "not_durable": "disk I/O error",
        }
        assert "disk I/O error" in recorder.faults[0]
        await recorder.journal.record([entry(2)]).settled()
        # Whoever asks again hears that it is on the disk now.
        assert await recorder.durability("k") == {"durable": True}


async def test_an_act_on_a_disk_that_hangs_is_answered_all_the_same(state_directory):
    disk = Disk()
    async with recording(state_directory, disk.setting()) as recorder:
        disk.hang()
        try:
            recorder.record(Recorded((entry(1),), "k"))
            answer = await recorder.durability("k")
        finally:
            disk.answers.set()
        assert not answer["durable"]
        assert "within 250 ms" in answer["not_durable"]


async def test_an_act_that_cannot_be_recorded_says_so(state_directory):
    async with recording(state_directory) as recorder:
        recorder.record(Recorded((entry(1, facts={"x": object()}),), "k"))
        answer = await recorder.durability("k")
        assert not answer["durable"]
        assert "no JSON" in answer["not_durable"]


async def test_what_an_earlier_control_did_not_live_to_record_is_recorded(state_directory):
    async with recording(state_directory) as recorder:
        recorder.record(Recorded((entry(1),), "k"))
        await recorder.durability("k")
    known = {ClaimId("claim-1"), ClaimId("claim-2")}
    async with recording(state_directory, known=known):
        *_, row = await _rows_come(state_directory, 2)
    assert row.subject == "claim-2"
    assert "found on air" in row.facts


async def test_acts_of_the_spool_are_recorded_and_their_files_removed(state_directory):
    act = {"act": "local play", "claim": "local-1", "utc": NOW.utc.isoformat(), "who": "김"}
    first = spool(state_directory, act, ClaimId("local-1"))
    spoilt = first.with_name("spoilt.json")
    spoilt.write_text("{")
    async with recording(state_directory) as recorder:
        await _rows_come(state_directory, 1)
        second = spool(state_directory, {**act, "claim": "local-2"}, ClaimId("local-2"))
        recorder.look_into_spool()
        rows = await _rows_come(state_directory, 2)
        async with asyncio.timeout(PATIENCE):
            while second.exists():  # noqa: ASYNC110 - another task removes it
                await asyncio.sleep(0.005)
    assert [row.subject for row in rows] == ["local-1", "local-2"]
    assert json.loads(rows[0].facts) == act
    assert not first.exists()
    assert spoilt.exists()


async def test_a_fault_is_recorded_when_it_comes_and_when_it_goes(state_directory):
    async with recording(state_directory) as recorder:
        recorder.note_faults(["no engine speaks", "late for 0.5 s on stream-3"])
        recorder.note_faults(["no engine speaks", "late for 0.9 s on stream-3"])
        recorder.note_faults(["late for 1.2 s on stream-3", "late for 0.1 s on stream-4"])
    found = {(facts["fault"], facts["it"]) for facts in _facts(state_directory, kind=Kind.FAULT)}
    assert found == {
        ("no engine speaks", "came"),
        ("no engine speaks", "went"),
        ("late for 0.5 s on stream-3", "came"),
        ("late for 0.1 s on stream-4", "came"),
    }


@pytest.mark.parametrize("words", ["", "대피", "x" * 100_000])
def test_wordy_acts_are_cut_not_refused(words):
    order = play(title=words)
    (one,) = records.found(ClaimId("c" * 500), NOW).entries
    assert len(one.subject) == 200
    assert len(records._words(order.title)) <= records.LONGEST_WORDS
