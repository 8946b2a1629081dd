"""What cameras, gauges and people report, and what is asked of the book of alerts."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alert import IncidentId
from alerts.detection import Absence, Admitted, Living, Taken
from alerts.detection.event import SourceId
from alerts.hazard import HazardId, Level
from alerts.life_cycle import OnTimeout
from tests.alerts.detection.ground import Play, event, level, rules, utc
from zones.bus import ZoneId

HILL = tuple(map(ZoneId, ("hill-1", "hill-2", "hill-3")))
GAUGES = ("hongje-level", "hongyeon-level")


def held(play, source="cam-031", at=0.0, seconds=20.0, **fields):
    verdict = play.take(event(source, at=at, **fields))
    play.until(at + seconds)
    return verdict


# --- a camera ---


def test_one_start_that_holds_asks_people_for_a_minute_and_then_sounds_as_caution():
    play = Play()
    play.take(event(confidence=0.7))
    play.until(19)
    assert play.orders == []
    play.until(20)
    (order,) = play.detected
    assert (order.level, order.window, order.on_timeout) == (Level.CAUTION, 60, OnTimeout.AIR)
    assert order.zones == HILL
    assert order.camera == "cam-031"
    assert "cam-031" in order.evidence[0]


def test_a_start_that_stops_before_it_lasted_is_nothing():
    play = Play()
    play.take(event(id="a"), event(id="a", phase="end", at=10))
    play.until(7_200)
    assert play.orders == []
    assert play.detections.incidents == ()


def test_one_thing_that_stops_leaves_the_other_standing():
    play = Play()
    play.take(event(id="a"), event(id="b", at=2), event(id="a", phase="end", at=10))
    play.until(60)
    assert play.highest is Level.CAUTION


def test_a_weak_detection_is_no_evidence():
    play = Play()
    held(play, confidence=0.4, seconds=600)
    assert play.orders == []


def test_what_is_over_when_its_alert_ends_is_told_and_asked_no_more():
    play = Play()
    held(play)
    (order,) = play.detected
    play.take(event(at=100, phase="end"))
    play.detections.ended(order.incident, 120)
    play.until(125)
    assert [one.incident for one in play.named("Quieted")] == [order.incident]


def test_what_goes_on_when_its_alert_ends_is_told_once_it_is_quiet():
    play = Play()
    held(play)
    (order,) = play.detected
    play.detections.ended(order.incident, 60)
    play.until(120)
    assert play.named("Quieted") == []
    play.take(event(at=130, phase="end"))
    play.until(2000)
    assert [one.incident for one in play.named("Quieted")] == [order.incident]


def test_of_what_is_only_known_by_its_alert_nothing_goes_on_once_that_ends():
    play = Play()
    living = Living(IncidentId("abc"), HazardId("wildfire"), Level.CAUTION, (ZoneId("hill-1"),))
    play.detections.adopt([living], 0, utc(0))
    play.until(3000)
    assert play.named("Quieted") == []
    play.detections.ended(living.incident, 3000)
    play.until(3001)
    assert [one.incident for one in play.named("Quieted")] == ["abc"]


def test_a_camera_that_flaps_every_second_raises_one_alert():
    play = Play()
    for second in range(60):
        play.take(event(at=second), event(at=second + 0.5, phase="end"))
    assert {order.incident for order in play.detected} == {play.detected[0].incident}
    assert play.highest is Level.CAUTION


def test_two_cameras_apart_that_are_sure_evacuate_at_once():
    play = Play()
    held(play, "cam-031", confidence=0.9)
    held(play, "cam-033", at=30, confidence=0.9)
    assert play.highest is Level.EVACUATE
    assert play.detected[-1].window == 0
    assert len({order.incident for order in play.detected}) == 1


@pytest.mark.parametrize("by", [{"via": "vms-1"}, {}])
def test_two_cameras_behind_one_key_count_as_one(by):
    play = Play()
    for at, source in ((0, "cam-031"), (1, "cam-033")):
        play.take(event(source, at=at, confidence=0.9), **by)
    play.until(120)
    assert play.highest is (Level.CAUTION if by else Level.EVACUATE)


def test_heat_seen_once_gives_a_minute():
    play = Play()
    play.take(event(kind="thermal", confidence=0.9))
    (order,) = play.detected
    assert (order.level, order.window) == (Level.CAUTION, 60)


def test_the_highest_level_of_a_key_bounds_what_it_raises():
    play = Play()
    play.take(level(1.9, 0), highest=Level.CAUTION)
    play.take(level(1.9, 60), highest=Level.CAUTION)
    assert play.highest is Level.CAUTION


def test_a_key_warns_only_its_zones():
    play = Play()
    play.take(event(confidence=0.9), zones=("stream",))
    play.until(60)
    assert play.orders == []


def test_new_evidence_adds_zones_and_begins_no_second_incident():
    play = Play()
    play.take(level(0.7, 0, "hongnam-level"), level(0.7, 60, "hongnam-level"))
    play.take(event("cam-214", "flood", "update", 61), event("cam-214", "flood", "update", 71))
    assert len(play.detections.incidents) == 1


# --- a gauge ---


def test_two_readings_over_the_threshold_close_the_path_and_all_that_lies_downstream():
    play = Play()
    play.take(level(0.7, 0, "cam-214"))
    assert play.orders == []
    play.take(level(0.7, 10, "cam-214"))
    (order,) = play.detected
    assert (order.level, order.window) == (Level.CAUTION, 0)
    assert order.zones == tuple(f"stream-{n}" for n in range(1, 12))


def test_one_reading_over_the_evacuation_level_is_enough():
    play = Play()
    play.take(level(1.6, 0))
    assert play.highest is Level.EVACUATE


def test_a_jump_no_water_can_make_gives_thirty_seconds_and_is_never_discarded():
    play = Play()
    play.take(level(0.2, 0), level(1.9, 60))
    (order,) = [each for each in play.detected if each.level is Level.EVACUATE]
    assert (order.window, order.on_timeout) == (30, OnTimeout.AIR)


def test_a_rise_evacuates_before_the_threshold():
    play = Play()
    play.take(*(level(0.10 + 0.05 * n, 60 * n) for n in range(9)))
    assert play.highest is Level.EVACUATE
    assert any("rose by" in order.evidence[0] for order in play.detected)


def test_where_the_water_will_be_is_foreseen():
    slow = """
schema: 1
rules:
  soon: {hazard: flood, kinds: water_level, reaches: {to: 1.5 m, within: 15 min}, level: warning}
"""
    play = Play(slow)
    play.take(*(level(0.5 + 0.02 * n, 60 * n) for n in range(60)))
    assert play.highest is Level.WARNING
    left = play.detected[0].evidence[0]
    assert "will be 1.5 m in 1" in left


def test_hysteresis_keeps_one_alert_and_quiet_proposes_its_end_once():
    play = Play()
    play.take(*(level(0.65 if n % 2 else 0.55, 60 * n) for n in range(20)))
    assert len(play.detections.incidents) == 1
    asked = len(play.detected)
    play.take(*(level(0.2, 1_200 + 60 * n) for n in range(60)))
    assert len(play.detected) == asked
    assert len(play.named("Quieted")) == 1


def test_a_lost_sensor_is_never_quiet():
    play = Play()
    play.take(level(0.7, 0), level(0.7, 60), level(0.2, 120))
    play.until(20_000)
    assert play.named("Quieted") == []
    assert "said nothing" in play.named("SensorLost")[0].reason
    assert any("hongje-level" in fault.id for fault in play.faults)
    play.take(level(0.2, 20_001))
    assert any(fault.is_over and "hongje-level" in fault.id for fault in play.faults)


def test_a_state_that_falls_silent_without_an_end_is_a_lost_sensor_and_no_all_clear():
    play = Play()
    held(play)
    held(play, "cam-033", at=30)
    play.take(event("cam-033", at=60, phase="end"))
    play.until(40_000)
    assert play.named("Quieted") == []
    (lost,) = play.named("SensorLost")
    assert "cam-031" in lost.reason
    play.take(event("cam-031", at=40_000, phase="end"))
    play.until(40_000 + 899)
    assert play.named("Quieted") == [], "it may have held until its end was told"
    play.until(40_000 + 900)
    assert len(play.named("Quieted")) == 1


def test_a_silent_state_nobody_is_warned_of_any_more_is_over_after_an_hour():
    play = Play()
    held(play)
    (order,) = play.detected
    play.detections.ended(order.incident, 30)
    play.until(3_700)
    assert [one.incident for one in play.named("Quieted")] == [order.incident]
    assert play.detections.incidents == ()


def test_a_silent_state_that_people_were_asked_about_again_is_a_lost_sensor_too():
    play = Play()
    held(play)
    (order,) = play.detected
    play.detections.ended(order.incident, 30)
    play.detections.lives(order.incident)
    play.until(40_000)
    assert play.named("Quieted") == []
    assert len(play.named("SensorLost")) == 1


def test_a_lost_sensor_is_no_all_clear_after_a_restart_either():
    before = Play()
    held(before)
    held(before, "cam-033", at=3_000)
    before.until(3_700)
    assert len(before.named("SensorLost")) == 1
    memory = json.loads(json.dumps(before.detections.memory(3_700.0, utc(3_700))))
    after = Play(memory=memory, start=3_700.0)
    (incident,) = after.detections.incidents
    living = Living(incident.id, HazardId("wildfire"), Level.CAUTION, HILL)
    after.detections.adopt([living], 3_700, utc(3_700))
    after.take(event("cam-033", at=3_800, phase="end"))
    after.until(40_000)
    assert after.named("Quieted") == []


def test_asked_again_evidence_asks_for_what_it_shows_now_and_rises_anew():
    play = Play()
    play.take(level(1.6, 0), level(0.7, 600), level(0.7, 1_200))
    incident = play.detected[0].incident
    play.detections.ended(incident, 1_210)
    assert play.detections.asked_again(incident) is Level.CAUTION
    asked = len(play.detected)
    play.take(level(1.6, 1_800))
    assert [order.level for order in play.detected[asked:]][-1] is Level.EVACUATE
    assert play.detections.asked_again(IncidentId("nobody's")) is None


def test_a_frozen_gauge_is_doubted_only_while_another_moves():
    for moves in (False, True):
        play = Play()
        for n in range(40):
            play.take(level(0.62, 60 * n, "hongje-level", id=f"h{n}"))
            play.take(level(0.1 + 0.004 * n * moves, 60 * n + 1, "hongnam-level"))
        doubted = play.detections.incidents[0].contributions[SourceId("hongje-level")].suspicion
        assert (doubted is not None) == moves


# --- people and clocks ---


def test_a_person_who_sees_it_needs_no_window():
    play = Play()
    seen = event("guard-7", "manual", hazard="wildfire", zones=["hill-2"])
    play.take(seen, via="guard-7")
    (order,) = play.detected
    assert (order.level, order.window) == (Level.WARNING, 0)
    assert "hill-2" in order.zones


def test_a_place_nobody_knows_means_all_zones_once_somebody_agrees():
    play = Play()
    play.take(event("guard-7", "manual", hazard="flood"), via="guard-7")
    (order,) = play.detected
    assert len(order.zones) == 14
    assert (order.window, order.on_timeout) == (120, OnTimeout.DROP)


def test_old_and_strange_events_go_to_the_operator_once_a_minute():
    play = Play()
    for n in range(10):
        assert play.take(event(at=-3_600 + n), at=n).taken is Taken.STALE
        assert play.take(event("cam-999", at=n), at=n).taken is Taken.UNKNOWN_SOURCE
    assert len(play.suspected) == 2
    assert play.orders == []


def test_a_dead_clock_battery_does_not_make_us_deaf():
    play = Play()
    (fault,) = play.detections.doubt_clock("our clock is not synchronised")
    assert not fault.is_over
    play.take(level(1.8, -86_400), at=0)
    (order,) = play.detected
    assert (order.level, order.window, order.on_timeout) == (Level.EVACUATE, 60, OnTimeout.AIR)
    (fault,) = play.detections.doubt_clock("")
    assert fault.is_over


@pytest.mark.parametrize("mode", ["exercise", "test"])
def test_an_exercise_raises_nothing_real(mode):
    play = Play()
    assert play.take(level(1.9, 0, mode=mode)).taken is Taken.EXERCISE
    assert play.orders == []


def test_health_of_a_source_is_a_fault_in_words():
    play = Play()
    play.take(event(kind="health", text="lens dirty"))
    play.take(event(kind="health", phase="end", at=60))
    said = [fault for fault in play.faults if fault.id == "health of cam-031"]
    assert [(fault.sentence, fault.is_over) for fault in said] == [
        ("cam-031: lens dirty", False),
        ("cam-031: lens dirty", True),
    ]


# --- before and after a restart ---


def test_a_state_true_at_the_start_raises_the_alert():
    play = Play(start=700.0, absence=Absence(utc(0), utc(690)))
    play.take(event(at=100, retained=True), at=700)
    assert play.highest is Level.CAUTION


def test_after_a_restart_the_same_incident_goes_on_and_nothing_is_raised_twice():
    before = Play()
    start = level(1.6, 0)
    before.take(start)
    memory = before.detections.memory(before.now, utc(before.now))
    after = Play(memory=memory, start=10.0)
    assert after.take(start, at=10).taken is Taken.REPEATED
    assert after.verdicts[-1].incident == before.detected[0].incident
    after.take(level(1.7, 60, "hongyeon-level"))
    assert {order.incident for order in after.detected} <= {before.detected[0].incident}
    after.take(*(level(0.1, 120 + 60 * n, name) for n in range(40) for name in GAUGES))
    assert [order.incident for order in after.named("Quieted")] == [before.detected[0].incident]


@settings(deadline=None)
@given(st.recursive(st.none() | st.text(max_size=5) | st.integers(), st.lists, max_leaves=5))
def test_damaged_memory_is_no_reason_to_fail(damage):
    memory = {"opened": [damage], "incidents": [damage, {"id": damage}], "cooling": damage}
    assert Play(memory=memory).detections.incidents == ()


def test_an_alert_the_book_still_has_takes_new_evidence():
    play = Play()
    living = Living(IncidentId("old"), rules().rules[0].hazard, Level.CAUTION, HILL)
    play.detections.adopt([living], 0.0, utc(0))
    held(play, confidence=0.9)
    held(play, "cam-033", at=40, confidence=0.9)
    assert {order.incident for order in play.detected} == {"old"}


# --- after the end ---


def test_the_same_level_is_not_raised_again_at_once_but_an_escalation_is():
    play = Play()
    play.take(level(0.7, 0), level(0.7, 60))
    first = play.detected[0].incident
    play.take(*(level(0.45, 120 + 60 * n) for n in range(35)))
    play.detections.ended(first, play.now)
    again = play.now + 60
    play.take(level(0.7, again), level(0.7, again + 60))
    assert {order.incident for order in play.detected} == {first}
    play.take(*(level(0.7, again + 120 + 60 * n) for n in range(12)))
    assert len({order.incident for order in play.detected}) == 2

    play.detections.ended(play.detected[-1].incident, play.now)
    play.take(level(1.9, play.now + 60))
    assert play.highest is Level.EVACUATE


def test_it_is_explained_why_it_sounded_and_why_not():
    play = Play()
    held(play, confidence=0.7)
    story = "\n".join(play.detections.explain(play.detected[0].incident))
    assert "rule smoke-camera asks for caution after 60 s" in story
    assert "smoke-two-cameras: needs 2 sources" in story


# --- whatever comes ---

_EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["cam-031", "cam-032", "cam-033"]),
        st.sampled_from(["smoke", "fire", "thermal"]),
        st.sampled_from(["start", "update", "end"]),
        st.floats(0.0, 1.0),
        st.floats(0.0, 120.0),
        st.sampled_from(["", "vms-1"]),
    ),
    max_size=30,
)


@settings(max_examples=150, deadline=None)
@given(_EVENTS)
def test_nothing_is_asked_twice_and_evacuation_never_on_one_source(events):
    play, now = Play(), 0.0
    by: dict[str, set[str]] = {}
    for source, kind, phase, confidence, step, via in events:
        now += step
        by.setdefault(source, set()).add(via)
        play.take(event(source, kind, phase, now, confidence=confidence), via=via)
    play.until(now + 20_000)
    keys = [order.key for order in play.detected]
    asked = [(order.incident, order.level, order.evidence, order.zones) for order in play.detected]
    assert len(asked) == len({(a, b, c, d) for a, b, c, d in asked}) or len(keys) == len(set(keys))
    if play.highest is Level.EVACUATE:
        assert len(by) >= 2
    assert all(order.window > 0 for order in play.detected if order.level is Level.CAUTION)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 3.0), min_size=1, max_size=60))
def test_a_reading_over_the_evacuation_level_always_evacuates(values):
    play = Play()
    play.take(*(level(value, 60.0 * n) for n, value in enumerate(values)))
    if max(values) >= 1.5:
        assert play.highest is Level.EVACUATE


def test_what_nearly_sounded_is_told_after_what_did():
    play = Play()
    play.take(event(confidence=0.7), level(1.7, 1))
    told = list(play.detections.stories())
    assert len(told) == 2
    assert told[0] == play.detected[0].incident
    assert list(play.detections.stories(told[1])) == [told[1]]
    assert play.detections.stories("no such") == {}


def test_an_incident_that_ended_while_its_evidence_went_on_is_over_once_it_is_quiet():
    play = Play()
    play.take(level(1.6, 0))
    first = play.detected[0].incident
    play.detections.ended(first, 1.0)
    assert [each.id for each in play.detections.incidents] == [first]
    play.take(*(level(0.1, 60 + 60 * n) for n in range(40)))
    assert [order.incident for order in play.named("Quieted")] == [first]
    assert play.detections.incidents == ()
    play.take(level(1.6, 3_000))
    assert play.detected[-1].incident != first


def test_what_was_rejected_may_be_asked_again_after_five_minutes_and_at_once_by_others():
    play = Play()
    held(play, confidence=0.7)
    first = play.detected[0].incident
    play.take(event(phase="end", at=30))
    play.detections.ended(first, 31.0, is_rejected=True)
    held(play, at=60, confidence=0.7)
    assert {order.incident for order in play.detected} == {first}
    play.until(340)
    assert len({order.incident for order in play.detected}) == 2


def test_another_rule_breaks_through_a_cool_down():
    play = Play()
    held(play, confidence=0.7)
    first = play.detected[0].incident
    play.take(event(phase="end", at=30))
    play.detections.ended(first, 31.0)
    play.take(event("cam-032", "thermal", at=60, confidence=0.9))
    assert play.detected[-1].rule == "heat"


def test_after_a_restart_an_incident_whose_alert_has_ended_does_not_keep_a_new_one_silent():
    before = Play()
    before.take(level(1.6, 0), level(0.1, 60))
    memory = before.detections.memory(60.0, utc(60))
    after = Play(memory=memory, start=100.0)
    after.detections.adopt([], 100.0, utc(100))
    after.take(level(1.6, 120))
    assert after.highest is Level.EVACUATE


def test_no_all_clear_is_proposed_for_what_no_sensor_speaks_of():
    play = Play()
    living = Living(IncidentId("old"), rules().rules[0].hazard, Level.CAUTION, HILL)
    play.detections.adopt([living], 0.0, utc(0))
    play.until(20_000)
    assert play.named("Quieted") == []


def test_a_reading_that_comes_late_may_raise_and_never_ends():
    play = Play()
    play.take(level(0.2, 60))
    play.take(level(1.7, 30), at=61)
    assert play.highest is Level.EVACUATE
    play.take(level(1.8, 120))
    play.take(level(0.1, 90), at=121)
    assert play.detections.is_above(play.detected[0].incident)


def test_a_clock_that_sources_do_not_agree_with_is_a_fault_until_they_do():
    play = Play()
    for n, source in enumerate(("cam-031", "cam-032", "cam-033")):
        play.take(event(source, at=-3_600 + n), at=n)
    (fault,) = (each for each in play.faults if each.id == "clock")
    assert "time service" in fault.sentence
    assert play.detected == []
    play.until(25)
    assert play.highest is Level.CAUTION
    play.take(event(phase="update", at=100))
    assert not any(each.is_over for each in play.faults if each.id == "clock")
    play.take(event(phase="update", at=700))
    assert any(each.is_over for each in play.faults if each.id == "clock")


def test_a_state_that_had_not_lasted_when_everything_died_goes_on_lasting():
    before = Play()
    before.take(event(confidence=0.8))
    assert before.orders == []
    memory = before.detections.memory(1.0, utc(1))
    after = Play(memory=json.loads(json.dumps(memory)), start=10.0)
    after.detections.adopt([], 10.0, utc(10))
    after.until(60)
    (order,) = after.detected
    assert (order.level, order.zones) == (Level.CAUTION, HILL)
    assert order.incident == before.detections.incidents[0].id


def test_of_two_things_one_that_ends_after_a_restart_leaves_the_other_standing():
    before = Play()
    before.take(event(id="a"), event(id="b", at=2))
    before.until(30)
    memory = json.loads(json.dumps(before.detections.memory(30.0, utc(30))))
    after = Play(memory=memory, start=31.0)
    after.take(event(id="a", phase="end", at=40))
    (incident,) = after.detections.incidents
    assert after.detections.is_above(incident.id)
    after.take(event(id="b", phase="end", at=50))
    assert not after.detections.is_above(incident.id)


def test_only_what_must_outlive_a_restart_is_worth_keeping():
    detections = Play().detections

    def told(each, now):
        return detections.take([Admitted(each, utc(now))], now, utc(now)).is_worth_keeping

    assert told(event(id="a"), 0.0)
    assert not told(event(id="a", phase="update", at=1), 1.0)
    assert told(event(id="a", phase="end", at=2), 2.0)
    assert not told(level(0.3, 3), 3.0)
    assert told(level(1.9, 4), 4.0)
