"""Live voices: what is written ahead of the clock is heard at its sample."""

import threading
from contextlib import closing

import numpy as np
import pytest

from broadcaster.engine.render import STARVED, Mix
from broadcaster.engine.ring import FADE, LEAD, SIZE, STALE, MappedRing, RingError, ring_path
from broadcaster.engine.ring_writer import RingWriter
from tests.broadcaster.engine.studio import (
    MemoryPcm,
    claim,
    make_stream,
    noise,
    receive,
    receiver,
    samples_at,
    whole,
)
from zones.bus import Kind
from zones.media_time import RATE
from zones.sound import Ring, Sequence

START = 7 * SIZE + 4_321
VOICE = noise(5, RATE)


@pytest.fixture
def writer(tmp_path):
    with RingWriter(tmp_path, "desk-1") as made:
        yield made


@pytest.fixture
def ring(tmp_path, writer):
    with closing(MappedRing(ring_path(tmp_path, "desk-1"))) as mapped:
        yield mapped


def test_what_was_written_is_read_at_its_sample(writer, ring):
    for at in range(0, RATE, 480):
        assert writer.write(VOICE[at : at + 480], START + at) == 480
    assert writer.written_to == START + RATE
    assert (ring.read(START + FADE, START + RATE) == VOICE[FADE:]).all()
    begun = ring.read(START - 480, START + FADE)
    assert not begun[:481].any()
    assert np.abs(begun[480:]).max() <= np.abs(VOICE[:FADE]).max()


def test_it_goes_round_and_forgets_what_was_overwritten(writer, ring):
    for second in range(12):
        writer.write(VOICE, START + second * RATE)
    end = START + 12 * RATE
    assert (ring.read(end - 10 * RATE, end - 9 * RATE) == VOICE).all()
    assert not ring.read(START, START + RATE).any()


def test_a_voice_that_breaks_off_fades_without_a_click_and_then_does_not_claim(writer, ring):
    tone = (9000 * np.sin(np.arange(RATE) * 2 * np.pi * 300 / RATE)).astype(np.int16)
    writer.write(tone, START)
    end = START + RATE
    after = ring.read(end - 480, end + 960).astype(int)
    assert np.abs(np.diff(after)).max() < 900  # as steep as the tone itself, and no more
    assert not after[480 + FADE :].any()
    assert (ring.read(end - 240, end) == tone[-240:]).all()
    assert ring.read(end + STALE, end + STALE + 240) is not None
    assert ring.read(end + STALE + 1, end + STALE + 241) is None


def test_a_voice_that_comes_back_fades_in_after_silence(writer, ring):
    writer.write(VOICE, START)
    writer.write(VOICE, START + RATE + 4_800)
    gap = ring.read(START + RATE, START + RATE + 4_800)
    assert not gap.any()
    back = ring.read(START + RATE + 4_800, START + 2 * RATE + 4_800)
    assert back[0] == 0
    assert (back[FADE:] == VOICE[FADE:]).all()


def test_what_may_have_been_heard_is_not_changed(writer, ring):
    writer.write(VOICE, START)
    assert writer.write(noise(6, 960), START + RATE - 480) == 480
    assert (ring.read(START + RATE - 480, START + RATE) == VOICE[-480:]).all()


def test_a_ring_of_an_earlier_boot_begins_anew(tmp_path):
    with RingWriter(tmp_path, "desk") as writer:
        writer.write(VOICE, START)
    with RingWriter(tmp_path, "desk") as writer:
        assert writer.write(VOICE, 4_800) == RATE
        assert writer.written_to == 4_800 + RATE


def test_a_ring_has_one_writer_and_a_proper_name(tmp_path, writer):
    with pytest.raises(RingError, match="has a writer already"):
        RingWriter(tmp_path, "desk-1")
    with pytest.raises(RingError, match="no name of a ring"):
        RingWriter(tmp_path, "../desk")
    with pytest.raises(ValueError, match="at once"):
        writer.write(np.zeros(2 * RATE, np.int16), START)


def test_a_file_that_is_no_ring_is_refused(tmp_path):
    ring_path(tmp_path, "desk").write_bytes(b"x" * 100)
    with pytest.raises(RingError, match="no ring of this version"):
        RingWriter(tmp_path, "desk")
    with pytest.raises(RingError, match="no ring of this version"):
        MappedRing(ring_path(tmp_path, "desk"))


def test_a_live_voice_is_on_the_wire_bit_for_bit(studio, multicast_group, free_port):
    group, port = multicast_group(), free_port()
    streams = [make_stream(0, group, port)]
    live, is_over = Ring("desk"), threading.Event()
    origin = studio.now() // 480 * 480

    def talk(writer):
        while not is_over.wait(0.005):
            while writer.written_to < studio.now() + 3 * LEAD:
                at = max(writer.written_to, studio.now() // 480 * 480)
                places = np.arange(at - origin, at - origin + 480) % RATE
                writer.write(VOICE[places], at)

    with RingWriter(studio.run, "desk") as writer, receiver(group, port) as s:
        talking = threading.Thread(target=talk, args=(writer,))
        talking.start()
        try:
            page = claim("live", live, priority=100, kind=Kind.PAGE)
            studio.plan(streams, {"live": live}, [page])
            studio.start()
            start = studio.wait_stamp("live")
            packets = receive(s, 100)
            while samples_at(packets[-1], start) < start + RATE // 2:
                packets += receive(s, 1)
        finally:
            is_over.set()
            talking.join()
    heard = [p for p in packets if samples_at(p, start) >= start + 2 * FADE]
    right = 0
    for packet in heard:
        at = samples_at(packet, start) - origin
        wanted = VOICE[np.arange(at, at + 240) % RATE]
        right += int((np.frombuffer(packet.payload, ">i2") == wanted).all())
    # A machine too busy to let the talker speak in time may make a gap, but never another sound.
    assert len(heard) > 50
    assert right >= 0.9 * len(heard)


@pytest.fixture
def pcm():
    made = MemoryPcm(music=noise(1, 10 * RATE), alarm=noise(2, 10 * RATE))
    made.ring_ends["desk"] = START
    return made


def claims(pcm, live_kind):
    music = Sequence(loop=(whole(pcm.of["music"], 10 * RATE),))
    alarm = Sequence(loop=(whole(pcm.of["alarm"], 10 * RATE),))
    return (
        claim("music", music, start=0),
        claim("alarm", alarm, start=0, priority=232, kind=Kind.WARNING),
        claim("live", Ring("desk"), start=0, priority=240, kind=live_kind),
    )


def test_a_starving_emergency_microphone_is_silent_then_gives_way_to_the_warning(pcm):
    """SAFETY B6."""
    mix = Mix(claims(pcm, Kind.WARNING))
    assert not mix.render(pcm, START + RATE, 480).any()
    at = START + STARVED
    expected = Mix(claims(pcm, Kind.WARNING)[1:2]).render(pcm, at, 480)
    assert (mix.render(pcm, at, 480) == expected).all()
    assert expected.any()


def test_programme_does_not_return_before_the_microphone_is_released(pcm):
    """SAFETY B6."""
    music, _, live = claims(pcm, Kind.WARNING)
    assert not Mix((music, live)).render(pcm, START + 10 * STARVED, 480).any()


def test_a_page_that_starves_does_not_claim(pcm):
    music, _, live = claims(pcm, Kind.PAGE)
    heard = Mix((music, live)).render(pcm, START + RATE, 480)
    assert (heard == Mix((music,)).render(pcm, START + RATE, 480)).all()
