"""A core on the reference site, with a media clock whose zero is now, and short ways to ask it."""

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from alerts.book import Book
from alerts.detection import Detections
from alerts.message import Tone
from broadcaster.catalogue_reader import read_messages
from broadcaster.control.acts import Answered, EngineAdopted, Planned, Play, TakeLibrary
from broadcaster.control.core import Core
from broadcaster.control.ground import ground_of
from broadcaster.control.programme import Library, Message
from broadcaster.control.voice_index import VoiceIndex
from broadcaster.control.warnings import Warnings
from broadcaster.engine.plan_file import PlanFile
from broadcaster.rules_reader import read_rules
from broadcaster.site_reader import read_site
from playlists.recording import Recording
from tests.house.checkout import ROOT
from zones.bus import ClaimId, turns
from zones.media_time import RATE, BootId, MediaClock, WallAnchor
from zones.sound import PcmId, Segment, pieces, silence

CLOCK = MediaClock(BootId("test"), 0)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PCM = PcmId("c" * 64)
CHIME = Segment(PcmId("e" * 64), 0, 10 * RATE)
VOICES = VoiceIndex({tone: Segment(PcmId("a" * 64), 0, 4 * RATE) for tone in Tone})
FLOOD = Message("flood", (Segment(PcmId("f" * 64), 0, 4 * RATE), silence(RATE)))


@cache
def site():
    """The reference site, that plays through the night."""
    found = read_site(ROOT / "config.yaml")
    return replace(found, zones=tuple(replace(zone, quiet_hours=None) for zone in found.zones))


def ground():
    sources = {f"{one.interface}/ttl8/dscp46": ("192.0.2.1", 40_000) for one in site().networks}
    return ground_of(site(), bytes(32), CLOCK, sources, 1)


def recording(number, seconds=150):
    pcm = PcmId(f"{number:064x}")
    length = seconds * RATE
    return Recording(f"r{number}", f"Track {number}", "", "", pcm, length, 0, length, 0.0)


def library(count=4, *, is_settled=True):
    folder = site().programme[0].recordings
    recordings = tuple(recording(number) for number in range(count))
    prepared = {"flood-evacuate": FLOOD}
    return Library({folder: recordings}, CHIME, prepared, is_settled, VOICES)


def wall(now):
    return WallAnchor(CLOCK.sample_at(round(now * 1e9)), NOON + timedelta(seconds=now))


@cache
def messages():
    """The catalogue that ships with the program."""
    return read_messages(None)


def warnings(book=None):
    """No alert yet, or those of a book."""
    return Warnings(book or Book(messages()), site())


@cache
def rules():
    """The rules that ship with the program."""
    return read_rules(site(), ROOT)


def detections(now=0.0):
    """No evidence yet."""
    return Detections(site(), rules(), now, NOON + timedelta(seconds=now))


def new_core(now=0.0, adopted=None, revision=0, **more):
    return Core(ground(), wall(now), warnings(), detections(now), adopted, revision, **more)


def started(now=0.0, count=4):
    core = new_core(now)
    core.handle(TakeLibrary(library=library(count)), now)
    return core


def play(key="one", zones=("stream-1",), priority=100, **fields):
    if "message" not in fields:
        fields = {"pcm": PCM, "length": 3 * RATE, **fields}
    return Play(key=key, who="test", zones=zones, priority=priority, **fields)


def adopt(core, now, start=None):
    """The engine takes the newest plan up and starts what waits."""
    at = core.sample(now) if start is None else start
    stamps = dict.fromkeys(core.unstamped, at)
    return core.handle(EngineAdopted(revision=core.plan.revision, stamps=stamps), now)


def on_air(core, now, zone="stream-1"):
    at = core.sample(now)
    bus = [claim for claim in core.plan.claims if claim.zone == zone]
    found = turns(bus, at, at + 1)
    return found[0].claim.id if found else None


def heard(plan, begin, end, zones=("stream-1", "stream-2", "hill-1")):
    """What sounds on these zones between two moments: which claim, and which samples of what."""
    found = {}
    for zone in zones:
        bus = [claim for claim in plan.claims if claim.zone == zone]
        found[zone] = [
            (turn.claim.id, turn.start, list(pieces(turn.claim.source, turn.origin, *span(turn))))
            for turn in turns(bus, begin, end)
        ]
    return found


def span(turn):
    return turn.start, turn.until


def written(plan):
    """The plan as a restarted control finds it."""
    with tempfile.TemporaryDirectory() as place, PlanFile(Path(place) / "plan") as file:
        file.write(plan)
        found = file.read()
    assert found is not None
    return found


def plans(effects):
    return [effect.plan for effect in effects if isinstance(effect, Planned)]


def answers(effects):
    return [effect for effect in effects if isinstance(effect, Answered)]


def claim_of(effects):
    (answer,) = answers(effects)
    return ClaimId(answer.fields["claim"])
