"""The keys of the rules file: one shape for each sort of table, with its line of manual."""

from __future__ import annotations

import re
from typing import Final

from alerts.detection.event import Kind, SourceId
from alerts.detection.rules import Extend
from alerts.hazard import Level
from alerts.life_cycle import OnTimeout
from zones.site import Evidence
from zones.sitefile_shapes import NAME_SHAPE
from zones.sitefile_values import PERIOD_KIND, SOURCE_DELAY_KIND, ByName, PointReading
from zones.yaml_kind import (
    FLAG,
    ID,
    METRES_UNITS,
    SECONDS_UNITS,
    TEXT,
    ValueProblem,
    choice,
    number,
    quantity,
    whole,
)
from zones.yaml_kind import Kind as ValueKind
from zones.yaml_shape import Field, Inside, Many, One, OnePlaced, Raw, Shape

Measure = tuple[float, str]
"""A number and its unit, as written."""

_MEASURE: Final = re.compile(r"([+-]?[0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([A-Za-z%/0-9]+)")
_DATE: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


def _read_measure(text: str) -> Measure:
    found = _MEASURE.fullmatch(text.strip())
    if found is None:
        raise ValueProblem(f'"{text}" is no measured value', "write it with its unit: 1.2 m")
    return float(found[1]), found[2]


def _read_date(text: str) -> str:
    if _DATE.fullmatch(text) is None:
        raise ValueProblem(f'"{text}" is not a date', "write it like 2026-11-22")
    return text


def _read_source(text: str) -> SourceId:
    if _SOURCE.fullmatch(text) is None:
        raise ValueProblem(f'"{text}" is not the name of a source')
    return SourceId(text)


MEASURE_KIND: Final = ValueKind(
    "a measured value",
    _read_measure,
    {"type": "string", "pattern": f"^{_MEASURE.pattern}$"},
    "a value with its unit, like `1.2 m`",
)
DATE_KIND: Final = ValueKind(
    "a date", _read_date, {"type": "string", "format": "date"}, "a date, like `2026-11-22`"
)
SOURCE_KIND: Final = ValueKind(
    "a source",
    _read_source,
    {"type": "string", "pattern": f"^{_SOURCE.pattern}$"},
    "the name of a camera, a gauge or another source",
)
TIME_KIND: Final = quantity("a time", SECONDS_UNITS, "0 s", "24 h", example="60 s")
REACH_KIND: Final = quantity("a distance", METRES_UNITS, "0 m", "100 km", example="100 m")
SHARE_KIND: Final = number("a confidence", 0.0, 1.0)
DETECTION_KIND: Final = choice("a kind of event", {kind.value: kind for kind in Kind})
LEVEL_KIND: Final = choice("a level", {level.name.lower(): level for level in Level})
TIMEOUT_KIND: Final = choice("an outcome", {each.value: each for each in OnTimeout})
EXTEND_KIND: Final = choice("an extent", {each.value: each for each in Extend})
EVIDENCE_KIND: Final = choice("a way of reporting", {each.value: each for each in Evidence})


class AuthorityKeys:
    """`authorised`: who said that warnings may sound without a person."""

    NAME: Final = Field("name", One(TEXT), "the person", is_required=True)
    OFFICE: Final = Field("office", One(TEXT), "the person's office", is_required=True)
    DATE: Final = Field("date", One(DATE_KIND), "when", is_required=True)
    SHAPE: Final = Shape("authorised", (NAME, OFFICE, DATE), "Who authorised automatic airing.")


class SourceKeys:
    """`sources`: what the site file does not say of a source, or a source of another kind."""

    NAME: Final = Field("name", Inside(NAME_SHAPE), "what people call it")
    KINDS: Final = Field("kinds", Many(One(DETECTION_KIND), least=1, may_be_one=True), "it reports")
    EVIDENCE: Final = Field("evidence", One(EVIDENCE_KIND), "how it reports")
    PERIOD: Final = Field("period", One(PERIOD_KIND), "time between two reports of a sample source")
    DELAY: Final = Field("delay", One(SOURCE_DELAY_KIND), "how late its reports come")
    HEARTBEAT: Final = Field("heartbeat", One(PERIOD_KIND), "time between two signs of life")
    AT: Final = Field("at", PointReading(), "where it is")
    ZONES: Final = Field("zones", Many(OnePlaced(ID), least=1, may_be_one=True), "it speaks for")
    GATEWAY: Final = Field(
        "gateway", One(ID), "what its events pass through; all behind one count as one source"
    )
    MAY_EVACUATE: Final = Field(
        "may_evacuate", One(FLAG), "whether it alone may ask for evacuation, as an authority may"
    )
    SHAPE: Final = Shape(
        "source",
        (NAME, KINDS, EVIDENCE, PERIOD, DELAY, HEARTBEAT, AT, ZONES, GATEWAY, MAY_EVACUATE),
        "A source.",
    )


class HazardKeys:
    """`hazards`: what holds for all incidents of a hazard."""

    EXTEND: Final = Field("extend", One(EXTEND_KIND), "which further zones are warned")
    MERGE_WITHIN: Final = Field(
        "merge_within", One(REACH_KIND), "detections nearer to each other are one incident"
    )
    MERGE_FOR: Final = Field("merge_for", One(TIME_KIND), "and so long after each other")
    QUIET: Final = Field("quiet", One(TIME_KIND), "quiet before the all-clear is proposed")
    COOLDOWN: Final = Field(
        "cooldown", One(TIME_KIND), "after an end the same level is not raised again so long"
    )
    CLEARS_ALONE: Final = Field(
        "clears_alone", One(FLAG), "whether a caution may end without a person, once quiet"
    )
    SHAPE: Final = Shape(
        "hazard", (EXTEND, MERGE_WITHIN, MERGE_FOR, QUIET, COOLDOWN, CLEARS_ALONE), "A hazard."
    )


class BoundsKeys:
    """`confidence` and `value`: where a condition begins and where it is over."""

    ENTER: Final = Field("enter", One(SHARE_KIND), "begins at", is_required=True)
    EXIT: Final = Field("exit", One(SHARE_KIND), "is over below; 0.8 x enter without it")
    CONFIDENCE: Final = Shape("confidence", (ENTER, EXIT))
    VALUE_ENTER: Final = Field("enter", One(MEASURE_KIND), "begins at", is_required=True)
    VALUE_EXIT: Final = Field("exit", One(MEASURE_KIND), "is over below", is_required=True)
    VALUE: Final = Shape("value", (VALUE_ENTER, VALUE_EXIT))
    BY: Final = Field("by", One(MEASURE_KIND), "rises by", is_required=True)
    TO: Final = Field("to", One(MEASURE_KIND), "reaches", is_required=True)
    WITHIN: Final = Field("within", One(TIME_KIND), "within", is_required=True)
    RISE: Final = Shape("rise", (BY, WITHIN))
    REACHES: Final = Shape("reaches", (TO, WITHIN))


class RuleKeys:
    """`rules`."""

    HAZARD: Final = Field("hazard", OnePlaced(ID), "which hazard it warns of", is_required=True)
    KINDS: Final = Field(
        "kinds",
        Many(One(DETECTION_KIND), least=1, may_be_one=True),
        "which events it looks at",
        is_required=True,
    )
    SOURCES: Final = Field(
        "sources",
        Many(OnePlaced(SOURCE_KIND), least=1, may_be_one=True),
        "whose; all that report them without it",
    )
    CONFIDENCE: Final = Field("confidence", Inside(BoundsKeys.CONFIDENCE), "seen so surely")
    VALUE: Final = Field("value", Inside(BoundsKeys.VALUE), "measured so high")
    RISE: Final = Field("rise", Inside(BoundsKeys.RISE), "measured to rise so fast")
    REACHES: Final = Field(
        "reaches", Inside(BoundsKeys.REACHES), "measured to rise so that it will be there"
    )
    COUNT: Final = Field("count", One(whole("a count", 1, 100)), "how often; once without it")
    WITHIN: Final = Field("within", One(TIME_KIND), "within which time; 5 min without it")
    HELD: Final = Field(
        "held", One(TIME_KIND), "how long a state must hold that starts once and says no more"
    )
    QUALITY: Final = Field("quality", One(SHARE_KIND), "a reading below it is suspect")
    NEEDS: Final = Field("needs", One(whole("a count", 1, 20)), "how many independent sources")
    APART: Final = Field("apart", One(REACH_KIND), "how far those are from each other; 100 m")
    LEVEL: Final = Field("level", One(LEVEL_KIND), "the level it asks for", is_required=True)
    WINDOW: Final = Field("window", One(TIME_KIND), "time for people before it sounds; none")
    ON_TIMEOUT: Final = Field(
        "on_timeout", One(TIMEOUT_KIND), "what happens when nobody answers; it sounds"
    )
    SHAPE: Final = Shape(
        "rule",
        (
            HAZARD,
            KINDS,
            SOURCES,
            CONFIDENCE,
            VALUE,
            RISE,
            REACHES,
            COUNT,
            WITHIN,
            HELD,
            QUALITY,
            NEEDS,
            APART,
            LEVEL,
            WINDOW,
            ON_TIMEOUT,
        ),
        "A rule.",
    )


_OPEN_TABLE: Final[dict[str, object]] = {"type": "object"}


class TopKeys:
    """The top level of the rules file."""

    SCHEMA: Final = Field(
        "schema", One(whole("a version", 1, 1)), "version of the rules file: 1", is_required=True
    )
    FOR_ANY_SITE: Final = Field(
        "for_any_site",
        One(FLAG),
        "whether a rule that this site's sources can't meet is left out instead of refused",
    )
    AUTHORISED: Final = Field(
        "authorised", Inside(AuthorityKeys.SHAPE), "who authorised automatic airing"
    )
    GEOCODES: Final = Field(
        "geocodes",
        ByName(Many(OnePlaced(ID), least=1, may_be_one=True)),
        "which zones a code of an area means",
    )
    SOURCES: Final = Field("sources", Raw("a table of sources", _OPEN_TABLE), "the sources")
    HAZARDS: Final = Field("hazards", Raw("a table of hazards", _OPEN_TABLE), "the hazards")
    RULES: Final = Field(
        "rules", Raw("a table of rules", _OPEN_TABLE), "the rules", is_required=True
    )
    SHAPE: Final = Shape(
        "",
        (SCHEMA, FOR_ANY_SITE, AUTHORISED, GEOCODES, SOURCES, HAZARDS, RULES),
        "The rules of a site.",
    )
