"""SAFETY F6: a sleeping amplifier is woken before a message; an awake one is not kept waiting."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.render import Mix, mixes
from broadcaster.engine.waking import mark
from tests.broadcaster.engine.studio import (
    ANCHOR,
    MemoryPcm,
    claim,
    make_stream,
    noise,
    receive,
    receiver,
    samples_at,
    until,
    whole,
)
from zones.bus import ComesBack, Kind, withdrawn
from zones.media_time import RATE
from zones.sound import Ring, Sequence, Silence, silence

TONE, MUSIC = noise(1, RATE), noise(2, 4 * RATE)
PCM = MemoryPcm(tone=TONE, music=MUSIC)
MESSAGE = Sequence((whole(PCM.of["tone"], len(TONE)),))
LOOPED = Sequence(loop=(whole(PCM.of["tone"], len(TONE)), silence(RATE // 2)))
PROGRAMME = claim("p", Sequence(loop=(whole(PCM.of["music"], len(MUSIC)),)), start=0)
QUIET = claim("q", Silence(), priority=21, start=0)
WAKES: int = RATE * 8 // 10
START = 20 * RATE


def notice(source=MESSAGE, start=START, **fields):
    return claim("m", source, priority=100, kind=Kind.NOTICE, start=start, **fields)


def heard(*claims, begin=START, length=4 * RATE, pre_roll=WAKES, **fields) -> np.ndarray:
    return Mix(claims, pre_roll=pre_roll, **fields).render(PCM, begin, length)


def is_dither(samples) -> bool:
    return bool((np.abs(samples) == 1).all())


class SleepyAmplifier:
    """Mutes after 5 s of digital silence and takes 800 ms to wake."""

    def __init__(self) -> None:
        self.silent, self.waking = 10 * RATE, 0

    def play(self, samples: np.ndarray) -> np.ndarray:
        """What the loudspeaker makes of them, millisecond by millisecond."""
        out = np.zeros_like(samples)
        for at in range(0, len(samples), 48):
            cell = samples[at : at + 48]
            is_asleep = self.silent >= 5 * RATE
            if cell.any():
                self.waking = self.waking + 48 if is_asleep else 0
                if is_asleep and self.waking >= WAKES:
                    self.silent = self.waking = 0
                elif not is_asleep:
                    self.silent = 0
                    out[at : at + 48] = cell
            else:
                self.silent, self.waking = self.silent + 48, 0
        return out


@pytest.mark.parametrize("kind", [Kind.NOTICE, Kind.WARNING, Kind.EXERCISE, Kind.PAGE])
def test_an_amplifier_that_mutes_loses_no_sample_of_the_tone(kind):
    warning = replace(notice(), kind=kind)
    sent = heard(warning, begin=0, length=START + 4 * RATE)
    out = SleepyAmplifier().play(sent)
    place = START + WAKES
    assert (out[place : place + len(TONE)] == TONE).all()


def test_without_pre_roll_the_same_amplifier_loses_the_beginning():
    out = SleepyAmplifier().play(heard(notice(), begin=0, length=START + 4 * RATE, pre_roll=0))
    assert not out[START : START + WAKES - 48].any()


def test_dither_comes_first_then_the_whole_message_then_silence():
    got = heard(QUIET, notice())
    assert is_dither(got[:WAKES])
    assert (got[WAKES : WAKES + len(TONE)] == TONE).all()
    assert not got[WAKES + len(TONE) :].any()


def test_a_zone_that_was_just_audible_does_not_wait():
    got = heard(PROGRAMME, notice(), length=len(TONE))
    assert (got[480:] == TONE[480:]).all()


@pytest.mark.parametrize(("gap", "waits"), [(RATE - 1, False), (RATE, True), (5 * RATE, True)])
def test_a_second_of_silence_is_what_counts(gap, waits):
    before = claim("b", MESSAGE, priority=90, kind=Kind.NOTICE, start=0)
    begin = WAKES + len(TONE) + gap
    got = heard(before, notice(start=begin), begin=begin // 48 * 48, length=4 * RATE)
    assert (got[480 : 480 + 4800].astype(int) ** 2).mean() < 2 or not waits
    assert is_dither(got[48 : WAKES - 48]) == waits


def test_keep_alive_dither_is_silence_too():
    got = heard(QUIET, notice(), keep_alive=True)
    assert is_dither(got[:WAKES])
    assert (got[WAKES : WAKES + len(TONE)] == TONE).all()
    assert is_dither(got[WAKES + len(TONE) :])


def test_programme_is_where_the_schedule_put_it():
    programme = replace(PROGRAMME, start=START)
    got = heard(programme, length=RATE)
    assert (got == MUSIC[:RATE]).all()


def test_a_loop_goes_on_in_its_own_time():
    got = heard(notice(LOOPED), length=6 * RATE)
    for cycle in range(3):
        at = WAKES + cycle * (len(TONE) + RATE // 2)
        assert (got[at : at + len(TONE)] == TONE).all()


def test_the_programme_waits_for_the_whole_message():
    programme = replace(PROGRAMME, start=START + len(TONE))
    got = heard(notice(), programme)
    assert (got[WAKES : WAKES + len(TONE)] == TONE).all()


def test_what_is_withdrawn_ends_when_it_was_withdrawn():
    got = heard(withdrawn(notice(LOOPED), START + RATE))
    assert (got[WAKES:RATE] == TONE[: RATE - WAKES]).all()
    assert not got[RATE + 480 :].any()


def test_an_end_planned_for_the_whole_message_moves_with_it():
    got = heard(notice(until=START + len(TONE)))
    assert (got[WAKES : WAKES + len(TONE)] == TONE).all()


def test_a_message_that_waited_behind_silence_is_begun_whole():
    hush = claim("h", Silence(), priority=150, start=0, until=START + 10 * RATE)
    got = heard(notice(comes_back=ComesBack.AGAIN), hush, begin=START + 10 * RATE, length=3 * RATE)
    assert is_dither(got[:WAKES])
    assert (got[WAKES : WAKES + len(TONE)] == TONE).all()


def test_live_voice_is_heard_late_to_its_last_word():
    live = noise(3, 8 * RATE)
    PCM.rings["desk"] = live
    page = notice(Ring("desk"), until=START + 2 * RATE)
    got = heard(page)
    spoken = live[np.arange(START, START + 2 * RATE) % len(live)]
    assert is_dither(got[:WAKES])
    assert (got[WAKES : WAKES + 2 * RATE] == spoken).all()
    assert not got[WAKES + 2 * RATE + 480 :].any()


def test_a_plan_that_has_forgotten_the_past_does_not_move_what_sounds():
    hush = claim("h", Silence(), priority=50, start=0, until=START + RATE)
    before = Mix((PROGRAMME, hush, notice(LOOPED)), pre_roll=WAKES)
    marks = before.pre_rolls(START + 48)
    assert list(marks.values()) == [WAKES]
    assert before.pre_rolls(START) == {}
    pruned = Mix((PROGRAMME, notice(LOOPED)), pre_roll=WAKES)
    at, length = START + 3 * RATE, RATE
    wanted = before.render(PCM, at, length)
    assert (pruned.with_stamps(marks).render(PCM, at, length) == wanted).all()
    assert (pruned.render(PCM, at, length) != wanted).any()


def test_zones_that_share_a_mix_are_marked_each_by_its_name():
    streams = [make_stream(n, "239.1.2.3", 5004, pre_roll=WAKES) for n in range(2)]
    claims = tuple(replace(notice(), zone=stream.zone) for stream in streams)
    plan = Plan(Part.CONTROL, 1, ANCHOR, tuple(streams), {"m": MESSAGE}, claims)
    found = mixes([plan], streams)
    assert found[streams[0].id] is found[streams[1].id]
    marks = found[streams[0].id].pre_rolls(START + 48)
    assert len(marks) == 2
    assert marks.keys() == found[streams[0].id].waiting


def test_an_unstamped_message_waits_for_its_stamp_first():
    mix = Mix((QUIET, notice(start=None)), pre_roll=WAKES)
    assert mix.pre_rolls(1 << 40) == {}
    got = mix.with_stamps({notice().id: START}).render(PCM, START, 4 * RATE)
    assert (got[WAKES : WAKES + len(TONE)] == TONE).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_samples_do_not_depend_on_the_cut_and_no_message_loses_any(data):
    gap = data.draw(st.just(0) | st.integers(0, 3 * RATE)) // 48 * 48
    first = data.draw(st.integers(0, 2 * RATE)) // 48 * 48
    pre_roll = data.draw(st.sampled_from([48, 4800, WAKES, 3 * RATE]))
    base = data.draw(st.sampled_from([(), (QUIET,), (PROGRAMME,)]))
    one = claim("1", MESSAGE, priority=100, kind=Kind.NOTICE, start=first)
    two = claim("2", MESSAGE, priority=100, kind=Kind.NOTICE, start=first + len(TONE) + gap)
    mix = Mix((*base, one, two), pre_roll=pre_roll)
    length = 12 * RATE
    sent = mix.render(PCM, 0, length)
    cuts = sorted(data.draw(st.sets(st.integers(1, length // 48 - 1), max_size=6)))
    edges = [0, *(cut * 48 for cut in cuts), length]
    parts = [
        Mix((*base, one, two), pre_roll=pre_roll).render(PCM, a, b - a)
        for a, b in itertools.pairwise(edges)
    ]
    assert (np.concatenate(parts) == sent).all()
    settled = TONE[480:-480].astype(np.int16).tobytes()
    assert sent.tobytes().count(settled) == 2


def test_the_engine_goes_on_as_it_began(studio, multicast_group, free_port):
    tone, songs = noise(5, 2 * RATE), noise(6, 2 * RATE)
    message = Sequence(loop=(whole(studio.put(tone), len(tone)),))
    music = Sequence(loop=(whole(studio.put(songs), len(songs)),))
    group, port, hush = multicast_group(), free_port(), Silence()
    stream = make_stream(0, group, port, pre_roll=9600)
    programme = claim("p", music, start=0)
    page = claim("m", message, priority=100, kind=Kind.NOTICE)
    quiet = claim("h", hush, priority=50, start=0)
    sources = {"music": music, "hush": hush, "message": message}
    studio.plan([stream], sources, [programme, quiet])
    with receiver(group, port) as s:
        studio.start()
        receive(s, 10)
        studio.plan([stream], sources, [programme, quiet, page])
        start = studio.wait_stamp("m")
        name = mark(page.id, stream.zone, 9600)
        until(lambda: studio.block.stamps([name]) == {name: 9600}, "the pre-roll is marked")
        adopted = studio.wait_adopted(
            studio.plan([stream], sources, [programme, replace(page, start=start)])
        )
        packet = receive(s, 1)[0]
        kinds = set()
        while (at := samples_at(packet, start)) < max(adopted, start + 9600) + RATE // 4:
            heard = np.frombuffer(packet.payload, ">i2")
            if start <= at < start + 9600:
                assert is_dither(heard)
                kinds.add("dither")
            elif at >= start + 9600:
                place = np.arange(at, at + 240) - start - 9600
                assert (heard == tone[place % len(tone)]).all()
                kinds.add("tone")
            (packet,) = receive(s, 1)
    assert kinds == {"dither", "tone"}
