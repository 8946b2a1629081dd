import contextlib
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alerts.detection.event import (
    DetectionEvent,
    EventError,
    Kind,
    Mode,
    Phase,
)
from alerts.detection.event_json import event_in, parse_event, parse_events

GOOD = {
    "v": 1,
    "id": "7f3a-2",
    "source": "cam:cam-214",
    "kind": "smoke",
    "phase": "start",
    "time": "2026-11-22T01:02:03.456+09:00",
    "seq": 7,
    "confidence": 0.86,
    "quality": 0.9,
    "location": {"lat": 37.58, "lon": 126.94, "radius_m": 150},
    "zones": ["stream-1"],
    "bbox": [0.1, 0.2, 0.3, 0.4],
    "evidence": ["https://vms.example/1"],
    "mode": "live",
    "vendor": {"track": 9},
    "colour": "grey",
}
LEVEL = {
    "id": "r1",
    "source": "gauge:hongje-level",
    "kind": "water_level",
    "phase": "reading",
    "time": "2026-11-22T01:02:03Z",
    "value": 142,
    "unit": "cm",
}


def refused(**changes):
    fields = {key: value for key, value in (GOOD | changes).items() if value is not ...}
    with pytest.raises(EventError) as caught:
        parse_event(json.dumps(fields).encode())
    return caught.value


def test_an_event_is_read_whole():
    event = parse_event(json.dumps(GOOD).encode())
    assert (event.source, event.kind, event.phase) == ("cam-214", Kind.SMOKE, Phase.START)
    assert event.time.isoformat() == "2026-11-22T01:02:03.456000+09:00"
    assert event.location is not None
    assert event.location.radius_m == 150
    assert event.vendor == {"colour": "grey", "track": 9}
    assert event.mode is Mode.LIVE


def test_what_is_written_is_read_back_alike():
    for fields in (GOOD, LEVEL):
        event = event_in(fields)
        assert event_in(json.loads(json.dumps(event.message()))) == event


def test_a_value_is_kept_in_one_unit():
    event = event_in(LEVEL)
    assert (event.value, event.unit) == (1.42, "m")


@pytest.mark.parametrize(
    ("given_as", "kept"), [(0.86, 0.86), (86, 0.86), (1.02, 1.0), (-0.2, 0.0), (100, 1.0)]
)
def test_a_confidence_in_percent_is_understood(given_as, kept):
    assert event_in(GOOD | {"confidence": given_as}).confidence == pytest.approx(kept)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"id": ...}, "/id"),
        ({"id": "a b"}, "/id"),
        ({"id": "x" * 129}, "/id"),
        ({"source": "../etc"}, "/source"),
        ({"source": 7}, "/source"),
        ({"kind": "smok"}, "/kind"),
        ({"kind": ["smoke"]}, "/kind"),
        ({"phase": "begin"}, "/phase"),
        ({"mode": "drill"}, "/mode"),
        ({"v": 2}, "/v"),
        ({"time": "2026-11-22T01:02:03"}, "/time"),
        ({"time": "2026-11-31T01:02:03Z"}, "/time"),
        ({"time": 1793330000}, "/time"),
        ({"time": "0001-01-01T00:00:00+23:59"}, "/time"),
        ({"confidence": "0.9"}, "/confidence"),
        ({"confidence": 170}, "/confidence"),
        ({"confidence": True}, "/confidence"),
        ({"quality": 1.5}, "/quality"),
        ({"seq": -1}, "/seq"),
        ({"value": 3, "unit": "m"}, "/value"),
        ({"location": {"lat": 126.94, "lon": 37.58}}, "/location/lat"),
        ({"location": {"lat": 37.58, "lon": 326.94}}, "/location/lon"),
        ({"location": {"lat": 37.58}}, "/location/lon"),
        ({"location": {"lat": 37.58, "lon": 126.9, "radius_m": -1}}, "/location/radius_m"),
        ({"location": [37.58, 126.94]}, "/location"),
        ({"polygon": [[37.5, 126.9]] * 2}, "/polygon"),
        ({"polygon": [[37.5, 126.9]] * 20_000}, "/polygon"),
        ({"polygon": [[37.5, 126.9], [37.5, 1e9], [37.6, 126.9]]}, "/polygon/1/lon"),
        ({"zones": "all"}, "/zones"),
        ({"zones": ["a/../b"]}, "/zones/0"),
        ({"bbox": [0.5, 0.2, 0.3, 0.4]}, "/bbox"),
        ({"evidence": [5]}, "/evidence/0"),
        ({"retained": "yes"}, "/retained"),
        ({"vendor": [1]}, "/vendor"),
        ({"vendor": {"raw": "x" * 20_000}}, "/vendor"),
        ({"colour": [[[[[[[[[1]]]]]]]]]}, "/vendor"),
    ],
)
def test_what_is_wrong_is_pointed_at(changes, pointer):
    assert refused(**changes).pointer == pointer


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"value": None}, "/value"),
        ({"unit": "ft"}, "/unit"),
        ({"unit": ...}, "/unit"),
        ({"value": -9999}, "/value"),
        ({"value": 65_535, "unit": "m"}, "/value"),
    ],
)
def test_a_measurement_needs_a_possible_value_in_a_known_unit(changes, pointer):
    fields = {key: value for key, value in (LEVEL | changes).items() if value is not ...}
    with pytest.raises(EventError) as caught:
        event_in(fields)
    assert caught.value.pointer == pointer


def test_swapped_coordinates_are_named():
    swapped = refused(location={"lat": 126.94, "lon": 37.58})
    assert "the wrong way round" in swapped.sentence


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xff\xfe{}",
        b"null",
        b"[]",
        b'{"id": NaN}',
        b'{"confidence": Infinity}',
        b'{"id": "a", "id": "b"}',
        b'{"id": "\\ud800"}',
        b'{"seq": ' + b"9" * 5_000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"[" + b"{}," * 100 + b"{}]",
        json.dumps(GOOD | {"confidence": 0}).replace('"confidence": 0', '"x": 1e999').encode(),
        json.dumps(GOOD | {"seq": 0}).replace('"seq": 0', '"confidence": 1e999').encode(),
    ],
)
def test_what_is_no_json_of_ours_is_refused(octets):
    with pytest.raises(EventError):
        parse_event(octets) if octets[:1] != b"[" else parse_events(octets)


def test_a_wrong_event_costs_no_other():
    first, second = parse_events(json.dumps([{"id": 5}, GOOD]).encode())
    assert isinstance(first, EventError)
    assert first.pointer == "/0/kind"
    assert isinstance(second, DetectionEvent)


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(sorted(GOOD)) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(GOOD | LEVEL)), _JSON, max_size=6))
def test_nothing_but_the_declared_error_leaves_the_reader(changes):
    for fields in (GOOD, LEVEL):
        octets = json.dumps(fields | changes).encode()
        try:
            event = parse_event(octets)
        except EventError:
            continue
        json.dumps(event.message(), allow_nan=False).encode()


@settings(deadline=None)
@given(st.binary(max_size=200))
@example(json.dumps(GOOD).encode()[:-1])
def test_bytes_of_any_kind_are_read_or_refused(octets):
    with contextlib.suppress(EventError):
        parse_events(octets)
