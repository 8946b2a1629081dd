"""What scenarios are made of: the numbers in `scenarios.yaml`, read and checked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from zones.problem import Problem
from zones.yaml_document import read_document
from zones.yaml_kind import SECONDS_UNITS, Kind, number, quantity, whole
from zones.yaml_shape import Field, Inside, One, Record, Shape

FILE: Final = Path(__file__).with_name("scenarios.yaml")
T = TypeVar("T")


class ScenarioError(Exception):
    """Scenarios that can't be read or played; the text says what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Calm:
    """An ordinary day: instruments read `level_m`, give or take `waves_m`."""

    speed: float
    level_m: float
    waves_m: float


@dataclass(frozen=True, slots=True)
class Wildfire:
    """A fire that three cameras see one after the other; times in seconds from its begin."""

    speed: float
    look_s: float
    second_s: float
    noticed: float
    grows_s: float
    surest: float
    noise: float
    flames_s: float
    heat_s: float
    out_s: float


@dataclass(frozen=True, slots=True)
class Flood:
    """A wave that runs down the stream at `runs_m_per_s`, with rain in mm/h before it."""

    speed: float
    level_m: float
    waves_m: float
    rain_mm_per_h: float
    rains_s: float
    arrives_s: float
    height_m: float
    rises_s: float
    stays_s: float
    falls_s: float
    runs_m_per_s: float
    blind: float
    ends_s: float


@dataclass(frozen=True, slots=True)
class Fog:
    """Fog over so many neighbouring `cameras`, and single `hits` of every camera."""

    speed: float
    lasts_s: float
    cameras_count: int
    runs_count: int
    shortest_count: int
    longest_count: int
    look_s: float
    least: float
    most: float
    hits_count: int
    surest: float


@dataclass(frozen=True, slots=True)
class Storm:
    """Every camera at once: all begin within `begins_s` and report at each `look_s`."""

    speed: float
    begins_s: float
    look_s: float
    lasts_s: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class ScenarioSettings:
    """The numbers of all scenarios."""

    calm: Calm
    wildfire: Wildfire
    flood: Flood
    fog: Fog
    storm: Storm


_SECONDS: Final = quantity("a time", SECONDS_UNITS, "1 ms", "24 h", example="30 s")
_METRES: Final = quantity("a length", {"m": 1.0, "cm": 0.01}, "0 m", "50 m", example="0.2 m")
# The longest suffix first: a field is read in the unit its name ends with.
_KINDS: Final[tuple[tuple[str, Kind[Any]], ...]] = (
    ("_m_per_s", quantity("a speed", {"m/s": 1.0}, "0.1 m/s", "20 m/s", example="1.5 m/s")),
    ("_mm_per_h", quantity("rain", {"mm/h": 1.0}, "0 mm/h", "500 mm/h", example="70 mm/h")),
    ("_count", whole("a count", 1, 10_000)),
    ("_s", _SECONDS),
    ("_m", _METRES),
)
_SCENARIOS: Final[dict[str, type[Any]]] = {
    "calm": Calm,
    "wildfire": Wildfire,
    "flood": Flood,
    "fog": Fog,
    "storm": Storm,
}
_SPEED: Final = number("a factor", 0.1, 1000.0)
_SHARE: Final = number("a share", 0.0, 1.0)


def read_settings(path: Path = FILE) -> ScenarioSettings:
    """The numbers in a file.

    Raises:
        ScenarioError: it can't be read, or something in it is missing or wrong.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot read {path}: {error}") from None
    return parse_settings(text, str(path))


def parse_settings(text: str, file: str) -> ScenarioSettings:
    """The numbers in the text of a file; raises ScenarioError with every problem there is."""
    problems: list[Problem] = []
    inner = {
        name: Field(name, Inside(_shape(of)), "", is_required=True)
        for name, of in _SCENARIOS.items()
    }
    schema = Field("schema", One(whole("a version", 1, 1)), "of this form", is_required=True)
    document = read_document(text, file, problems)
    top = None
    if document is not None:
        top = Shape("scenarios", (schema, *inner.values())).read(document, "", problems)
    if top is None or problems:
        raise ScenarioError("\n".join(problem.rendered(text) for problem in sorted(problems)))
    read = {name: _filled(of, top.must(inner[name])) for name, of in _SCENARIOS.items()}
    return ScenarioSettings(**read)


def _shape(of: type[Any]) -> Shape:
    """The keys of one scenario: its fields, named without their units."""
    return Shape("", tuple(_field(each.name) for each in fields(of)))


def _field(name: str) -> Field[Any]:
    for suffix, kind in _KINDS:
        if name.endswith(suffix):
            return Field(name.removesuffix(suffix), One(kind), "", is_required=True)
    return Field(name, One(_SPEED if name == "speed" else _SHARE), "", is_required=True)


def _filled(of: type[T], record: Record) -> T:
    values = {each.name: record.must(_field(each.name)) for each in fields(cast("Any", of))}
    return of(**values)
