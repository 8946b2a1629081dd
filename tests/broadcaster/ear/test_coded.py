"""G.722 and Opus: the ear decodes them and says whether they are what was planned."""

import struct

import numpy as np
import pytest

from broadcaster.ear.verdict import Why
from broadcaster.engine.codec import G722, OPUS, lead, lowered
from broadcaster.engine.codec.stateful import Encoder
from broadcaster.engine.packet import sequence_number, timestamp
from tests.broadcaster.ear.room import FORGER, OURS, START, Datagram, Room, Without
from tests.broadcaster.engine.studio import MemoryPcm, claim, whole
from tests.broadcaster.engine.test_codec import speech_like
from zones.bus import Kind
from zones.media_time import RATE
from zones.sound import Sequence, Silence

TIME = 960
LENGTH = 7 * RATE // 2
TYPES = {G722: 9, OPUS: 111}


def hum(seed):
    """Music of some partials that no other seed has."""
    chance = np.random.default_rng(seed)
    turns = 2 * np.pi * np.arange(LENGTH) / RATE
    sound = sum(
        np.sin(turns * hz + phase)
        for hz, phase in zip(chance.uniform(150, 3000, 12), chance.uniform(0, 6, 12), strict=True)
    )
    beat = 1.2 + np.sin(turns * chance.uniform(1, 3))
    return (900 * sound * beat).astype(np.int16)


@pytest.fixture
def pcm():
    voice = speech_like(2 * RATE)
    return MemoryPcm(music=hum(1), other=hum(2), voice=voice)


class CodedRoom(Room):
    """A room whose streams have memory: one encoder for what each source sends to each leg."""

    def __init__(self, pcm, chosen, streams=2) -> None:
        fields = {"format": chosen, "packet_time": TIME, "payload_type": TYPES[chosen]}
        super().__init__(pcm, streams, **fields)
        self.encoders: dict[object, Encoder] = {}

    def packet(self, leg, at, samples=None, *, source=OURS, arrived=None, **fields):
        stream = self.streams[leg]
        before = lead(stream.format)
        if samples is None:
            samples = self.samples(stream, at - before, TIME + before)
        encoder = self.encoders.setdefault((leg, source), Encoder(stream.format, TIME))
        payload = encoder.encode(lowered(stream.format, samples)).tobytes()
        header = struct.pack(
            "!BBHII",
            *(0x80, stream.payload_type, sequence_number(at, TIME)),
            *(timestamp(at, stream.format.clock_hz), stream.ssrc),
        )
        return Datagram(leg, header + payload, source, at if arrived is None else arrived)


def loop(pcm, name):
    return Sequence(loop=(whole(pcm.of[name], LENGTH if name != "voice" else 2 * RATE),))


def on_all(room, name, source, **fields):
    return [
        claim(name, source, zone=each.zone, start=START - RATE, **fields) for each in room.streams
    ]


@pytest.fixture(params=[G722, OPUS], ids=lambda chosen: chosen.name)
def room(request, pcm):
    made = CodedRoom(pcm, request.param)
    source = loop(pcm, "music")
    made.plan({"music": source}, on_all(made, "programme", source), START - RATE)
    return made


def test_right_sound_is_sent(room):
    room.hear(room.packets(2))
    assert [room.judge(leg).value for leg in (0, 1)] == [True, True]
    assert room.detail()["level_dbfs"] == pytest.approx(-18, abs=5)
    assert (room.detail()["lost"], room.detail()["wrong"]) == (0, 0)


def test_right_sound_stays_right_over_a_message_and_lost_packets(room, pcm):
    room.hear(room.packets(2))
    music, voice = loop(pcm, "music"), loop(pcm, "voice")
    page = on_all(room, "page", voice, priority=100, kind=Kind.NOTICE)
    begun = [claim("page", c.source, zone=c.zone, priority=100, kind=c.kind, start=room.now)
             for c in page]  # fmt: skip
    room.plan({"m": music, "v": voice}, [*on_all(room, "programme", music), *begun])
    for _ in range(10):
        packets = room.packets(0.4)
        room.hear([each for number, each in enumerate(packets) if number != 10])
        assert room.judge().value is True, room.judge().sentence


def test_foreign_sound_is_a_fault_within_two_seconds(room):
    room.hear(room.packets(2))
    strange = hum(9)
    for _ in range(20):
        before = lead(room.streams[0].format)
        at = (room.now - START) % RATE
        room.hear([room.packet(0, room.now + n * TIME,
                               strange[at + n * TIME : at + (n + 1) * TIME + before])
                   for n in range(5)])  # fmt: skip
        if room.judge().value is False:
            break
    assert room.now - START <= 4 * RATE
    assert room.judge().sentence == "wrong sound: a sound that is not in the plan"


def test_a_stale_loop_is_named_with_its_age(room):
    room.hear(room.packets(2))
    begin = room.now
    room.hear([room.packet(0, at, room.samples(
        room.streams[0], at - RATE - lead(room.streams[0].format),
        TIME + lead(room.streams[0].format)))
        for at in range(begin, begin + 2 * RATE, TIME)])  # fmt: skip
    assert room.judge().sentence == "wrong sound: its own sound, 1.000 s too late"


def test_another_zones_sound_is_named(pcm):
    made = CodedRoom(pcm, OPUS)
    music, other = loop(pcm, "music"), loop(pcm, "other")
    zones = [each.zone for each in made.streams]
    claims = [
        claim("a", music, zone=zones[0], start=START - RATE),
        claim("b", other, zone=zones[1], start=START - RATE),
    ]
    made.plan({"a": music, "b": other}, claims, START - RATE)
    made.hear(made.packets(2))
    packets = [
        made.packet(0, at, made.samples(made.streams[1], at, TIME))
        for at in range(made.now, made.now + 2 * RATE, TIME)
    ]
    made.hear(packets)
    assert made.judge(0).sentence == "wrong sound: the sound of zone s1"


def test_silence_in_programme_counts_after_three_seconds(room):
    room.hear(room.packets(2))
    nothing = np.zeros(TIME + lead(room.streams[0].format), np.int16)
    begin = room.now
    packets = [room.packet(0, at, nothing) for at in range(begin, begin + 4 * RATE, TIME)]
    room.hear(packets[: 2 * RATE // TIME])
    assert room.judge().value is not False
    room.hear(packets[2 * RATE // TIME :])
    assert room.judge().why is Why.SILENT


def test_silence_by_schedule_is_sent_as_planned(room):
    quiet = Silence()
    room.plan({"q": quiet}, on_all(room, "quiet", quiet, priority=21), START - RATE)
    room.hear(room.packets(3))
    assert room.judge().value is True


def test_audio_the_ear_does_not_have_makes_unknown(pcm):
    made = CodedRoom(Without(pcm, pcm.of["music"]), G722, streams=1)
    source = loop(pcm, "music")
    made.plan({"music": source}, on_all(made, "programme", source), START - RATE)
    quiet = np.zeros(TIME + lead(G722), np.int16)
    made.hear([made.packet(0, at, quiet) for at in range(made.now, made.now + 2 * RATE, TIME)])
    assert made.judge().value is None


def test_a_forger_with_our_ssrc_never_counts(room):
    room.hear(room.packets(2))
    for _ in range(10):
        ours = room.packets(0.2, legs=[0])
        strange = np.zeros(TIME + lead(room.streams[0].format), np.int16)
        theirs = [room.packet(0, each.arrived, strange, source=FORGER) for each in ours]
        room.hear([*ours, *theirs])
        assert room.judge().value is True
    assert room.detail()["strangers"]
