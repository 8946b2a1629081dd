"""A plan as bytes: JSON lines, one small object a line, in sections between blank lines.

A reader can parse a large plan without holding the interpreter for long (the sending thread shares
it), takes a section that it knows as a whole, and parses only the lines that are new.
"""

from __future__ import annotations

import base64
import ipaddress
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import groupby
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
_as_object = json.JSONDecoder().decode
"""Without the search of `json.loads` for the encoding."""


def encode_plan(plan: Plan) -> bytes:
    """The plan as JSON lines in UTF-8.

    Raises:
        PlanError: a claim whose source is not among the plan's sources.
    """
    return PlanEncoder().encode(plan)


class PlanEncoder:
    """Writes one plan after another, and makes only the lines that are new."""

    def __init__(self) -> None:
        """Begin knowing no line."""
        self._known: dict[object, tuple[str, object]] = {}
        self._next: dict[object, tuple[str, object]] = {}

    def encode(self, plan: Plan) -> bytes:
        """The plan as JSON lines in UTF-8.

        Raises:
            PlanError: a claim whose source is not among the plan's sources.
        """
        self._next = {}
        names = {id(source): name for name, source in plan.sources.items()}
        sections = (
            [_head_line(plan)],
            [self._all_once(plan.streams, _stream_line)],
            # By identity: to compare, or to hash, a long timeline takes longer than to write it.
            [
                self._once((name, id(source)), (name, source), _source_lines)
                for name, source in plan.sources.items()
            ],
            [
                self._claim_line(fields, claims, names)
                for fields, claims in groupby(plan.claims, _claim_fields)
            ],
            [_gain_line(step) for step in plan.gain_steps],
            [self._all_once(plan.datagrams, _datagram_line)],
        )
        self._known = self._next
        texts = ("\n".join(lines) for lines in sections)
        return "\n\n".join(filter(None, texts)).encode()

    def _all_once(self, values: tuple[Any, ...], write: Callable[[Any], str]) -> str:
        """The lines of what plan after plan holds in one and the same tuple."""
        return self._once(id(values), values, lambda all_: "\n".join(map(write, all_)))

    def _claim_line(
        self, fields: tuple[Any, ...], claims: Iterable[Claim], names: Mapping[int, str]
    ) -> str:
        """One line for a claim in all its zones."""
        name, source, *rest = fields
        if source not in names:
            raise PlanError(f"claim {name}: its source is not among the plan's sources")
        zones = tuple(claim.zone for claim in claims)
        key = (name, zones, names[source], *rest)
        return self._once(key, {"claim": key}, _as_text)

    def _once(self, key: object, value: Any, write: Callable[[Any], str]) -> str:  # noqa: ANN401 - by its key
        """The lines of `value`, written unless the plan before had them too.

        The value is kept beside them, so that no other one gets its identity meanwhile.
        """
        found = self._known.get(key) or (write(value), value)
        self._next[key] = found
        return found[0]


def _head_line(plan: Plan) -> str:
    return _as_text(
        {
            "plan": LAYOUT,
            "part": plan.part.value,
            "revision": plan.revision,
            "anchor": [plan.anchor.sample, plan.anchor.utc.isoformat()],
            "cname": plan.cname,
        }
    )


def _stream_line(stream: Stream) -> str:
    return _as_text({"stream": _stream_fields(stream)})


def _gain_line(step: GainStep) -> str:
    return _as_text({"gain": [step.zone, step.at, step.gain_db, step.below_priority]})


def _datagram_line(datagram: Datagram) -> str:
    return _as_text({"datagram": _datagram_fields(datagram)})


_ITEMS_A_LINE = 64
"""Timeline items in one line: a line is parsed without letting the sender in between."""


def _source_lines(named: tuple[str, Source]) -> str:
    name, source = named
    return "\n".join(map(_as_text, _source_entries(name, source)))


def _source_entries(name: str, source: Source) -> Iterator[dict[str, Any]]:
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
        d.about,
    ]


def _datagram(fields: list[Any]) -> Datagram:
    socket, address, port, interval, *texts, about = fields
    payload, at_stop = (base64.b64decode(text, validate=True) for text in texts)
    return Datagram(
        *(str(socket), *_destination("datagram", address, port), _whole(interval)),
        *(payload, at_stop, _whole(about)),
    )


def _claim_fields(c: Claim) -> tuple[Any, ...]:
    """All of a claim but its zone; the source by identity."""
    return (
        *(c.id, id(c.source), c.kind.value, c.priority, c.start, c.until),
        *(c.comes_back.value, c.duck_db),
    )


def _claims(fields: list[Any], sources: Mapping[str, Source]) -> tuple[Claim, ...]:
    """The claim of a line, in each of its zones."""
    name, zones, source, kind, priority, start, until, comes_back, duck_db = fields
    if source not in sources:
        raise PlanError(f"claim {name}: source {source!r} is not in the plan")
    if not isinstance(zones, list):
        raise PlanError(f"claim {name}: {zones!r} is no list of zones")
    rest = (
        *(Kind(kind), _whole(priority), sources[source]),
        None if start is None else _whole(start),
        None if until is None else _whole(until),
        ComesBack(comes_back),
        None if duck_db is None else float(duck_db),
    )
    return tuple(Claim(ClaimId(name), ZoneId(zone), *rest) for zone in zones)


@dataclass(slots=True)
class _Section:
    """What has been read of some consecutive lines."""

    streams: list[Stream] = field(default_factory=list)
    sources: dict[str, Source] = field(default_factory=dict)
    claims: list[tuple[bytes, list[Any]]] = field(default_factory=list)
    """Each claim's line and fields; which source they mean depends on the plan around them."""
    gain_steps: list[GainStep] = field(default_factory=list)
    datagrams: list[Datagram] = field(default_factory=list)
    known: dict[object, Any] = field(default_factory=dict)
    """What its lines mean."""


class PlanDecoder:
    """Reads one plan after another, and parses only the lines that are new.

    What a plan has in common with the one before it comes out as the same objects, so that a new
    claim costs its own line and not the whole plan.
    """

    def __init__(self) -> None:
        """Begin knowing no plan."""
        self._known: dict[object, Any] = {}
        self._next: dict[object, Any] = {}
        self._sections: dict[bytes, _Section] = {}

    def decode(self, text: bytes) -> Plan:
        """The plan in `text`, whole and checked.

        Raises:
            PlanError: `text` is no plan of this layout, or breaks a rule of it.
        """
        self._next = {}
        try:
            plan = self._decoded(text)
        except PlanError:
            raise
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as e:
            raise PlanError(f"the plan cannot be read: {e}") from e
        self._known = self._next
        return plan

    def _decoded(self, text: bytes) -> Plan:
        first, _, rest = text.partition(b"\n")
        head = _as_object(first.decode())
        if head.get("plan") != LAYOUT:
            raise PlanError(f"the plan has layout {head.get('plan')!r}; this engine reads {LAYOUT}")
        read = {lines: self._section(lines) for lines in rest.split(b"\n\n")}
        self._sections, sections = read, read.values()
        sources = {name: source for each in sections for name, source in each.sources.items()}
        sample, utc = head["anchor"]
        return Plan(
            Part(head["part"]),
            _whole(head["revision"]),
            WallAnchor(_whole(sample), datetime.fromisoformat(utc)),
            tuple(stream for each in sections for stream in each.streams),
            sources,
            tuple(
                claim
                for each in sections
                for line in each.claims
                for claim in self._claims(*line, sources)
            ),
            tuple(step for each in sections for step in each.gain_steps),
            tuple(datagram for each in sections for datagram in each.datagrams),
            str(head["cname"]),
        )

    def _section(self, lines: bytes) -> _Section:
        """What these lines mean; the same objects as in the plan before where it had them too."""
        section = self._sections.get(lines)
        if section is None:
            section = _Section()
            timelines: dict[str, list[bytes]] = {}
            for line in filter(None, lines.split(b"\n")):
                self._read_line(line, section, timelines)
            for name, parts in timelines.items():
                section.sources[name] = self._once(
                    tuple(parts), partial(_joined, parts, section.known), section
                )
        self._next.update(section.known)
        return section

    def _read_line(self, line: bytes, section: _Section, timelines: dict[str, list[bytes]]) -> None:
        parsed = self._once(line, partial(_parsed, line), section)
        match parsed:
            case Stream():
                section.streams.append(parsed)
            case GainStep():
                section.gain_steps.append(parsed)
            case Datagram():
                section.datagrams.append(parsed)
            case _ClaimLine(fields):
                section.claims.append((line, fields))
            case _TimelineLine(name, _):
                timelines.setdefault(name, []).append(line)
            case (name, source):
                section.sources[name] = source

    def _once(self, key: object, parse: Callable[[], object], section: _Section) -> Any:  # noqa: ANN401 - by its key
        """What the line or lines in `key` mean; parsed unless the plan before had them too."""
        found = self._known.get(key)
        if found is None:
            found = parse()
        section.known[key] = found
        return found

    def _claims(
        self, line: bytes, fields: list[Any], sources: Mapping[str, Source]
    ) -> tuple[Claim, ...]:
        """The claims of a line; the same objects as before while their source is the same one."""
        key = (line, id(sources.get(fields[2])))
        found = self._known.get(key) or _claims(fields, sources)
        self._next[key] = found
        return cast("tuple[Claim, ...]", found)


def _joined(lines: list[bytes], known: Mapping[object, Any]) -> Timeline:
    return Timeline(tuple(item for line in lines for item in known[line].items))


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
    entry = _as_object(line.decode())
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
