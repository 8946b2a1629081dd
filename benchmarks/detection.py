"""Part detection: what it costs to believe an event, and what the rules make of many."""

import json
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from multidict import CIMultiDict

from alerts.detection import Admitted, Detections
from alerts.detection.event_json import event_in
from benchmarks.context import SOURCES, Context, Step, take
from benchmarks.event_paths import events_to_air, storms
from benchmarks.measurement import Measurement
from benchmarks.synthetic_day import quiet_day, true_incidents, year
from broadcaster.doors.admission import Admission, batch_in
from broadcaster.doors.clock import DoorClock
from broadcaster.doors.keys import Key, Keys
from broadcaster.doors.keys_file import KeyRing, write_keys
from broadcaster.doors.nonces import Nonces
from broadcaster.doors.signature import signing_headers
from broadcaster.rules_reader import read_rules
from broadcaster.site_reader import read_site

_SITE: Final = SOURCES.parent / "config.yaml"
_PATH: Final = "/ingest/v1/events"
_BATCHES: Final = 300
_EACH: Final = 100
_REPLAYS: Final = 100_000


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    yield from take(
        context,
        [
            Step(("detection.hmac_events_per_s",), 15, believed),
            Step(("detection.second_airings_of_100000",), 40, replayed),
            Step(
                (
                    "detection.day_evacuations",
                    "detection.day_cautions_in_10_min",
                    "detection.day_pendings_in_10_min",
                ),
                10,
                quiet_day,
            ),
            Step(("detection.missed_of_1000",), 20, true_incidents),
            Step(
                ("detection.event_to_last_zone_p50_ms", "detection.event_to_last_zone_p99_ms"),
                105,
                events_to_air,
            ),
            Step(
                (
                    "detection.storm_events_per_s",
                    "detection.storm_first_warning_p99_ms",
                    "detection.storm_first_starts_lost",
                    "detection.storm_others_p99_ms",
                ),
                75,
                storms,
            ),
            Step(("detection.year_s", "detection.year_broken_invariants"), 290, year),
        ],
    )


def believed(context: Context) -> Iterator[Measurement]:
    """Signed batches of 100 events: authenticated, read strictly, bound to their key; one core."""
    rates = []
    for number in range(context.rounds):
        context.say(f"believing {_BATCHES * _EACH} events in signed batches: {number + 1}")
        with TemporaryDirectory(dir=context.scratch) as place:
            rates.append(_believed(Path(place)))
    detail = {"events_per_s": [round(rate) for rate in rates], "batch": _EACH}
    yield Measurement("detection.hmac_events_per_s", float(np.median(rates)), None, detail)


def _believed(place: Path) -> float:
    """Events a second."""
    clock = DoorClock()
    key = Key("bench-1", "bench", clock.utc(), secrets.token_bytes(32))
    write_keys(place / "keys.json", Keys([key]))
    nonces = Nonces(place / "nonces", clock.now())
    admission = Admission(KeyRing(place / "keys.json"), nonces, clock)
    requests = [_request(key, number) for number in range(_BATCHES)]
    begin = time.perf_counter()
    for headers, body in requests:
        sender = admission.of_signature(headers, "POST", _PATH, body)
        batch = batch_in(body, sender, clock)
        if len(batch.admitted) != _EACH:
            raise AssertionError("an event of the bench was refused")
    took = time.perf_counter() - begin
    nonces.close()
    return _BATCHES * _EACH / took


def _request(key: Key, number: int) -> tuple[CIMultiDict[str], bytes]:
    """A signed batch of smoke that goes on."""
    time_text = datetime.now(UTC).isoformat()
    events = [
        {
            "v": 1,
            "id": f"e{number}-{n}",
            "source": f"cam-{n:03}",
            "kind": "smoke",
            "phase": "update",
            "time": time_text,
            "confidence": 0.86,
            "location": {"lat": 37.58, "lon": 126.94, "radius_m": 150},
        }
        for n in range(_EACH)
    ]
    body = json.dumps(events).encode()
    nonce = secrets.token_hex(16)
    headers = signing_headers(key.id, key.secret, int(time.time()), nonce, _PATH, body)
    return CIMultiDict(headers), body


def replayed(context: Context) -> Iterator[Measurement]:
    """One flood reading, believed 100,001 times, with a restart half way."""
    context.say(f"replaying one event {_REPLAYS} times")
    site = read_site(_SITE)
    rules = read_rules(site, _SITE.parent)
    begin = datetime.now(UTC)
    fields: dict[str, Any] = {"id": "once", "source": "hongje-level", "kind": "water_level"}
    fields |= {"phase": "reading", "time": begin.isoformat(), "value": 1.9, "unit": "m"}
    detections = Detections(site, rules, 0.0, begin)
    orders = 0
    for number in range(_REPLAYS + 1):
        now = number * 0.001
        utc = begin + timedelta(seconds=now)
        if number == _REPLAYS // 2:
            detections = Detections(site, rules, now, utc, memory=detections.memory(now, utc))
        orders += len(detections.take((Admitted(event_in(fields), utc),), now, utc).orders)
    yield Measurement("detection.second_airings_of_100000", orders - 1, None, {"orders": orders})
