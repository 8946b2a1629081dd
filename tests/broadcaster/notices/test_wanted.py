"""What devices are to show: a pure function of the living alerts in their zones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcaster.notices import wanted as subject
from broadcaster.notices.wanted import NoFeedbackError
from tests.broadcaster.notices.bench import alert, device, pending, view, views
from zones.notices_settings import DeviceKind


def wanted(one, alerts):
    shown = subject.wanted(one, alerts)
    assert shown is not None
    return shown


BOARD = device(DeviceKind.BOARD)
BEACON = device(DeviceKind.BEACON)
GATE = device(DeviceKind.GATE)


def test_a_board_shows_the_highest_warning_first_and_the_others_after_it():
    flood = alert(id="a2", hazard="flood", level=240, level_name="evacuate")
    shown = wanted(BOARD, views(alert(), flood))
    assert (shown.fields["level"], shown.fields["colour"]) == (240, "red")
    assert [page["alert"] for page in shown.fields["pages"]] == ["a2", "a1"]
    assert shown.fields["pages"][1]["text"]["ko"] == "산불이 났습니다."
    assert shown.alerts == ("a2", "a1")


@pytest.mark.parametrize(
    "silent",
    [
        alert(zones=["lower"]),
        alert(level=224, state="closed"),
        alert(state="rejected"),
        alert(nature="exercise"),
        pending(),
        alert(state="held"),
    ],
)
def test_what_is_not_heard_there_is_not_shown(silent):
    assert wanted(BEACON, views(silent)).fields["lit"] is False
    assert wanted(BOARD, views(silent)).is_at_rest


def test_a_level_below_its_own_is_not_shown():
    strict = device(DeviceKind.BEACON, least=240)
    assert wanted(strict, views(alert())).fields == {
        "level": 0,
        "level_name": "none",
        "colour": "off",
        "lit": False,
    }


def test_while_the_ending_is_spoken_a_board_says_so_and_the_gate_stays_closed():
    ending = views(alert(state="correcting", parting="correction"))
    page = wanted(BOARD, ending).fields["pages"][0]
    assert page["title"] == {"ko": "산불: 경보 정정", "en": "Wildfire: warning corrected"}
    assert wanted(GATE, ending).switch == ("closed", True)
    assert wanted(GATE, views(alert(state="closed"))).switch == ("closed", False)


def test_a_gate_that_people_open_is_never_opened():
    by_hand = device(DeviceKind.GATE, opens_itself=False)
    assert wanted(by_hand, views(alert())).fields["closed"] is True
    assert subject.wanted(by_hand, ()) is None


def test_feedback_is_compared_where_it_says_something():
    shown = wanted(GATE, views(alert()))
    assert shown.contradicts({"closed": True, "battery": 3}) is None
    assert shown.contradicts({"state": shown.state}) is None
    assert shown.contradicts({"closed": False}) == "it says closed: false, not true"
    with pytest.raises(NoFeedbackError):
        shown.contradicts({"battery": 3})


@given(st.permutations(range(4)))
def test_the_order_in_which_alerts_come_changes_nothing_of_level_and_gate(order):
    alerts = [
        view(id=str(n), level=level, state=state)
        for n, (level, state) in enumerate(
            [(224, "airing"), (240, "sustained"), (232, "clear_proposed"), (240, "closed")]
        )
    ]
    mixed = [alerts[n] for n in order]
    for one in (BOARD, BEACON, GATE):
        assert wanted(one, mixed).fields == wanted(one, alerts).fields
