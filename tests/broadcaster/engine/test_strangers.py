"""Receivers that share no code with us play every format from our session description."""

import shutil
import signal
import subprocess

import numpy as np
import pytest

from broadcaster.engine.codec import (
    G722,
    L16,
    L24,
    OPUS,
    PCMA,
    PCMU,
    decode,
    encode,
    lead,
    rate_filter,
    sampling_hz,
)
from broadcaster.engine.session import sdp
from tests.broadcaster.engine.studio import (
    LOOPBACK,
    PATIENCE,
    claim,
    make_stream,
    receive,
    receiver,
    until,
    whole,
)
from tests.broadcaster.engine.test_codec import signal_to_noise_db, speech_like
from tests.network_namespace import Network
from zones.media_time import RATE
from zones.sound import Sequence

KINDS = [
    (L16, 240, 96),
    (L24, 48, 97),
    (PCMU, 960, 0),
    (PCMA, 960, 8),
    (G722, 960, 9),
    (OPUS, 960, 111),
]
EXACT = (L16, L24, PCMU, PCMA)
LEAST_DB = {G722: 28, OPUS: 18}
LISTENED = 2.5
"""Seconds of sound a stranger writes down."""
WINDOW = 0.4

every_format = pytest.mark.parametrize(
    ("chosen", "time", "payload_type"), KINDS, ids=[chosen.name for chosen, _, _ in KINDS]
)


def needs(tool):
    return pytest.mark.skipif(shutil.which(tool) is None, reason=f"{tool} is not installed")


@pytest.fixture
def on_air(studio, network, multicast_group, free_port, tmp_path):
    """A function that puts one stream on the air; gives its SDP file and its sound."""
    if network is not Network.OWN:
        pytest.skip("strangers choose the interface by route: needs a network of its own")
    samples = speech_like(2 * RATE)

    def begin(chosen, time, payload_type):
        group, port = multicast_group(), free_port()
        stream = make_stream(
            0, group, port, format=chosen, packet_time=time, payload_type=payload_type
        )
        programme = Sequence(loop=(whole(studio.put(samples), len(samples)),))
        # On the grid of packets, so that every turn of the loop is brought to 8 kHz alike.
        music = claim("p", programme, start=studio.now() // 960 * 960)
        studio.plan([stream], {"m": programme}, [music], cname="a@b")
        session = tmp_path / "stream.sdp"
        session.write_text(sdp(stream, title="Sorigil test", sources=[LOOPBACK], ttl=8), newline="")
        with receiver(group, port) as s:
            studio.start()
            receive(s, 2)
        return session, samples

    return begin


def at_its_rate(chosen, samples) -> np.ndarray:
    """One turn of the loop as a receiver decodes it, without state."""
    if rate_filter(chosen) is None:
        return samples
    before = lead(chosen)
    return decode(chosen, encode(chosen, np.concatenate((samples[-before:], samples))))


def place_of(heard, loop) -> int:
    """Where in the loop what was heard begins, by cross-correlation."""
    padded = np.zeros(len(loop))
    padded[: len(heard)] = heard
    spectrum = np.fft.rfft(loop.astype(float)) * np.conj(np.fft.rfft(padded))
    return int(np.argmax(np.fft.irfft(spectrum, len(loop))))


def windows(heard, loop, rate):
    """Stretches of what was heard, each with what the source has there."""
    length = int(WINDOW * rate)
    for at in range(int(0.5 * rate), len(heard) - length, length):
        part = heard[at : at + length]
        place = place_of(part, loop)
        yield loop[np.arange(place, place + length) % len(loop)], part


def judge(studio, chosen, samples, heard, rate) -> None:
    """Exact where nothing is lost by design, else a signal-to-noise ratio.

    One window may be spoilt by the stranger's start, half of them where the engine says that this
    machine was too busy to send on time.
    """
    if chosen in EXACT:
        loop = at_its_rate(chosen, samples)
        right = [bool((a == b).all()) for a, b in windows(heard, loop, rate)]
    else:
        ratios = [signal_to_noise_db(a, b) for a, b in windows(heard, samples, rate)]
        right = [ratio >= LEAST_DB[chosen] for ratio in ratios]
    assert len(right) >= 3
    state = studio.block.state()
    spoilt = len(right) // 2 if state.late_ticks or state.skipped_packets else 1
    assert sum(right) >= len(right) - spoilt


def output_rate(chosen) -> int:
    return sampling_hz(chosen) if chosen in EXACT else RATE


@needs("ffmpeg")
@pytest.mark.slow
@every_format
def test_ffmpeg_plays_it(studio, on_air, tmp_path, chosen, time, payload_type):
    session, samples = on_air(chosen, time, payload_type)
    out, rate = tmp_path / "heard.raw", output_rate(chosen)
    ended = subprocess.run(
        [
            *("ffmpeg", "-nostdin", "-loglevel", "warning", "-analyzeduration", "0"),
            *("-protocol_whitelist", "file,udp,rtp", "-i", str(session), "-t", str(LISTENED)),
            *("-ac", "1", "-ar", str(rate), "-f", "s16le", str(out)),
        ],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    judge(studio, chosen, samples, np.fromfile(out, "<i2"), rate)


@needs("gst-launch-1.0")
@pytest.mark.slow
@every_format
def test_gstreamer_plays_it(studio, on_air, tmp_path, chosen, time, payload_type):
    session, samples = on_air(chosen, time, payload_type)
    out, rate = tmp_path / "heard.raw", output_rate(chosen)
    if chosen is G722 and not has_element("avdec_g722"):
        pytest.skip("GStreamer has no G.722 decoder here (gstreamer1.0-libav)")
    process = subprocess.Popen(
        [
            *("gst-launch-1.0", "-q", "filesrc", f"location={session}", "!", "sdpdemux", "!"),
            *("decodebin", "!", "audioconvert", "dithering=none", "!", "audioresample", "!"),
            f"audio/x-raw,format=S16LE,channels=1,rate={rate}",
            *("!", "filesink", "buffer-mode=unbuffered", f"location={out}"),
        ],
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    complaints = process.stderr
    try:
        enough = int(LISTENED * rate) * 2

        def has_enough():
            assert process.poll() is None, complaints.read().decode()
            return out.exists() and out.stat().st_size >= enough

        until(has_enough, "GStreamer has heard enough")
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)
        complaints.close()
    judge(studio, chosen, samples, np.fromfile(out, "<i2")[: enough // 2], rate)


def has_element(name: str) -> bool:
    asked = subprocess.run(["gst-inspect-1.0", "--exists", name], check=False)
    return asked.returncode == 0
