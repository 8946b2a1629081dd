"""Warnings by hand through the whole core: commands in, plan, record and answer out."""

import json
from datetime import timedelta

import pytest

from alerts.detection.event_json import event_in
from alerts.message import Language, Phrase
from alerts.record import alert_facts, open_ids, recover
from alerts.voices import Status, Voice
from broadcaster.control.acts import (
    Answered,
    CalledUp,
    EngineAdopted,
    Planned,
    Recorded,
    Restarted,
    TakeWords,
    Witnessed,
)
from broadcaster.control.play_order import RefusedError
from broadcaster.control.wire import read_command
from broadcaster.journal.entry import Kind as Entries
from broadcaster.self_test import SENT_NS
from broadcaster.witness import Fact, Witness
from tests.broadcaster.control.bench import (
    CLOCK,
    NOON,
    adopt,
    messages,
    new_core,
    on_air,
    play,
    site,
    started,
    warnings,
    written,
)
from zones.bus import Kind, ZoneId
from zones.media_time import RATE
from zones.site import StreamId
from zones.sound import PcmId

HILL = ("hill-1", "hill-2", "hill-3")


def order(name, now=1.0, key=None, who="kim", **fields):
    said = {"name": name, "key": key or f"{name} {now}", "who": who, **fields}
    return read_command(said, site(), CLOCK, round(now * RATE))


def do(core, name, now=1.0, **fields):
    """The effects of an act, adopted by the engine at once, with its answer last."""
    effects = core.handle(order(name, now, **fields), now)
    return [*effects, *adopt(core, now + 0.003)]


def answer(effects):
    return next(one for one in reversed(effects) if isinstance(one, Answered))


def recorded(effects, kind=Entries.ALERT):
    return [
        entry
        for effect in effects
        if isinstance(effect, Recorded)
        for entry in effect.entries
        if entry.kind is kind
    ]


def raised(core, now=1.0, message="wildfire-caution", zones=HILL, **fields):
    return answer(do(core, "raise", now, message=message, zones=list(zones), **fields)).fields


def test_a_warning_is_on_air_recorded_and_answered():
    core = started()
    effects = do(core, "raise", message="wildfire-caution", zones=["hill"], reason="smoke")
    said = answer(effects)
    assert not said.error
    assert said.fields["state"] == "airing"
    assert said.fields["on_air"] == list(HILL)
    assert said.fields["first_packet_ms"] == 3.0
    assert [on_air(core, 1.01, zone) for zone in HILL] == [on_air(core, 1.01, "hill-1")] * 3
    entry = recorded(effects)[0]
    assert entry.subject == said.fields["alert"]
    assert entry.facts["by"] == "kim"
    assert json.dumps(dict(entry.facts))
    mine = [c for c in core.plan.claims if c.kind is Kind.WARNING and said.fields["alert"] in c.id]
    assert {c.until for c in mine} == {None}


def test_the_journal_is_told_before_the_plan_is_handed_on():
    effects = started().handle(order("raise", message="wildfire-caution", zones=["hill"]), 1.0)
    kinds = [type(effect) for effect in effects]
    assert kinds.index(Recorded) < kinds.index(Planned)


def test_the_same_key_is_one_warning_also_after_a_restart():
    core = started()
    first = raised(core, key="k")
    again = core.handle(order("raise", key="k", message="wildfire-caution", zones=["hill"]), 2.0)
    assert answer(list(again)).fields["alert"] == first["alert"]
    back = restarted(core, 3.0)
    effects = back.handle(
        order("raise", 3.1, key="k", message="wildfire-caution", zones=["hill"]), 3.1
    )
    adopted = [*effects, *adopt(back, 3.2)]
    assert answer(adopted).fields["alert"] == first["alert"]
    assert len(back.warnings.book.living) == 1


def restarted(core, now):
    """A control that begins from the plan and from what was recorded."""
    book = core.warnings.book
    rows = []
    for alert in book.alerts:
        rows.append({"nature": "real", "alert": alert_facts(alert, now, NOON)})
    found = recover(rows, now, NOON, messages())
    back = new_core(now, written(core.plan), core.plan.revision)
    back.alerts.warnings = warnings(found.book)
    back.handle(Restarted(), now)
    back.handle(EngineAdopted(revision=back.plan.revision), now)
    return back


def test_a_second_person_confirms_what_the_message_asks_for():
    core = started()
    first = raised(core, message="flood-evacuate", zones=("stream-1",))
    assert (first["state"], on_air(core, 1.1)) == ("pending", "schedule")
    alone = do(core, "confirm", 2.0, alert=first["alert"])
    assert "second person" in answer(alone).error
    assert recorded(alone, Entries.AUDIT)[0].facts["refused"] == answer(alone).error
    other = answer(do(core, "confirm", 3.0, who="lee", alert=first["alert"]))
    assert other.fields["state"] == "airing"
    assert other.fields["on_air"] == ["stream-1"]


def test_without_a_second_person_it_sounds_when_their_time_is_over():
    core = started()
    first = raised(core, message="flood-evacuate", zones=("stream-1",))
    at = 1.0
    while core.warnings.book.alert(first["alert"]).state.value == "pending":
        at = core.deadline()
        assert at is not None
        core.handle(EngineAdopted(revision=core.plan.revision), at)
        core.expire(at)
    adopt(core, at)
    assert at == pytest.approx(31.0)
    assert first["alert"] in on_air(core, at + 0.1)


def test_people_are_called_for_what_waits():
    effects = do(started(), "raise", message="flood-evacuate", zones=["stream-1"])
    assert [type(one.called.why) for one in effects if isinstance(one, CalledUp)]


def test_a_correction_is_spoken_where_it_sounded_and_then_the_programme_returns():
    core = started()
    name = raised(core)["alert"]
    corrected = answer(do(core, "correct", 20.0, alert=name, reason="barbecue")).fields
    assert corrected["state"] == "correcting"
    assert on_air(core, 20.1, "hill-1").split()[3] == "ending"
    now = 20.0
    while core.warnings.book.alert(name).is_living:
        now = core.deadline()
        core.expire(now)
        assert now < 200
    assert core.warnings.book.alert(name).state.value == "closed"
    rest = next(
        now + at / 10 for at in range(200) if on_air(core, now + at / 10, "hill-1") == "schedule"
    )
    assert 9.9 <= rest - now <= 10.2
    assert on_air(core, 25.0, "stream-1") == "schedule"


def test_nothing_stops_a_warning_without_a_word():
    core = started()
    name = raised(core)["alert"]
    assert "which stop" in answer(do(core, "stop", 2.0, alert=name)).error
    claim = next(c.id for c in core.plan.claims if name in c.id)
    refused = core.handle(order("withdraw", 3.0, claim=claim), 3.0)
    assert "alerts" in answer(list(refused)).error
    assert name in on_air(core, 4.0, "hill-1")


def test_zones_are_added_without_a_new_beginning():
    core = started()
    name = raised(core, zones=("hill-1",))["alert"]
    before = {c.id: c.start for c in core.plan.claims if name in c.id}
    do(core, "add-zones", 5.0, alert=name, zones=["hill-2"])
    after = {c.id: c.start for c in core.plan.claims if name in c.id and c.zone == "hill-1"}
    assert after == before
    assert name in on_air(core, 5.1, "hill-2")


def test_neighbours_fall_silent_and_a_page_to_them_is_still_heard():
    core = started()
    raised(core, zones=("stream-2",), message="flood-closing")
    assert "beside" in on_air(core, 1.1, "stream-1")
    core.handle(play(key="p", zones=("stream-1",), priority=150), 2.0)
    adopt(core, 2.0)
    assert on_air(core, 2.1, "stream-1").startswith("notice")


def test_after_a_restart_the_message_goes_on_where_it_was():
    core = started()
    name = raised(core)["alert"]
    starts = {(c.zone, c.id): c.start for c in core.plan.claims if name in c.id}
    back = restarted(core, 10.0)
    assert {(c.zone, c.id): c.start for c in back.plan.claims if name in c.id} == starts
    assert [alert.id for alert in back.warnings.book.living] == [name]


def test_a_warning_that_only_its_claims_tell_of_is_taken_on():
    core = started()
    name = raised(core)["alert"]
    back = new_core(10.0, written(core.plan), core.plan.revision)
    effects = back.handle(Restarted(), 10.0)
    alert = back.warnings.book.alert(name)
    assert alert is not None
    assert (alert.message, alert.zones, alert.state.value) == ("wildfire-caution", HILL, "airing")
    assert recorded(effects)[0].subject == name
    assert name in open_ids(recorded(effects)[-1].facts)
    assert (
        answer(do(back, "correct", 11.0, alert=name, reason="error")).fields["state"]
        == "correcting"
    )


def test_an_exercise_is_ended_by_what_is_real():
    core = started()
    first = answer(do(core, "exercise", message="exercise", zones=["hill"])).fields
    assert first["on_air"] == list(HILL)
    real = raised(core, 5.0)["alert"]
    assert real in on_air(core, 5.1, "hill-1")
    assert core.warnings.book.exercises[0].state.value != "running"


def test_the_preview_tells_what_gives_way_and_changes_nothing():
    core = started()
    before = core.plan
    asked = order("preview", message="flood-evacuate", zones=["stream-1"], at=[37.5797, 126.9352])
    said = core.alerts.preview(asked.order, core.sample(1.0))
    assert core.plan is before
    assert said["second_person"] is True
    assert said["interrupts"] == [{"title": "programme", "zones": ["stream-1"], "gives_way": True}]
    assert said["text"]["ko"]


def test_the_path_of_a_warning_is_measured_step_by_step():
    core = started()
    name = raised(core)["alert"]
    path = core.paths.of(name)
    core.paths.planned(core.plan.revision, path.received + 48)
    core.paths.journalled(name, path.received + 96)
    shown = path.shown()
    assert (shown["planned_ms"], shown["journalled_ms"]) == (1.0, 2.0)
    assert shown["zones"]["hill-1"]["first_packet_ms"] == 3.0
    assert shown["zones"]["hill-1"]["sent_ms"] is None


@pytest.mark.parametrize(
    ("name", "fields", "where"),
    [
        ("raise", {"message": "flood-evacuate"}, "zones"),
        ("raise", {"zones": ["hill"]}, "message"),
        ("raise", {"message": "x", "zones": ["hil"]}, "zones"),
        ("raise", {"message": "x", "zones": []}, "zones"),
        ("raise", {"hazard": "flood", "level": "high", "zones": ["hill"]}, "level"),
        ("raise", {"hazard": "flood", "camera": "9999"}, "camera"),
        ("raise", {"hazard": "flood", "at": [137.5, 26.9]}, "at"),
        ("raise", {"hazard": "flood", "at": [10.0, 20.0]}, "at"),
        ("all-clear", {"alert": "x", "of": "everything"}, "of"),
        ("hold", {"alert": "x", "seconds": "long"}, "seconds"),
        ("reject", {"alert": "x", "reason": "a" * 501}, "reason"),
        ("confirm", {}, "alert"),
        ("raise", {"message": "flood-evacuate", "zones": ["hill"], "roles": ["viewer"]}, "roles"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_field(name, fields, where):
    with pytest.raises(RefusedError) as refused:
        order(name, **fields)
    assert refused.value.where == where


def test_a_camera_says_where_to_warn_and_from_where():
    camera = site().cameras[0]
    asked = order("raise", camera=str(camera.id), hazard="wildfire").order
    assert (asked.zones, asked.place) == (camera.zones, camera.at)


# --- detections ---


def event(number, source, kind, now, **fields):
    said = {
        "v": 1,
        "id": f"e{number}",
        "source": source,
        "kind": kind,
        "phase": "start",
        "time": (NOON + timedelta(seconds=now)).isoformat(),
        **fields,
    }
    return {
        "event": event_in(said).message(),
        "received": (NOON + timedelta(seconds=now)).isoformat(),
        "via": "key-1",
        "highest": 240,
        "zones": [],
        "clock_suspect": False,
    }


def detect(core, now, *events):
    fields = {"name": "detections", "key": f"d{now}", "who": "doors", "events": list(events)}
    effects = core.handle(read_command(fields, site(), CLOCK, round(now * RATE)), now)
    return [*effects, *adopt(core, now + 0.002)]


def test_a_gauge_above_its_threshold_warns_by_itself():
    core = started()
    gauge = str(site().gauges[0].id)
    fields = {"phase": "reading", "value": 2.0, "unit": "m", "quality": 0.9}
    effects = detect(core, 10.0, event(1, gauge, "water_level", 10.0, **fields))
    verdict = answer(effects).fields["verdicts"][0]
    assert verdict["state"] == "airing"
    alert = core.warnings.book.alert(verdict["alert"])
    assert alert.origin.is_automatic
    assert alert.id in on_air(core, 10.1, alert.zones[-1])
    assert recorded(effects)


def test_an_alert_has_the_pictures_of_its_detections_the_newest_of_each():
    core = started()
    gauge = str(site().gauges[0].id)
    fields = {"phase": "reading", "value": 2.0, "unit": "m", "quality": 0.9}
    names = [f"p{number:040x}" for number in range(20)]
    for number in range(10):
        shown = names[2 * number : 2 * number + 2]
        now = 10.0 + number
        said = event(number, gauge, "water_level", now, **fields, pictures=shown)
        effects = detect(core, now, said)
    verdict = answer(effects).fields["verdicts"][0]
    assert core.detecting.pictures([verdict["incident"]]) == names[-12:]
    assert core.detecting.pictures(["another"]) == []


def test_events_of_nobody_are_shown_and_raise_nothing():
    core = started()
    effects = detect(core, 5.0, event(1, "cam:nobody", "smoke", 5.0, confidence=0.9))
    assert answer(effects).fields["verdicts"][0]["is"] == "unknown_source"
    assert core.warnings.book.alerts == ()
    assert len(core.detecting.suspected) == 1


# --- the hidden self-test ---


def self_test(number, now):
    said = event(number, "self-test", "manual", now, mode="test")
    said["event"]["vendor"] = {SENT_NS: round(now * 1e9)}
    return {**said, "via": "self-test"}


def heard_by_ear(core, claim, at, now):
    detail = {"warned": {"claim": claim, "at": at, "received": at + 20}}
    witness = Witness(
        "ear", ZoneId("self-test"), StreamId("self-test"), Fact.SENT, True, at, detail
    )
    return core.handle(Witnessed(key=f"w{now}", who="ear", witnesses=(witness,)), now)


def test_a_self_test_is_heard_where_nobody_listens_and_disturbs_no_zone():
    core = started()
    before = {claim.zone: claim for claim in core.plan.claims}
    effects = detect(core, 5.0, self_test(1, 5.0))
    assert recorded(effects)
    claim = next(c for c in core.plan.claims if c.zone == "self-test")
    assert {c.zone for c in core.plan.claims} - before.keys() == {"self-test"}
    heard_by_ear(core, claim.id, claim.start, 5.3)
    shown = core.self_testing.shown()
    assert (shown["state"], core.self_testing.fault) == ("heard", "")
    assert 0 < shown["latency_ms"] < 10
    assert [c for c in core.plan.claims if c.zone == "self-test"] == []
    assert core.warnings.book.living == ()


def test_a_self_test_that_nobody_hears_is_a_fault_until_one_is_heard():
    core = started()
    detect(core, 5.0, self_test(1, 5.0))
    while core.self_testing.shown()["state"] == "running":
        now = core.deadline()
        core.expire(now)
    assert now == pytest.approx(6.0, abs=0.01)
    assert "self-test" in core.self_testing.fault
    detect(core, 10.0, self_test(2, 10.0))
    claim = next(c for c in core.plan.claims if c.zone == "self-test")
    heard_by_ear(core, claim.id, claim.start, 10.3)
    assert core.self_testing.fault == ""


def test_nobody_else_can_run_a_self_test():
    core = started()
    effects = detect(core, 5.0, {**self_test(1, 5.0), "via": "camera"})
    assert answer(effects).fields["verdicts"][0]["is"] == "exercise"
    assert core.self_testing.shown() is None


# --- an operator's own words ---

WORDS = {"ko": "어린이는 손을 잡고 이동하십시오.", "en": "Hold your children's hands."}
VOICE = Voice(PcmId("b" * 64), RATE, Status.SYNTHETIC)


def test_own_words_are_said_once_they_are_spoken_and_never_waited_for():
    core = started()
    asked = order("raise", message="wildfire-caution", zones=["hill"], words=WORDS).order
    missing = core.warnings.unspoken(asked)
    assert [phrase.text for phrase in missing] == list(WORDS.values())
    assert core.alerts.preview(asked, 0)["words_ready"] == {"ko": False, "en": False}
    said = raised(core, words=WORDS)
    assert said["state"] == "airing"
    assert len([note for note in said["notes"] if "your own words" in note]) == 2
    core.handle(TakeWords(spoken=dict.fromkeys(missing, VOICE)), 2.0)
    assert core.alerts.preview(asked, 0)["words_ready"] == {"ko": True, "en": True}
    assert any(VOICE.pcm in {s.pcm for s in getattr(source, "loop", ())} for source in staged(core))


def staged(core):
    return [source for name, source in core.plan.sources.items() if "words" in name]


def test_own_words_follow_the_message_in_their_language():
    core = started()
    message = core.warnings.book.house.messages.named("wildfire-caution")
    phrases = tuple(Phrase(Language(code), text) for code, text in WORDS.items())
    spoken = {phrase: VOICE for wording in message.wordings.values() for phrase in wording.plain()}
    core.warnings.take_words({**spoken, **dict.fromkeys(phrases, VOICE)})
    plain = core.warnings.speech(message, None).spoken.cycles[HILL[0]][0]
    longer = core.warnings.speech(message, None, words=phrases).spoken.cycles[HILL[0]][0]
    assert len(longer.parts) == len(plain.parts)
    assert longer.length > plain.length + RATE


@pytest.mark.parametrize("words", [{"fr": "non"}, {"ko": "가" * 201}, {"ko": 5}, "text"])
def test_words_nobody_can_say_are_refused(words):
    with pytest.raises(RefusedError) as refused:
        order("raise", message="wildfire-caution", zones=["hill"], words=words)
    assert refused.value.where == "words"
