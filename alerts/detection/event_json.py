"""The canonical event, read strictly from outside bytes.

One JSON object is one event, a list holds at most 100:

    {"v": 1, "id": "7f3a-2", "source": "cam-214", "kind": "smoke", "phase": "start",
     "time": "2026-11-22T01:02:03.456+09:00", "confidence": 0.86}

Whatever the bytes are, nothing but `EventError` leaves the readers here. It says what is wrong and
points at it (RFC 6901). Fields that no reader knows are kept under `vendor` and shown to people.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from alerts.detection.event import (
    MEASURED,
    UNITS,
    DetectionEvent,
    EventError,
    EventId,
    Kind,
    Location,
    Mode,
    Phase,
    SourceId,
)
from zones.geometry import Point

MOST_EVENTS: Final = 100
"""Events in one request."""
VENDOR_BYTES: Final = 16 << 10
VENDOR_DEPTH: Final = 8
MOST_CORNERS: Final = 1_000
"""Corners of the polygon that an event may name."""
_MOST_LINKS: Final = 8
_LINK_CHARACTERS: Final = 512
_MOST_NAMES: Final = 64
_WEEK_S: Final = 7 * 86_400.0
_POSSIBLE: Final[Mapping[Kind, tuple[float, float]]] = {
    # What can be at all; a broken instrument reports -9999 or 65535.
    Kind.WATER_LEVEL: (-50.0, 100.0),
    Kind.FLOOD_FORECAST: (-50.0, 100.0),
    Kind.RAIN: (0.0, 1_000.0),
    Kind.FLOW: (0.0, 500_000.0),
    Kind.WIND: (0.0, 150.0),
    Kind.TEMPERATURE: (-90.0, 1_500.0),
    Kind.THERMAL: (-90.0, 3_000.0),
    Kind.SOIL_MOISTURE: (0.0, 100.0),
}

# --- bytes ------------------------------------------------------------------------------------


def parse_event(octets: bytes) -> DetectionEvent:
    """The one event in a body.

    Raises:
        EventError: it is none.
    """
    return event_in(decoded(octets))


def parse_events(octets: bytes) -> tuple[DetectionEvent | EventError, ...]:
    """The events in a body: one object, or a list of at most 100.

    An event that is wrong stands there as its error, so that it costs no other.

    Raises:
        EventError: the body is neither.
    """
    return events_in(decoded(octets))


def events_in(value: object) -> tuple[DetectionEvent | EventError, ...]:
    """The same of JSON already decoded."""
    if not isinstance(value, list):
        return (event_in(value),)
    if not 1 <= len(value) <= MOST_EVENTS:
        raise EventError("", f"holds {len(value)} events; 1 to {MOST_EVENTS} go in one request")
    return tuple(_event_or_error(fields, f"/{n}") for n, fields in enumerate(value))


def _event_or_error(fields: object, at: str) -> DetectionEvent | EventError:
    try:
        return event_in(fields, at)
    except EventError as error:
        return error


def decoded(octets: bytes) -> object:
    """JSON (RFC 8259) without what readers understand differently: NaN, a key twice, half letters.

    Raises:
        EventError: it is none, or nested too deep.
    """
    try:
        value: object = json.loads(
            octets.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_equal_keys
        )
        if b"\\u" in octets:
            # Escapes can name half of a character, which no UTF-8 text can hold.
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except EventError:
        raise
    except UnicodeDecodeError as error:
        raise EventError("", f"is not UTF-8 at byte {error.start}") from None
    except UnicodeEncodeError:
        raise EventError("", "holds half of a character (a lone surrogate)") from None
    except json.JSONDecodeError as error:
        raise EventError("", f"is not JSON at character {error.pos}: {error.msg}") from None
    except RecursionError:
        raise EventError("", "is nested too deep") from None
    except ValueError:
        raise EventError("", "holds a number too long to read") from None
    return value


def _no_constant(name: str) -> float:
    raise EventError("", f"holds {name}, which is not JSON")


def _no_equal_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise EventError("", "holds an object with a key twice")
    return fields


# --- one event --------------------------------------------------------------------------------

_KINDS: Final = {kind.value: kind for kind in Kind}
_PHASES: Final = {phase.value: phase for phase in Phase}
_MODES: Final = {mode.value: mode for mode in Mode}
_SOURCE: Final = re.compile(r"(?:cam:|gauge:)?([A-Za-z0-9][A-Za-z0-9_.:-]{0,63})")
_ID: Final = re.compile(r"[!-~]{1,128}")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_WORD: Final = re.compile(r"[^\x00-\x1f\x7f]{0,40}")
# RFC 3339 section 5.6, with the offset that makes it a moment.
_TIME: Final = re.compile(
    r"(?:19[7-9]\d|2[01]\d\d)-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)?"
)
_KNOWN: Final = frozenset(
    {
        "v",
        "id",
        "source",
        "kind",
        "phase",
        "time",
        "received",
        "seq",
        "confidence",
        "value",
        "unit",
        "datum",
        "quality",
        "horizon_s",
        "location",
        "polygon",
        "geocodes",
        "zones",
        "bbox",
        "evidence",
        "pictures",
        "mode",
        "retained",
        "vendor",
    }
)


def event_in(fields: object, at: str = "") -> DetectionEvent:
    """The event that a decoded JSON object is; `at` is the pointer to the object.

    A `confidence` above 2 is taken as percent, one a little above 1 as 1. `received` is ignored:
    only our own clock says when something came.

    Raises:
        EventError: it is none.
    """
    if not isinstance(fields, dict):
        raise EventError(at, f"is {_called(fields)}; an event is an object")
    if fields.get("v", 1) != 1:
        raise EventError(f"{at}/v", "is another version; this station reads version 1")
    kind = _chosen(fields, "kind", _KINDS, at)
    phase = _chosen(fields, "phase", _PHASES, at)
    value, unit = _measured(fields, kind, phase, at)
    known = fields.keys() & _KNOWN
    vendor = fields.get("vendor")
    if vendor is not None or len(known) != len(fields):
        vendor = _vendor(fields, vendor, at)
    confidence = _number(fields, "confidence", at, 0.0, 100.0, clip_low=True)
    if confidence is not None:
        confidence = confidence / 100.0 if confidence > 2.0 else min(confidence, 1.0)
    return DetectionEvent(
        id=EventId(_matching(fields, "id", _ID, at, "1 to 128 visible ASCII characters")),
        source=_source(fields, at),
        kind=kind,
        phase=phase,
        time=_time(fields, at),
        seq=_whole(fields, "seq", at),
        confidence=confidence,
        value=value,
        unit=unit,
        datum=_word(fields, "datum", at) if "datum" in known else "",
        quality=_number(fields, "quality", at, 0.0, 1.0),
        horizon_s=_number(fields, "horizon_s", at, 0.0, _WEEK_S) or 0.0,
        location=_location(fields["location"], f"{at}/location") if "location" in known else None,
        polygon=_polygon(fields["polygon"], f"{at}/polygon") if "polygon" in known else (),
        geocodes=_names(fields, "geocodes", at) if "geocodes" in known else (),
        zones=_names(fields, "zones", at) if "zones" in known else (),
        bbox=_bbox(fields["bbox"], f"{at}/bbox") if "bbox" in known else None,
        evidence=_links(fields, at) if "evidence" in known else (),
        pictures=_names(fields, "pictures", at) if "pictures" in known else (),
        mode=_chosen(fields, "mode", _MODES, at) if "mode" in known else Mode.LIVE,
        is_retained=_flag(fields, "retained", at),
        vendor=vendor or {},
    )


def _called(value: object) -> str:
    names = {type(None): "null", bool: "true or false", str: "text", list: "a list"}
    if isinstance(value, dict):
        return "an object"
    return names.get(type(value), "a number")


def _chosen(fields: dict[str, Any], key: str, choices: Mapping[str, Any], at: str) -> Any:  # noqa: ANN401 - as the choices are
    value = fields.get(key)
    chosen = choices.get(value) if isinstance(value, str) else None
    if chosen is None:
        what = "is missing" if key not in fields else f"is {_shown(value)}"
        raise EventError(f"{at}/{key}", f"{what}; it is one of {', '.join(choices)}")
    return chosen


def _shown(value: object) -> str:
    return f'"{value[:40]}"' if isinstance(value, str) else _called(value)


def _matching(fields: dict[str, Any], key: str, form: re.Pattern[str], at: str, wanted: str) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or form.fullmatch(value) is None:
        what = "is missing" if key not in fields else f"is {_shown(value)}"
        raise EventError(f"{at}/{key}", f"{what}; it needs {wanted}")
    return value


def _source(fields: dict[str, Any], at: str) -> SourceId:
    """The name without `cam:` or `gauge:`, which say nothing that the site does not know."""
    wanted = 'the name of a source, such as "cam-214"'
    name = _matching(fields, "source", _SOURCE, at, wanted)
    return SourceId(name.removeprefix("cam:").removeprefix("gauge:"))


def _time(fields: dict[str, Any], at: str) -> datetime:
    wanted = "a time such as 2026-11-22T01:02:03.456+09:00"
    text = _matching(fields, "time", _TIME, at, wanted)
    if text[-1] not in "Zz" and text[-6] not in "+-":
        raise EventError(f"{at}/time", "has no offset from UTC: append Z or +09:00")
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError:
        raise EventError(f"{at}/time", f'is "{text}", which no clock shows') from None


def _whole(fields: dict[str, Any], key: str, at: str) -> int | None:
    value = fields.get(key)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise EventError(f"{at}/{key}", "is no whole number from 0")
    return value


def _flag(fields: dict[str, Any], key: str, at: str) -> bool:
    value = fields.get(key, False)
    if not isinstance(value, bool):
        raise EventError(f"{at}/{key}", f"is {_called(value)}; it is true or false")
    return value


def _number(
    fields: dict[str, Any], key: str, at: str, least: float, most: float, *, clip_low: bool = False
) -> float | None:
    value = fields.get(key)
    if value is None:
        return None
    number = _finite(value, f"{at}/{key}")
    if clip_low:
        number = max(number, least)
    if not least <= number <= most:
        raise EventError(f"{at}/{key}", f"is {number:g}, outside {least:g} to {most:g}")
    return number


def _finite(value: object, pointer: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise EventError(pointer, f"is {_called(value)}; it needs a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise EventError(pointer, "is too large a number")
    return number


def _measured(
    fields: dict[str, Any], kind: Kind, phase: Phase, at: str
) -> tuple[float | None, str]:
    """The value in the unit it is kept in."""
    raw = fields.get("value")
    if raw is None:
        if kind in MEASURED and phase is not Phase.END:
            raise EventError(f"{at}/value", f"is missing; a {kind.value} event is a measurement")
        return None, ""
    units = UNITS.get(kind)
    if units is None:
        raise EventError(f"{at}/value", f"has no meaning in a {kind.value} event")
    unit = fields.get("unit")
    if not isinstance(unit, str) or unit not in units:
        what = "is missing" if unit is None else f"is {_shown(unit)}"
        raise EventError(f"{at}/unit", f"{what}; {kind.value} is measured in {' or '.join(units)}")
    value = _finite(raw, f"{at}/value") * units[unit]
    least, most = _POSSIBLE[kind]
    if not least <= value <= most:
        kept = next(iter(units))
        raise EventError(
            f"{at}/value", f"is {value:g} {kept}; {kind.value} lies between {least:g} and {most:g}"
        )
    return value, next(iter(units))


def _location(value: object, at: str) -> Location | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise EventError(at, f"is {_called(value)}; it needs lat and lon")
    for key in ("lat", "lon"):
        if key not in value:
            raise EventError(f"{at}/{key}", "is missing")
    latitude = _finite(value["lat"], f"{at}/lat")
    longitude = _finite(value["lon"], f"{at}/lon")
    radius = _number(value, "radius_m", at, 0.0, 1_000_000.0)
    return Location(_point(latitude, longitude, at), radius or 0.0)


def _point(latitude: float, longitude: float, at: str) -> Point:
    if abs(latitude) > 90.0:
        swapped = ": latitude and longitude are the wrong way round" * (abs(longitude) <= 90.0)
        raise EventError(f"{at}/lat", f"is {latitude:g}, outside -90 to 90{swapped}")
    if abs(longitude) > 180.0:
        raise EventError(f"{at}/lon", f"is {longitude:g}, outside -180 to 180")
    return Point(latitude, longitude)


def _polygon(value: object, at: str) -> tuple[Point, ...]:
    """A ring of [latitude, longitude] pairs, closed if it was not."""
    if value is None:
        return ()
    if not isinstance(value, list) or not 3 <= len(value) <= MOST_CORNERS:
        raise EventError(at, f"needs 3 to {MOST_CORNERS} corners, each [latitude, longitude]")
    ring = []
    for n, corner in enumerate(value):
        if not isinstance(corner, list) or len(corner) != 2:
            raise EventError(f"{at}/{n}", "is no [latitude, longitude]")
        numbers = [_finite(each, f"{at}/{n}/{m}") for m, each in enumerate(corner)]
        ring.append(_point(numbers[0], numbers[1], f"{at}/{n}"))
    return tuple(ring) if ring[0] == ring[-1] else (*ring, ring[0])


def _names(fields: dict[str, Any], key: str, at: str) -> tuple[str, ...]:
    value = fields[key]
    if not isinstance(value, list) or len(value) > _MOST_NAMES:
        raise EventError(f"{at}/{key}", f"needs a list of at most {_MOST_NAMES} names")
    for n, name in enumerate(value):
        if not isinstance(name, str) or _NAME.fullmatch(name) is None:
            raise EventError(f"{at}/{key}/{n}", f"is {_shown(name)}, which is no name")
    return tuple(value)


def _bbox(value: object, at: str) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) != 4:
        raise EventError(at, "needs four numbers: left, top, right, bottom, each 0 to 1")
    left, top, right, bottom = (_finite(each, f"{at}/{n}") for n, each in enumerate(value))
    if not (0.0 <= left <= right <= 1.0 and 0.0 <= top <= bottom <= 1.0):
        raise EventError(at, "lies outside the picture: left, top, right, bottom, each 0 to 1")
    return left, top, right, bottom


def _links(fields: dict[str, Any], at: str) -> tuple[str, ...]:
    value = fields["evidence"]
    if not isinstance(value, list) or len(value) > _MOST_LINKS:
        raise EventError(f"{at}/evidence", f"needs a list of at most {_MOST_LINKS} links")
    for n, link in enumerate(value):
        if not isinstance(link, str) or not 0 < len(link) <= _LINK_CHARACTERS:
            raise EventError(f"{at}/evidence/{n}", f"is no link of 1 to {_LINK_CHARACTERS} letters")
    return tuple(value)


def _word(fields: dict[str, Any], key: str, at: str) -> str:
    return _matching(fields, key, _WORD, at, "a word of at most 40 letters")


# --- what the vendor said besides -------------------------------------------------------------


def _vendor(fields: dict[str, Any], given: object, at: str) -> dict[str, Any]:
    """The vendor's own fields, and those of the event that no reader knows."""
    if given is None:
        given = {}
    if not isinstance(given, dict):
        raise EventError(f"{at}/vendor", f"is {_called(given)}; it needs an object")
    unknown = {key: value for key, value in fields.items() if key not in _KNOWN}
    vendor = {**unknown, **given}
    _check_depth(vendor, f"{at}/vendor", VENDOR_DEPTH)
    octets = len(json.dumps(vendor, ensure_ascii=False).encode("utf-8"))
    if octets > VENDOR_BYTES:
        raise EventError(f"{at}/vendor", f"has {octets} bytes; {VENDOR_BYTES} are the most")
    return vendor


def _check_depth(value: object, at: str, depth: int) -> None:
    if isinstance(value, dict | list):
        if depth == 0:
            raise EventError(at, f"is nested deeper than {VENDOR_DEPTH} levels")
        for each in value.values() if isinstance(value, dict) else value:
            _check_depth(each, at, depth - 1)
    elif isinstance(value, float) and not math.isfinite(value):
        raise EventError(at, "holds a number too large to read")
