"""What the ear says of packets made by hand, all in media time."""

import numpy as np
import pytest

from broadcaster.ear.verdict import Why
from broadcaster.engine.codec import L24, PCMU, lead
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.render import mixes
from tests.broadcaster.ear.room import (
    FORGER,
    OURS,
    START,
    Datagram,
    Room,
    Without,
    datagrams,
    sorted_by_leg,
)
from tests.broadcaster.engine.studio import ANCHOR, MemoryPcm, claim, noise, whole
from zones.bus import Kind
from zones.media_time import RATE
from zones.sound import Sequence, Silence, Timeline, silence

LENGTH = 7 * RATE // 2


@pytest.fixture
def pcm():
    return MemoryPcm(
        music=noise(1, LENGTH), other=noise(2, LENGTH), voice=noise(3, RATE), tone=noise(4, RATE)
    )


def programme(pcm, name="music"):
    return Sequence(loop=(whole(pcm.of[name], LENGTH),))


def on_all(room, name, source, **fields):
    return [
        claim(name, source, zone=each.zone, start=START - RATE, **fields) for each in room.streams
    ]


@pytest.fixture
def room(pcm):
    """Two zones on one programme."""
    made = Room(pcm)
    source = programme(pcm)
    made.plan({"music": source}, on_all(made, "programme", source), START - RATE)
    return made


def test_right_sound_is_sent(room):
    room.hear(room.packets(1))
    assert room.judge().value is True
    assert room.judge(1).value is True
    assert room.detail()["level_dbfs"] == pytest.approx(-16.0, abs=0.5)
    assert room.detail()["lost"] == 0
    assert room.detail()["source"] == "127.0.0.1:40000"


def test_before_anything_came_nothing_can_be_said(room):
    assert room.judge().value is None


def test_nothing_received_is_said_within_two_seconds(room):
    room.hear(room.packets(0.2))
    room.hear([], 1.1)
    assert room.judge() == room.judge(1)
    assert (room.judge().value, room.judge().why) == (False, Why.NOTHING)


def test_a_zone_that_never_sends_is_said(room):
    room.hear(room.packets(1.5, legs=[0]))
    assert room.judge(0).value is True
    assert room.judge(1).why is Why.NOTHING


@pytest.mark.parametrize("payload_format", [L24, PCMU], ids=lambda each: each.name)
def test_other_stateless_formats_are_compared_bit_for_bit(pcm, payload_format):
    room = Room(pcm, format=payload_format, packet_time=960)
    source = programme(pcm)
    room.plan({"music": source}, on_all(room, "programme", source), START - RATE)
    room.hear(room.packets(1))
    assert room.judge().value is True
    room.hear([room.packet(0, room.now, noise(9, 960 + lead(payload_format)))])
    assert room.judge().why is Why.WRONG


def test_another_zones_sound_is_named(pcm):
    room = Room(pcm)
    sources = {"music": programme(pcm), "other": programme(pcm, "other")}
    claims = [
        claim("a", sources["music"], zone="z0", start=START),
        claim("b", sources["other"], zone="z1", start=START),
    ]
    room.plan(sources, claims)
    room.hear(room.packets(0.3))
    swapped = room.samples(room.streams[1], room.now, 240)
    room.hear([room.packet(0, room.now, swapped)])
    assert room.judge().value is False
    assert room.judge().sentence == "wrong sound: the sound of zone s1"
    assert room.judge(1).value is True


def test_a_stale_loop_is_named_with_its_age(room):
    room.hear(room.packets(0.3))
    stale = room.samples(room.streams[0], room.now - RATE // 4 * 5, 240)
    room.hear([room.packet(0, room.now, stale)])
    assert room.judge().sentence == "wrong sound: its own sound, 1.250 s too late"


def test_foreign_sound_is_wrong_and_stays_so_for_a_second(room):
    room.hear(room.packets(0.3))
    room.hear([room.packet(0, room.now, noise(7, 240))])
    room.hear(room.packets(0.9))
    assert room.judge().sentence == "wrong sound: a sound that is not in the plan"
    room.hear(room.packets(0.5))
    assert room.judge().value is True


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"sequence": 7}, "its sequence number does not belong to its timestamp"),
        ({"timestamp": 5}, "its timestamp is more than a second off"),
        ({"type": 0x80 | 96}, "its payload type or length is not the plan's"),
    ],
)
def test_a_wrong_header_is_wrong(room, fields, sentence):
    room.hear(room.packets(0.3))
    room.hear([room.packet(0, room.now, **fields)])
    assert room.judge().sentence == f"wrong sound: {sentence}"


def test_lost_packets_are_counted_and_do_not_hide_right_sound(room):
    packets = room.packets(1, legs=[0])
    room.hear(packets[:50] + packets[53:])
    assert room.detail()["lost"] == 3
    assert room.judge().value is True


def test_an_ear_that_was_kept_waiting_judges_by_when_packets_came(room):
    room.hear(room.packets(0.3))
    late = room.packets(4)
    room.now += 4 * RATE
    arrived = np.array([each.arrived for each in sorted_by_leg(late)], np.int64)
    room.ear.hear(datagrams(late), arrived, room.now)
    assert room.judge().value is True
    assert (room.detail()["wrong"], room.detail()["lost"]) == (0, 0)


# --- silence ------------------------------------------------------------------------------------


def silent(room, seconds, leg=0):
    return [
        room.packet(leg, at, np.zeros(240, np.int16))
        for at in range(room.now, room.now + round(seconds * RATE), 240)
    ]


def test_silence_in_programme_counts_after_three_seconds(room):
    room.hear(room.packets(0.3, legs=[0]))
    room.hear(silent(room, 2.9))
    assert room.judge().value is None
    room.hear(silent(room, 0.2))
    assert (room.judge().value, room.judge().why) == (False, Why.SILENT)


def test_silence_in_a_warning_counts_after_one_second(pcm):
    room = Room(pcm)
    source = programme(pcm)
    warning = on_all(room, "w", source, kind=Kind.WARNING, priority=240)
    room.plan({"warning": source}, warning, START - RATE)
    room.hear(room.packets(0.3, legs=[0]))
    room.hear(silent(room, 1.1))
    assert room.judge().why is Why.SILENT


def test_dither_instead_of_sound_is_silence_too(room):
    room.hear(room.packets(0.3, legs=[0]))
    dither = np.where(np.arange(240) % 2, 1, -1).astype(np.int16)
    room.hear([room.packet(0, at, dither) for at in range(room.now, room.now + 4 * RATE, 240)])
    assert room.judge().why is Why.SILENT


def test_the_gaps_of_a_message_are_no_fault(pcm):
    room = Room(pcm)
    gaps = Sequence(loop=(whole(pcm.of["voice"], RATE), silence(6 * RATE)))
    warning = [claim("w", gaps, start=START, kind=Kind.WARNING, priority=240)]
    room.plan({"w": gaps}, warning)
    for _ in range(20):
        room.hear(room.packets(0.5, legs=[0]))
        assert room.judge().value is True


def test_silence_by_schedule_is_sent_as_planned(pcm):
    room = Room(pcm)
    quiet, source = Silence(), programme(pcm)
    claims = on_all(room, "p", source) + on_all(room, "quiet", quiet, priority=21)
    room.plan({"p": source, "quiet": quiet}, claims, START - RATE)
    room.hear(room.packets(5))
    assert room.judge().value is True
    assert room.detail()["level_dbfs"] is None


# --- plans --------------------------------------------------------------------------------------


def test_a_splice_is_right_to_the_packet(room, pcm):
    """The old plan decides up to the sample of adoption, the new one from there on."""
    room.hear(room.packets(0.3))
    music, message = programme(pcm), Sequence((whole(pcm.of["voice"], RATE),))
    before = room.packets(0.1)
    spliced = room.now + RATE // 10
    now, room.now = room.now, spliced
    claims = on_all(room, "programme", music)
    room.plan(
        {"m": music, "v": message}, [*claims, claim("v", message, start=spliced, priority=100)]
    )
    after = room.packets(0.4)
    room.now = now
    room.hear(before + after)
    assert room.judge().value is True
    assert room.detail()["wrong"] == room.detail(1)["wrong"] == 0


def test_the_old_plan_after_the_splice_is_wrong(room, pcm):
    late = room.packets(0.2)
    other = programme(pcm, "other")
    room.plan({"o": other}, on_all(room, "o", other))
    room.hear(late)
    assert room.judge().why is Why.WRONG


def test_a_claim_without_a_start_is_judged_by_the_engines_stamp(room, pcm):
    room.hear(room.packets(0.2))
    music, message = programme(pcm), Sequence((whole(pcm.of["voice"], RATE),))
    waiting = claim("v", message, priority=100)
    room.stamps = {waiting.id: room.now + 480}
    room.plan({"m": music, "v": message}, [*on_all(room, "programme", music), waiting])
    room.hear(room.packets(1.5))
    assert room.judge().value is True
    assert room.detail()["wrong"] == 0


def test_a_plan_that_could_not_be_read_makes_unknown_never_a_fault(room, pcm):
    other = programme(pcm, "other")
    room.plan({"o": other}, on_all(room, "o", other), is_read=False)
    room.hear(room.packets(1))
    assert room.judge().value is None
    assert room.judge().sentence == "plan control 2 was replaced before it could be read"


def test_without_a_plan_nothing_can_be_said(pcm):
    room = Room(pcm)
    source = programme(pcm)
    room.plan({"music": source}, on_all(room, "p", source), START + 10**9)
    room.hear(room.packets(1))
    assert room.judge().value is None


def test_both_parts_decide_together(room, pcm):

    music, message = programme(pcm), Sequence((whole(pcm.of["voice"], RATE),))
    room.hear(room.packets(0.2))
    local = claim("local", message, start=room.now, priority=250, kind=Kind.WARNING)
    room.plan({"v": message}, [local], part=Part.LOCAL)
    control = [claim("programme", music, start=START - RATE)]
    joined = {"m": music, "v": message}
    # What the engine sends is the union; the packets are made from a plan that holds both.
    union = Plan(Part.CONTROL, 99, ANCHOR, room.streams, joined, (*control, local))
    room.plan_now = union
    room.hear(room.packets(0.5, legs=[0]))
    assert room.judge().value is True
    assert mixes([union], room.streams)[room.streams[0].id].on_air(room.now) is not None


def test_when_a_warning_was_first_heard_is_told(room, pcm):
    source = Sequence(loop=(silence(1920), whole(pcm.of["voice"], RATE)))
    at = START + RATE // 2
    programme_source = programme(pcm)
    warning = claim("flood", source, zone="z0", start=at, priority=240, kind=Kind.WARNING)
    claims = [*on_all(room, "programme", programme_source), warning]
    room.plan({"music": programme_source, "flood": source}, claims)
    room.hear(room.packets(0.4))
    assert room.detail()["warned"] is None
    room.hear(room.packets(0.6))
    heard = room.detail()["warned"]
    assert heard["claim"] == "flood"
    assert at <= heard["at"] <= at + 1920
    assert heard["received"] >= heard["at"]
    assert room.detail(1)["warned"] is None


def test_a_message_that_waits_for_its_amplifiers_to_wake_is_right(pcm):
    """A pre-roll of dither before a message is part of what is planned (SAFETY F6)."""
    room = Room(pcm, pre_roll=RATE // 2)
    message = Sequence((whole(pcm.of["voice"], RATE),))
    notice = claim("m", message, start=START + RATE, priority=100, kind=Kind.NOTICE)
    room.plan({"m": message}, [notice], START - RATE)
    room.hear(room.packets(3, legs=[0]))
    assert room.judge().value is True
    assert room.detail()["wrong"] == 0


# --- audio that is not there --------------------------------------------------------------------


def two_claims(room, pcm):
    music, message = programme(pcm), Sequence(loop=(whole(pcm.of["voice"], RATE),))
    claims = [*on_all(room, "p", music), claim("m", message, start=START - RATE, priority=100)]
    room.plan({"p": music, "m": message}, claims, START - RATE)


def test_what_is_not_staged_is_no_fault_for_a_second(pcm):
    room = Room(pcm)
    two_claims(room, pcm)
    engine_has = Without(pcm, pcm.of["voice"])
    stream = room.streams[0]

    def passed_over(seconds):
        ats = range(room.now, room.now + round(seconds * RATE), 240)
        return [room.packet(0, at, room.samples(stream, at, 240, engine_has)) for at in ats]

    room.hear(passed_over(0.6))
    assert room.judge().value is None
    room.hear(passed_over(0.6))
    assert (room.judge().value, room.judge().why) == (False, Why.NOT_STAGED)
    room.hear(room.packets(0.1, legs=[0]))
    assert room.judge().value is True


def test_audio_the_ear_does_not_have_makes_unknown(pcm):
    room = Room(pcm)
    two_claims(room, pcm)
    packets = room.packets(1, legs=[0])
    pcm.forget(pcm.of["voice"])
    room.hear(packets)
    assert room.judge().value is None
    assert room.judge().sentence.endswith("is not in the store")


def test_audio_nobody_has_is_not_staged(pcm):
    room = Room(pcm)
    two_claims(room, pcm)
    pcm.forget(pcm.of["voice"])
    room.hear(room.packets(1.5, legs=[0]))
    assert room.judge().why is Why.NOT_STAGED


# --- others on our group ------------------------------------------------------------------------


def test_a_stranger_is_named_with_address_and_ssrc_and_changes_nothing(room):
    room.hear(room.packets(0.5) + room.packets(0.5, source=FORGER, ssrc=0xBAD))
    assert room.judge().value is True
    assert room.detail()["strangers"] == ["10.0.0.9:5004 (SSRC 0x00000bad)"]
    assert "somebody else sends to this group" in room.detail()["fault"]


def test_a_forger_with_our_ssrc_never_counts(room):
    room.hear(room.packets(0.3))
    forged = [
        room.packet(0, at, noise(8, 240), source=FORGER)
        for at in range(room.now, room.now + 2 * RATE, 240)
    ]
    room.hear(room.packets(1) + [each for each in forged if each.arrived < room.now + RATE])
    assert room.judge().value is True
    assert room.detail()["wrong"] == 0
    room.hear([each for each in forged if each.arrived >= room.now], 1.2)
    assert room.judge().why is Why.NOTHING


def test_who_repeats_our_packets_is_a_stranger(room):
    room.hear(room.packets(0.3))
    room.hear(room.packets(0.5) + room.packets(0.5, source=FORGER))
    assert room.detail()["strangers"] == ["10.0.0.9:5004 (SSRC 0x000003e8)"]
    assert room.detail()["source"] == "127.0.0.1:40000"


def test_who_was_there_first_gives_way_to_who_is_right(room):
    forged = [
        room.packet(0, at, noise(8, 240), source=FORGER)
        for at in range(room.now, room.now + RATE // 2, 240)
    ]
    room.hear(forged)
    assert room.judge().why is Why.WRONG
    room.hear(room.packets(1.5))
    assert room.judge().value is True
    assert room.detail()["source"] == "127.0.0.1:40000"


def test_an_engine_on_another_port_is_believed_when_the_first_is_gone(room):
    room.hear(room.packets(0.3))
    room.hear([], 0.6)
    room.hear(room.packets(0.5, source=(OURS[0], 50_000)))
    assert room.judge().value is True
    assert room.detail()["source"] == "127.0.0.1:50000"
    assert room.detail()["strangers"] == []


def test_what_is_no_rtp_is_named(room):
    noise_packets = [Datagram(0, b"hello", FORGER, room.now + 1)]
    room.hear(room.packets(0.3) + noise_packets)
    assert room.judge().value is True
    assert room.detail()["strangers"] == ["10.0.0.9:5004 (not RTP)"]


def test_a_flood_of_strangers_is_bounded(room):
    flood = [
        room.packet(0, room.now, source=(FORGER[0] + number, 5004), ssrc=number)
        for number in range(300)
    ]
    room.hear(room.packets(0.3) + flood)
    assert len(room.detail()["strangers"]) == 16


def test_a_crossfade_is_right(pcm):
    room = Room(pcm)
    fade = RATE // 2
    items = [
        (START, whole(pcm.of["music"], LENGTH, fade_out=fade)),
        (START + LENGTH - fade, whole(pcm.of["other"], LENGTH, fade_in=fade, gain_db=-3.0)),
    ]
    source = Timeline(tuple(items))
    room.plan({"t": source}, on_all(room, "t", source))
    room.hear(room.packets(6))
    assert room.judge().value is True
    assert room.detail()["wrong"] == 0
