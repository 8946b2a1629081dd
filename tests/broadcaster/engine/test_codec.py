"""Payloads of every format: exact where they can be, alike however a stretch is cut."""

import hashlib
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.engine.codec import (
    A_LAW,
    G722,
    L16,
    L24,
    MU_LAW,
    OPUS,
    PCMA,
    PCMU,
    SPOKEN,
    STATELESS,
    decode,
    encode,
    lead,
    lowered,
    packet_times,
    sampling_hz,
)
from broadcaster.engine.codec.rate import TELEPHONE, WIDEBAND
from broadcaster.engine.codec.stateful import CodecError, Decoder, Encoder, delay
from tests.broadcaster.engine.studio import noise
from zones.media_time import RATE

EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)


def names(value):
    return value.name if hasattr(value, "clock_hz") else None


def through_pyav(codec: str, samples: np.ndarray) -> np.ndarray:
    av = pytest.importorskip("av")
    context = av.CodecContext.create(codec, "w")
    context.sample_rate, context.layout, context.format = 8000, "mono", "s16"
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = 8000
    packets = [*context.encode(frame), *context.encode(None)]
    return np.frombuffer(b"".join(map(bytes, packets)), np.uint8)


@pytest.mark.parametrize(("law", "codec"), [(MU_LAW, "pcm_mulaw"), (A_LAW, "pcm_alaw")])
def test_every_one_of_65536_samples_is_companded_as_the_reference_does(law, codec):
    assert (law.encode(EVERY_SAMPLE) == through_pyav(codec, EVERY_SAMPLE)).all()


@pytest.mark.parametrize(("law", "codec"), [(MU_LAW, "pcm_mulaw"), (A_LAW, "pcm_alaw")])
def test_every_code_word_is_expanded_as_the_reference_does(law, codec):
    av = pytest.importorskip("av")
    context = av.CodecContext.create(codec, "r")
    context.sample_rate, context.layout = 8000, "mono"
    (frame,) = context.decode(av.Packet(bytes(range(256))))
    ours = law.decode(np.arange(256, dtype=np.uint8))
    assert (ours == frame.to_ndarray().reshape(-1)).all()


@pytest.mark.parametrize(
    ("law", "digest"), [(MU_LAW, "e0be5288dc67592c"), (A_LAW, "de19ff5b8d6a1950")]
)
def test_companding_is_the_same_where_no_reference_is_installed(law, digest):
    assert hashlib.sha256(law.encode(EVERY_SAMPLE).tobytes()).hexdigest()[:16] == digest


@pytest.mark.parametrize("law", [MU_LAW, A_LAW])
def test_no_other_code_word_comes_nearer(law):
    levels = np.sort(law.decode(np.arange(256, dtype=np.uint8)).astype(int))
    place = np.searchsorted(levels, EVERY_SAMPLE.astype(int)).clip(1, 255)
    nearest = np.minimum(abs(levels[place] - EVERY_SAMPLE), abs(levels[place - 1] - EVERY_SAMPLE))
    off = abs(law.decode(law.encode(EVERY_SAMPLE)).astype(int) - EVERY_SAMPLE)
    assert (off - nearest <= 8).all()  # the recommendation measures on a 14-bit scale


@pytest.mark.parametrize("chosen", STATELESS, ids=names)
@settings(max_examples=25)
@given(data=st.data())
def test_bytes_do_not_depend_on_how_a_stretch_is_cut(chosen, data):
    before, length = lead(chosen), 40 * 48
    samples = noise(data.draw(st.integers(0, 99)), before + length)
    whole = encode(chosen, samples)
    cuts = sorted(data.draw(st.sets(st.integers(1, length // 48 - 1), max_size=5)))
    edges = [0, *(cut * 48 for cut in cuts), length]
    parts = [
        encode(chosen, samples[begin : before + end]) for begin, end in itertools.pairwise(edges)
    ]
    assert (np.concatenate(parts) == whole).all()


@pytest.mark.parametrize("chosen", [PCMU, PCMA, G722], ids=names)
def test_the_sum_is_exact_whatever_its_order(chosen):
    """Against arithmetic on unbounded integers, at full scale."""
    samples = np.where(noise(7, lead(chosen) + 96) > 0, 32767, -32768).astype(np.int16)
    kept = TELEPHONE if chosen is not G722 else WIDEBAND
    taps = kept._lower[: kept.lead + 1, 0].astype(int).tolist()
    wanted = []
    for at in range(0, 96, kept.factor):
        window = samples[at : at + kept.lead + 1].astype(int).tolist()
        total = sum(tap * sample for tap, sample in zip(taps, window, strict=True))
        wanted.append(min(32767, max(-32768, (total + (1 << 19)) >> 20)))
    assert lowered(chosen, samples).tolist() == wanted


def gain_db(kept, hz: float) -> float:
    """How loud a tone of `hz` comes out, whatever it turns into."""
    sound = np.rint(16000 * np.sin(2 * np.pi * hz / RATE * np.arange(kept.lead + 48 * 400)))
    out = kept.lowered(sound.astype(np.int16)).astype(float)
    return 10 * math.log10(max(np.mean(out**2), 1e-9) / (16000**2 / 2))


def test_speech_passes_and_nothing_folds_into_it():
    for hz in (200, 1000, 3000, 3300):
        assert abs(gain_db(TELEPHONE, hz)) < 0.05
    for hz in (4050, 5000, 7900, 12_000, 15_900, 20_000):
        assert gain_db(TELEPHONE, hz) < -60
    for hz in (200, 3000, 6500, 6900):
        assert abs(gain_db(WIDEBAND, hz)) < 0.05
    for hz in (8000, 9000, 12_500, 15_900, 23_000):
        assert gain_db(WIDEBAND, hz) < -60


def test_a_constant_passes_unchanged_and_silence_stays_digital():
    for kept in (TELEPHONE, WIDEBAND):
        for level in (0, 1, -1, 32767, -32768):
            assert (kept.lowered(np.full(kept.lead + 480, level, np.int16)) == level).all()


def test_rates_are_changed_in_whole_milliseconds_only():
    with pytest.raises(ValueError, match="whole milliseconds"):
        TELEPHONE.lowered(np.zeros(TELEPHONE.lead + 50, np.int16))


def test_linear_formats_lose_nothing():
    samples = noise(3, 960)
    assert bytes(encode(L16, samples)[:2]) == samples[:1].astype(">i2").tobytes()
    for chosen in (L16, L24):
        payload = encode(chosen, samples)
        assert len(payload) == chosen.payload_bytes(960)
        assert (decode(chosen, payload) == samples).all()


def speech_like(length: int) -> np.ndarray:
    """Noise below 3 kHz that falls with frequency, as music and voices do."""
    rng = np.random.default_rng(5)
    spectrum = np.fft.rfft(rng.standard_normal(length))
    hz = np.fft.rfftfreq(length, 1 / RATE)
    spectrum *= (hz > 80) * (hz < 3000) / np.maximum(hz, 200)
    sound = np.fft.irfft(spectrum, length)
    return (sound / abs(sound).max() * 20_000).astype(np.int16)


def signal_to_noise_db(wanted: np.ndarray, heard: np.ndarray) -> float:
    wanted, heard = wanted.astype(float), heard.astype(float)
    noise_power = ((wanted - heard) ** 2).sum()
    return math.inf if noise_power == 0 else 10 * math.log10((wanted**2).sum() / noise_power)


LEAST_DB = {L16: math.inf, L24: math.inf, PCMU: 36, PCMA: 36, G722: 32, OPUS: 18}


@pytest.mark.parametrize(
    ("chosen", "packet_time"),
    [(chosen, time) for chosen in SPOKEN for time in packet_times(chosen)],
    ids=lambda value: names(value) or str(value),
)
def test_what_is_encoded_is_heard_after_the_stated_delay(chosen, packet_time):
    source = speech_like(RATE)
    before = lead(chosen)
    padded = np.concatenate((np.zeros(before, np.int16), source))
    encoder = None if chosen in STATELESS else Encoder(chosen, packet_time)
    decoder = Decoder(chosen)
    heard = []
    for at in range(0, RATE - packet_time + 1, packet_time):
        sound = padded[at : at + before + packet_time]
        payload = (
            encode(chosen, sound) if encoder is None else encoder.encode(lowered(chosen, sound))
        )
        assert len(payload) == chosen.payload_bytes(packet_time)
        heard.append(decoder.decode(bytes(payload)))
    late = delay(chosen, packet_time)
    sound = np.concatenate(heard)
    assert len(sound) == RATE
    assert (
        signal_to_noise_db(source[9600:-960], sound[9600 + late :][: RATE - 10_560])
        >= LEAST_DB[chosen]
    )


def test_a_packet_time_nobody_encodes_is_refused():
    with pytest.raises(CodecError, match=r"opus/48000/2 has no packets of 1 ms"):
        Encoder(OPUS, 48)


def test_what_is_no_packet_is_an_error_of_one_kind():
    decoder = Decoder(OPUS)
    with pytest.raises(CodecError, match="are no opus"):
        decoder.decode(b"\xff" * 7)


def test_g722_samples_at_twice_its_rtp_clock():
    assert (G722.clock_hz, sampling_hz(G722)) == (8_000, 16_000)
