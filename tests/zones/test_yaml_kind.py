"""Single values: what each kind takes, and the sentence with which it refuses."""

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zones.yaml_kind import (
    FLAG,
    HOURS,
    ID,
    IPV4,
    OUTPUT,
    PATH,
    SECONDS_UNITS,
    TEXT,
    ValueProblem,
    did_you_mean,
    number,
    quantity,
    whole,
)

TIME = quantity("a time", SECONDS_UNITS, "0 s", "1 h", example="5 ms")
KINDS = [FLAG, HOURS, ID, IPV4, OUTPUT, PATH, TEXT, TIME, number("x", -5, 5), whole("x", 0, 9)]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5 ms", 0.005),
        ("5ms", 0.005),
        ("125 us", 0.000125),
        ("2.5 s", 2.5),
        ("1 min", 60),
        ("1 h", 3600),
        ("0.1 s", 0.1),
        ("+3 s", 3),
        ("0 s", 0),
    ],
)
def test_a_quantity_is_read_in_its_base_unit(text, seconds):
    assert TIME.read(text) == seconds


@pytest.mark.parametrize(
    ("kind", "text", "message", "hint"),
    [
        (TIME, "5", '"5" has no unit', "write it like 5 ms"),
        (TIME, "ms", '"ms" is not a time', "write it like 5 ms"),
        (TIME, "5 ms 3", '"5 ms 3" is not a time', "write it like 5 ms"),
        (TIME, "5 fortnights", '"fortnights" is not a unit of a time', None),
        (TIME, "-1 s", "-1 s is outside 0 s to 1 h", ""),
        (TIME, "1e3 s", '"1e3 s" is not a time', "write it like 5 ms"),
        (TIME, "007 s", '"007" begins with a zero, which YAML reads as octal', "write 7"),
        (TIME, "1,5 s", '"1,5" is not a plain number', "write 1.5"),
        (TIME, "1,500 ms", '"1,500" is not a plain number', "write 1500"),
        (HOURS, "9:30-10:00", '"9:30" is not a time of day', "write 09:30"),
        (HOURS, "09.30-10:00", '"09.30" is not a time of day', "write 09:30"),
        (HOURS, "25:00-26:00", '"25:00" is not a time of day', "write it like 06:30"),
        (FLAG, "yes", '"yes" is neither true nor false', 'did you mean "true"?'),
        (FLAG, "OFF", '"OFF" is neither true nor false', 'did you mean "false"?'),
        (FLAG, "True", '"True" is neither true nor false', 'did you mean "true"?'),
        (whole("x", 0, 9), "0o17", '"0o17" is not a plain number', ""),
        (whole("x", 0, 9), "1.0", "1.0 is not a whole number", ""),
        (whole("x", 0, 9), "12", "12 is outside 0 to 9", ""),
        (ID, "Zone 1", None, 'such as "zone-1"'),
        (ID, "가", None, ""),
        (OUTPUT, "amp-01/0", '"amp-01/0" is not an output', None),
        (PATH, "a/../../b", '"a/../../b" is not a path', None),
        (PATH, "..", '".." is not a path', None),
        (PATH, "C:\\music", '"C:\\music" is not a path', None),
        (TEXT, " ", "the text is empty", ""),
        (TEXT, "x" * 201, "the text has 201 characters; 200 are the most", ""),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(kind, text, message, hint):
    with pytest.raises(ValueProblem) as caught:
        kind.read(text)
    assert message is None or caught.value.message == message
    assert hint is None or caught.value.hint == hint


def test_hours_may_run_past_midnight():
    assert HOURS.read("22:00-06:00") == (dt.time(22), dt.time(6))
    assert HOURS.read("22:00 – 06:00") == (dt.time(22), dt.time(6))


def test_a_path_may_hold_dots_that_are_no_way_up():
    assert PATH.read("music/..hidden/a..b.m3u") == "music/..hidden/a..b.m3u"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.called)
@given(text=st.text(max_size=30) | st.text("0123456789.:,-/ msh", max_size=15))
def test_no_text_gets_past_a_kind_but_as_a_value_or_a_sentence(kind, text):
    with contextlib.suppress(ValueProblem):
        assert kind.read(text) is not None


def test_the_nearest_word_is_meant():
    assert did_you_mean("Amplifers", ["amplifiers", "speakers"]) == 'did you mean "amplifiers"?'
    assert did_you_mean("qqq", ["b", "a"]) == "there are b, a"
    assert did_you_mean("qqq", {"b", "a"}) == "there are a, b"
    assert did_you_mean("qqq", ["only"]) == 'there is only "only"'
    assert did_you_mean("qqq", []) == ""
    assert did_you_mean("qqq", [f"zone-{n}" for n in range(100)]) == ""
