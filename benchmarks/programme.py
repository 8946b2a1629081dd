"""Part programme: rules to tracks, in virtual time; search; crossfades against a reference."""

import datetime as dt
import random
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from benchmarks.arrivals import continuity
from benchmarks.context import Context, Step, take
from benchmarks.measurement import Measurement
from benchmarks.probe import listening
from benchmarks.running_station import FLOW, ON_AIR_LIMIT_S, kill_control, running
from benchmarks.waiting import wait_for
from broadcaster.control.programme import (
    Library,
    Standing,
    is_programme,
    programme,
    reach,
    rotations,
)
from broadcaster.engine.render import Mix
from broadcaster.radio.recordings import Recordings
from broadcaster.site_reader import read_site
from playlists.deal import CROSSFADE
from playlists.lane import Circle, Stretch, gain_of, laid_out
from playlists.outline import outline
from playlists.playlist import Choice, FixedList, Playlist, Pool, RotatingList
from playlists.premises import site_premises
from playlists.preview import Preview, preview
from playlists.recording import Recording
from playlists.recurrence import Recurrence
from playlists.rotation import Rotation
from playlists.schedule import Entry, EntryId, Fill, Schedule
from playlists.timeline import playable
from zones.bus import Claim, ClaimId, Kind, ZoneId, turns
from zones.media_time import RATE, Sample, WallAnchor
from zones.site import Site
from zones.sound import PcmId, Segment, Timeline

_CONFIG: Final = Path(__file__).resolve().parent.parent / "config.yaml"
_PLACES: Final = ("Asia/Seoul", "America/New_York", "Australia/Lord_Howe")
_YEAR: Final = dt.timedelta(days=365)
_RECORDINGS: Final = 100_000
_SEARCHES: Final = 400
_EDITS: Final = 1_000
_SEED: Final = 20261122
_RESTARTS: Final = 3
_STEADY_S: Final = 4.0
"""Seconds of the tone before the first restart; the second half of them is compared with."""


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    yield from take(
        context,
        [
            Step(
                (
                    "programme.start_error_ms",
                    "programme.start_drift_ms",
                    "programme.year_14_zones_s",
                ),
                120,
                year,
            ),
            Step(("programme.silent_zone_minutes", "programme.named_ahead_min"), 120, edits),
            Step(("programme.search_p95_ms",), 90, search),
            Step(("programme.crossfade_wrong_samples",), 20, crossfade),
            Step(("programme.control_restart_changed_packets",), 120, control_restarts),
        ],
    )


# --- a year -------------------------------------------------------------------------------------


def year(context: Context) -> Iterator[Measurement]:
    """A year of fourteen zones with a morning, an hourly signal, news and live hours."""
    errors: dict[str, list[float]] = {}
    seconds: list[float] = []
    for place in _PLACES:
        context.say(f"a year in {place}")
        began = time.process_time()
        found = _year_in(place)
        seconds.append(time.process_time() - began)
        errors[place] = _start_errors_ms(found, ZoneInfo(place))
    worst = max(abs(error) for listed in errors.values() for error in listed)
    drift = max(abs(np.median(listed[-30:]) - np.median(listed[:30])) for listed in errors.values())
    detail: dict[str, Any] = {
        "starts": {place: len(listed) for place, listed in errors.items()},
        "cpu_s": [round(value, 2) for value in seconds],
    }
    yield Measurement("programme.start_error_ms", worst, None, detail)
    yield Measurement("programme.start_drift_ms", float(drift), None, detail)
    yield Measurement("programme.year_14_zones_s", float(np.median(seconds)), None, detail)


def _year_in(place: str) -> Preview:
    zone = ZoneInfo(place)
    begin = dt.datetime(2026, 1, 1, tzinfo=zone).astimezone(dt.UTC)
    site = read_site(_CONFIG)
    premises = replace(
        site_premises(site, zone, _schedule(), _pool(site), seed=1, year=2026), zone=zone
    )
    dealt = {
        folder: Rotation(playable(listed), 1) for folder, listed in _pool(site).folders.items()
    }
    # An anchor that is on no round sample, as on a real station.
    return preview(premises, dealt, WallAnchor(123_457, begin), begin, begin + _YEAR)


def _start_errors_ms(found: Preview, zone: ZoneInfo) -> list[float]:
    """How late the first track of each entry with a hard start begins, by the wall."""
    errors = []
    for before, after in pairwise(one for one in found.planned if ZoneId("hill-1") in one.zones):
        if after.entry == "morning" and before.entry != "morning":
            wall = after.at.astimezone(zone)
            due = wall.replace(hour=7, minute=0, second=0, microsecond=0)
            errors.append((wall - due).total_seconds() * 1000)
    return errors


def _schedule() -> Schedule:
    def entry(name: str, start: str, minutes: int, rule: str, **fields: Any) -> Entry:  # noqa: ANN401
        first = dt.datetime.fromisoformat(f"2026-01-01T{start}")
        fields = {"plays": "calm", **fields}
        return Entry(
            *(EntryId(name), name, ("all",), Recurrence(first, rule)),
            dt.timedelta(minutes=minutes),
            **fields,
        )

    lists: tuple[Playlist, ...] = (
        RotatingList("calm", "calm", Choice()),
        FixedList("signal", "signal", ("r0",)),
    )
    return Schedule(
        (
            entry("morning", "07:00", 180, "FREQ=DAILY"),
            entry("signal", "10:00", 1, "FREQ=DAILY;BYHOUR=10,11,12,13,14,15", plays="signal"),
            entry("hush", "12:30", 20, "FREQ=WEEKLY;BYDAY=SU", plays="", fill=Fill.SILENCE),
            entry("hill", "15:30", 90, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", rank=70),
        ),
        lists,
        country="KR",
    )


def _recording(number: int) -> Recording:
    length = (150 + 7 * (number % 40)) * RATE
    return Recording(
        id=f"r{number}",
        title=f"Track {number}",
        artist=f"Artist {number % 60}",
        album=f"Album {number % 90}",
        pcm=PcmId(f"{number:064x}"),
        length=length,
        cue_in=0,
        cue_out=length,
        gain_db=-3.0,
    )


def _pool(site: Site) -> Pool:
    tracks = tuple(_recording(number) for number in range(1200))
    return Pool({one.id: one for one in tracks}, {site.programme[0].recordings: tracks})


# --- edits --------------------------------------------------------------------------------------


def edits(context: Context) -> Iterator[Measurement]:
    """A year with a thousand edits, missing files and restarts; who is silent that should not be.

    Between edits the plan of an hour ago is what plays on, and below it what never ends.
    """
    chance = random.Random(_SEED)
    site = read_site(_CONFIG)
    zone = ZoneInfo(site.time_zone)
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    folder = site.programme[0].recordings
    tracks = tuple(_recording(number) for number in range(40))
    standing, entries = Standing(), list(_schedule().entries)
    silent = looked = 0
    ahead: list[float] = []
    step = _YEAR / _EDITS
    for number in range(_EDITS):
        at = begin + number * step
        anchor = WallAnchor(0, begin)
        now = anchor.sample_at(at)
        known = tuple(one for one in tracks if chance.random() < 0.8)
        if chance.random() < 0.1:
            known = ()
        entries = [*entries[:4], *(_edit(chance, at, zone, n) for n in range(3))]
        schedule = replace(_schedule(), entries=tuple(entries))
        pool = Pool({one.id: one for one in known}, {folder: known})
        premises = site_premises(site, zone, schedule, pool, seed=1, year=2026)
        library = Library({folder: known}, Segment(PcmId("e" * 64), 0, 10 * RATE))
        if chance.random() < 0.2:  # a restart: what stands is read back from the plan
            standing = Standing(tuple(standing.claims), dict(standing.sources))
        before = standing
        standing = programme(
            outline(premises, at, reach(at)),
            [one.id for one in site.zones],
            library,
            rotations(library, 1),
            standing,
            anchor,
            now,
            is_changed=True,
        )
        ahead += _named_ahead_min(before, standing, now)
        for minute in range(0, 60, 4):
            sample = now + (minute * 60 + 1) * RATE
            looked += 2
            for one in ("stream-1", "hill-3"):
                silent += _is_silent(standing, ZoneId(one), sample)
    detail = {"zone_minutes_looked_at": looked, "edits": _EDITS}
    yield Measurement("programme.silent_zone_minutes", silent, None, detail)
    yield Measurement("programme.named_ahead_min", min(ahead), None, {"plans": len(ahead)})


def _edit(chance: random.Random, at: dt.datetime, zone: ZoneInfo, number: int) -> Entry:
    first = (at + dt.timedelta(minutes=chance.randint(-60, 300))).astimezone(zone)
    fill = chance.choice([Fill.PLAYLIST, Fill.PLAYLIST, Fill.PLAYLIST, Fill.SILENCE])
    return Entry(
        *(EntryId(f"edit-{number}"), "", (chance.choice(["all", "hill", "stream"]),)),
        Recurrence(first.replace(tzinfo=None, microsecond=0)),
        dt.timedelta(minutes=chance.randint(1, 180)),
        fill,
        "" if fill is Fill.SILENCE else chance.choice(["calm", "signal"]),
        rank=chance.randint(0, 100),
    )


def _named_ahead_min(before: Standing, after: Standing, now: Sample) -> Iterator[float]:
    """How far an undisturbed lane reaches ahead: so early every recording stands in the plan."""
    for claim in after.claims:
        if claim.id == "schedule" and isinstance(claim.source, Timeline) and before.claims:
            ends = claim.source.stretches[-1][1]
            silences = [c for c in after.claims if c.zone == claim.zone and c.priority == 21]
            if not any((c.start or 0) < now + 3600 * RATE < (c.until or 0) for c in silences):
                yield (ends - now) / RATE / 60
            return


def _is_silent(standing: Standing, zone: ZoneId, sample: Sample) -> bool:
    """Whether nothing sounds though nobody wanted silence."""
    bus = [claim for claim in standing.claims if claim.zone == zone]
    found = turns(bus, sample, sample + 1)
    return not found or not is_programme(found[0].claim)


# --- search -------------------------------------------------------------------------------------


def search(context: Context) -> Iterator[Measurement]:
    """Words, beginnings and parts of Korean words in a hundred thousand recordings."""
    chance = random.Random(_SEED)
    syllables = [chr(0xAC00 + 28 * number) for number in range(399)]

    def word() -> str:
        return "".join(chance.choice(syllables) for _ in range(chance.randint(2, 4)))

    context.say(f"bringing {_RECORDINGS:,} recordings in")
    times_ms: list[float] = []
    with closing(Recordings(context.scratch / "search")) as recordings:
        recordings.add(
            (
                f"/music/{number}.flac",
                replace(
                    _recording(number), id=f"{number:016x}", title=f"{word()} {word()} {number}",
                    artist=word(), album=f"{word()} {word()}",
                ),
            )
            for number in range(_RECORDINGS)
        )  # fmt: skip
        for _ in range(_SEARCHES):
            text = chance.choice([word()[:2], word(), f"{word()[0]} {word()[0]}", word()[1:]])
            began = time.perf_counter()
            recordings.search(text)
            times_ms.append((time.perf_counter() - began) * 1000)
    detail = {"p50_ms": round(float(np.median(times_ms)), 2), "worst_ms": round(max(times_ms), 1)}
    yield Measurement("programme.search_p95_ms", float(np.percentile(times_ms, 95)), None, detail)


# --- control ends while a track plays ---


def control_restarts(context: Context) -> Iterator[Measurement]:
    """Control killed while a tone plays: packets that hold anything else than before."""
    context.say(f"control killed {_RESTARTS} times below a track")
    with running(context) as station, listening(context, FLOW) as ear:
        ear.wait_until_all_have("A", ON_AIR_LIMIT_S, station.supervisor)
        time.sleep(_STEADY_S)
        first_ns = time.monotonic_ns()
        for _ in range(_RESTARTS):
            kill_control(station)
        arrivals = ear.stop()
        # What brings music in writes into the directory that goes away with the station.
        wait_for("its music to be settled", lambda: bool(station.snapshot()["music"]["settled"]))
    before = arrivals[arrivals["at_ns"] < first_ns]
    after = arrivals[arrivals["at_ns"] >= first_ns]
    # Five milliseconds of the tone are a whole number of quarter periods: few different packets.
    steady = before[before["at_ns"] >= first_ns - int(_STEADY_S * 5e8)]
    known = np.unique(steady["content"])
    changed = int((~np.isin(after["content"], known)).sum())
    seen = continuity(arrivals, FLOW.packet_samples)
    detail = {
        "restarts": _RESTARTS,
        "packets": len(after),
        "different_packets_before": len(known),
        "continuity": asdict(seen),
    }
    broken = None if seen.is_unbroken else f"the streams broke: {seen}"
    yield Measurement("programme.control_restart_changed_packets", changed, None, detail, broken)


# --- crossfade ----------------------------------------------------------------------------------


def crossfade(context: Context) -> Iterator[Measurement]:
    """Two loud tracks crossfaded by the engine's own rendering, against sums in float64."""
    rng = np.random.default_rng(_SEED)
    length = 30 * RATE
    store = {
        PcmId(f"{number:064x}"): rng.integers(-32768, 32768, length).astype(np.int16)
        for number in range(2)
    }
    tracks = [
        Recording(
            *(f"r{n}", "", "", "", pcm, length, 0, length, 0.0),
            true_peak_dbtp=0.0,
        )
        for n, pcm in enumerate(store)
    ]
    ever = Stretch(0, 1 << 40, Circle(Rotation(tracks, 1)))
    items = laid_out((), [ever], 50 * RATE, start=0, keep_from=0)
    claim = Claim(ClaimId("s"), ZoneId("z"), Kind.PROGRAMME, 20, Timeline(items), start=0)
    joint = items[1][0]
    rendered = Mix((claim,)).render(_Store(store), joint - RATE, CROSSFADE + 2 * RATE)
    wanted = np.zeros(len(rendered))
    for start, segment in items[:2]:
        wanted += _reference(store, start, segment, joint - RATE, len(rendered))
    wrong = int((np.abs(rendered - wanted) > 1).sum())
    clipped = int((np.abs(wanted) > 32767).sum())
    detail = {"clipped": clipped, "gain_db": gain_of(tracks[0]), "samples": len(rendered)}
    yield Measurement("programme.crossfade_wrong_samples", wrong + clipped, None, detail)


class _Store:
    """PCM in memory, as the engine asks for it."""

    def __init__(self, sounds: dict[PcmId, Any]) -> None:
        self._sounds = sounds

    def samples(self, pcm: PcmId, begin: Sample, end: Sample) -> Any:  # noqa: ANN401 - numpy
        """All of it is at hand."""
        return self._sounds[pcm][begin:end]

    def ring(self, name: str, begin: Sample, end: Sample) -> Any:  # noqa: ANN401 - numpy
        """There is no live voice."""
        return None

    def written_to(self, name: str) -> Sample | None:
        """There is no live voice."""
        return None


def _reference(
    store: dict[PcmId, Any], start: Sample, segment: Segment, begin: Sample, length: Sample
) -> Any:  # noqa: ANN401 - numpy
    """One track with its gain and its square-root fades, sample by sample in float64."""
    if segment.pcm is None:
        return np.zeros(length)
    offset = np.arange(begin, begin + length) - start
    inside = (offset >= 0) & (offset < segment.length)
    at = np.clip(offset, 0, segment.length - 1)
    fade_in = np.sqrt(np.clip(at / max(1, segment.fade_in), 0, 1))
    fade_out = np.sqrt(np.clip((segment.length - at) / max(1, segment.fade_out), 0, 1))
    sound = store[segment.pcm][segment.cue_in + at] * 10 ** (segment.gain_db / 20)
    gain = np.where(segment.fade_in > 0, fade_in, 1) * np.where(segment.fade_out > 0, fade_out, 1)
    return np.where(inside, sound * gain, 0.0)
