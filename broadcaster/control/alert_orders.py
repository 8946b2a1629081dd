"""Acts on warnings as they stand on a link, read into `alerts.commands`.

Zones, groups, cameras and places become zones here, by the site; everything else is the book's to
judge. Control adds the media time at which an act was given.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from alerts.alert import AlertId, LastWord
from alerts.commands import (
    Acknowledge,
    AddZones,
    AllClear,
    BreakGlass,
    Confirm,
    Correct,
    EndExercise,
    Escalate,
    Hold,
    Person,
    Raise,
    Reconfirm,
    Reject,
    StartExercise,
    StepDown,
    Stop,
)
from alerts.detection.places import NEAREST_WITHIN_M, Places
from alerts.exercise import ExerciseId
from alerts.hazard import HazardId, Level
from alerts.message import Language, Phrase
from alerts.spoken import MessageId
from broadcaster.control.play_order import RefusedError, zones_of
from zones.bus import ZoneId
from zones.geometry import Point
from zones.site import Camera, Site

LONGEST_REASON: Final = 500
LONGEST_NAME: Final = 200
LONGEST_WORDS: Final = 200
SPOKEN_BY_OPERATORS: Final = ("ko", "en")
_WORDS: Final = {
    "hazard-over": LastWord.HAZARD_OVER,
    "path-open": LastWord.PATH_OPEN,
    "both": LastWord.BOTH,
}

_Fields = Mapping[str, Any]
Order = (
    Raise
    | Confirm
    | BreakGlass
    | Reject
    | Hold
    | Escalate
    | AddZones
    | StepDown
    | Correct
    | AllClear
    | Reconfirm
    | Acknowledge
    | Stop
    | StartExercise
    | EndExercise
)
"""What people ask for."""
_Reader = Callable[[_Fields, dict[str, Any], Site], Order]


def read_order(fields: _Fields, site: Site) -> Order:
    """The act in a link's command.

    Raises:
        RefusedError: it is none, with a sentence and the field that is wrong.
    """
    who = Person(_text(fields, "who"), frozenset(_names(fields, "roles", ())))
    reason = _text(fields, "reason", "")
    if len(reason) > LONGEST_REASON:
        raise RefusedError(f"a reason has at most {LONGEST_REASON} characters", "reason")
    given = {"key": _text(fields, "key"), "who": who, "reason": reason}
    return READERS[str(fields["name"])](fields, given, site)


def _raise(fields: _Fields, given: dict[str, Any], site: Site) -> Raise:
    camera = _camera(fields, site)
    place = _place(fields) or (None if camera is None else camera.at)
    message, hazard = _optional(fields, "message"), _optional(fields, "hazard")
    if message is None and hazard is None:
        raise RefusedError("say what to warn of: a message or a hazard", "message")
    return Raise(
        **given,
        zones=_zones(fields, site, camera, _place(fields)),
        message=None if message is None else MessageId(message),
        hazard=None if hazard is None else HazardId(hazard),
        level=_level(fields) or (Level.WARNING if message is None else None),
        source="by hand" if camera is None else f"camera {camera.id}",
        camera="" if camera is None else str(camera.id),
        place=place,
        words=_words(fields),
        break_glass=fields.get("break_glass") is True,
    )


def _escalate(fields: _Fields, given: dict[str, Any], site: Site) -> Escalate:
    zones = zones_of(_names(fields, "zones"), site) if fields.get("zones") else ()
    return Escalate(
        **given,
        alert=_alert(fields),
        level=_level(fields),
        message=_message(fields),
        zones=zones,
    )


def _hold(fields: _Fields, given: dict[str, Any], site: Site) -> Hold:
    seconds = fields.get("seconds", 120.0)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise RefusedError(f"{seconds!r} is no number of seconds", "seconds")
    return Hold(**given, alert=_alert(fields), seconds=float(seconds))


def _add_zones(fields: _Fields, given: dict[str, Any], site: Site) -> AddZones:
    return AddZones(**given, alert=_alert(fields), zones=zones_of(_names(fields, "zones"), site))


def _step_down(fields: _Fields, given: dict[str, Any], site: Site) -> StepDown:
    return StepDown(
        **given,
        alert=_alert(fields),
        level=_level(fields) or (None if _message(fields) else Level.CAUTION),
        message=_message(fields),
    )


def _all_clear(fields: _Fields, given: dict[str, Any], site: Site) -> AllClear:
    of = _text(fields, "of", "hazard-over")
    if of not in _WORDS:
        raise RefusedError(f"{of!r} is no all-clear; say {', '.join(_WORDS)}", "of")
    return AllClear(**given, alert=_alert(fields), word=_WORDS[of])


def _exercise(fields: _Fields, given: dict[str, Any], site: Site) -> StartExercise:
    seconds = fields.get("seconds", 600.0)
    if not isinstance(seconds, int | float) or isinstance(seconds, bool):
        raise RefusedError(f"{seconds!r} is no number of seconds", "seconds")
    return StartExercise(
        **given,
        message=MessageId(_text(fields, "message", "exercise")),
        zones=zones_of(_names(fields, "zones"), site),
        seconds=float(seconds),
    )


def _end_exercise(fields: _Fields, given: dict[str, Any], site: Site) -> EndExercise:
    return EndExercise(**given, exercise=ExerciseId(_text(fields, "alert")))


def _on_alert(kind: Callable[..., Order]) -> _Reader:
    return lambda fields, given, site: kind(**given, alert=_alert(fields))


READERS: Final[Mapping[str, _Reader]] = {
    "raise": _raise,
    "confirm": _on_alert(Confirm),
    "break-glass": _on_alert(BreakGlass),
    "reject": _on_alert(Reject),
    "hold": _hold,
    "escalate": _escalate,
    "add-zones": _add_zones,
    "step-down": _step_down,
    "correct": _on_alert(Correct),
    "all-clear": _all_clear,
    "reconfirm": _on_alert(Reconfirm),
    "acknowledge": _on_alert(Acknowledge),
    "stop": _on_alert(Stop),
    "exercise": _exercise,
    "end-exercise": _end_exercise,
}
"""The acts by the names of their commands."""


# --- fields ---


def _zones(
    fields: _Fields, site: Site, camera: Camera | None, place: Point | None
) -> tuple[ZoneId, ...]:
    """Where to warn: the zones that are named, else the camera's, else those by the place."""
    if fields.get("zones"):
        return zones_of(_names(fields, "zones"), site)
    if camera is not None:
        return camera.zones
    if place is not None:
        near = Places(site).near(place)
        if not near:
            raise RefusedError(
                f"no zone lies within {NEAREST_WITHIN_M:g} m of that place: name the zones", "at"
            )
        return near
    raise RefusedError("say where: zones, a camera, or a place", "zones")


def _words(fields: _Fields) -> tuple[Phrase, ...]:
    """What the operator says himself, by language."""
    said = fields.get("words") or {}
    if not isinstance(said, dict) or not all(isinstance(text, str) for text in said.values()):
        raise RefusedError("words are a text for each language, such as ko and en", "words")
    for language, text in said.items():
        if language not in SPOKEN_BY_OPERATORS:
            known = " and ".join(SPOKEN_BY_OPERATORS)
            raise RefusedError(f"words can be in {known}, not in {language!r}", "words")
        if len(text) > LONGEST_WORDS:
            raise RefusedError(
                f"your own words have {len(text)} characters in {language}; {LONGEST_WORDS} are "
                "the most that is still listened to",
                "words",
            )
    return tuple(
        Phrase(Language(language), " ".join(text.split()))
        for language, text in said.items()
        if text.strip()
    )


def _camera(fields: _Fields, site: Site) -> Camera | None:
    """The camera of that number or name (SAFETY E4)."""
    named = _optional(fields, "camera")
    if named is None:
        return None
    wanted = named.strip().casefold()
    for camera in site.cameras:
        names = {str(camera.id), camera.name.ko, camera.name.en, _digits(str(camera.id))}
        if wanted in {name.casefold() for name in names if name}:
            return camera
    near = difflib.get_close_matches(named, [str(camera.id) for camera in site.cameras], 1)
    hint = f'did you mean "{near[0]}"?' if near else "name the zones instead"
    raise RefusedError(f'there is no camera "{named}" in the site file: {hint}', "camera")


def _digits(name: str) -> str:
    """The number in a camera's id: `214` of `cam-214`."""
    return "".join(sign for sign in name if sign.isdigit()).lstrip("0")


def _place(fields: _Fields) -> Point | None:
    at = fields.get("at")
    if at is None:
        return None
    if not isinstance(at, list) or len(at) != 2 or not all(_is_number(part) for part in at):
        raise RefusedError("a place is [latitude, longitude] in degrees", "at")
    latitude, longitude = float(at[0]), float(at[1])
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise RefusedError(f"{latitude:g}, {longitude:g} is nowhere: latitude comes first", "at")
    return Point(latitude, longitude)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _level(fields: _Fields) -> Level | None:
    named = _optional(fields, "level")
    if named is None:
        return None
    try:
        return Level[named.upper()]
    except KeyError:
        known = ", ".join(level.name.lower() for level in Level)
        raise RefusedError(f"there is no level {named!r}; there are {known}", "level") from None


def _alert(fields: _Fields) -> AlertId:
    return AlertId(_text(fields, "alert"))


def _message(fields: _Fields) -> MessageId | None:
    named = _optional(fields, "message")
    return None if named is None else MessageId(named)


def _optional(fields: _Fields, name: str) -> str | None:
    return None if fields.get(name) is None else _text(fields, name)


def _text(fields: _Fields, name: str, otherwise: str | None = None) -> str:
    value = fields.get(name, otherwise)
    if not isinstance(value, str):
        raise RefusedError(f"{name}: {value!r} is not a text", name)
    if name != "reason" and len(value) > LONGEST_NAME:
        raise RefusedError(f"{name}: it has at most {LONGEST_NAME} characters", name)
    return value


def _names(fields: _Fields, name: str, otherwise: tuple[str, ...] | None = None) -> tuple[str, ...]:
    listed = fields.get(name, otherwise)
    if not isinstance(listed, list | tuple) or not all(isinstance(one, str) for one in listed):
        raise RefusedError(f"{name}: {listed!r} is not a list of names", name)
    return tuple(listed)
