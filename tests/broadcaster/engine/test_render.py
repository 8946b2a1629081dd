"""What sounds: splices, fades, ducking, what is not at hand. No engine, no clock."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.engine.plan import GainStep, Part, Plan
from broadcaster.engine.render import Mix, mixes
from broadcaster.engine.sounding import LEVEL_FADE, SPLICE_FADE
from tests.broadcaster.engine.studio import ANCHOR, MemoryPcm, claim, make_stream, noise, whole
from zones.bus import ComesBack, Kind, ZoneId, withdrawn
from zones.sound import Ring, Segment, Sequence, Silence, Timeline, silence

SECOND = 48_000
MUSIC, VOICE = noise(1, 4 * SECOND), noise(2, SECOND)
PCM = MemoryPcm(music=MUSIC, voice=VOICE)
LOOP = Sequence(loop=(whole(PCM.of["music"], len(MUSIC)),))
MESSAGE = Sequence(once=(whole(PCM.of["voice"], len(VOICE)),))
DUCKS = st.sampled_from([-20.0, -13.7, -6.0])
PROGRAMME = claim("programme", LOOP, start=0)


def music(begin: int, length: int) -> np.ndarray:
    return MUSIC[np.arange(begin, begin + length) % len(MUSIC)]


def test_stored_samples_pass_untouched():
    assert (Mix((PROGRAMME,)).render(PCM, 10 * SECOND, 4800) == music(10 * SECOND, 4800)).all()


def test_a_loop_joins_its_end_to_its_beginning():
    at = 4 * SECOND - 100
    assert (Mix((PROGRAMME,)).render(PCM, at, 240) == music(at, 240)).all()


def test_a_message_begins_with_its_first_sample_and_fades_the_programme_out():
    message = claim("m", MESSAGE, priority=100, start=SECOND)
    got = Mix((PROGRAMME, message)).render(PCM, SECOND, 2 * SPLICE_FADE).astype(float)
    under = got - VOICE[: 2 * SPLICE_FADE]
    fading = 1 - np.arange(SPLICE_FADE) / SPLICE_FADE
    assert np.abs(under[:SPLICE_FADE] - music(SECOND, SPLICE_FADE) * fading).max() <= 1
    assert np.abs(under[SPLICE_FADE:]).max() == 0


def test_the_programme_returns_faded_in_at_its_live_position():
    message = claim("m", MESSAGE, priority=100, start=SECOND)
    got = Mix((PROGRAMME, message)).render(PCM, 2 * SECOND, 2 * SPLICE_FADE).astype(float)
    rising = np.minimum(np.arange(2 * SPLICE_FADE) / SPLICE_FADE, 1)
    assert np.abs(got - music(2 * SECOND, 2 * SPLICE_FADE) * rising).max() <= 1


def test_a_message_withdrawn_half_way_is_faded_not_cut():
    message = withdrawn(claim("m", MESSAGE, priority=100, start=0), 4800)
    got = Mix((claim("q", Silence(), start=0), message)).render(PCM, 4800, 960).astype(float)
    fading = np.maximum(1 - np.arange(960) / SPLICE_FADE, 0)
    assert np.abs(got - VOICE[4800:5760] * fading).max() <= 1


def test_ducking_lowers_what_is_below_without_a_bump():
    page = claim("page", MESSAGE, priority=150, start=SECOND, duck_db=-20.0)
    mix = Mix((PROGRAMME, page))
    got = mix.render(PCM, SECOND, SECOND // 2).astype(float) - VOICE[: SECOND // 2]
    gain = 1 + (0.1 - 1) * np.minimum(np.arange(SECOND // 2) / SPLICE_FADE, 1)
    assert np.abs(got - music(SECOND, SECOND // 2) * gain).max() <= 1


def test_a_message_that_comes_back_begins_anew():
    again = claim("m", MESSAGE, priority=100, start=0, comes_back=ComesBack.AGAIN)
    louder = claim("w", Silence(), priority=240, start=SECOND // 2, until=2 * SECOND)
    got = Mix((again, louder)).render(PCM, 2 * SECOND, 4800)
    assert (got == VOICE[:4800]).all()


def test_crossfades_keep_the_power():
    first = whole(PCM.of["music"], 2 * SECOND, fade_out=SECOND)
    second = Segment(PCM.of["music"], 2 * SECOND, 2 * SECOND, fade_in=SECOND)
    mix = Mix((claim("t", Timeline(((0, first), (SECOND, second))), start=0),))
    got = mix.render(PCM, SECOND, SECOND).astype(float)
    assert np.sqrt((got**2).mean()) == pytest.approx(
        np.sqrt((MUSIC.astype(float) ** 2).mean()), 0.02
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(0, 120))
def test_samples_do_not_depend_on_the_blocks_they_are_cut_into(lengths, offset):
    claims = (
        PROGRAMME,
        claim("m", MESSAGE, priority=100, start=100 * 48 + 7, duck_db=-12.0),
        claim("q", Silence(), priority=21, start=60 * 48, until=90 * 48),
        claim("t", Timeline(((0, whole(PCM.of["voice"], 5000, fade_in=900, fade_out=700)),)),
              priority=30, start=0),
    )  # fmt: skip
    steps = (GainStep(ZoneId("z0"), 70 * 48, -6.0), GainStep(ZoneId("z0"), 110 * 48, 0.0))
    begin = offset * 48
    wholly = Mix(claims, steps, keep_alive=True).render(PCM, begin, sum(lengths) * 48)
    mix, parts, at = Mix(claims, steps, keep_alive=True), [], begin
    for length in lengths:
        parts.append(mix.render(PCM, at, length * 48))
        at += length * 48
    assert (np.concatenate(parts) == wholly).all()


def test_level_steps_are_taken_smoothly_and_leave_warnings_alone():
    step = (GainStep(ZoneId("z0"), SECOND, -20.0),)
    got = Mix((PROGRAMME,), step).render(PCM, SECOND, 2 * LEVEL_FADE).astype(float)
    gain = 1 + (0.1 - 1) * np.minimum(np.arange(2 * LEVEL_FADE) / LEVEL_FADE, 1)
    assert np.abs(got - music(SECOND, 2 * LEVEL_FADE) * gain).max() <= 1
    warning = claim("w", LOOP, priority=240, kind=Kind.WARNING, start=0)
    assert (Mix((warning,), step).render(PCM, 2 * SECOND, 960) == music(2 * SECOND, 960)).all()


def test_what_is_not_at_hand_lets_the_next_claim_sound():
    gone = claim("gone", Sequence((whole(MemoryPcm(x=noise(9, 10)).of["x"], 10),)), start=0)
    mix = Mix((PROGRAMME, replace(gone, priority=100)))
    assert (mix.render(PCM, 0, 5) == music(0, 5)).all()


def test_a_warning_not_at_hand_holds_its_zone_in_silence():
    """SAFETY A3: a warning never falls back to programme."""
    gone = Sequence(loop=(whole(MemoryPcm(x=noise(9, 10)).of["x"], 10),))
    warning = claim("w", gone, priority=240, kind=Kind.WARNING, start=0)
    assert not Mix((PROGRAMME, warning)).render(PCM, SECOND, 480).any()


def test_beyond_the_end_of_a_recording_is_not_at_hand():
    long = claim("m", Sequence((whole(PCM.of["voice"], len(VOICE) + 1),)), priority=100, start=0)
    assert (Mix((PROGRAMME, long)).render(PCM, SECOND - 100, 101) == music(SECOND - 100, 101)).all()


def test_keep_alive_replaces_silence_by_dither_of_one_step():
    got = Mix((claim("q", Silence(), start=0),), keep_alive=True).render(PCM, 960, 960)
    assert set(got.tolist()) == {1, -1}
    quiet = Mix((claim("q", Sequence(loop=(silence(480),)), start=0),)).render(PCM, 960, 960)
    assert not quiet.any()


def test_a_delayed_stream_plays_the_same_later():
    plain, late = Mix((PROGRAMME,)), Mix((PROGRAMME,), delay=96)
    assert (late.render(PCM, SECOND + 96, 480) == plain.render(PCM, SECOND, 480)).all()


def test_live_voice_is_read_from_its_ring():
    live = MemoryPcm()
    live.rings["desk"] = noise(5, SECOND)
    page = claim("page", Ring("desk"), priority=150, start=0)
    got = Mix((page,)).render(live, 3 * SECOND + 480, 480)
    assert (got == live.rings["desk"][480:960]).all()
    assert not Mix((page,)).render(MemoryPcm(), 0, 480).any()


def test_loud_sums_are_limited_to_16_bits():
    full = np.full(SECOND, 32_000, np.int16)
    pcm = MemoryPcm(full=full)
    source = Sequence(loop=(whole(pcm.of["full"], SECOND, gain_db=6.0),))
    assert (Mix((claim("c", source, start=0),)).render(pcm, SECOND, 480) == 32_767).all()


def test_nobody_claiming_is_silence():
    assert not Mix(()).render(PCM, 0, 480).any()


def test_zones_that_sound_alike_share_one_mix():
    streams = [make_stream(i, "239.1.1.1", 5004) for i in range(3)]
    claims = tuple(claim("programme", LOOP, zone=f"z{i}", start=0) for i in range(3))
    claims += (claim("m", MESSAGE, zone="z2", priority=100, start=0),)
    plan = Plan(Part.CONTROL, 1, ANCHOR, tuple(streams), {"a": LOOP, "b": MESSAGE}, claims)
    of = mixes([plan], streams)
    assert of[streams[0].id] is of[streams[1].id]
    assert of[streams[2].id] is not of[streams[0].id]


def test_a_priority_group_hears_warnings_only():
    stream = make_stream(0, "239.1.1.1", 5004, min_priority=224)
    warning = claim("w", MESSAGE, priority=240, start=0)
    plan = Plan(Part.CONTROL, 1, ANCHOR, (stream,), {"a": LOOP, "b": MESSAGE}, (PROGRAMME, warning))
    assert mixes([plan], [stream])[stream.id].claims == (warning,)


def test_both_parts_of_the_plan_are_heard():
    stream = make_stream(0, "239.1.1.1", 5004)
    local = claim("local", MESSAGE, priority=240, start=0)
    parts = [
        Plan(Part.CONTROL, 1, ANCHOR, (stream,), {"a": LOOP}, (PROGRAMME,)),
        Plan(Part.LOCAL, 1, ANCHOR, (), {"b": MESSAGE}, (local,)),
    ]
    assert mixes(parts, [stream])[stream.id].on_air(0) is local


def test_a_losing_claim_changes_no_sample():
    loser = claim("l", MESSAGE, priority=10, start=0)
    with_it, without = Mix((PROGRAMME, loser)), Mix((PROGRAMME,))
    assert (with_it.render(PCM, 0, SECOND) == without.render(PCM, 0, SECOND)).all()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_gains_on_the_move_do_not_depend_on_the_cut(data):
    """Ducking, a splice and level steps at once: to the last bit, wherever blocks end."""
    loud = claim("p", Sequence(loop=(Segment(PCM.of["music"], 0, 7777, gain_db=-3.3),)), start=0)
    page = claim("page", MESSAGE, priority=150, start=4800, duck_db=data.draw(DUCKS))
    steps = tuple(
        GainStep(ZoneId("z0"), at, gain_db)
        for at, gain_db in sorted(
            data.draw(
                st.lists(
                    st.tuples(st.integers(0, 9600), st.sampled_from([-6.0, -1.7, 2.2])), max_size=5
                )
            )
        )
    )
    mix = Mix((loud, page), steps)
    length = 14_400
    whole_stretch = mix.render(PCM, 0, length)
    cuts = data.draw(st.sets(st.integers(1, length // 48 - 1), max_size=8))
    edges = [0, *(48 * cut for cut in sorted(cuts)), length]
    parts = [mix.render(PCM, a, b - a) for a, b in itertools.pairwise(edges)]
    assert (np.concatenate(parts) == whole_stretch).all()


def test_level_steps_in_quick_succession_never_jump():
    flat = MemoryPcm(flat=np.full(SECOND, 10_000, np.int16))
    tone = claim("p", Sequence(loop=(whole(flat.of["flat"], SECOND),)), start=0)
    steps = tuple(
        GainStep(ZoneId("z0"), 4800 + 300 * n, -20.0 if n % 2 == 0 else 0.0) for n in range(8)
    )
    got = Mix((tone,), steps).render(flat, 0, 14_400).astype(int)
    assert np.abs(np.diff(got)).max() <= 10_000 / LEVEL_FADE + 2
    assert got[-1] == 10_000
