"""Who is called and told when: pure."""

from broadcaster.notices.calling import Calling, called, calls, deadline, ranks
from broadcaster.notices.tellings import ToldOf, due, noted, stage
from tests.broadcaster.notices.bench import alert, contact, pending, views

SEAT = contact("seat", step=0)
FIRST = contact("first", step=1, within_s=20.0)
SECOND = contact("second", step=2)
FLOOD = contact("river", step=1, hazards=("flood",))
ROOM = contact("room", least=232)
EVERYBODY = (ROOM, SECOND, FIRST, SEAT, FLOOD)


def one(json):
    return views(json)[0]


def whom(step, before=None, now=0.0, json=None):
    seen = one(json or pending(step))
    listed = ranks(seen, EVERYBODY)
    calling = called(before, seen, listed, now)
    return calling, [c.id for c, _ in calls(calling, listed)] if calling else []


def test_control_s_steps_call_one_after_another():
    assert whom(0)[1] == ["seat"]
    assert whom(1)[1] == ["seat", "first"]
    assert whom(2)[1] == ["seat", "first", "second"]


def test_who_let_the_time_pass_is_followed_by_the_next():
    calling, _ = whom(1, now=100.0)
    assert deadline(calling, ranks(one(pending(1)), EVERYBODY)) == 120.0
    assert whom(1, calling, 119.0)[0].step == 1
    later, names = whom(1, calling, 120.0)
    assert (later.step, names) == (2, ["seat", "first", "second"])
    assert whom(1, later, 10_000.0)[0].step == 2  # the end of the list: control goes on from here
    assert whom(2, later, 10_001.0)[0].step == 2
    assert whom(3, later, 10_002.0)[0].step == 3


def test_past_its_end_the_list_begins_anew():
    calling, names = whom(3, Calling("a detection waits for a decision", 2, 2, 0.0), 1.0)
    assert calling.step == 3
    assert "first" in names
    listed = ranks(one(pending(3)), EVERYBODY)
    assert {c.id: name for c, name in calls(calling, listed)}["first"].startswith("call 3")


def test_nobody_is_called_once_it_is_acknowledged_and_all_are_for_another_reason():
    calling, _ = whom(2)
    assert whom(0, calling, json=pending() | {"calling": None})[0] is None
    anew, _ = whom(0, calling, json=pending(0, "an escalation waits for a decision"))
    assert anew.step == 0


def test_a_proposed_all_clear_calls_as_control_says_and_no_sooner():
    why = "the all-clear is proposed; only a person gives it"
    calling, _ = whom(1, json=pending(1, why))
    assert whom(1, calling, 1e6, json=pending(1, why))[0] == calling


def test_who_does_not_deal_with_a_hazard_leaves_no_gap():
    flood = one(pending(1, hazard="flood"))
    assert [c.id for c in ranks(flood, (FLOOD, SECOND)).at(1)] == ["river"]
    assert [c.id for c in ranks(one(pending(1)), (FLOOD, SECOND)).at(1)] == ["second"]


def tell(who, json, told, call=None):
    found = due(who, views(json), told, {} if call is None else {"a1": call})
    for each in found:
        noted(told.setdefault("a1", ToldOf()), each)
    return [each.change for each in found]


def test_every_change_is_told_once():
    told: dict = {}
    said = [
        tell(ROOM, json, told)
        for json in (
            pending(),
            pending(revision=2),
            alert(),
            alert(state="sustained"),
            alert(state="clear_proposed"),
            alert(level=240, level_name="evacuate"),
            alert(level=224, level_name="caution"),
            alert(state="clearing", parting="hazard over"),
            alert(state="closed"),
            alert(state="closed"),
        )
    ]
    assert said == [
        ["pending"],
        [],
        ["on air warning"],
        [],
        [],
        ["on air evacuate"],
        ["on air caution"],
        ["ending hazard over"],
        ["ended closed"],
        [],
    ]


def test_an_alert_that_was_never_told_is_not_told_when_it_is_over():
    assert tell(ROOM, alert(state="closed"), {}) == []
    assert stage(one(alert(state="detected"))) == ""
    assert tell(ROOM, alert(state="detected"), {}) == []


def test_who_is_on_the_list_hears_of_a_pending_alert_by_the_call():
    told: dict = {}
    assert tell(FIRST, pending(0), told) == []
    assert tell(FIRST, pending(1), told, "call 1 x") == ["call 1 x"]
    assert tell(FIRST, pending(1), told, "call 1 x") == []
    assert tell(FIRST, alert(), told) == ["on air warning"]


def test_the_same_change_has_the_same_name_however_often_it_is_told():
    [first] = due(ROOM, views(alert()), {}, {})
    [again] = due(ROOM, views(alert(revision=9)), {}, {})
    [other] = due(SEAT, views(alert()), {}, {})
    assert first.id == again.id != other.id
