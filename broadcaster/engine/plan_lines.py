"""A plan as bytes: JSON lines, one small object a line.

A reader can parse a large plan without holding the interpreter for long (the sending thread shares
it), and parses only the lines that are new.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, cast

from broadcaster.engine.plan import (
    LAYOUT,
    Datagram,
    GainStep,
    Leg,
    Part,
    Plan,
    PlanError,
    Stream,
)
from zones.bus import Claim, ClaimId, ComesBack, Kind, ZoneId
from zones.media_time import Sample, WallAnchor
from zones.sound import PcmId, Ring, Segment, Sequence, Silence, Source, Timeline
from zones.stream_format import FORMATS, StreamId

_as_text = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: `json.dumps` makes an encoder for every line."""


def encode_plan(plan: Plan) -> bytes:
    """The plan as JSON lines in UTF-8.

    Raises:
        PlanError: a claim whose source is not among the plan's sources.
    """
    names = {id(source): name for name, source in plan.sources.items()}
    lines: list[dict[str, Any]] = [
        {
            "plan": LAYOUT,
            "part": plan.part.value,
            "revision": plan.revision,
            "anchor": [plan.anchor.sample, plan.anchor.utc.isoformat()],
            "cname": plan.cname,
        }
    ]
    lines += [{"stream": _stream_fields(stream)} for stream in plan.streams]
    for name, source in plan.sources.items():
        lines += _source_lines(name, source)
    for claim in plan.claims:
        if id(claim.source) not in names:
            raise PlanError(f"claim {claim.id}: its source is not among the plan's sources")
        lines.append({"claim": _claim_fields(claim, names[id(claim.source)])})
    for step in plan.gain_steps:
        lines.append({"gain": [step.zone, step.at, step.gain_db, step.below_priority]})
    lines += [{"datagram": _datagram_fields(datagram)} for datagram in plan.datagrams]
    return "\n".join(map(_as_text, lines)).encode()


_ITEMS_A_LINE = 64
"""Timeline items in one line: a line is parsed without letting the sender in between."""


def _source_lines(name: str, source: Source) -> Iterator[dict[str, Any]]:
    match source:
        case Timeline(items):
            listed = [[start, *_segment_fields(segment)] for start, segment in items]
            for at in range(0, max(1, len(listed)), _ITEMS_A_LINE):
                yield {"timeline": name, "items": listed[at : at + _ITEMS_A_LINE]}
        case Sequence(once, loop):
            yield {
                "sequence": name,
                "once": [_segment_fields(segment) for segment in once],
                "loop": [_segment_fields(segment) for segment in loop],
            }
        case Ring(ring):
            yield {"ring": name, "of": ring}
        case Silence():
            yield {"silence": name}


def _segment_fields(s: Segment) -> list[Any]:
    return [s.pcm, s.cue_in, s.length, s.gain_db, s.fade_in, s.fade_out]


def _segment(fields: list[Any]) -> Segment:
    pcm, cue_in, length, gain_db, fade_in, fade_out = fields
    if pcm is not None and (len(pcm) != 64 or not set(pcm) <= set("0123456789abcdef")):
        raise PlanError(f"{pcm!r} names no PCM: it must be 64 hex digits")
    return Segment(
        None if pcm is None else PcmId(pcm),
        _whole(cue_in),
        _whole(length),
        float(gain_db),
        _whole(fade_in),
        _whole(fade_out),
    )


def _whole(value: object) -> int:
    """A sample position; a bound keeps arithmetic inside 64 bits for ever."""
    if not isinstance(value, int) or not -(1 << 62) < value < 1 << 62:
        raise PlanError(f"{value!r} is no position in media time")
    return value


def _stream_fields(s: Stream) -> list[Any]:
    legs = [[leg.socket, leg.address, leg.port] for leg in s.legs]
    return [
        *(s.id, s.zone, s.format.name, s.packet_time, s.payload_type, s.ssrc, legs),
        *(s.delay, s.keep_alive, s.min_priority, s.pre_roll),
    ]


def _stream(fields: list[Any]) -> Stream:
    name, zone, format_name, packet_time, payload_type, ssrc, legs, *rest = fields
    delay, alive, least, pre_roll = rest
    if format_name not in FORMATS:
        raise PlanError(f"stream {name}: format {format_name!r} is unknown")
    return Stream(
        *(StreamId(name), ZoneId(zone), FORMATS[format_name], packet_time, payload_type, ssrc),
        tuple(_leg(name, leg) for leg in legs),
        *(_whole(delay), bool(alive), _whole(least), _whole(pre_roll)),
    )


def _leg(stream: str, fields: list[Any]) -> Leg:
    socket, address, port = fields
    return Leg(str(socket), *_destination(f"stream {stream}", address, port))


def _destination(whose: str, address: str, port: object) -> tuple[str, int]:
    ipaddress.IPv4Address(address)
    if not isinstance(port, int) or not 1 <= port <= 65_535:
        raise PlanError(f"{whose}: port {port!r} is not 1 .. 65535")
    return address, port


def _datagram_fields(d: Datagram) -> list[Any]:
    return [
        *(d.socket, d.address, d.port, d.interval),
        *(base64.b64encode(text).decode() for text in (d.payload, d.at_stop)),
    ]


def _datagram(fields: list[Any]) -> Datagram:
    socket, address, port, interval, *texts = fields
    payload, at_stop = (base64.b64decode(text, validate=True) for text in texts)
    return Datagram(
        *(str(socket), *_destination("datagram", address, port), _whole(interval)),
        *(payload, at_stop),
    )


def _claim_fields(c: Claim, source: str) -> list[Any]:
    return [
        *(c.id, c.zone, c.kind.value, c.priority, source, c.start, c.until),
        *(c.comes_back.value, c.duck_db),
    ]


def _claim(fields: list[Any], sources: Mapping[str, Source]) -> Claim:
    name, zone, kind, priority, source, start, until, comes_back, duck_db = fields
    if source not in sources:
        raise PlanError(f"claim {name}: source {source!r} is not in the plan")
    return Claim(
        *(ClaimId(name), ZoneId(zone), Kind(kind), _whole(priority), sources[source]),
        None if start is None else _whole(start),
        None if until is None else _whole(until),
        ComesBack(comes_back),
        None if duck_db is None else float(duck_db),
    )


@dataclass(slots=True)
class _Reading:
    """What has been read of a plan so far."""

    streams: list[Stream] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    gain_steps: list[GainStep] = field(default_factory=list)
    datagrams: list[Datagram] = field(default_factory=list)
    timelines: dict[str, list[bytes]] = field(default_factory=dict)
    """The lines of each timeline; they are whole when the first claim is read."""


class PlanDecoder:
    """Reads one plan after another, and parses only the lines that are new.

    What a plan has in common with the one before it comes out as the same objects, so that a new
    claim costs its own line and not the whole plan.
    """

    def __init__(self) -> None:
        """Begin knowing no plan."""
        self._known: dict[object, Any] = {}
        self._next: dict[object, Any] = {}

    def decode(self, text: bytes) -> Plan:
        """The plan in `text`, whole and checked.

        Raises:
            PlanError: `text` is no plan of this layout, or breaks a rule of it.
        """
        self._next = {}
        try:
            plan = self._decoded(iter(text.split(b"\n")))
        except PlanError:
            raise
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as e:
            raise PlanError(f"the plan cannot be read: {e}") from e
        self._known = self._next
        return plan

    def _decoded(self, lines: Iterator[bytes]) -> Plan:
        head = json.loads(next(lines))
        if head.get("plan") != LAYOUT:
            raise PlanError(f"the plan has layout {head.get('plan')!r}; this engine reads {LAYOUT}")
        reading = _Reading()
        for line in lines:
            self._read_line(line, reading)
        self._close_timelines(reading)
        sample, utc = head["anchor"]
        return Plan(
            Part(head["part"]),
            _whole(head["revision"]),
            WallAnchor(_whole(sample), datetime.fromisoformat(utc)),
            tuple(reading.streams),
            reading.sources,
            tuple(reading.claims),
            tuple(reading.gain_steps),
            tuple(reading.datagrams),
            str(head["cname"]),
        )

    def _read_line(self, line: bytes, reading: _Reading) -> None:
        parsed = self._once(line, lambda: _parsed(line))
        match parsed:
            case Stream():
                reading.streams.append(parsed)
            case GainStep():
                reading.gain_steps.append(parsed)
            case Datagram():
                reading.datagrams.append(parsed)
            case _ClaimLine(fields):
                self._close_timelines(reading)
                reading.claims.append(self._claim(line, fields, reading.sources))
            case _TimelineLine(name, _):
                reading.timelines.setdefault(name, []).append(line)
            case (name, source):
                reading.sources[name] = source

    def _claim(self, line: bytes, fields: list[Any], sources: Mapping[str, Source]) -> Claim:
        """The claim of a line; the same object as before while its source is the same one."""
        source = sources.get(fields[4])
        return cast("Claim", self._once((line, id(source)), lambda: _claim(fields, sources)))

    def _close_timelines(self, reading: _Reading) -> None:
        for name, lines in reading.timelines.items():
            reading.sources[name] = self._once(tuple(lines), partial(self._joined, lines))
        reading.timelines.clear()

    def _joined(self, lines: list[bytes]) -> Timeline:
        return Timeline(tuple(item for line in lines for item in self._next[line].items))

    def _once(self, key: object, parse: Callable[[], object]) -> Any:  # noqa: ANN401 - by its key
        """What the line or lines in `key` mean; parsed unless the plan before had them too."""
        found = self._known.get(key)
        if found is None:
            found = self._next.get(key)
        if found is None:
            found = parse()
        self._next[key] = found
        return found


@dataclass(frozen=True, slots=True)
class _ClaimLine:
    """A claim's fields; which source they mean depends on the plan around them."""

    fields: list[Any]


@dataclass(frozen=True, slots=True)
class _TimelineLine:
    name: str
    items: tuple[tuple[Sample, Segment], ...]


_Parsed = Stream | GainStep | Datagram | _ClaimLine | _TimelineLine | tuple[str, Source]


def _parsed(line: bytes) -> _Parsed:
    entry = json.loads(line)
    if "claim" in entry:
        return _ClaimLine(entry["claim"])
    if "timeline" in entry:
        listed = tuple((_whole(start), _segment(rest)) for start, *rest in entry["items"])
        return _TimelineLine(entry["timeline"], listed)
    if "stream" in entry:
        return _stream(entry["stream"])
    if "gain" in entry:
        zone, at, gain_db, below = entry["gain"]
        return GainStep(ZoneId(zone), _whole(at), float(gain_db), _whole(below))
    if "datagram" in entry:
        return _datagram(entry["datagram"])
    return _small_source(entry)


def _small_source(entry: dict[str, Any]) -> tuple[str, Source]:
    if "sequence" in entry:
        once = tuple(_segment(fields) for fields in entry["once"])
        loop = tuple(_segment(fields) for fields in entry["loop"])
        return entry["sequence"], Sequence(once, loop)
    if "ring" in entry:
        return entry["ring"], Ring(str(entry["of"]))
    if "silence" in entry:
        return entry["silence"], Silence()
    raise PlanError(f"a line of the plan says nothing known: {', '.join(map(str, entry))[:80]}")
