"""Staging: what is brought in, when, and what happens to what is not there."""

import numpy as np

from broadcaster.engine.plan import Part, PlanError
from broadcaster.engine.stager import Stager
from broadcaster.engine.staging import AHEAD, CHUNK, Staging, chunks, needed, sounding
from tests.broadcaster.engine.studio import claim, make_stream, noise, pcm_id, store, whole
from zones.media_time import RATE
from zones.sound import PcmId, Segment, Sequence, Silence, Timeline, silence

PCM = PcmId("ab" * 32)


def is_same(found, expected) -> bool:
    return found is not None and np.array_equal(found, expected)


def test_chunks_cover_what_is_cut_from_a_recording():
    assert list(chunks(0, 1)) == [0]
    assert list(chunks(CHUNK - 1, 2)) == [0, 1]
    assert list(chunks(3 * CHUNK, CHUNK)) == [3]


def test_messages_are_needed_whole_and_programmes_a_minute_ahead():
    message = Sequence(once=(whole(PCM, 3 * CHUNK), silence(10)), loop=(whole(PCM, CHUNK),))
    hour = PcmId("cd" * 32)
    programme = Timeline(((0, whole(hour, 360 * CHUNK)),))
    wanted = list(needed([message, programme, Silence()], 10 * CHUNK))
    assert {(PCM, n) for n in range(3)} <= set(wanted)
    mine = {chunk for pcm, chunk in wanted if pcm == hour}
    assert mine == set(range(9, 10 + AHEAD // CHUNK))


def test_what_sounds_now_comes_first():
    programme = Timeline(((0, whole(PCM, 60 * CHUNK)),))
    message = Sequence(once=(whole(PcmId("cd" * 32), CHUNK),))
    assert next(needed([message, programme], 5 * CHUNK + RATE)) == (PCM, 5)
    assert list(sounding([message], 0)) == []


def test_only_whole_stretches_that_are_staged_are_given(tmp_path):
    samples = noise(1, CHUNK + 100)
    name = store(tmp_path, samples)
    staging = Staging(tmp_path / "pcm")
    assert staging.samples(name, 0, 10) is None
    staging.bring_in(name, 0)
    assert is_same(staging.samples(name, 5, 15), samples[5:15])
    assert staging.samples(name, CHUNK - 5, CHUNK + 5) is None
    staging.bring_in(name, 1)
    assert is_same(staging.samples(name, CHUNK - 5, CHUNK + 5), samples[CHUNK - 5 : CHUNK + 5])
    assert staging.samples(name, CHUNK, CHUNK + 101) is None
    staged = staging.samples(name, 0, 10)
    assert staged is not None
    assert not staged.flags.writeable


def test_what_is_not_in_the_store_is_remembered_until_it_is(tmp_path):
    samples = noise(1, 100)
    name = pcm_id(samples)
    staging = Staging(tmp_path / "pcm")
    staging.bring_in(name, 0)
    assert staging.missing == {name}
    store(tmp_path, samples)
    staging.bring_in(name, 0)
    assert staging.missing == set()
    staging.bring_in(name, 7)
    assert staging.missing == {name}


def test_an_empty_file_is_missing(tmp_path):
    folder = tmp_path / "pcm" / PCM[:2]
    folder.mkdir(parents=True)
    (folder / f"{PCM}.pcm").touch()
    staging = Staging(tmp_path / "pcm")
    staging.bring_in(PCM, 0)
    assert staging.missing == {PCM}


def test_a_file_deleted_while_it_plays_plays_on(tmp_path):
    samples = noise(1, 1000)
    name = store(tmp_path, samples)
    staging = Staging(tmp_path / "pcm")
    staging.bring_in(name, 0)
    (tmp_path / "pcm" / name[:2] / f"{name}.pcm").unlink()
    assert is_same(staging.samples(name, 0, 1000), samples)


def test_what_is_no_longer_wanted_is_let_go(tmp_path):
    name = store(tmp_path, noise(1, 1000))
    staging = Staging(tmp_path / "pcm")
    staging.bring_in(name, 0)
    staging.keep({name})
    assert staging.samples(name, 0, 1) is not None
    staging.keep(set())
    assert staging.samples(name, 0, 1) is None


# --- plans --------------------------------------------------------------------------------------


def stager_of(studio, hand_over=None):
    handed = []
    made = Stager(
        studio.run,
        studio.block,
        Staging(studio.state / "pcm"),
        studio.now,
        hand_over or (lambda parts: handed.append(dict(parts))),
    )
    return made, handed


def test_a_new_plan_is_handed_over_once(studio):
    stager, handed = stager_of(studio)
    assert not stager.look()
    studio.plan((), {}, ())
    assert stager.look()
    assert not stager.look()
    assert [parts[Part.CONTROL].revision for parts in handed] == [1]
    assert studio.block.state().fault == ""


def test_the_older_plan_stays_in_force_when_nobody_can_send_the_new_one(studio):
    taken = []

    def hand_over(parts):
        if parts[Part.CONTROL].streams:
            raise PlanError("no such socket")
        taken.append(parts[Part.CONTROL].revision)

    stager, _ = stager_of(studio, hand_over)
    studio.plan((), {}, ())
    stager.look()
    studio.plan((make_stream(0, "239.1.1.1", 5004),), {}, ())
    assert not stager.look()
    assert studio.block.state().fault == "control plan 2 refused: no such socket"
    studio.plan((), {}, ())
    assert stager.look()
    assert taken == [1, 3]
    assert studio.block.state().fault == ""


def test_a_part_in_the_wrong_file_is_refused(studio):
    stager, handed = stager_of(studio)
    studio.plan((), {}, ())
    (studio.run / "plan-control").replace(studio.run / "plan-local")
    stager, handed = stager_of(studio)
    stager.look()
    assert handed == []
    said = studio.block.state().fault
    assert said == "local plan 1 refused: it is not a newer plan of this part"


def test_one_round_brings_in_everything_the_plan_needs(studio):
    stager, _ = stager_of(studio)
    samples = noise(1, 2 * CHUNK)
    name = studio.put(samples)
    source = Sequence(loop=(Segment(name, 0, 2 * CHUNK),))
    gone = Sequence(loop=(Segment(PCM, 0, CHUNK),))
    studio.plan((), {"message": source, "gone": gone}, (claim("c", source, start=0),))
    stager.look()
    assert stager.stage()
    assert studio.block.state().unstaged == 1
    found = stager._staging.samples(name, 0, 2 * CHUNK)
    assert np.array_equal(found, samples)
