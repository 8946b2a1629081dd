"""What zones hear of one alert and of several: scenes, second by second."""

from copy import deepcopy
from dataclasses import replace

import pytest

from alerts.composition import Ending
from alerts.hazard import Direction, Response
from alerts.spoken import Cycle, Spoken
from tests.alerts.warned_zones import (
    LEAD,
    MUSIC,
    A,
    B,
    C,
    D,
    Station,
    ended,
    pcm,
    spoken,
    warning,
)
from zones.bus import Claim, ClaimId, ComesBack, Kind
from zones.media_time import RATE, samples
from zones.sound import Segment, Sequence, Silence, silence

CYCLE = 4.54 + 2 * 7
"""Seconds of a cycle of two languages, as the tests' messages have them."""


def seconds(station, sample):
    return round((sample - station.began) / RATE, 3)


@pytest.fixture
def station():
    return Station()


def tones(station, zone, alert):
    """When the tone of an alert's message began in a zone, in seconds since the start."""
    return [
        seconds(station, heard.at)
        for heard in station.sounded(zone)
        if heard.is_tone and heard.alert == alert
    ]


def test_a_fresh_alert_is_one_claim_that_the_engine_starts_in_all_its_zones(station):
    composed = station.compose(warning("x", [A, B]), is_stamped=False)
    messages = [claim for claim in composed.claims if claim.priority >= 224]
    assert {claim.zone for claim in messages} == {A, B}
    assert len({claim.id for claim in messages}) == 1
    for claim in messages:
        assert (claim.start, claim.until, claim.kind) == (None, None, Kind.WARNING)
        assert claim.comes_back is ComesBack.AGAIN
        assert claim.priority == 240 + 2 * Response.EVACUATE
        assert composed.sources[next(n for n, s in composed.sources.items() if s is claim.source)]


def test_three_cycles_come_close_together_then_one_a_minute(station):
    x = warning("x", [A])
    station.compose(x)
    station.live(300, x)
    first = 0.04
    period = CYCLE + 5
    assert tones(station, A, "x") == pytest.approx(
        [
            first,
            *(first + period * n for n in (1, 2)),
            *(first + 3 * period + 60 * n for n in range(4)),
        ]
    )


def test_languages_rotate(station):
    x = replace(warning("x", [A]), spoken=spoken("m", [A], "ko en zh", "ko en ja"))
    station.compose(x)
    station.live(420, x)
    heard = "".join(s.words[2][0] for s in station.sounded(A) if s.message == "m" and not s.is_tone)
    assert heard.startswith("kezkejkezkejkezkej")


def test_a_zone_that_joins_late_begins_with_the_tone_and_falls_into_phase(station):
    x = warning("x", [A])
    station.compose(x)
    station.live(30, x)
    before = station.turns(A, station.now, station.now + 600 * RATE)
    station.compose(warning("x", [A, B]))
    assert station.turns(A, station.now, station.now + 600 * RATE)[0].claim is before[0].claim
    station.live(300, warning("x", [A, B]))
    joined, others = tones(station, B, "x"), tones(station, A, "x")
    assert joined[0] == pytest.approx(30 + 0.04 + 0.04, abs=0.001)
    # Tone and Korean fit before the others begin again at 47 s; English does not.
    assert joined[1:] == [time for time in others if time > joined[0]]
    assert not any(heard.is_cut for heard in station.sounded(B) if heard.message != "music")


def test_where_not_even_the_tone_fits_a_whole_cycle_comes_first(station):
    x = warning("x", [A])
    station.compose(x)
    station.live(21, x)
    x = warning("x", [A, B])
    station.compose(x)
    station.live(200, x)
    joined, others = tones(station, B, "x"), tones(station, A, "x")
    assert joined[1:] == [time for time in others if time > joined[0] + CYCLE]
    assert not any(heard.is_cut for heard in station.sounded(B) if heard.message != "music")


def test_a_zone_that_joins_before_the_engine_started_the_message_starts_with_it(station):
    station.compose(warning("x", [A]), is_stamped=False)
    composed = station.compose(warning("x", [A, B]))
    mine = [claim for claim in composed.claims if claim.priority >= 224]
    assert len({(claim.id, claim.start) for claim in mine}) == 1


def test_a_higher_level_restarts_once_at_once_and_everywhere(station):
    x = warning("x", [A, B], 224)
    station.compose(x)
    station.live(10, x)
    higher = warning("x", [A, B, C], 240)
    station.compose(higher)
    station.live(100, higher)
    for zone in (A, B, C):
        assert tones(station, zone, "x")[-3:][0] >= 10
        later = [time for time in tones(station, zone, "x") if time > 9]
        assert later == tones(station, C, "x")
        assert later[0] == pytest.approx(10 + 0.04, abs=0.01)


def test_a_language_more_restarts_nothing_and_is_heard_from_the_next_cycle_on(station):
    x = warning("x", [A, B])
    station.compose(x)
    station.live(10, x)
    more = replace(x, spoken=spoken("x-240-3", [A, B], "ko en zh"))
    station.compose(more)
    station.live(100, more)
    said = [s.words[2] for s in station.sounded(A) if s.alert == "x" and not s.is_tone]
    assert said[:8] == ["ko", "en", "ko", "en", "zh", "ko", "en", "zh"]
    assert tones(station, A, "x")[:2] == pytest.approx([0.04, 0.04 + CYCLE + 5])
    assert tones(station, A, "x") == tones(station, B, "x")


def test_longer_names_in_a_new_zone_reach_the_others_at_the_next_cycle(station):
    x = warning("x", [A])
    station.compose(x)
    station.live(10, x)
    longer = replace(warning("x", [A, B]), spoken=spoken("x-240-3", [A, B], seconds=7))
    station.compose(longer)
    station.live(200, longer)
    in_a, in_b = tones(station, A, "x"), tones(station, B, "x")
    assert in_a[1] == pytest.approx(0.04 + CYCLE + 5)
    assert in_b[1:] == in_a[1:]


def test_words_are_not_given_up_for_a_tone_alone(station):
    """After a restart, before the recordings have been read, a message has no words."""
    x = warning("x", [A])
    station.compose(x)
    station.live(10, x)
    before = station.composed
    (words,) = x.spoken.cycles[A]
    bare = Cycle(words.tone, ((silence(RATE),),))
    wordless = replace(x, spoken=Spoken(x.spoken.message, {A: (bare,)}))
    assert station.compose(wordless).claims == before.claims


def test_a_tone_alone_gets_its_words_when_they_are_there(station):
    x = warning("x", [A])
    bare = Cycle(x.spoken.cycles[A][0].tone, ((silence(RATE),),))
    wordless = replace(x, spoken=Spoken(x.spoken.message, {A: (bare,)}))
    station.compose(wordless)
    station.live(3, wordless)
    station.compose(x)
    station.live(30, x)
    assert [s.words[-1] for s in station.sounded(A)][1:5] == ["tone", "tone", "ko", "en"]
    assert tones(station, A, "x")[1] == pytest.approx(0.04 + 4.54 + 1 + 5)


def test_a_wider_spacing_begins_after_a_cycle_and_a_closer_one_in_the_quiet(station):
    x = warning("x", [A])
    station.compose(x)
    station.live(80, x)
    slow = replace(x, spacing=samples(300))
    station.compose(slow)
    station.live(700, slow)
    close = 0.04 + 3 * (CYCLE + 5)
    assert tones(station, A, "x")[3:] == pytest.approx(
        [close + n for n in (0, 60, 360, 660)], abs=0.001
    )
    station.compose(x)
    station.live(100, x)
    assert tones(station, A, "x")[7:] == pytest.approx([close + 720, close + 780])


def test_the_order_is_level_then_response(station):
    low = warning("low", [A, B], 224, Response.EVACUATE)
    stay = warning("stay", [A], 240, Response.SHELTER)
    leave = warning("leave", [A], 240, Response.EVACUATE)
    station.compose(low)
    station.live(5, low)
    station.compose(low, stay)
    station.live(5, low, stay)
    station.compose(low, stay, leave)
    station.live(60, low, stay, leave)
    assert station.messages(A) == ["music", "low-224-3", "stay-240-2", "leave-240-3"]
    assert station.messages(B) == ["music", "low-224-3"]


def test_what_was_overridden_comes_back_from_its_tone_and_into_phase(station):
    low = warning("low", [A, B], 224)
    high = warning("high", [A], 240)
    station.compose(low)
    station.live(100, low)
    station.compose(low, high)
    station.live(50, low, high)
    over = ended(high, times=1)
    station.compose(low, over)
    station.live(400, low, over)
    assert station.messages(A)[-4:] == ["high-240-3", "low-224-3", "high-over-only", "low-224-3"]
    back = [time for time in tones(station, A, "low") if time > 150]
    assert back[0] == pytest.approx(150.05, abs=0.05)
    assert back[-3:] == tones(station, B, "low")[-3:]
    assert not any(
        s.is_cut
        for s in station.sounded(A)
        if s.alert == "low" and s.at > station.began + 150 * RATE
    )


def test_equal_warnings_of_other_hazards_alternate_whole_cycles(station):
    x = warning("x", [A, B])
    y = warning("y", [B, C])
    station.compose(x)
    station.live(3, x)
    station.compose(x, y)
    station.live(300, x, y)
    heard = [s for s in station.sounded(B) if s.message != "music"]
    assert station.messages(B)[:6] == [
        "music",
        "x-240-3",
        "y-240-3",
        "x-240-3",
        "y-240-3",
        "x-240-3",
    ]
    assert not any(s.is_cut for s in heard)
    # It enters behind the Korean part, 11.54 s after the tone began.
    assert tones(station, B, "y")[0] == pytest.approx(11.54 + 0.04, abs=0.001)
    assert station.messages(A) == ["music", "x-240-3"]
    assert tones(station, C, "y")[0] == pytest.approx(3.04, abs=0.01)
    turned = [s.claim for s in heard if " turns" in s.claim.id]
    assert len({claim.id for claim in turned}) == 1


def test_a_third_equal_warning_joins_the_turns(station):
    x, y, z = (warning(name, [A]) for name in "xyz")
    station.compose(x)
    station.live(20, x)
    station.compose(x, y)
    station.live(60, x, y)
    station.compose(x, y, z)
    station.live(200, x, y, z)
    assert station.messages(A)[-7:-1] in (
        [f"{name}-240-3" for name in order] for order in ("zyxzyx", "yxzyxz", "xzyxzy")
    )
    assert not any(s.is_cut for s in station.sounded(A) if s.message != "music")


def test_opposite_directions_call_for_the_conflict_message():
    station = Station(conflict=spoken("conflict", [A, B]))
    up = warning("up", [A, B], direction=Direction.UP)
    down = warning("down", [B, C], direction=Direction.DOWN)
    station.compose(up)
    station.live(30, up)
    composed = station.compose(up, down)
    assert composed.conflicts == (B,)
    station.live(200, up, down)
    assert station.messages(B) == ["music", "up-240-3", "conflict"]
    assert station.messages(A) == ["music", "up-240-3"]
    assert station.messages(C) == ["music", "down-240-3"]


def test_without_a_recorded_conflict_message_both_are_heard(station):
    up = warning("up", [A], direction=Direction.UP)
    down = warning("down", [A], direction=Direction.DOWN)
    station.compose(up)
    composed = station.compose(up, down)
    station.live(100, up, down)
    assert composed.conflicts == (A,)
    assert station.messages(A)[:4] == ["music", "up-240-3", "down-240-3", "up-240-3"]


def test_a_higher_warning_hides_a_conflict():
    station = Station(conflict=spoken("conflict", [A]))
    up = warning("up", [A], 232, direction=Direction.UP)
    down = warning("down", [A], 232, direction=Direction.DOWN)
    composed = station.compose(up, down)
    assert composed.conflicts == (A,)
    composed = station.compose(up, down, warning("z", [A], 240))
    assert composed.conflicts == ()


def test_a_correction_takes_the_messages_place_and_the_programme_waits_ten_seconds(station):
    x = warning("x", [A, B])
    station.compose(x)
    station.live(10, x)
    over = ended(x, times=2)
    composed = station.compose(over)
    spoken_at = composed.spoken_at["x"]
    station.live(120, over)
    for zone in (A, B):
        assert station.messages(zone) == ["music", "x-240-3", "x-over", "music"]
        begin = next(s for s in station.sounded(zone) if s.message == "x-over")
        assert seconds(station, begin.at) == pytest.approx(10.04, abs=0.01)
        back = [s for s in station.sounded(zone) if s.message == "music"][-1]
        assert back.at == spoken_at + 10 * RATE
    assert station.messages(C) == station.messages(D) == ["music"]
    assert station.composed.spoken_at["x"] == spoken_at
    assert station.compose().claims == ()


def test_when_an_ending_is_spoken_is_unknown_until_it_has_begun(station):
    x = warning("x", [A])
    station.compose(x)
    assert station.compose(ended(x), is_stamped=False).spoken_at == {"x": None}


def test_an_ending_waits_below_an_emergency_microphone(station):
    x = warning("x", [A, B])
    station.compose(x)
    station.live(10, x)
    station.speak_live(A)
    over = ended(x, times=1)
    assert station.compose(over).spoken_at == {"x": None}
    station.live(60, over)
    station.fall_silent()
    composed = station.compose(over)
    assert composed.spoken_at["x"] > station.now
    station.live(60, over)
    assert station.messages(A)[-2:] == ["x-over", "music"]
    assert sum(s.is_tone for s in station.sounded(B) if s.message == "x-over") == 1


def test_where_another_lives_it_goes_on_and_the_ending_follows_its_cycle(station):
    x = warning("x", [A, B], 240)
    y = warning("y", [B], 224)
    station.compose(x, y)
    station.live(10, x, y)
    over = ended(x, times=1)
    station.compose(over, y)
    station.live(200, over, y)
    assert station.messages(A) == ["music", "x-240-3", "x-over", "music"]
    assert station.messages(B) == ["music", "x-240-3", "y-224-3", "x-over-only", "y-224-3"]
    only = [s for s in station.sounded(B) if s.message == "x-over-only"]
    assert {s.claim.priority for s in only} == {224 + 2 * Response.EVACUATE + 1}
    assert not any(s.is_cut for s in station.sounded(B) if s.alert == "y" or "over" in s.message)


def test_the_survivor_of_an_alternation_finishes_its_cycle_first(station):
    x, y = warning("x", [A]), warning("y", [A])
    station.compose(x, y)
    station.live(5, x, y)
    while station.sounded(A)[-1].alert != "y":
        station.live(1, x, y)
    over = ended(x, times=1)
    station.compose(over, y)
    station.live(100, over, y)
    assert station.messages(A)[-3:] == ["y-240-3", "x-over-only", "y-240-3"]
    assert not any(s.is_cut for s in station.sounded(A) if s.alert == "y")


def test_a_raised_warning_breaks_into_an_ending_which_is_then_said_as_only(station):
    x = warning("x", [A, B], 240)
    station.compose(x)
    station.live(10, x)
    over = ended(x, times=2)
    station.compose(over)
    station.live(5, over)
    y = warning("y", [A], 224)
    station.compose(over, y)
    station.live(200, over, y)
    assert station.messages(A)[2:] == ["x-over", "y-224-3", "x-over-only", "y-224-3"]
    assert station.messages(B)[2:] == ["x-over", "music"]


def test_an_ending_said_as_only_is_said_whole_once_nothing_else_lives(station):
    x, y = warning("x", [A], 240), warning("y", [A], 224)
    station.compose(x, y)
    over = ended(x)
    station.compose(over, y)
    station.live(5, over, y)
    station.compose(over, ended(y))
    station.live(200, over, ended(y))
    assert station.messages(A)[-3:] == ["x-over", "y-over", "music"]


def test_a_correction_may_be_replaced_by_an_all_clear(station):
    x = warning("x", [A])
    station.compose(x)
    station.compose(ended(x))
    station.live(5, ended(x))
    other = ended(x, message="clear")
    station.compose(other)
    station.live(100, other)
    assert station.messages(A)[-3:] == ["x-over", "x-clear", "music"]


def test_a_step_down_is_spoken_and_the_lower_message_follows(station):
    x = warning("x", [A, B], 240)
    station.compose(x)
    station.live(10, x)
    lower = warning("x", [A, B], 224)
    said = Ending(spoken("x-down", [A, B]), spoken("x-down-only", [A, B]), 1, RATE, goes_on=True)
    stepping = replace(lower, ending=said)
    composed = station.compose(stepping)
    spoken_at = composed.spoken_at["x"]
    assert spoken_at is not None
    # With its author dead from here on the lower message follows all the same.
    turns = station.turns(A, spoken_at + 2 * RATE, spoken_at + 3 * RATE)
    assert [turn.claim.id.split()[-1] for turn in turns] == ["x-224-3"]
    station.live(20, stepping)
    while station.now < spoken_at:
        station.live(1, stepping)
    station.compose(lower)
    station.live(100, lower)
    for zone in (A, B):
        assert station.messages(zone) == ["music", "x-240-3", "x-down", "x-224-3"]


def test_an_escalation_breaks_into_the_alerts_own_ending(station):
    x = warning("x", [A], 224)
    station.compose(x)
    station.live(10, x)
    station.compose(ended(x))
    station.live(5, ended(x))
    higher = warning("x", [A], 240)
    station.compose(higher)
    station.live(100, higher)
    assert station.messages(A) == ["music", "x-224-3", "x-over", "x-240-3"]


def test_neighbours_are_quiet_until_the_rest_is_over():
    station = Station(neighbours={A: [B], B: [A, C], C: [B, D], D: [C]})
    x = warning("x", [B])
    station.compose(x)
    station.live(30, x)
    beside = {c.zone: c for c in station.composed.claims if isinstance(c.source, Silence)}
    assert set(beside) == {A, C}
    assert {(c.priority, c.until) for c in beside.values()} == {(30, None)}
    over = ended(x, times=1)
    spoken_at = station.compose(over).spoken_at["x"]
    assert spoken_at is not None
    station.live(100, over)
    station.compose()
    for zone in (A, B, C):
        back = [s for s in station.sounded(zone) if s.message == "music"][-1]
        assert back.at == spoken_at + 10 * RATE
    assert station.messages(D) == ["music"]


def test_neighbours_may_keep_their_programme():
    station = Station(neighbours={A: [B]}, quiet_neighbours=False)
    station.compose(warning("x", [A]))
    assert {claim.zone for claim in station.composed.claims} == {A}


def exercise(name, zones):
    return warning(name, zones, 120, kind=Kind.EXERCISE)


def test_an_exercise_sounds_at_its_own_level_and_leaves_neighbours_alone():
    station = Station(neighbours={A: [B]})
    drill = exercise("drill", [A])
    station.compose(drill)
    station.live(30, drill)
    assert station.messages(A) == ["music", "drill-120-3"]
    assert {(c.zone, c.priority, c.kind) for c in station.composed.claims} == {
        (A, 126, Kind.EXERCISE)
    }
    station.compose(ended(drill, times=1))
    station.live(60, ended(drill, times=1))
    assert station.messages(A)[-2:] == ["drill-over", "music"]


def test_a_real_alert_ends_the_exercise_in_all_zones(station):
    drill = exercise("drill", [A, B])
    station.compose(drill)
    station.live(5, drill)
    x = warning("x", [A])
    station.compose(drill, x)
    station.live(30, drill, x)
    assert station.messages(A) == ["music", "drill-120-3", "x-240-3"]
    assert station.messages(B) == ["music", "drill-120-3", "music"]
    assert seconds(station, station.sounded(B)[-1].at) == pytest.approx(5.04, abs=0.01)


def test_a_warning_nobody_knows_is_left_alone(station):
    known = station.compose(warning("x", [A, B]), warning("y", [B]))
    station.live(60, warning("x", [A, B]), warning("y", [B]))
    known = station.composed
    composed = station.compose(warning("z", [C]))
    assert set(known.claims) <= set(composed.claims)
    assert all(known.sources[name] is composed.sources[name] for name in known.sources)


def test_what_became_one_with_another_is_never_heard_again(station):
    caution, evacuate = warning("x", [A, B], 224), warning("z", [A], 240)
    station.compose(caution, evacuate)
    station.live(20, caution, evacuate)
    one = replace(warning("z", [A, B], 240), absorbed=("x",))
    station.compose(one)
    station.live(60, one)
    over = ended(one, times=1)
    station.compose(over)
    station.live(120, over)
    for zone in (A, B):
        assert station.messages(zone)[-3:] == ["z-240-3", "z-over", "music"]
    assert station.compose().claims == ()


def test_turns_with_one_that_became_another_end(station):
    x, y = warning("x", [A], 224), warning("y", [A], 224)
    station.compose(x, y)
    station.live(40, x, y)
    assert "x-224-3" in station.messages(A)
    one = replace(warning("z", [A], 240), absorbed=("x",))
    station.compose(one, y)
    station.live(60, one, y)
    over = ended(one, times=1)
    station.compose(over, y)
    station.live(120, over, y)
    assert station.messages(A)[-2:] == ["z-over-only", "y-224-3"]
    over = ended(y, times=1)
    station.compose(over)
    station.live(120, over)
    assert station.compose().claims == ()


def test_where_it_never_sounded_it_ends_without_a_word(station):
    low, high = warning("x", [A, B], 224), warning("y", [B], 240)
    station.compose(low, high)
    station.live(20, low, high)
    over = replace(ended(low, times=1), zones=(A,))
    station.compose(over, high)
    station.live(60, over, high)
    gone = ended(high, times=1)
    station.compose(gone)
    station.live(120, gone)
    assert station.messages(A) == ["music", "x-224-3", "x-over", "music"]
    assert station.messages(B) == ["music", "y-240-3", "y-over", "music"]
    assert station.compose().claims == ()


def test_where_it_may_have_sounded_since_it_ends_with_its_word(station):
    low, high = warning("x", [A], 224), warning("y", [A], 240)
    station.compose(low, high)
    station.live(20, low, high)
    gone = ended(high, times=1)
    station.compose(low, gone)
    station.live(60, low, gone)
    over = replace(ended(low, times=1), zones=())
    station.compose(over)
    station.live(60, over)
    assert station.messages(A)[-2:] == ["x-over", "music"]


def test_an_unknown_warning_counts_where_another_ends(station):
    station.compose(warning("x", [A], 224), warning("y", [A], 240))
    over = ended(warning("y", [A], 240), times=1)
    station.compose(over)
    station.live(60, over)
    assert station.messages(A)[-3:] == ["x-224-3", "y-over-only", "x-224-3"]


def test_a_warning_played_by_hand_counts_where_another_ends(station):
    source = Sequence(loop=(Segment(pcm("hand"), 0, 10 * RATE), silence(RATE)))
    hand = Claim(
        ClaimId("warning-1"), A, Kind.WARNING, 230, source, station.now, None, ComesBack.AGAIN
    )
    station.others.append(hand)
    x = warning("x", [A])
    station.compose(x)
    station.live(20, x)
    over = ended(x, times=1)
    station.compose(over)
    station.live(60, over)
    assert station.messages(A)[1:] == ["x-240-3", "hand", "x-over-only", "hand"]


def test_composing_again_changes_nothing(station):
    x, y = warning("x", [A, B]), warning("y", [B, C])
    station.compose(x, y)
    station.live(100, x, y)
    before = station.composed
    station.wait(0.1)
    again = station.compose(x, y)
    assert [id(claim) for claim in again.claims] == [id(claim) for claim in before.claims]
    assert {n: id(s) for n, s in again.sources.items()} == {
        n: id(s) for n, s in before.sources.items()
    }


def test_after_a_restart_every_message_goes_on_where_it_was(station):
    x, y = warning("x", [A, B]), warning("y", [B, C])
    over = ended(warning("z", [D]))
    station.compose(x, y, warning("z", [D]))
    station.live(100, x, y, warning("z", [D]))
    station.compose(x, y, over)
    station.live(3, x, y, over)
    before = station.composed
    station.composed = deepcopy(before)
    again = station.compose(x, y, over)
    assert again.claims == before.claims
    assert again.sources == before.sources
    assert again.spoken_at == before.spoken_at


def test_all_claims_of_warnings_last_until_they_are_withdrawn(station):
    x, y = warning("x", [A, B]), warning("y", [B, C])
    station.compose(x, y)
    station.live(5, x, y)
    assert all(claim.until is None for claim in station.composed.claims if claim.start is None)
    on_air = [station.turns(zone, station.now, station.now + 86400 * RATE) for zone in (A, B, C)]
    for turns in on_air:
        assert turns[-1].until == station.now + 86400 * RATE
        assert turns[-1].claim.until is None


def test_music_is_what_is_heard_without_warnings(station):
    assert station.compose().claims == ()
    assert station.composed.next_look is None
    assert station.turns(A, station.now, station.now + LEAD)[0].claim.id == MUSIC


def test_an_ending_is_put_in_between_warnings_that_take_turns(station):
    x = warning("x", [A], 240)
    y, z = warning("y", [A], 224), warning("z", [A], 224)
    station.compose(x, y, z)
    station.live(20, x, y, z)
    over = ended(x, times=1)
    station.compose(over, y, z)
    station.live(200, over, y, z)
    assert station.messages(A)[2:6] == ["z-224-3", "x-over-only", "z-224-3", "y-224-3"]
    assert not any(s.is_cut for s in station.sounded(A) if s.alert in "yz")


def test_what_is_no_longer_true_falls_silent_at_once_in_an_alternation(station):
    x, y = warning("x", [A]), warning("y", [A])
    station.compose(x, y)
    while station.sounded(A)[-1:] == [] or station.sounded(A)[-1].claim.priority % 2 == 0:
        station.live(1, x, y)
    while station.sounded(A)[-1].alert != "x":
        station.live(1, x, y)
    ending = station.now
    over = ended(x, times=1)
    station.compose(over, y)
    station.live(100, over, y)
    last = [s for s in station.sounded(A) if s.message == "x-240-3"][-1]
    assert last.until <= ending + LEAD + samples(0.01)


def test_a_language_more_is_heard_in_an_alternation(station):
    x, y = warning("x", [A]), warning("y", [A])
    station.compose(x, y)
    station.live(60, x, y)
    more = replace(x, spoken=spoken("x-240-3", [A], "ko en zh"))
    station.compose(more, y)
    station.live(100, more, y)
    assert "zh" in {s.words[-1] for s in station.sounded(A)}
    assert not any(s.is_cut for s in station.sounded(A) if s.message != "music")


def test_another_message_of_the_same_rank_waits_for_the_end_of_a_language(station):
    x = warning("x", [A], message="x-one")
    station.compose(x)
    station.live(7, x)
    other = warning("x", [A], message="x-two")
    station.compose(other)
    station.live(60, other)
    assert station.messages(A) == ["music", "x-one", "x-two"]
    assert not any(s.is_cut for s in station.sounded(A) if s.message != "music")


def test_the_quiet_beside_ends_by_itself_once_the_end_is_known():
    station = Station(neighbours={A: [B]})
    x = warning("x", [A])
    station.compose(x)
    station.live(5, x)
    spoken_at = station.compose(ended(x, times=1)).spoken_at["x"]
    assert spoken_at is not None
    (quiet,) = (c for c in station.composed.claims if c.zone == B)
    assert quiet.until == spoken_at + 10 * RATE
    y = warning("y", [A])
    station.compose(ended(x, times=1), y)
    station.live(300, ended(x, times=1), y)
    assert station.turns(B, station.now, station.now + 1)[0].claim.priority == 30
    assert station.messages(B) == []
    assert "music" not in station.messages(A)[1:]


def test_an_alert_that_is_back_at_its_level_lets_its_ending_be_spoken_first(station):
    x = warning("x", [A])
    station.compose(x)
    station.live(5, x)
    station.compose(ended(x, times=1))
    station.live(5, ended(x, times=1))
    station.compose(x)
    station.live(60, x)
    assert station.messages(A) == ["music", "x-240-3", "x-over", "x-240-3"]
    assert all(claim.until is not None for claim in station.composed.claims if "over" in claim.id)
