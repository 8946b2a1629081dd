"""Lines: what is made ahead is what would be made when it is due."""

import ctypes

import pytest

from broadcaster.engine.cadence import BLOCK_PACKETS
from broadcaster.engine.codec import L16, PCMU, encode, lead
from broadcaster.engine.line import Line
from broadcaster.engine.render import Mix
from tests.broadcaster.engine.studio import MemoryPcm, claim, noise, whole
from zones.media_time import RATE
from zones.sound import Ring, Sequence

SOUND = noise(1, 4 * RATE)


@pytest.fixture
def pcm():
    return MemoryPcm(sound=SOUND)


def a_mix(pcm) -> Mix:
    source = Sequence(loop=(whole(pcm.of["sound"], len(SOUND)),))
    return Mix((claim("p", source, start=0),))


def payload(line, pcm, sample, size) -> bytes:
    return ctypes.string_at(line.pointer(pcm, sample, BLOCK_PACKETS), size)


@pytest.mark.parametrize(("chosen", "time"), [(L16, 240), (PCMU, 960)], ids=["L16", "PCMU"])
def test_what_is_made_ahead_is_what_would_be_made_then(pcm, chosen, time):
    ahead, then = Line(a_mix(pcm), chosen, time), Line(a_mix(pcm), chosen, time)
    size = chosen.payload_bytes(time)
    for sample in range(RATE, 2 * RATE, time):
        assert payload(ahead, pcm, sample, size) == payload(then, pcm, sample, size)
        ahead.work_ahead(pcm, sample)


def test_a_block_is_made_once(pcm, monkeypatch):
    rendered = []
    whole_render = Mix.render

    def render(self, pcm, begin, length):
        rendered.append(begin)
        return whole_render(self, pcm, begin, length)

    monkeypatch.setattr(Mix, "render", render)
    line = Line(a_mix(pcm), L16, 240)
    for sample in range(RATE, RATE + 4 * BLOCK_PACKETS * 240, 240):
        line.pointer(pcm, sample, BLOCK_PACKETS)
        line.work_ahead(pcm, sample)
    assert rendered == [RATE + number * BLOCK_PACKETS * 240 for number in range(5)]


def test_another_mix_is_heard_from_the_next_packet_on(pcm):
    line = Line(a_mix(pcm), L16, 240)
    line.pointer(pcm, RATE, BLOCK_PACKETS)
    line.work_ahead(pcm, RATE)
    line.play(Mix(()))
    assert payload(line, pcm, RATE + 240, 480) == bytes(480)
    assert payload(line, pcm, RATE + BLOCK_PACKETS * 240, 480) == bytes(480)


def test_nothing_live_is_made_before_it_is_due(pcm):
    pcm.rings["voice"] = noise(2, RATE)
    line = Line(Mix((claim("v", Ring("voice"), start=0),)), L16, 240)
    line.pointer(pcm, RATE, BLOCK_PACKETS)
    line.work_ahead(pcm, RATE)
    pcm.rings["voice"] = noise(3, RATE)
    expected = encode(L16, pcm.rings["voice"][240 : 480 + lead(L16)]).tobytes()
    assert payload(line, pcm, RATE + 240, 480) == expected
