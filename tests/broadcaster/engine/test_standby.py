"""Two engines: one speaks, the other is ready; a death costs next to nothing (SAFETY G1, G5)."""

import itertools
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from broadcaster.engine.plan import Part
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.engine.shared_block import Adoption, SharedBlock
from broadcaster.engine.speaking import Right
from broadcaster.engine.stager import Stager, playing_at, spared
from broadcaster.engine.staging import Staging
from tests.broadcaster.engine.studio import (
    PATIENCE,
    claim,
    drain,
    make_stream,
    music,
    noise,
    receive,
    receiver,
    samples_at,
    until,
    whole,
)
from zones.bus import Kind
from zones.media_time import RATE, BootId, MediaClock
from zones.sound import Sequence

_FUTEX_CALLS = ("202", "98", "449")
"""futex on x86-64 and on aarch64, and futex_waitv."""


@pytest.fixture
def pair(studio, multicast_group, free_port):
    """A station on the air with two engines; the first one started speaks."""
    group, port = multicast_group(), free_port()
    studio.streams = (make_stream(0, group, port),)
    studio.samples, studio.programme = music(studio)
    studio.began = studio.now()
    studio.claims = (claim("programme", studio.programme, start=studio.began),)
    studio.sources = {"music": studio.programme}
    studio.plan(studio.streams, studio.sources, studio.claims)
    with receiver(group, port) as studio.receiver:
        speaker = studio.start()
        receive(studio.receiver, 20)
        standby = studio.start()
        studio.speaker, studio.standby = speaker, standby
        yield studio
        for process in (standby, speaker):
            if process.poll() is None:
                process.kill()
            process.wait(PATIENCE)


def wait_ready(pair) -> None:
    """Until the standby sleeps in the mutex: it has locked memory and staged by then."""

    def sleeps() -> bool:
        place = Path(f"/proc/{pair.standby.pid}")
        call = (place / "syscall").read_text().split()[0]
        return call in _FUTEX_CALLS and ".pcm" in (place / "maps").read_text()

    until(sleeps, "the standby waits for the right to speak")


def test_only_one_speaks(pair):
    wait_ready(pair)
    drain(pair.receiver)
    stamps = [packet.timestamp for packet in receive(pair.receiver, 200)]
    assert {b - a for a, b in itertools.pairwise(stamps)} == {240}
    assert pair.block.state().pid == pair.speaker.pid


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_the_standby_goes_on_when_the_speaker_ends(pair, end):
    wait_ready(pair)
    drain(pair.receiver)
    os.kill(pair.speaker.pid, end)
    until(lambda: pair.block.state().pid == pair.standby.pid, "the standby speaks")
    packets = receive(pair.receiver, 200)
    assert len({packet.ssrc for packet in packets}) == 1
    steps = [
        ((b.timestamp - a.timestamp) % 2**32, (b.sequence - a.sequence) % 2**16)
        for a, b in itertools.pairwise(packets)
    ]
    assert all(time == 240 * sequence for time, sequence in steps)
    heard = [p for p in packets if np.frombuffer(p.payload, ">i2").any()]
    for packet in heard:
        at = samples_at(packet, pair.began) - pair.began
        wanted = pair.samples[np.arange(at, at + 240) % len(pair.samples)]
        assert (np.frombuffer(packet.payload, ">i2") == wanted).all()
    assert len(heard) > 190


def test_a_warning_goes_on_at_its_position_in_the_standby(pair):
    """SAFETY I3, G1: nothing starts anew because an engine died."""
    voice = noise(2, 8 * RATE)
    message = Sequence(loop=(whole(pair.put(voice), len(voice)),))
    warning = claim("w", message, priority=240, kind=Kind.WARNING)
    pair.wait_adopted(
        pair.plan(pair.streams, {**pair.sources, "w": message}, (*pair.claims, warning))
    )
    start = pair.wait_stamp("w")
    wait_ready(pair)
    drain(pair.receiver)
    pair.speaker.kill()
    until(lambda: pair.block.state().pid == pair.standby.pid, "the standby speaks")
    drain(pair.receiver)
    for packet in receive(pair.receiver, 20):
        at = samples_at(packet, start) - start
        wanted = voice[np.arange(at, at + 240) % len(voice)]
        assert (np.frombuffer(packet.payload, ">i2") == wanted).all()
    assert pair.wait_stamp("w") == start


def test_a_stopped_engine_that_is_killed_never_speaks_again(pair):
    """SAFETY G5: the supervisor kills a hung engine before its standby speaks."""
    wait_ready(pair)
    os.kill(pair.speaker.pid, signal.SIGSTOP)
    drain(pair.receiver)
    os.kill(pair.speaker.pid, signal.SIGKILL)
    until(lambda: pair.block.state().pid == pair.standby.pid, "the standby speaks")
    drain(pair.receiver)
    stamps = [packet.timestamp for packet in receive(pair.receiver, 200)]
    assert {b - a for a, b in itertools.pairwise(stamps)} == {240}


# --- what a successor learns from a death -------------------------------------------------------


@pytest.fixture
def heir(studio):
    """A staging thread that has not been started, and what it hands over."""
    studio.handed = []
    voice = noise(2, RATE)
    music_source = Sequence(loop=(whole(studio.put(voice), RATE),))
    chime = Sequence(loop=(whole(studio.put(voice[:4800]), 4800),))
    warning = Sequence(loop=(whole(studio.put(voice[:9600]), 9600),))
    studio.sources = {"music": music_source, "chime": chime, "warning": warning}
    studio.claims = (
        claim("music", music_source, start=0),
        claim("chime", chime, priority=0, start=0),
        claim("warning", warning, zone="z1", priority=240, kind=Kind.WARNING, start=0),
    )
    studio.streams = (
        make_stream(0, "239.1.1.1", 5004), make_stream(1, "239.1.1.2", 5004)
    )  # fmt: skip
    made = Stager(
        studio.run,
        studio.block,
        Staging(studio.state / "pcm"),
        studio.now,
        lambda parts: studio.handed.append(dict(parts)),
    )
    return made, studio


def test_a_plan_that_killed_its_engine_gives_way_to_the_one_before(heir):
    stager, studio = heir
    studio.plan(studio.streams, studio.sources, studio.claims)
    bad = studio.plan(studio.streams, studio.sources, studio.claims[:1])
    stager.look()
    studio.block.note_adopting(Part.CONTROL, bad)
    stager.heed(1)
    assert studio.handed[-1][Part.CONTROL].revision == bad - 1
    assert f"control plan {bad} killed an engine" in studio.block.state().fault


def test_a_warning_in_the_plan_that_killed_its_engine_is_kept(heir):
    """SAFETY I2: what gives way to the older plan is everything but warnings."""
    stager, studio = heir
    studio.plan(studio.streams, studio.sources, studio.claims[:2])
    bad = studio.plan(studio.streams, studio.sources, studio.claims[2:])
    stager.look()
    studio.block.note_adopting(Part.CONTROL, bad)
    stager.heed(1)
    played = studio.handed[-1][Part.CONTROL]
    assert [claim.id for claim in played.claims] == ["music", "chime", "warning"]
    assert {id(c.source) for c in played.claims} <= {id(s) for s in played.sources.values()}


def test_the_first_plan_of_all_leaves_its_warnings_and_the_chime(heir):
    stager, studio = heir
    bad = studio.plan(studio.streams, studio.sources, studio.claims)
    stager.look()
    studio.block.note_adopting(Part.CONTROL, bad)
    stager.heed(1)
    assert [c.id for c in studio.handed[-1][Part.CONTROL].claims] == ["chime", "warning"]


def test_two_deaths_in_ten_seconds_leave_warnings_and_the_chime(heir):
    stager, studio = heir
    revision = studio.plan(studio.streams, studio.sources, studio.claims)
    stager.look()
    studio.block.note_adopted(Adoption(Part.CONTROL, revision, 0))
    second = 1_000_000_000
    stager.heed(100 * second)
    assert len(studio.handed) == 1
    stager.heed(109 * second)
    left = studio.handed[-1][Part.CONTROL]
    assert [c.id for c in left.claims] == ["chime", "warning"]
    assert "while playing music" in studio.block.state().fault


def test_deaths_far_apart_or_under_different_plans_change_nothing(heir):
    stager, studio = heir
    second = 1_000_000_000
    first = studio.plan(studio.streams, studio.sources, studio.claims)
    stager.look()
    studio.block.note_adopted(Adoption(Part.CONTROL, first, 0))
    stager.heed(100 * second)
    stager.heed(111 * second)
    again = studio.plan(studio.streams, studio.sources, studio.claims)
    stager.look()
    studio.block.note_adopted(Adoption(Part.CONTROL, again, 0))
    stager.heed(112 * second)
    assert studio.block.state().fault == ""
    assert [parts[Part.CONTROL].revision for parts in studio.handed] == [first, again]


def test_a_spared_plan_keeps_only_the_sources_it_needs(heir):
    _, studio = heir
    studio.plan(studio.streams, studio.sources, studio.claims)
    with PlanFile(plan_path(studio.run, Part.CONTROL)) as file:
        plan = file.read()
    assert plan is not None
    assert set(spared(plan).sources) == {"chime", "warning"}
    assert playing_at([plan], RATE) == ["music"]


def test_the_right_passes_on_when_its_holder_hands_it_on(tmp_path):
    block = SharedBlock(tmp_path / "engine")
    block.begin_boot(MediaClock(BootId("b"), 0))
    assert block.right.wait(0.0) is Right.OURS
    block.right.hand_on()
    assert block.right.wait(0.0) is Right.OURS
    block.right.hand_on()
    block.close()
