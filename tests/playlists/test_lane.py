"""Laying tracks out: hard and soft starts, news between tracks, cuts only for a reason."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from playlists.deal import Deal, _starts
from playlists.lane import (
    HEADROOM_DBTP,
    Circle,
    Dealt,
    Due,
    Item,
    Stretch,
    cut_off,
    gain_of,
    laid_out,
)
from playlists.recording import Recording, Role
from playlists.rotation import Rotation
from zones.media_time import RATE
from zones.sound import PcmId, Timeline

MINUTE = 60 * RATE


def track(number, seconds=180, **fields):
    length = seconds * RATE
    pcm = PcmId(f"{number:064x}")
    return Recording(f"r{number}", f"T{number}", f"A{number}", "", pcm, length, 0, length, 0.0,
                     **fields)  # fmt: skip


def dealt(*tracks, is_endless=False):
    return Dealt(Deal(tuple(tracks), _starts(tracks), is_endless))


BASE = Circle(Rotation([track(n, 150 + n) for n in range(9)], 1), "base")


def lane(stretches, until=60 * MINUTE, items=(), due=(), start=0):
    return laid_out(items, stretches, until, start=start, keep_from=start - MINUTE, due=due)


def names(items):
    return [int(segment.pcm, 16) for _, segment in items if segment.pcm]


def test_a_hard_start_is_at_its_sample_and_the_track_before_it_is_faded_out():
    plan = [Stretch(0, 10 * MINUTE, BASE, "a"),
            Stretch(10 * MINUTE, 60 * MINUTE, dealt(track(50), track(51)), "b")]  # fmt: skip
    items = lane(plan)
    place = names(items).index(50)
    assert items[place][0] == 10 * MINUTE
    at, before = items[place - 1]
    assert at + before.length == 10 * MINUTE
    assert before.fade_out == 2 * RATE


def test_what_is_skipped_where_two_tracks_cross_is_a_timeline_still():
    items = lane([Stretch(0, 60 * MINUTE, BASE, "a")])
    at, _ = items[1]
    assert at < items[0][0] + items[0][1].length, "they cross"
    for later in range(-RATE, 8 * RATE, RATE // 5):
        cut = Timeline(cut_off(items, at + later, RATE))
        assert cut.stretches[-1][1] <= max(at + later + RATE, items[0][0] + items[0][1].length)


def test_a_soft_start_waits_for_the_track_within_its_patience():
    first = Stretch(0, 10 * MINUTE, dealt(track(1, 400), track(2, 400)), "a")
    soft = Stretch(10 * MINUTE, 60 * MINUTE, dealt(track(50)), "b", patience=5 * MINUTE)
    items = lane([first, soft])
    assert items[2][0] == items[1][0] + items[1][1].length == 797 * RATE
    impatient = Stretch(10 * MINUTE, 60 * MINUTE, dealt(track(50)), "b", patience=MINUTE)
    assert lane([first, impatient])[2][0] == 10 * MINUTE


def test_when_a_list_is_over_the_folder_fills_the_time():
    plan = [Stretch(0, 30 * MINUTE, dealt(track(50)), "a", filler=BASE)]
    items = lane(plan)
    assert names(items)[0] == 50
    assert Timeline(items).stretches == ((0, 30 * MINUTE),)


def test_news_waits_for_the_end_of_a_track_and_is_heard_once_and_whole():
    news = track(70, 40, role=Role.NEWS)
    ever = [Stretch(-(1 << 60), 1 << 60, BASE, "")]
    items = lane(ever, due=[Due(4 * MINUTE, news), Due(4 * MINUTE, track(71, 20, role=Role.NEWS))])
    assert names(items).count(70) == names(items).count(71) == 1
    place = names(items).index(70)
    assert items[place - 1][0] <= 4 * MINUTE < items[place][0]
    at, before = items[place - 1]
    assert items[place][0] == at + before.length  # nothing lies over the first word
    assert items[place][1].length == 40 * RATE
    assert items[place][1].fade_in == items[place][1].fade_out == 0
    assert names(items)[place + 1] == 71


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.integers(0, 3600), max_size=6),
    st.lists(st.integers(60, 900), min_size=1, max_size=5),
    st.booleans(),
)
def test_one_step_or_many_give_the_same(steps, lengths, is_soft):
    news = [Due(s * RATE, track(80 + n, 30, role=Role.NEWS)) for n, s in enumerate(steps[:2])]
    plan, at = [], 0
    for n, seconds in enumerate(lengths):
        tracks = [track(100 + 10 * n + k, 100 + 31 * k) for k in range(4)]
        patience = 2 * MINUTE * is_soft
        plan.append(Stretch(at, at + seconds * RATE, dealt(*tracks), f"{n}", patience, filler=BASE))
        at += seconds * RATE
    plan.append(Stretch(at, 1 << 60, BASE, "rest"))
    once = lane(plan, due=news)
    items: tuple[Item, ...] = ()
    for step in [*sorted(steps), 3600]:
        items = laid_out(items, plan, step * RATE, start=0, keep_from=-1, due=news)
    assert items == once
    assert Timeline(items).stretches[0][0] == 0
    assert len(Timeline(items).stretches) == 1
    for (start, before), (after, segment) in pairwise(items):
        if segment.length < 12 * RATE:
            continue  # what is cut so short fades in faster than what is before it fades out
        assert start + before.length - after == min(before.fade_out, segment.fade_in) or (
            after == start + before.length
        )


def test_an_entry_put_before_a_planned_track_cuts_it_and_moves_nothing_before():
    ever = [Stretch(-(1 << 60), 1 << 60, BASE, "")]
    items = lane(ever)
    middle = items[3][0] + 30 * RATE
    plan = [Stretch(-(1 << 60), middle, BASE, ""), Stretch(middle, 1 << 60, dealt(track(50)), "n")]
    after = laid_out(items[:4], plan, 60 * MINUTE, start=RATE, keep_from=0)
    assert after[:3] == items[:3]
    assert after[3][0] + after[3][1].length == middle == after[4][0]


def test_an_interrupted_list_goes_on_where_its_time_has_come():
    tracks = [track(n, 180) for n in range(50, 60)]
    deal = Deal(tuple(tracks), _starts(tracks))
    plan = [Stretch(0, 10 * MINUTE, Dealt(deal)),
            Stretch(10 * MINUTE, 12 * MINUTE, dealt(track(90))),
            Stretch(12 * MINUTE, 30 * MINUTE, Dealt(deal, 10 * MINUTE))]  # fmt: skip
    found = names(lane(plan))
    assert found[:6] == [50, 51, 52, 53, 90, 54]


def test_a_segue_point_brings_the_next_in_under_the_end():
    early = track(1, 180, segue=170 * RATE)
    items = lane([Stretch(0, 60 * MINUTE, dealt(early, track(2)))])
    assert items[1][0] == 170 * RATE
    assert items[0][1].fade_out == items[1][1].fade_in == 10 * RATE


def test_two_tracks_in_a_crossfade_never_exceed_full_scale():
    loud = track(1, true_peak_dbtp=-1.5)
    assert gain_of(loud) + loud.true_peak_dbtp <= HEADROOM_DBTP
    assert 2 * 10 ** (HEADROOM_DBTP / 20) * 0.5**0.5 <= 1.0
