"""Every format from the engine on real multicast, mixed in one site."""

import contextlib
import itertools

import numpy as np
import pytest

from broadcaster.engine.codec import (
    G722,
    L16,
    L24,
    OPUS,
    PCMA,
    PCMU,
    SPOKEN,
    STATELESS,
    encode,
    lead,
    packet_times,
)
from broadcaster.engine.codec.stateful import Decoder, delay
from broadcaster.engine.packet import Packet, sample_near
from tests.broadcaster.engine.studio import (
    PATIENCE,
    claim,
    drain,
    make_stream,
    noise,
    receive,
    receiver,
    until,
    whole,
)
from tests.broadcaster.engine.test_codec import LEAST_DB, signal_to_noise_db, speech_like
from tests.broadcaster.engine.test_standby import wait_ready
from zones.bus import Kind
from zones.media_time import RATE
from zones.sound import Sequence

SETTLED = RATE * 2 // 5
"""G.722 takes its time to adapt."""
TYPES = {L16: 96, L24: 97, PCMU: 0, PCMA: 8, G722: 9, OPUS: 111}


@pytest.fixture
def tones(studio):
    """Speech-like sound in the store, as an endless programme, and its samples."""
    samples = speech_like(2 * RATE)
    return samples, Sequence(loop=(whole(studio.put(samples), len(samples)),))


def formatted(index, chosen, time, group, port):
    return make_stream(
        index, group, port, format=chosen, packet_time=time, payload_type=TYPES[chosen]
    )


def unbroken(s, chosen, time):
    """Packets in a row without a gap: half a second more than it takes a decoder to settle."""
    count = (RATE // 10 if chosen in STATELESS else SETTLED + RATE // 2) // time
    step = time * chosen.clock_hz // RATE
    run: list[Packet] = []
    while len(run) < count:
        (packet,) = receive(s, 1)
        if run:
            ahead = (packet.sequence - run[-1].sequence) & 0xFFFF
            assert (packet.timestamp - run[-1].timestamp) & 0xFFFF_FFFF == ahead * step
            if ahead != 1:  # the machine was too busy: skipped, not shifted
                run = []
        run.append(packet)
    return run


def decoded(packets, chosen):
    """The sound of packets in a row."""
    steps = {(b.sequence - a.sequence) & 0xFFFF for a, b in itertools.pairwise(packets)}
    if steps != {1}:
        pytest.skip("the machine was too busy to send every packet in time")
    decoder = Decoder(chosen)
    return np.concatenate([decoder.decode(packet.payload) for packet in packets])


def near(packet, chosen, expected):
    return sample_near(packet.timestamp, chosen.clock_hz, expected)


def test_all_formats_at_all_packet_times_in_one_plan(studio, tones, multicast_group, free_port):
    samples, programme = tones
    kinds = [(chosen, time) for chosen in SPOKEN for time in packet_times(chosen)]
    port, began = free_port(), studio.now()
    streams = [
        formatted(index, chosen, time, multicast_group(), port)
        for index, (chosen, time) in enumerate(kinds)
    ]
    claims = [claim("p", programme, zone=f"z{i}", start=began) for i in range(len(kinds))]
    studio.plan(streams, {"music": programme}, claims)
    groups = [stream.legs[0].address for stream in streams]
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(receiver(group, port)) for group in groups]
        studio.start()
        taken = [
            unbroken(s, chosen, time) for s, (chosen, time) in zip(sockets, kinds, strict=True)
        ]
    for (chosen, time), packets in zip(kinds, taken, strict=True):
        assert {packet.payload_type for packet in packets} == {TYPES[chosen]}
        assert {len(packet.payload) for packet in packets} == {chosen.payload_bytes(time)}
        heard = decoded(packets, chosen)
        first = near(packets[0], chosen, began) - delay(chosen, time) - began
        wanted = samples[np.arange(first, first + len(heard)) % len(samples)]
        settled = RATE // 100 if chosen in STATELESS else SETTLED
        assert signal_to_noise_db(wanted[settled:], heard[settled:]) >= LEAST_DB[chosen] - 3


@pytest.mark.parametrize("chosen", [PCMU, PCMA], ids=lambda chosen: chosen.name)
def test_companded_bytes_are_those_of_the_pure_functions(
    studio, multicast_group, free_port, chosen
):
    samples = noise(4, 2 * RATE)
    programme = Sequence(loop=(whole(studio.put(samples), len(samples)),))
    group, port, began = multicast_group(), free_port(), studio.now()
    stream = formatted(0, chosen, 960, group, port)
    studio.plan([stream], {"m": programme}, [claim("p", programme, start=began)])
    with receiver(group, port) as s:
        studio.start()
        packets = receive(s, 30)[20:]
    before = lead(chosen)
    for packet in packets:
        at = near(packet, chosen, began) - began
        sound = samples[np.arange(at - before, at + 960) % len(samples)]
        assert packet.payload == encode(chosen, sound).tobytes()


@pytest.mark.parametrize("chosen", [G722, OPUS], ids=lambda chosen: chosen.name)
def test_an_encoder_goes_on_over_new_plans(studio, tones, multicast_group, free_port, chosen):
    samples, programme = tones
    group, port, began = multicast_group(), free_port(), studio.now()
    stream = formatted(0, chosen, 960, group, port)
    claims = [claim("p", programme, start=began)]
    studio.plan([stream], {"m": programme}, claims)
    with receiver(group, port) as s:
        studio.start()
        packets = receive(s, 30)
        for _ in range(5):
            studio.wait_adopted(studio.plan([stream], {"m": programme}, claims))
            packets += receive(s, 6)
    heard = decoded(packets, chosen)
    first = near(packets[0], chosen, began) - delay(chosen, 960) - began
    wanted = samples[np.arange(first, first + len(heard)) % len(samples)]
    for at in range(SETTLED, len(heard) - 4800, 4800):
        part = slice(at, at + 4800)
        assert signal_to_noise_db(wanted[part], heard[part]) >= LEAST_DB[chosen] - 6


def test_a_message_is_heard_in_every_format(studio, tones, multicast_group, free_port):
    _, programme = tones
    voice = np.concatenate((np.zeros(1920, np.int16), speech_like(RATE)))
    message = Sequence((whole(studio.put(voice), len(voice)),))
    kinds = [(L16, 240), (PCMU, 960), (G722, 960), (OPUS, 960)]
    port, began = free_port(), studio.now()
    streams = [
        formatted(index, chosen, time, multicast_group(), port)
        for index, (chosen, time) in enumerate(kinds)
    ]
    music = [claim("p", programme, zone=f"z{i}", start=began) for i in range(4)]
    pages = [claim("m", message, zone=f"z{i}", priority=100, kind=Kind.NOTICE) for i in range(4)]
    sources = {"music": programme, "message": message}
    studio.plan(streams, sources, music)
    groups = [stream.legs[0].address for stream in streams]
    with (
        receiver(groups[0], port) as a, receiver(groups[1], port) as b,
        receiver(groups[2], port) as c, receiver(groups[3], port) as d,
    ):  # fmt: skip
        studio.start()
        receive(a, 40)
        studio.plan(streams, sources, [*music, *pages])
        start = studio.wait_stamp("m")
        while near(receive(a, 1)[0], L16, start) < start + len(voice) + 2400:
            pass
        receive(d, 1)
        for (chosen, time), s in zip(kinds, (a, b, c, d), strict=True):
            packets = drain(s)
            if chosen is L16:
                continue
            heard = decoded(packets, chosen)
            at = start + 1920 + delay(chosen, time) - near(packets[0], chosen, start)
            spoken = heard[at : at + RATE - 960]
            assert signal_to_noise_db(voice[1920 : RATE + 960], spoken) >= LEAST_DB[chosen] - 4


@pytest.mark.parametrize("chosen", [G722, OPUS], ids=lambda chosen: chosen.name)
def test_a_standby_goes_on_with_a_warm_encoder(studio, tones, multicast_group, free_port, chosen):
    samples, programme = tones
    group, port, began = multicast_group(), free_port(), studio.now()
    stream = formatted(0, chosen, 960, group, port)
    studio.plan([stream], {"m": programme}, [claim("p", programme, start=began)])
    with receiver(group, port) as s:
        speaker = studio.start()
        receive(s, 2)
        studio.standby = studio.start()
        wait_ready(studio)
        drain(s)
        packets = receive(s, 10)
        speaker.kill()
        speaker.wait(PATIENCE)
        until(lambda: studio.block.state().pid == studio.standby.pid, "the standby speaks")
        packets += receive(s, 70)
    steps = [
        ((b.timestamp - a.timestamp) & 0xFFFF_FFFF, (b.sequence - a.sequence) & 0xFFFF)
        for a, b in itertools.pairwise(packets)
    ]
    assert all(stamp == step * 960 * chosen.clock_hz // RATE for stamp, step in steps)
    assert len({packet.ssrc for packet in packets}) == 1
    decoder, ratios = Decoder(chosen), []
    for packet in packets:
        heard = decoder.decode(packet.payload)
        first = near(packet, chosen, began) - delay(chosen, 960) - began
        wanted = samples[np.arange(first, first + 960) % len(samples)]
        ratios.append(signal_to_noise_db(wanted, heard))
    # Single packets may be spoilt where the machine was too busy.
    assert np.median(ratios[-30:]) >= LEAST_DB[chosen] - 4
