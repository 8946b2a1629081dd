import json

import pytest

from alerts.detection import Admitted, EventError
from alerts.detection.replay import recorded, replay
from tests.alerts.detection.ground import event, level, rules, site, utc


def line(each):
    return json.dumps(each.message()).encode()


def _first(played, hazard):
    return next(each for each in played.raised if each.message()["hazard"] == hazard)


def test_a_recording_says_what_would_sound_and_when():
    lines = [line(event(confidence=0.7, at=10)), b"", line(level(1.7, 20))]
    played = replay(recorded(lines), site(), rules())
    smoke, water = (_first(played, hazard) for hazard in ("wildfire", "flood"))
    assert smoke.at == utc(30)
    assert smoke.sounds_at == utc(90)
    assert water.sounds_at == utc(20)
    assert played.counts == {"evidence": 2}
    assert json.dumps(played.message())


def test_what_a_door_recorded_is_read_too():
    late = Admitted(event(), utc(500), "vms-1")
    played = replay(recorded([json.dumps(late.message()).encode()]), site(), rules())
    assert played.counts == {"stale": 1}
    assert played.raised == ()


def test_a_wrong_line_is_named():
    with pytest.raises(EventError, match="line 2/kind"):
        recorded([line(event()), b'{"id": "a"}'])


def test_nothing_comes_of_nothing():
    assert replay((), site(), rules()).asked == ()


def test_a_hundred_thousand_replays_raise_nothing_a_second_time():
    start = Admitted(level(1.9, 0), utc(1))
    played = replay([start] * 20_000, site(), rules())
    assert len(played.raised) == 1
    assert played.counts == {"evidence": 1, "repeated": 19_999}
