"""Firmware profiles: what an amplifier family can receive, and where we know it from.

One YAML file describes one family over a range of firmware. Text goes in, a frozen `Profile`
comes out; every fact names its source, and what nobody has verified says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from firmware_profiles.supervision import Supervision
from firmware_profiles.supervision_shape import (
    HEALTH_FIELDS,
    NO_SOURCE,
    Keys,
    check_health,
    health_facts,
    supervision,
)
from zones.media_time import RATE, Sample, samples
from zones.problem import Problem
from zones.reception import KeepAlive, ReceivableFormat, Reception
from zones.site import ProfileId
from zones.stream_format import FORMATS, StreamFormat
from zones.yaml_document import read_document
from zones.yaml_kind import FLAG, ID, SECONDS_UNITS, TEXT, choice, did_you_mean, quantity, whole
from zones.yaml_shape import Field, Inside, Many, One, OnePlaced, Record, Shape

_PACKET_TIME: Final = quantity(
    "a packet time", {"ms": 1e-3, "us": 1e-6}, "125 us", "60 ms", example="5 ms"
)
_SHORT: Final = quantity("a time", SECONDS_UNITS, "0 ms", "10 s", example="200 ms")
_PRE_ROLL: Final = quantity("a time", SECONDS_UNITS, "0 ms", "3 s", example="800 ms")


class ProfileError(Exception):
    """A profile that can't be used, with every problem in it."""

    def __init__(self, problems: tuple[Problem, ...], text: str) -> None:
        self.problems = problems
        self._text = text
        super().__init__("\n".join(map(str, problems)))

    def rendered(self) -> str:
        """Every problem with its line and a caret."""
        return "\n".join(problem.rendered(self._text) for problem in self.problems)


@dataclass(frozen=True, slots=True)
class FirmwareRange:
    """The firmware a profile is for: a family, and versions from `least` to `most`, both included.

    None stands for no limit.
    """

    family: str
    least: str | None
    most: str | None


@dataclass(frozen=True, slots=True)
class JitterBuffer:
    """How much sound a receiver holds before it plays, in samples at 48 000 Hz.

    A receiver that counts bytes waits for `threshold_bytes`, so that the format decides how long.
    """

    default: Sample
    least: Sample
    most: Sample
    threshold_bytes: int | None = None

    def wait(self, stream_format: StreamFormat) -> Sample:
        """How long it holds sound of a format before it plays."""
        if self.threshold_bytes is None:
            return self.default
        return self.threshold_bytes * RATE // stream_format.bytes_per_second


@dataclass(frozen=True, slots=True)
class Profile:
    """One amplifier family: what it takes, how it wakes, and the source of every fact."""

    id: ProfileId
    vendor: str
    models: tuple[str, ...]
    firmware: FirmwareRange
    is_simulated: bool
    reception: Reception
    buffer: JitterBuffer
    on_stop: Sample
    """How long after the last packet the device frees itself, in samples at 48 000 Hz."""
    sources: Mapping[str, str]
    """The sources by the short names that facts cite."""
    unverified: tuple[str, ...]
    """The facts nobody has checked on a device; no alarm may rest on them."""
    supervision: Supervision = field(default_factory=Supervision)
    """How its health is told."""


class _Keys:
    SCHEMA: Final = Field("schema", One(whole("a version", 1, 1)), "1", is_required=True)
    PROFILE: Final = Field("id", One(ID), "same as the file's name", is_required=True)
    VENDOR: Final = Field("vendor", One(TEXT), "maker", is_required=True)
    MODELS: Final = Field("models", Many(One(TEXT), least=1), "models", is_required=True)
    SIMULATED: Final = Field("simulated", One(FLAG), "true for our own virtual amplifiers")

    FAMILY: Final = Field("family", One(TEXT), "firmware family", is_required=True)
    LEAST: Final = Field("min", One(TEXT), "oldest version it is for")
    MOST: Final = Field("max", One(TEXT), "newest version it is for")
    FIRMWARE: Final = Field(
        "firmware",
        Inside(Shape("firmware", (FAMILY, LEAST, MOST))),
        "firmware range",
        is_required=True,
    )

    SOURCE: Final = Keys.SOURCE
    FORMAT: Final = Field(
        "format", One(choice("a stream format", {n: n for n in FORMATS})), "", is_required=True
    )
    PACKET_TIMES: Final = Field(
        "packet_times", Many(One(_PACKET_TIME), least=1), "packet times taken", is_required=True
    )
    PAYLOAD_TYPES: Final = Field(
        "payload_types",
        Many(One(whole("a payload type", 0, 127)), least=1),
        "payload types taken",
        is_required=True,
    )
    STREAM_FORMATS: Final = Field(
        "formats",
        Many(Inside(Shape("format", (FORMAT, PACKET_TIMES, PAYLOAD_TYPES, SOURCE))), least=1),
        "what it plays, best first",
        is_required=True,
    )

    MULTICAST: Final = Field("multicast", One(FLAG), "can join groups", is_required=True)
    GROUPS: Final = Field(
        "groups", One(whole("a number", 1, 256)), "streams at once", is_required=True
    )
    EVEN_PORT: Final = Field("even_port", One(FLAG), "takes even ports only", is_required=True)
    RECEIVE: Final = Field(
        "receive",
        Inside(Shape("receive", (MULTICAST, GROUPS, EVEN_PORT, SOURCE))),
        "how it receives",
        is_required=True,
    )

    BUFFER_DEFAULT: Final = Field("default", One(_SHORT), "as delivered", is_required=True)
    BUFFER_LEAST: Final = Field("min", One(_SHORT), "least", is_required=True)
    BUFFER_MOST: Final = Field("max", One(_SHORT), "most", is_required=True)
    THRESHOLD: Final = Field(
        "threshold_bytes",
        One(whole("a number of bytes", 1, 1_000_000)),
        "bytes it waits for, where it counts bytes",
    )
    BUFFER: Final = Field(
        "buffer",
        Inside(Shape("buffer", (BUFFER_DEFAULT, BUFFER_LEAST, BUFFER_MOST, THRESHOLD, SOURCE))),
        "jitter buffer",
        is_required=True,
    )

    KEEP: Final = Field(
        "keep_alive",
        One(choice("a way to keep it awake", {each.value: each for each in KeepAlive})),
        "what keeps it awake between sounds",
        is_required=True,
    )
    PRE_ROLL: Final = Field("pre_roll", One(_PRE_ROLL), "how long it wakes", is_required=True)
    WAKING: Final = Field(
        "waking",
        Inside(Shape("waking", (KEEP, PRE_ROLL, SOURCE))),
        "how it behaves after silence",
        is_required=True,
    )

    TIMEOUT: Final = Field("timeout", One(_SHORT), "until it frees itself", is_required=True)
    ON_STOP: Final = Field(
        "on_stop",
        Inside(Shape("on_stop", (TIMEOUT, SOURCE))),
        "what it does after the last packet",
        is_required=True,
    )
    STREAM: Final = Field(
        "stream",
        Inside(Shape("stream", (STREAM_FORMATS, RECEIVE, BUFFER, WAKING, ON_STOP))),
        "what it receives",
        is_required=True,
    )

    SOURCE_ID: Final = Field("id", OnePlaced(ID), "short name", is_required=True)
    SOURCE_TEXT: Final = Field("text", One(TEXT), "document, version, page", is_required=True)
    SOURCES: Final = Field(
        "sources",
        Many(Inside(Shape("source", (SOURCE_ID, SOURCE_TEXT)))),
        "where the facts are from",
        is_required=True,
    )
    SHAPE: Final = Shape(
        "",
        (
            *(SCHEMA, PROFILE, VENDOR, MODELS, SIMULATED, FIRMWARE, STREAM),
            *(*HEALTH_FIELDS, SOURCES),
        ),
        "An amplifier family.",
    )


def parse_profile(text: str, file: str) -> Profile:
    """The profile in a file's text.

    Raises:
        ProfileError: with every problem there is.
    """
    problems: list[Problem] = []
    document = read_document(text, file, problems)
    if document is not None:
        top = _Keys.SHAPE.read(document, "", problems)
        if top.is_whole:
            problems.extend(_check(top, file))
    if problems:
        raise ProfileError(tuple(sorted(problems)), text)
    return _profile(top)


def _facts(top: Record) -> Iterator[tuple[str, Record]]:
    """Every group of facts that cites a source, by a name to show."""
    stream = top.must(_Keys.STREAM)
    for each in stream.must(_Keys.STREAM_FORMATS):
        yield f"stream.formats.{each.must(_Keys.FORMAT)}", each
    inner: tuple[Field[Record], ...] = (_Keys.RECEIVE, _Keys.BUFFER, _Keys.WAKING, _Keys.ON_STOP)
    for each_field in inner:
        yield f"stream.{each_field.key}", stream.must(each_field)
    yield from health_facts(top)


def _check(top: Record, file: str) -> Iterator[Problem]:
    name = file.rpartition("/")[2].partition(".")[0].replace("_", "-")
    if top.must(_Keys.PROFILE) != name:
        yield top.problem(
            _Keys.PROFILE,
            f'id: "{top.must(_Keys.PROFILE)}" is not the file\'s name',
            f"write {name}",
        )
    sources = [each.must(_Keys.SOURCE_ID).value for each in top.must(_Keys.SOURCES)]
    cited = set()
    for shown, record in _facts(top):
        source = record.must(_Keys.SOURCE)
        cited.add(source.value)
        if source.value not in {*sources, NO_SOURCE}:
            yield source.place.problem(
                f'{shown}: no source "{source.value}"', did_you_mean(source.value, sources)
            )
    for each in top.must(_Keys.SOURCES):
        named = each.must(_Keys.SOURCE_ID)
        if sources.count(named.value) > 1:
            yield named.place.problem(f'sources: "{named.value}" is there twice')
        elif named.value not in cited:
            yield named.place.problem(f'sources: no fact is from "{named.value}"')
    yield from _check_stream(top.must(_Keys.STREAM))
    yield from check_health(top)


def _check_stream(stream: Record) -> Iterator[Problem]:
    seen = set()
    for each in stream.must(_Keys.STREAM_FORMATS):
        name = each.must(_Keys.FORMAT)
        if name in seen:
            yield each.problem(_Keys.FORMAT, f"{name} is there twice")
        seen.add(name)
        for time in each.must(_Keys.PACKET_TIMES):
            if samples(time) not in FORMATS[name].packet_times:
                yield each.problem(
                    _Keys.PACKET_TIMES, f"{time * 1000:g} ms is no packet time of {name}"
                )
    buffer = stream.must(_Keys.BUFFER)
    least, default, most = (
        buffer.must(amount)
        for amount in (_Keys.BUFFER_LEAST, _Keys.BUFFER_DEFAULT, _Keys.BUFFER_MOST)
    )
    if not least <= default <= most:
        yield buffer.problem(_Keys.BUFFER_DEFAULT, "default: is not between min and max")


def _profile(top: Record) -> Profile:
    firmware, stream = top.must(_Keys.FIRMWARE), top.must(_Keys.STREAM)
    receive, buffer = stream.must(_Keys.RECEIVE), stream.must(_Keys.BUFFER)
    waking = stream.must(_Keys.WAKING)
    formats = tuple(
        ReceivableFormat(
            each.must(_Keys.FORMAT),
            tuple(samples(time) for time in each.must(_Keys.PACKET_TIMES)),
            each.must(_Keys.PAYLOAD_TYPES),
        )
        for each in stream.must(_Keys.STREAM_FORMATS)
    )
    return Profile(
        id=ProfileId(top.must(_Keys.PROFILE)),
        vendor=top.must(_Keys.VENDOR),
        models=top.must(_Keys.MODELS),
        firmware=FirmwareRange(
            firmware.must(_Keys.FAMILY), firmware.may(_Keys.LEAST), firmware.may(_Keys.MOST)
        ),
        is_simulated=top.may(_Keys.SIMULATED) or False,
        reception=Reception(
            formats=formats,
            multicast=receive.must(_Keys.MULTICAST),
            groups=receive.must(_Keys.GROUPS),
            needs_even_port=receive.must(_Keys.EVEN_PORT),
            pre_roll=samples(waking.must(_Keys.PRE_ROLL)),
            keep_alive=waking.must(_Keys.KEEP),
        ),
        buffer=JitterBuffer(
            samples(buffer.must(_Keys.BUFFER_DEFAULT)),
            samples(buffer.must(_Keys.BUFFER_LEAST)),
            samples(buffer.must(_Keys.BUFFER_MOST)),
            buffer.may(_Keys.THRESHOLD),
        ),
        on_stop=samples(stream.must(_Keys.ON_STOP).must(_Keys.TIMEOUT)),
        sources={
            each.must(_Keys.SOURCE_ID).value: each.must(_Keys.SOURCE_TEXT)
            for each in top.must(_Keys.SOURCES)
        },
        unverified=tuple(
            shown for shown, record in _facts(top) if record.must(_Keys.SOURCE).value == NO_SOURCE
        ),
        supervision=supervision(top),
    )
