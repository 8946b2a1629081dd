"""The virtual amplifier as a model: packets and times in, sound and a report out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.engine.codec import G722, L16, L24, OPUS, PCMU, encode, lead, lowered
from broadcaster.engine.codec.stateful import Encoder
from broadcaster.simulator.virtual_amplifier import (
    MUTES_AFTER,
    OutputStage,
    SequenceCount,
    Sleep,
    StreamPlayer,
)
from tests.broadcaster.engine.studio import noise
from tests.broadcaster.engine.test_codec import speech_like
from zones.media_time import RATE

ENGINE = (0x7F000001, 40_000)
OTHER = (0x7F000001, 50_000)
DELAY = 2880
FREES_AFTER = 0.5


# --- counting -----------------------------------------------------------------------------------


def counted(numbers):
    count = SequenceCount()
    for number in numbers:
        count.count(number & 0xFFFF)
    return count


@settings(deadline=None)
@given(
    first=st.integers(0, 0xFFFF),
    lost=st.sets(st.integers(1, 98)),
    doubled=st.sets(st.integers(0, 99)),
)
def test_loss_and_doubles_are_counted_over_the_wrap(first, lost, doubled):
    here = [n for n in range(100) if n not in lost]
    sent = [first + n for n in here for _ in range(2 if n in doubled else 1)]
    count = counted(sent)
    assert count.lost == len(lost)
    assert count.doubled == len(doubled - lost)
    assert count.packets == len(here)
    assert count.reordered == 0


@settings(deadline=None)
@given(st.permutations(range(20)))
def test_reordering_loses_nothing(order):
    count = counted([65_530 + number for number in order])
    assert count.lost == 0
    assert count.packets == 20
    in_order = sorted(order) == list(order)
    assert (count.reordered == 0) == in_order


def test_another_run_of_numbers_loses_nothing():
    count = counted([1, 2, 4])
    count.begin()
    count.count(40_000)
    assert (count.lost, count.packets) == (1, 4)


# --- receiving ----------------------------------------------------------------------------------


class Wire:
    """Sends to a player, packet after packet, and lets it play in steps of 40 ms."""

    def __init__(self, payload_format=L16, packet_time=240, payload_type=96, sleep=None) -> None:
        self.format = payload_format
        self.time = packet_time
        self.payload_type = payload_type
        self.player = StreamPlayer(payload_format, payload_type, DELAY, FREES_AFTER, sleep)
        self.at = 0
        self.played = [np.zeros(0, np.int16)]
        self._looked = 0

    @property
    def now(self):
        return self.at / RATE

    def send(self, samples, *, source=ENGINE, ssrc=1, drop=(), jitter=0.0):
        """Send sound from now on, without the packets numbered in `drop`."""
        for number in range(len(samples) // self.time):
            block = samples[number * self.time : (number + 1) * self.time]
            if number not in drop:
                self.packet(block, self.at, source=source, ssrc=ssrc, at=self.now + jitter)
            self.wait(self.time)

    def packet(self, block, position, *, source=ENGINE, ssrc=1, at=None, payload_type=None):
        before = np.zeros(lead(self.format), np.int16)
        payload = encode(self.format, np.concatenate([before, block]))
        stamp = (position * self.format.clock_hz // RATE + 0xFFFF_FF00) & 0xFFFF_FFFF
        sequence = (position // self.time + 65_530) & 0xFFFF
        kind = self.payload_type if payload_type is None else payload_type
        self.player.receive(
            source, (kind, sequence, stamp, ssrc), payload, self.now if at is None else at, 0.001
        )

    def wait(self, samples):
        """Let time pass."""
        end = self.at + samples
        while self.at < end:
            self.at = min(self._looked + 1920, end)
            if self.at == self._looked + 1920:
                self.played.append(self.player.play(self.now))
                self._looked = self.at

    def sound(self):
        return np.concatenate(self.played)


@pytest.mark.parametrize("payload_format", [L16, L24])
def test_what_was_sent_is_played_bit_for_bit(payload_format):
    wire, sound = Wire(payload_format), noise(1, RATE)
    wire.send(sound)
    assert wire.player.is_heard(wire.now)
    assert wire.player.level_dbfs(wire.now) == pytest.approx(-16, abs=1)
    wire.wait(4800)
    np.testing.assert_array_equal(wire.sound()[: len(sound)], sound)
    assert wire.player.counts.packets == 200
    assert wire.player.counts.lost == 0


def test_telephone_sound_is_played_at_its_own_speed():
    wire = Wire(PCMU, 960, 0)
    tone = (8000 * np.sin(np.arange(RATE) * 2 * np.pi * 500 / RATE)).astype(np.int16)
    wire.send(tone)
    wire.wait(4800)
    played = wire.sound()[2400 : 2400 + 24_000].astype(float)
    spectrum = np.abs(np.fft.rfft(played * np.hanning(len(played))))
    assert np.argmax(spectrum) == 250
    assert wire.player.counts.lost == 0


def test_a_lost_packet_is_heard_but_no_fault():
    wire = Wire()
    wire.send(noise(1, RATE), drop={100, 160})
    assert wire.player.counts.lost == 2
    assert wire.player.missing == 2 * 240
    assert wire.player.gaps == 2
    assert wire.player.fault(wire.now) is None
    assert not wire.player.is_heard(wire.now)
    wire.send(noise(1, 3 * RATE))
    assert wire.player.is_heard(wire.now)


def test_much_loss_is_a_fault():
    wire = Wire()
    wire.send(noise(1, RATE), drop=set(range(100, 160)))
    assert wire.player.fault(wire.now) == "its buffer was dry for 0.3 s of the last 2 s"
    wire.send(noise(1, 3 * RATE))
    assert wire.player.fault(wire.now) is None


def test_jitter_within_the_buffer_is_not_heard():
    wire, sound = Wire(), noise(2, RATE)
    for number in range(200):
        block = sound[number * 240 : number * 240 + 240]
        late = 0.04 * (number % 2)
        wire.packet(block, wire.at, at=wire.now + late)
        wire.wait(240)
    wire.wait(4800)
    np.testing.assert_array_equal(wire.sound()[: len(sound)], sound)
    assert wire.player.late == 0
    assert wire.player.jitter / RATE == pytest.approx(0.04, rel=0.2)


def test_what_is_later_than_the_buffer_is_counted_late():
    wire = Wire()
    wire.send(noise(1, RATE // 2))
    wire.packet(noise(2, 240), wire.at, at=wire.now + 0.1)
    assert wire.player.late == 1


def test_doubles_are_played_once():
    wire, sound = Wire(), noise(1, RATE // 2)
    for number in range(100):
        for _ in range(2):
            wire.packet(sound[number * 240 :][:240], wire.at)
        wire.wait(240)
    wire.wait(4800)
    np.testing.assert_array_equal(wire.sound()[: len(sound)], sound)
    assert wire.player.counts.doubled == 100
    assert wire.player.counts.lost == 0


def test_it_keeps_to_its_first_source():
    wire = Wire()
    wire.send(noise(1, RATE // 2))
    for _ in range(20):
        wire.packet(noise(5, 240), wire.at, source=OTHER, ssrc=2)
    assert wire.player.refused == 20
    assert wire.player.ssrc == 1
    assert wire.player.source == ENGINE
    assert wire.player.ssrc_changes == 0


def test_another_source_is_taken_when_the_first_has_been_quiet():
    wire = Wire()
    wire.send(noise(1, RATE // 2))
    wire.wait(RATE)
    assert wire.player.fault(wire.now) == "no packet for 1.0 s"
    wire.send(noise(2, RATE), source=OTHER, ssrc=2)
    assert wire.player.source == OTHER
    assert wire.player.ssrc_changes == 1
    assert wire.player.counts.lost == 0


def test_a_pause_of_the_same_sender_counts_what_is_missing():
    wire = Wire()
    wire.send(noise(1, RATE // 2))
    wire.wait(RATE // 2)
    wire.send(noise(1, RATE // 2))
    assert wire.player.counts.lost == 100


def test_packets_of_another_type_are_refused():
    wire = Wire()
    wire.packet(noise(1, 240), 0, payload_type=0)
    assert wire.player.refused == 1
    assert wire.player.fault(0.0) == "no packet has come"


def test_digital_silence_is_received_but_after_a_while_not_heard():
    wire = Wire()
    wire.send(noise(1, RATE // 2))
    wire.send(np.zeros(6 * RATE, np.int16))
    assert wire.player.fault(wire.now) is None
    assert not wire.player.is_heard(wire.now)
    assert wire.player.level_dbfs(wire.now) is None


def test_unplugged_it_has_lost_nothing_when_it_is_back():
    wire = Wire()
    wire.send(noise(1, RATE // 2))
    wire.player.disconnect()
    wire.wait(RATE)
    assert not wire.player.is_heard(wire.now)
    wire.send(noise(1, RATE))
    assert wire.player.counts.lost == 0
    assert wire.player.is_heard(wire.now)


def test_lateness_is_told_in_milliseconds():
    wire = Wire()
    assert wire.player.lateness_ms() is None
    wire.send(noise(1, RATE // 2))
    assert wire.player.lateness_ms() == {"p50": 1.0, "p99": 1.0, "max": 1.0}


# --- amplifiers that sleep (SAFETY F6) ----------------------------------------------------------

WAKING = 800 * RATE // 1000


def amplified(sound, sleep, block=1920):
    stage = OutputStage(sleep)
    parts = [stage.amplify(sound[at : at + block]) for at in range(0, len(sound), block)]
    return stage, np.concatenate(parts)


def test_one_that_sleeps_swallows_what_comes_while_it_wakes():
    tone = noise(1, 2 * RATE) | 1
    stage, heard = amplified(tone, Sleep(MUTES_AFTER, WAKING))
    assert not heard[:WAKING].any()
    np.testing.assert_array_equal(heard[WAKING:], tone[WAKING:])
    assert stage.swallowed == WAKING


def test_it_falls_asleep_after_five_seconds_of_digital_silence():
    tone, quiet = noise(1, RATE) | 1, np.zeros(5 * RATE, np.int16)
    sleep = Sleep(MUTES_AFTER, WAKING)
    for missing, is_muted in ((1, False), (0, True)):
        sound = np.concatenate([tone, quiet[missing:], tone])
        _, heard = amplified(sound, sleep)
        assert heard[-RATE : -RATE + WAKING].any() != is_muted


def test_dither_keeps_it_awake_so_that_no_sample_of_the_tone_is_lost():
    tone = noise(1, RATE) | 1
    dither = np.where(np.arange(20 * RATE) % 2, 1, -1).astype(np.int16)
    pre_roll = np.where(np.arange(WAKING) % 2, 1, -1).astype(np.int16)
    sound = np.concatenate([pre_roll, tone, dither, tone])
    _, heard = amplified(sound, Sleep(MUTES_AFTER, WAKING))
    np.testing.assert_array_equal(heard[WAKING:], sound[WAKING:])


def test_one_that_never_sleeps_passes_everything():
    sound = noise(1, RATE)
    stage, heard = amplified(sound, None)
    np.testing.assert_array_equal(heard, sound)
    assert not stage.is_muted


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), max_size=8), st.integers(1, 13))
def test_sleep_does_not_depend_on_how_sound_is_cut(stretches, block):
    parts = [np.full(length, 7 if loud else 0, np.int16) for loud, length in stretches]
    sound = np.concatenate([*parts, np.zeros(1, np.int16)])
    sleep = Sleep(20, 5)
    _, whole = amplified(sound, sleep, block=1)
    _, cut = amplified(sound, sleep, block=block)
    np.testing.assert_array_equal(whole, cut)


# --- formats with memory ------------------------------------------------------------------------


@pytest.mark.parametrize(("chosen", "payload_type"), [(G722, 9), (OPUS, 111)])
def test_formats_with_memory_are_decoded_and_heard(chosen, payload_type):
    sound = speech_like(2 * RATE)
    encoder, before = Encoder(chosen, 960), lead(chosen)
    player = StreamPlayer(chosen, payload_type, DELAY, FREES_AFTER)
    heard = []
    for number in range(60):
        at = number / 50
        payload = encoder.encode(lowered(chosen, sound[number * 960 :][: 960 + before]))
        stamp = number * 960 * chosen.clock_hz // RATE
        player.receive(ENGINE, (payload_type, number, stamp, 7), payload, at)
        heard.append(player.play(at))
    assert player.is_heard(60 / 50)
    assert (player.refused, player.counts.lost) == (0, 0)
    level = player.level_dbfs(60 / 50)
    planned = 10 * np.log10(np.mean(sound[:RATE].astype(float) ** 2) / 32768**2)
    assert level == pytest.approx(planned, abs=3)
    assert np.concatenate(heard)[RATE // 2 :].any()
