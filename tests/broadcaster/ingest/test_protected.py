"""What the station needs is never evicted."""

import json
import os
from contextlib import closing
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner

from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.ingest.commands import store as store_command
from broadcaster.ingest.errors import StoreError
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.ingest.protected import named_by_station
from broadcaster.radio.recordings import Recordings
from broadcaster.radio.schedule_store import ScheduleStore
from playlists.recording import Recording
from tests.broadcaster.ingest.sounds import tone
from zones.media_time import RATE, WallAnchor
from zones.sound import Segment, Sequence, Timeline, silence

ANCHOR = WallAnchor(0, datetime(2026, 11, 22, tzinfo=UTC))


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.fixture
def state(tmp_path):
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


@pytest.fixture
def store(state):
    return PcmStore(state / "pcm")


@pytest.fixture
def ids(store):
    """Six recordings of a second, all from long ago."""
    stored = [store.add(tone(1.0, 200 + 50 * number)) for number in range(6)]
    for pcm_id in stored:
        os.utime(store.path(pcm_id), ns=(10**9, 10**9))
    return stored


def publish(run, part, revision, **sources):
    with PlanFile(plan_path(run, part)) as file:
        file.write(Plan(part, revision, ANCHOR, sources=sources))


def whole(pcm_id):
    return Segment(pcm_id, 0, RATE)


def test_all_that_plans_and_library_name_is_needed(run, state, store, ids):
    publish(run, Part.CONTROL, 1, old=Timeline(((0, whole(ids[0])),)))
    publish(run, Part.CONTROL, 2, new=Sequence((whole(ids[1]),), (silence(9), whole(ids[2]))))
    publish(run, Part.LOCAL, 1, local=Sequence(loop=(whole(ids[3]),)))
    (state / "library.json").write_text(json.dumps({"files": {"a.mp3": {"pcm": ids[4]}}}))
    assert named_by_station(run, state) == set(ids[:5])


def test_a_station_that_never_ran_needs_nothing(run, state):
    assert named_by_station(run, state) == frozenset()
    assert list(run.iterdir()) == []


def test_a_plan_that_cannot_be_read_stops_everything(run, state):
    plan_path(run, Part.CONTROL).write_bytes(b"no plan")
    with pytest.raises(StoreError, match="nothing is removed"):
        named_by_station(run, state)


def evict(run, state, budget):
    arguments = ["evict", "--budget", budget, "--run", str(run), "--state", str(state), "--json"]
    result = CliRunner().invoke(store_command, arguments)
    return result.exit_code, result.output


def test_the_command_leaves_what_is_needed_or_new(run, state, store, ids):
    publish(run, Part.CONTROL, 1, playing=Timeline(((0, whole(ids[0])),)))
    new = store.add(tone(1.0, 2_000))
    code, output = evict(run, state, "0.1 MB")
    assert set(json.loads(output)["ids"]) == set(ids[1:])
    assert code == 1  # what is needed is more than the budget
    assert set(store.ids()) == {ids[0], new}
    assert evict(run, state, "1GB")[0] == 0


def test_a_budget_that_is_none_is_refused(run, state):
    code, output = evict(run, state, "much")
    assert code == 2
    assert "500MB" in output


def test_what_the_schedule_may_play_is_needed(run, state, ids):
    names = [f"r{number}" for number in range(4)]
    found = [
        Recording(name, name, "", "", pcm, 48_000, 0, 48_000, 0.0, tags=("calm",) * (name == "r2"))
        for name, pcm in zip(names, ids[:4], strict=True)
    ]
    with closing(Recordings(state)) as recordings:
        recordings.add(("", one) for one in found)
    ScheduleStore(state).replace(
        "schema: 1\nplaylists:\n  a: {items: [r0, gone]}\n  b: {choose: {any_tags: [calm]}}\n"
        "  c: {choose: {folders: [music/]}}\n"
        "news: {n: {recording: r1, zones: all, from: 2026-11-22, until: 2026-11-23}}",
        *("kim", "", ["all"]),
    )
    assert named_by_station(run, state) == set(ids[:3])
    line = {"number": 1, "at": "2026-11-22", "who": "", "why": "", "text": "x: 1"}
    (state / "schedule.jsonl").write_text(json.dumps(line))
    with pytest.raises(StoreError, match="nothing is removed"):
        named_by_station(run, state)
