"""The expansion of recordings into a timeline, and the order they come in."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.deal import CROSSFADE, SHORTEST
from playlists.lane import Circle, Stretch, laid_out
from playlists.recording import Recording
from playlists.rotation import Rotation
from playlists.timeline import MOST_LISTED, endless, playable
from zones.media_time import RATE
from zones.sound import PcmId, Timeline

EMPTY = Timeline(())
HOUR = 3600 * RATE


def extended(timeline, rotation, until, *, start, keep_from):
    """The lane of a rotation that goes on for ever."""
    ever = Stretch(-(1 << 60), 1 << 60, Circle(rotation))
    return Timeline(laid_out(timeline.items, [ever], until, start=start, keep_from=keep_from))


def recording(number, seconds=150.0, gain_db=-3.0):
    pcm = PcmId(f"{number:064x}")
    length = round(seconds * RATE)
    cue_in = min(100, length // 3)
    return Recording(f"r{number}", f"Track {number}", "", "", pcm, length, cue_in, length, gain_db)


@st.composite
def libraries(draw, smallest=0, largest=9):
    numbers = draw(st.lists(st.integers(0, 99), min_size=smallest, max_size=largest, unique=True))
    return [recording(n, draw(st.floats(1.01, 400.0))) for n in numbers]


def played(timeline):
    return [segment.pcm for _, segment in timeline.items]


def hour(library, seed=1, start=1000):
    return extended(EMPTY, Rotation(library, seed), start + HOUR // 4, start=start, keep_from=start)


@settings(deadline=None)
@given(libraries(smallest=1), st.integers(-(10**12), 10**12), st.integers(0, 99))
def test_it_reaches_from_the_start_to_the_end_without_a_hole(library, start, seed):
    timeline = hour(library, seed, start)
    assert timeline.stretches[0][0] == start
    assert len(timeline.stretches) == 1
    assert timeline.stretches[0][1] >= start + HOUR // 4


@settings(deadline=None)
@given(libraries(smallest=2), st.integers(0, 99))
def test_every_track_plays_before_one_is_repeated(library, seed):
    tracks = played(hour(library, seed))
    for at, track in enumerate(tracks):
        before = tracks[max(0, at - len(library) + 1) : at]
        assert track not in before


@settings(deadline=None)
@given(libraries(smallest=1), st.integers(0, 99))
def test_the_same_seed_gives_the_same_programme(library, seed):
    assert hour(library, seed) == hour(list(reversed(library)), seed)


def test_another_seed_gives_another_order():
    library = [recording(number) for number in range(8)]
    assert len({tuple(played(hour(library, seed))[:8]) for seed in range(20)}) > 10


@settings(deadline=None)
@given(libraries(smallest=1), libraries(), st.lists(st.integers(0, HOUR // 8), max_size=4))
def test_extending_never_moves_what_is_planned(library, more, steps):
    timeline, start = hour(library), 1000
    for step in steps:
        now = start + step
        longer = extended(
            timeline, Rotation(library + more, 1), now + HOUR // 4, start=now, keep_from=now
        )
        kept = [item for item in timeline.items if item[0] + item[1].length > now]
        assert list(longer.items[: len(kept)]) == kept
        assert longer.stretches[-1][1] >= now + HOUR // 4
        timeline = longer


@settings(deadline=None)
@given(libraries(smallest=1), st.lists(st.integers(0, HOUR // 2), max_size=5))
def test_one_step_or_many_give_the_same(library, steps):
    rotation, until = Rotation(library, 3), 7 + HOUR // 2
    timeline = EMPTY
    for step in sorted(steps):
        timeline = extended(timeline, rotation, 7 + step, start=7, keep_from=7)
    once = extended(EMPTY, rotation, until, start=7, keep_from=7)
    assert extended(timeline, rotation, until, start=7, keep_from=7) == once


@settings(deadline=None)
@given(libraries(smallest=1))
def test_neighbours_overlap_by_their_crossfade(library):
    for (start, before), (after, segment) in pairwise(hour(library).items):
        overlap = start + before.length - after
        assert overlap == segment.fade_in == before.fade_out
        assert overlap == min(CROSSFADE, before.length // 4, segment.length // 4)


def test_three_seconds_of_crossfade_between_tracks_of_a_song_s_length():
    timeline = hour([recording(1), recording(2)])
    (first, one), (second, _) = timeline.items[:2]
    assert second == first + one.length - 3 * RATE


def test_the_sound_is_cut_at_the_cue_points_and_levelled():
    (_, segment), *_ = hour([recording(1, gain_db=-4.5)]).items
    assert (segment.cue_in, segment.gain_db) == (100, -4.5)
    assert segment.length == recording(1).playing_length


def test_after_a_dead_hour_it_begins_anew_at_the_start_asked_for():
    library = [recording(1), recording(2)]
    old = hour(library)
    late = old.stretches[-1][1] + 5 * RATE
    timeline = extended(old, Rotation(library, 1), late + HOUR, start=late, keep_from=late)
    assert timeline.items[0][0] == late
    assert timeline.items[0][1].fade_in == 0
    assert timeline.items[0][1].pcm != played(old)[-1]


def test_a_track_that_just_fades_out_is_joined_at_once_and_not_in_the_past():
    library = [recording(1), recording(2)]
    old = extended(EMPTY, Rotation(library, 1), 1, start=0, keep_from=0)
    ((_, segment),) = old.items
    now = segment.length - RATE
    timeline = extended(old, Rotation(library, 1), now + HOUR, start=now, keep_from=now)
    assert timeline.items[0] == old.items[0]
    assert timeline.items[1][0] == now


def test_an_empty_library_adds_nothing():
    assert hour([]) == EMPTY
    assert endless(Rotation([], 1)) is None
    with pytest.raises(LookupError):
        Rotation([], 1).after(None)


def test_a_lonely_track_follows_itself():
    assert set(played(hour([recording(5)]))) == {PcmId(f"{5:064x}")}


def test_equal_sound_under_two_titles_plays_once_a_round():
    assert len(Rotation([recording(1), recording(1)], 1)) == 1


@settings(deadline=None)
@given(libraries(smallest=2), st.integers(0, 99), st.data())
def test_removing_a_track_changes_nothing_but_its_own_place(library, seed, data):
    gone = data.draw(st.sampled_from(library))
    whole = Rotation(library, seed)
    less = Rotation([one for one in library if one is not gone], seed)
    assert [one for one in whole.order if one is not gone] == list(less.order)
    following = whole.after(gone.pcm)
    assert less.after(gone.pcm) == (following if following is not gone else less.order[0])


def test_blips_are_no_programme():
    blip, song = recording(1, 0.5), recording(2)
    assert playable([blip, song]) == (song,)
    assert playable([recording(3, SHORTEST / RATE + 0.01)])


def test_the_endless_list_holds_each_track_whole():
    library = [recording(number) for number in range(4)]
    sequence = endless(Rotation(library, 1))
    assert sequence is not None
    assert sequence.once == ()
    assert sequence.loop_length == sum(one.playing_length for one in library)


def test_the_endless_list_of_a_large_collection_is_some_hours_long():
    sequence = endless(Rotation([recording(number) for number in range(500)], 1))
    assert sequence is not None
    assert len(sequence.loop) == MOST_LISTED


@pytest.mark.parametrize(("wanted", "planned"), [(-200.0, -120.0), (99.0, 40.0)])
def test_absurd_gains_are_limited(wanted, planned):
    assert hour([recording(1, gain_db=wanted)]).items[0][1].gain_db == planned
