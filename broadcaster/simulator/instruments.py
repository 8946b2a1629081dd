"""The instruments of the demo's music: a plucked string, a pad, a room. Pure numpy, float32.

All signals are at 48 kHz unless said otherwise.
"""

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float32]

RATE = 48_000
PAD_RATE = 12_000
"""Pads hold nothing above 3 kHz, so they are made at a quarter of the rate."""


def pluck(
    chance: np.random.Generator,
    pitch_hz: float,
    seconds: float,
    *,
    brightness: float,
    decay: float,
    vibrato_cents: float = 0.0,
) -> Signal:
    """Return a plucked string (Karplus and Strong 1983), worked out one period at a time.

    `brightness` 0 to 1 sets how many harmonics the plectrum excites, `decay` is the time to
    -60 dB of the fundamental in seconds. With `vibrato_cents` the tone begins to sway after
    0.3 s, as a gayageum player's left hand makes it.
    """
    # The loop filter averages two neighbours, which delays by half a sample.
    period = max(8, round(RATE / pitch_hz - 0.5))
    count = int(seconds * RATE)
    rows = count // period + 3
    line = np.zeros(1 + rows * period, np.float32)
    line[1 : 1 + period] = _excitation(chance, period, brightness)
    loss = np.float32(0.5 * 10 ** (-3.0 * period / (RATE * decay)))
    for begin in range(1 + period, len(line), period):
        row = line[begin : begin + period]
        np.add(
            line[begin - period : begin],
            line[begin - period - 1 : begin - 1],
            out=row,
        )
        row *= loss
    return _tuned(line[1:], pitch_hz * (period + 0.5) / RATE, count, vibrato_cents)


def _excitation(chance: np.random.Generator, period: int, brightness: float) -> Signal:
    """One period: harmonics of a string plucked near its end, in random phase."""
    harmonics = np.arange(period // 2 + 1)
    edge = 3.0 + 25.0 * brightness
    size = np.abs(np.sin(np.pi * harmonics * 0.19)) / (1.0 + (harmonics / edge) ** 2)
    size[0] = 0.0
    phase = chance.uniform(0.0, 2.0 * np.pi, len(harmonics))
    row = np.fft.irfft(size * np.exp(1j * phase), period)
    return np.asarray(row / np.sqrt(np.mean(row**2)) * 0.2, np.float32)


def _tuned(line: Signal, ratio: float, count: int, vibrato_cents: float) -> Signal:
    """Read the string at the speed that makes the pitch exact, and fade both ends."""
    time = np.arange(count) / RATE
    position = np.arange(count) * ratio
    if vibrato_cents:
        swing = np.clip((time - 0.3) / 0.4, 0.0, 1.0) * (2.0 ** (vibrato_cents / 1200.0) - 1.0)
        position += swing * RATE / (2.0 * np.pi * 5.2) * (1.0 - np.cos(2.0 * np.pi * 5.2 * time))
    tone = np.interp(position, np.arange(len(line)), line).astype(np.float32)
    return faded(tone, 0.002, 0.3)


def faded(signal: Signal, rise: float, fall: float) -> Signal:
    """Fade a signal in and out over so many seconds, in place; raised cosine, so no click."""
    up, down = int(rise * RATE), int(fall * RATE)
    signal[:up] *= (0.5 - 0.5 * np.cos(np.pi * np.arange(up) / up)).astype(np.float32)
    signal[-down:] *= (0.5 + 0.5 * np.cos(np.pi * np.arange(down) / down)).astype(np.float32)
    return signal


def pad(pitch_hz: float, seconds: float, rise: float) -> Signal:
    """Return a soft held tone at 12 kHz: two slightly detuned voices of three harmonics."""
    time = np.arange(int((seconds + rise) * PAD_RATE)) / PAD_RATE
    tone = np.zeros(len(time), np.float32)
    for detune in (0.9985, 1.0015):
        for harmonic, size in ((1, 1.0), (2, 0.35), (3, 0.12)):
            turns = time * (pitch_hz * detune * harmonic)
            tone += size * np.sin(2.0 * np.pi * (turns - np.floor(turns)).astype(np.float32))
    # Two chords overlap by the rise time, and their envelopes add up to one.
    edge = int(rise * PAD_RATE)
    ramp = (0.5 - 0.5 * np.cos(np.pi * np.arange(edge) / edge)).astype(np.float32)
    tone[:edge] *= ramp
    tone[-edge:] *= ramp[::-1]
    return tone


def from_pad_rate(signal: Signal) -> Signal:
    """Return a 12 kHz signal at 48 kHz, band-limited."""
    whole = fast_length(len(signal))
    spectrum = np.fft.rfft(signal, whole)
    return np.asarray(np.fft.irfft(spectrum, 4 * whole)[: 4 * len(signal)] * 4.0, np.float32)


def room(chance: np.random.Generator, seconds: float) -> Signal:
    """Return the echo of a wooden hall: decaying noise that darkens, after 18 ms of nothing."""
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    noise = chance.standard_normal(count).astype(np.float32)
    dark = np.convolve(noise, np.hanning(32) / 16.0, "same")
    blend = np.clip(time / 0.15, 0.0, 1.0)
    tail = ((1.0 - blend) * noise * 0.4 + blend * dark) * 10.0 ** (-3.0 * time / seconds)
    tail[: int(0.018 * RATE)] = 0.0
    return np.asarray(tail / np.sqrt(np.sum(tail**2)), np.float32)


def convolved(signal: Signal, echo: Signal) -> Signal:
    """Return the echo of the signal, as long as the signal (overlap-add in blocks)."""
    size = 1 << 18
    hop = size - len(echo) + 1
    blocks = -(-len(signal) // hop)
    kernel = np.fft.rfft(echo, size)
    wet = np.zeros(blocks * hop + size, np.float32)
    for begin in range(0, blocks * hop, hop):
        piece = np.fft.rfft(signal[begin : begin + hop], size)
        piece *= kernel
        wet[begin : begin + size] += np.fft.irfft(piece, size)
    return wet[: len(signal)]


def fast_length(count: int) -> int:
    """Return the least number >= count with no prime factor above 5, where the FFT is fast."""
    best = 1 << (count - 1).bit_length()
    five = 1
    while five < best:
        three = five
        while three < best:
            two = three << max(0, (-(-count // three) - 1).bit_length())
            best = min(best, two)
            three *= 3
        five *= 5
    return best
