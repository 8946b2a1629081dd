"""The engine process on real multicast: what is on the wire is what was planned."""

import itertools
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broadcaster import engine
from broadcaster.engine.packet import Packet
from broadcaster.engine.plan import Leg, Part, socket_name
from broadcaster.engine.report import parse_report
from tests.broadcaster.engine.studio import (
    LOOPBACK,
    PATIENCE,
    SOCKET,
    claim,
    drain,
    make_stream,
    music,
    noise,
    receive,
    receiver,
    samples_at,
    sending_socket,
    sound,
    until,
    whole,
)
from zones.bus import Kind, ZoneId
from zones.media_time import RATE
from zones.sound import PcmId, Sequence, Silence


def unbroken(studio, packets) -> bool:
    """Whether nothing is missing but what the engine says it had to skip, being late."""
    assert {packet.ssrc for packet in packets} == {packets[0].ssrc}
    missing = 0
    for before, after in itertools.pairwise(packets):
        step = (after.sequence - before.sequence) % 2**16
        assert (after.timestamp - before.timestamp) % 2**32 == 240 * step
        missing += step - 1
    return missing <= studio.block.state().skipped_packets


@pytest.fixture
def air(studio, multicast_group, free_port):
    """A studio with one stream on the air, its receiver, its music and when that began."""
    group, port = multicast_group(), free_port()
    studio.streams = (make_stream(0, group, port),)
    studio.samples, studio.programme = music(studio)
    studio.began = studio.now()
    studio.claims = (claim("programme", studio.programme, start=studio.began),)
    studio.sources = {"music": studio.programme}
    studio.plan(studio.streams, studio.sources, studio.claims)
    with receiver(group, port) as studio.receiver:
        studio.start()
        receive(studio.receiver, 1)
        yield studio


def expected(studio, packet) -> np.ndarray:
    at = samples_at(packet, studio.began) - studio.began
    return studio.samples[np.arange(at, at + 240) % len(studio.samples)]


def test_the_programme_is_on_the_wire_bit_for_bit(air):
    packets = receive(air.receiver, 300)
    assert unbroken(air, packets)
    assert not any(packet.marker for packet in packets)
    assert {packet.payload_type for packet in packets} == {96}
    heard = [p for p in packets if np.frombuffer(p.payload, ">i2").any()]
    assert len(heard) > 250
    assert all((np.frombuffer(p.payload, ">i2") == expected(air, p)).all() for p in heard)


def test_a_message_preempts_and_the_programme_comes_back_live(air):
    voice = noise(2, RATE // 4)
    message = Sequence((whole(air.put(voice), len(voice)),))
    sources = {**air.sources, "message": message}
    page = claim("m", message, priority=100, kind=Kind.NOTICE)
    air.plan(air.streams, sources, (*air.claims, page))
    start = air.wait_stamp("m")
    packets = receive(air.receiver, 1)
    while samples_at(packets[-1], start) < start + len(voice) + 4800:
        packets += receive(air.receiver, 1)
    assert unbroken(air, packets)
    spoken = [p for p in packets if start <= samples_at(p, start) < start + len(voice)]
    assert (sound(spoken)[480:] == voice[480:]).all()
    later = [p for p in packets if samples_at(p, start) >= start + len(voice) + 480]
    assert all((np.frombuffer(p.payload, ">i2") == expected(air, p)).all() for p in later)


def test_a_new_engine_goes_on_with_the_same_ssrc_and_clock(air):
    before = receive(air.receiver, 50)
    air.kill()
    drain(air.receiver)
    air.start()
    after = receive(air.receiver, 50)
    assert after[0].ssrc == before[0].ssrc
    gap = (after[0].timestamp - before[-1].timestamp) & 0xFFFF_FFFF
    assert gap % 240 == 0
    assert (after[0].sequence - before[-1].sequence) & 0xFFFF == (gap // 240) & 0xFFFF
    heard = [p for p in after if np.frombuffer(p.payload, ">i2").any()]
    assert all((np.frombuffer(p.payload, ">i2") == expected(air, p)).all() for p in heard)


def test_a_message_keeps_its_stamp_over_an_engine_death(air):
    voice = noise(2, 8 * RATE)
    message = Sequence(loop=(whole(air.put(voice), len(voice)),))
    warning = claim("w", message, priority=240, kind=Kind.WARNING)
    # Not in its first tick with the plan: a successor would then fear the plan.
    air.wait_adopted(air.plan(air.streams, {**air.sources, "w": message}, (*air.claims, warning)))
    start = air.wait_stamp("w")
    air.kill()
    drain(air.receiver)
    air.start()

    def in_position():
        (packet,) = receive(air.receiver, 1)
        at = samples_at(packet, start) - start
        wanted = voice[np.arange(at, at + 240) % len(voice)]
        return (np.frombuffer(packet.payload, ">i2") == wanted).all()

    until(in_position, "the warning goes on at its media position")
    assert air.wait_stamp("w") == start


def test_a_message_that_is_not_in_the_store_does_not_claim(air):
    missing = Sequence((whole(PcmId("0" * 64), RATE),))
    notice = claim("m", missing, priority=100, kind=Kind.NOTICE)
    revision = air.plan(air.streams, {**air.sources, "m": missing}, (*air.claims, notice))
    air.wait_adopted(revision)
    drain(air.receiver)
    packets = receive(air.receiver, 100)
    assert all((np.frombuffer(p.payload, ">i2") == expected(air, p)).all() for p in packets[60:])
    assert air.block.stamps([notice.id]) == {}


def test_every_stream_sends_in_silence_too(air):
    quiet = Silence()
    silence = claim("silence", quiet, priority=21, start=air.now())
    air.wait_adopted(air.plan(air.streams, {"q": quiet, **air.sources}, (*air.claims, silence)))
    drain(air.receiver)
    packets = receive(air.receiver, 60)
    assert unbroken(air, packets)
    assert not sound(packets[20:]).any()


def test_a_plan_nobody_can_send_is_refused_and_the_old_one_goes_on(air):
    stray = make_stream(1, "239.1.1.1", 5004, legs=(Leg("elsewhere", "239.1.1.1", 5004),))
    air.plan((*air.streams, stray), air.sources, air.claims)
    fault = until(lambda: air.block.state().fault, "the refusal is reported")
    assert "stream s1: there is no socket 'elsewhere'" in fault
    assert unbroken(air, receive(air.receiver, 100))
    air.wait_adopted(air.plan(air.streams, air.sources, air.claims))


def test_the_local_part_is_heard_beside_the_control_part(air):
    voice = noise(2, RATE)
    message = Sequence(loop=(whole(air.put(voice), RATE),))
    warning = claim("local", message, priority=240, kind=Kind.WARNING)
    air.plan((), {"m": message}, (warning,), part=Part.LOCAL)
    start = air.wait_stamp("local")
    packet = receive(air.receiver, 1)[0]
    while samples_at(packet, start) < start + 480:
        packet = receive(air.receiver, 1)[0]
    at = (samples_at(packet, start) - start) % RATE
    assert (np.frombuffer(packet.payload, ">i2") == voice[at : at + 240]).all()


def test_a_refused_destination_silences_nobody_else(studio, multicast_group, free_port):
    """SAFETY G3: the broadcast address is refused with EACCES; those after it are sent."""
    port, group = free_port(), multicast_group()
    streams = (
        make_stream(0, "255.255.255.255", port),
        make_stream(1, group, port),
    )
    _, programme = music(studio)
    claims = [claim("p", programme, zone=s.zone, start=0) for s in streams]
    studio.plan(streams, {"p": programme}, claims)
    with receiver(group, port) as heard:
        studio.start()
        assert unbroken(studio, receive(heard, 100))
        legs = {s.id: 1 for s in streams}
        refused = until(
            lambda: studio.block.leg_counts(legs)[streams[0].id, 0].refused, "refusals are counted"
        )
        assert refused > 0
        assert studio.block.leg_counts(legs)[streams[1].id, 0].refused == 0


def test_two_legs_carry_the_same_packets(studio, multicast_group, free_port):
    other = socket_name(LOOPBACK, 9, 46)
    studio.sockets[other] = sending_socket()
    port, groups = free_port(), (multicast_group(), multicast_group())
    legs = (Leg(SOCKET, groups[0], port), Leg(other, groups[1], port))
    _, programme = music(studio)
    stream = make_stream(0, groups[0], port, legs=legs)
    studio.plan((stream,), {"p": programme}, (claim("p", programme, start=0),))
    with receiver(groups[0], port) as first, receiver(groups[1], port) as second:
        studio.start()
        a, b = receive(first, 100), receive(second, 100)
    by_time = {p.timestamp: p for p in b}
    both = [p for p in a if p.timestamp in by_time]
    assert len(both) > 90
    assert all(by_time[p.timestamp] == p for p in both)


def test_a_leg_that_is_repeated_carries_every_packet_twice(studio, multicast_group, free_port):
    group, port = multicast_group(), free_port()
    leg = Leg(SOCKET, group, port)
    stream = make_stream(0, group, port, legs=(leg, leg))
    with receiver(group, port) as s:
        studio.plan([stream], {"s": Silence()}, [])
        studio.start()
        packets = receive(s, 200)
    counts = {p.sequence: packets.count(p) for p in packets[2:-2]}
    assert set(counts.values()) == {2}


def test_a_stream_that_takes_a_zone_over_goes_on_with_its_sound_and_no_other_notices(
    air, multicast_group, free_port
):
    group, port = multicast_group(), free_port()
    spare = make_stream(9, group, port, zone=ZoneId("spare"))
    message = Sequence(loop=(whole(air.put(voice := noise(2, 8 * RATE)), len(voice)),))
    warning = claim("w", message, priority=240, kind=Kind.WARNING)
    sources, claims = {**air.sources, "w": message}, (*air.claims, warning)
    with receiver(group, port) as resting:
        air.wait_adopted(air.plan((*air.streams, spare), sources, claims))
        start = air.wait_stamp("w")
        quiet = receive(resting, 20)
        taken = replace(spare, zone=air.streams[0].zone)
        air.wait_adopted(air.plan((*air.streams, taken), sources, claims))
        heard: list[Packet] = []
        while not heard or not np.frombuffer(heard[-1].payload, ">i2").any():
            heard += receive(resting, 1)
        heard += receive(resting, 50)
        # Back to rest, in the middle of the warning.
        air.wait_adopted(air.plan((*air.streams, spare), sources, claims))
        while np.frombuffer(heard[-1].payload, ">i2").any():
            heard += receive(resting, 1)
    of_zone = drain(air.receiver)
    assert unbroken(air, of_zone)
    assert unbroken(air, [*quiet, *heard])
    assert {packet.ssrc for packet in heard} == {spare.ssrc}
    zone_at = {packet.timestamp: packet.payload for packet in of_zone}
    loud = [p for p in heard if np.frombuffer(p.payload, ">i2").any()]
    assert len(loud) > 50
    assert all(zone_at[p.timestamp] == p.payload for p in loud)
    assert air.wait_stamp("w") == start


def test_a_stream_that_a_plan_drops_says_goodbye(air, multicast_group, free_port):
    group, port = multicast_group(), free_port()
    other = make_stream(1, group, port)
    revision = air.plan((*air.streams, other), air.sources, air.claims, cname="x@y")
    air.wait_adopted(revision)
    with receiver(group, port + 1) as control:
        air.plan(air.streams, air.sources, air.claims, cname="x@y")
        said = None
        while said is None or not said.is_leaving:
            said = parse_report(control.recv(2048))
        assert said.ssrc == other.ssrc


def test_mixed_packet_times_share_one_clock(studio, multicast_group, free_port):
    port, times = free_port(), (48, 240, 960)
    groups = [multicast_group() for _ in times]
    streams = [
        make_stream(i, group, port, packet_time=time)
        for i, (group, time) in enumerate(zip(groups, times, strict=True))
    ]
    samples, programme = music(studio)
    began = studio.now()
    claims = [claim("p", programme, zone=s.zone, start=began) for s in streams]
    studio.plan(streams, {"p": programme}, claims)
    with (
        receiver(groups[0], port) as a,
        receiver(groups[1], port) as b,
        receiver(groups[2], port) as c,
    ):
        studio.start()
        for s, time in zip((a, b, c), times, strict=True):
            packets = receive(s, 4800 // time * 4)
            assert all(
                (q.timestamp - p.timestamp) % 2**32 == time * ((q.sequence - p.sequence) % 2**16)
                for p, q in itertools.pairwise(packets)
            )
            last = packets[-1]
            at = samples_at(last, began) - began
            wanted = samples[np.arange(at, at + time) % len(samples)]
            assert (np.frombuffer(last.payload, ">i2") == wanted).all()


def test_a_message_begins_whole_in_packets_of_every_length(studio, multicast_group, free_port):
    """Neither its first samples nor the fade of what gives way are cut in any of its zones."""
    port, times = free_port(), (240, 960)
    groups = [multicast_group() for _ in times]
    streams = [
        make_stream(i, group, port, packet_time=time)
        for i, (group, time) in enumerate(zip(groups, times, strict=True))
    ]
    _, programme = music(studio)
    voice = noise(2, RATE // 2)
    message = Sequence((whole(studio.put(voice), len(voice)),))
    sources = {"p": programme, "m": message}
    began = studio.now()
    claims = [claim("p", programme, zone=s.zone, start=began) for s in streams]
    pages = [claim("m", message, zone=s.zone, priority=99, kind=Kind.NOTICE) for s in streams]
    studio.plan(streams, sources, claims)
    with receiver(groups[0], port) as a, receiver(groups[1], port) as b:
        studio.start()
        receive(b, 1)
        studio.plan(streams, sources, [*claims, *pages])
        start = studio.wait_stamp("m")
        heard: dict[int, dict[int, np.ndarray]] = {time: {} for time in times}
        for s, time in zip((a, b), times, strict=True):
            while start + 1920 not in heard[time]:
                (packet,) = receive(s, 1)
                block = np.frombuffer(packet.payload, ">i2")
                for offset in range(0, time, 240):
                    at = samples_at(packet, start) + offset
                    heard[time][at] = block[offset : offset + 240]
    assert start % 960 == 0
    missed = [at for at in range(start - 960, start + 1920, 240) if at not in heard[240]]
    assert 240 * len(missed) <= 240 * studio.block.state().skipped_packets
    for at in heard[240].keys() & heard[960].keys():
        assert (heard[240][at] == heard[960][at]).all(), at - start
    assert (heard[960][start + 960] == voice[960:1200]).all()


def test_the_wall_clock_is_never_asked():
    """SAFETY H1: nothing in the engine reads it, so setting it back changes nothing."""
    for source in Path(engine.__path__[0]).glob("*.py"):
        text = source.read_text()
        assert "time.time" not in text
        assert "datetime.now" not in text


def test_sigterm_ends_it_after_a_whole_tick(air):
    assert air.process is not None
    os.kill(air.process.pid, signal.SIGTERM)
    assert air.process.wait(PATIENCE) == 0
    assert unbroken(air, drain(air.receiver))


def test_a_run_directory_without_a_clock_is_refused(tmp_path, studio):
    arguments = ["--run", str(tmp_path), "--state", str(tmp_path)]
    ended = subprocess.run(
        [sys.executable, "-m", "broadcaster.engine.main", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 2
    assert "no media clock" in ended.stderr


def test_it_imports_neither_asyncio_nor_anything_heavy(air):
    """A lean engine is back within a few packets after a kill."""
    assert air.process is not None
    maps = Path(f"/proc/{air.process.pid}/maps").read_text()
    for name in ("_asyncio", "/av/", "yaml", "_ssl"):
        assert name not in maps


def test_sockets_are_the_supervisors(air):
    source = air.sockets[SOCKET].getsockname()
    _, sender = air.receiver.recvfrom(4096)
    assert sender == source


def test_it_plays_on_when_the_page_cache_is_dropped(air):
    """Staged sound is locked or at least touched; the sender waits for no page of a file."""
    files = [*(air.state / "pcm").rglob("*.pcm")]
    assert files
    receive(air.receiver, 100)
    for path in files:
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)
    packets = receive(air.receiver, 200)
    assert unbroken(air, packets)
    assert all((np.frombuffer(p.payload, ">i2") == expected(air, p)).all() for p in packets[100:])
