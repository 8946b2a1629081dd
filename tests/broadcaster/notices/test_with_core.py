"""Notices read what control's core really shows: a warning by hand, a second person, the end."""

from broadcaster.control.snapshot import Snapshots
from broadcaster.notices.alert_view import alerts_in
from broadcaster.notices.calling import called, calls, ranks
from broadcaster.notices.notice import contact_notice, device_notice
from broadcaster.notices.own_sound import is_called_for
from broadcaster.notices.tellings import due
from broadcaster.notices.wanted import wanted
from tests.broadcaster.control.bench import started
from tests.broadcaster.control.test_alert_acts import do, raised
from tests.broadcaster.control.test_snapshot import look
from tests.broadcaster.notices.bench import SITE, contact, device
from zones.notices_settings import DeviceKind

BOARD = device(DeviceKind.BOARD, zones=("hill-1",))
GATE = device(DeviceKind.GATE, zones=("stream-1",))
ROOM, DUTY = contact("room"), contact("duty", step=0)


def shown(core, now):
    return alerts_in(Snapshots(core).take(look(now)))


def test_a_warning_by_hand_is_shown_in_its_zones_only():
    core = started()
    raised(core)
    alerts = shown(core, 1.1)
    board = wanted(BOARD, alerts)
    assert board is not None
    assert "산불" in board.fields["pages"][0]["text"]["ko"]
    assert device_notice(SITE, BOARD, board).fields["level_name"] == "caution"
    gate = wanted(GATE, alerts)
    assert gate is not None
    assert gate.fields["closed"] is False
    [telling] = due(ROOM, alerts, {}, {})
    assert telling.change == "on air caution"
    letter = contact_notice(SITE, "city room", [telling]).text
    assert "hill-1, hill-2, hill-3" in letter


def test_a_second_person_is_called_for_and_nothing_is_shown_before():
    core = started()
    raised(core, message="wildfire-evacuate")
    [alert] = alerts = shown(core, 1.1)
    board = wanted(BOARD, alerts)
    assert board is not None
    assert board.is_at_rest
    listed = ranks(alert, (ROOM, DUTY))
    calling = called(None, alert, listed, 0.0)
    assert calling is not None
    assert [who.id for who, _ in calls(calling, listed)] == ["duty"]
    assert is_called_for(alerts)
    do(core, "acknowledge", 1.2, alert=alert.id, who="lee")
    assert not is_called_for(shown(core, 1.3))


def test_a_correction_is_shown_while_it_is_spoken():
    core = started()
    said = raised(core)
    do(core, "correct", 5.0, alert=said["alert"], reason="steam")
    board = wanted(BOARD, shown(core, 5.1))
    assert board is not None
    assert board.fields["pages"][0]["title"]["en"].endswith("warning corrected")
