"""Which pictures show an incident, also for the control after this one."""

import json

from hypothesis import given
from hypothesis import strategies as st

from alerts.detection import Detections
from broadcaster.control.acts import Kept
from broadcaster.control.core import Core
from broadcaster.control.incident_pictures import (
    MOST_INCIDENTS,
    MOST_PICTURES,
    IncidentPictures,
)
from tests.broadcaster.control.bench import ground, rules, site, started, wall, warnings
from tests.broadcaster.control.test_alert_acts import answer, detect, event

NAMES = [f"p{number:040x}" for number in range(30)]
READING = {"phase": "reading", "value": 2.0, "unit": "m", "quality": 0.9}


def reading(number, now, pictures):
    gauge = str(site().gauges[0].id)
    return event(number, gauge, "water_level", now, **READING, pictures=pictures)


def kept(effects):
    """What is written down, as it is read again."""
    found = [one.memory for one in effects if isinstance(one, Kept)]
    return json.loads(json.dumps(found[-1])) if found else None


def restarted(core, memory, now):
    detections = Detections(site(), rules(), now, wall(now).utc, memory=memory)
    known = warnings(core.warnings.book)
    return Core(ground(), wall(now), known, detections, pictures=IncidentPictures(memory))


def test_a_living_alert_has_its_pictures_after_a_restart():
    core = started()
    effects = detect(core, 10.0, reading(1, 10.0, NAMES[:1]))
    incident = answer(effects).fields["verdicts"][0]["incident"]
    effects = detect(core, 11.0, reading(2, 11.0, NAMES[1:3]))
    again = restarted(core, kept(effects), 20.0)
    again.detecting.adopt(20.0)
    assert again.detecting.pictures([incident]) == NAMES[:3]
    effects = detect(again, 21.0, reading(3, 21.0, NAMES[3:4]))
    assert again.detecting.pictures([incident]) == NAMES[:4]


def test_pictures_that_come_when_there_are_enough_cause_no_writing_of_their_own():
    core = started()
    for number in range(MOST_PICTURES):
        detect(core, 10.0 + number, reading(number, 10.0 + number, NAMES[number : number + 1]))
    effects = detect(core, 40.0, reading(99, 40.0, NAMES[20:21]))
    assert kept(effects) is None


def test_pictures_of_incidents_that_nobody_warns_of_are_not_written_down():
    pictures = IncidentPictures()
    pictures.note("one", NAMES[:2])
    pictures.note("two", NAMES[2:3])
    assert pictures.memory({"two"}) == {"two": NAMES[2:3]}


def test_what_is_damaged_is_left_out():
    for memory in (
        None,
        {"pictures": None},
        {"pictures": [1]},
        {"pictures": {"one": 7, "two": [NAMES[0], 5], "three": {"a": 1}}},
    ):
        assert IncidentPictures(memory).of(["one", "two", "three"]) in ([], NAMES[:1])


def test_of_too_many_incidents_the_newest_are_remembered():
    pictures = IncidentPictures()
    for number in range(MOST_INCIDENTS + 1):
        pictures.note(str(number), NAMES[:1])
    assert pictures.of(["0"]) == []
    assert pictures.of(["1"]) == NAMES[:1]


@given(st.lists(st.lists(st.sampled_from(NAMES), max_size=5), max_size=20))
def test_the_newest_pictures_are_kept_each_once(came):
    pictures = IncidentPictures()
    shown: list[str] = []
    for names in came:
        pictures.note("one", names)
        shown = (shown + [name for name in dict.fromkeys(names) if name not in shown])[
            -MOST_PICTURES:
        ]
        assert pictures.of(["one"]) == shown
    again = IncidentPictures({"pictures": json.loads(json.dumps(pictures.memory({"one"})))})
    assert again.of(["one"]) == shown


def test_pictures_of_what_nobody_warns_of_yet_cause_no_writing():
    core = started()
    gauge = str(site().gauges[0].id)
    low = READING | {"value": 0.2}
    effects = detect(core, 10.0, event(1, gauge, "water_level", 10.0, **low, pictures=NAMES[:1]))
    assert kept(effects) is None
