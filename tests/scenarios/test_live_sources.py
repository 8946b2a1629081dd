"""Live sources on a running station: real streams of ffmpeg's, judged on the wire."""

import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager
from datetime import datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from tests.broadcaster.station import PATIENCE, broadcaster, station
from zones.media_time import RATE

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the streams"),
]

PITCH = 2000
WINDOW = 40
"""Packets of 5 ms that are judged together."""


class Broadcast:
    """A tone from ffmpeg in real time, that can be cut and begun again, or asked for again."""

    def __init__(self, *output, is_asked=False):
        self._output = output
        self._is_asked = is_asked
        self._running = []
        self.is_up = True

    def started(self, **streams):
        """A new sender of it."""
        tone = ["-re", "-f", "lavfi", "-i", f"sine=frequency={PITCH}", "-af", "volume=4"]
        command = ["ffmpeg", "-loglevel", "error", *tone, *self._output]
        made = subprocess.Popen(command, stdin=subprocess.DEVNULL, **streams)
        self._running.append(made)
        return made

    def cut(self):
        self.is_up = False
        for one in self._running:
            one.kill()
            one.wait()
        self._running.clear()

    def begun_again(self):
        self.is_up = True
        if not self._is_asked:
            self.started(stdout=subprocess.DEVNULL)


@contextmanager
def over_http():
    """A server that answers as Icecast does; what it sends and the address."""
    mp3 = Broadcast("-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3", "-", is_asked=True)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if not mp3.is_up:
                self.send_error(404)
                return
            self.send_response(200, "OK")
            for name, value in (("Content-Type", "audio/mpeg"), ("icy-name", "Radio")):
                self.send_header(name, value)
            self.end_headers()
            sender = mp3.started(stdout=subprocess.PIPE)
            try:
                while octets := os.read(sender.stdout.fileno(), 4096):
                    self.wfile.write(octets)
            except OSError:
                sender.kill()
            finally:
                sender.stdout.close()

        def log_message(self, *said):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield mp3, f"http://127.0.0.1:{server.server_address[1]}/live"
        finally:
            mp3.cut()
            server.shutdown()
            thread.join()


@contextmanager
def over_rtp(encoding, query):
    """A sender of RTP and the address at which it is received."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        address = f"rtp://127.0.0.1:{free.getsockname()[1]}"
    rtp = Broadcast(*encoding, "-f", "rtp", address)
    rtp.started(stdout=subprocess.DEVNULL)
    try:
        yield rtp, f"{address}{query}"
    finally:
        rtp.cut()


SOURCES = {
    "http": over_http,
    "rtp-l16": lambda: over_rtp(
        ("-ar", "48000", "-ac", "2", "-c:a", "pcm_s16be", "-payload_type", "97"),
        "?format=L16/48000/2&payload_type=97",
    ),
}


def heard(made):
    """What the next packets hold: "tone", "silence" or "other"."""
    packets = made.packets(WINDOW)
    sound = np.concatenate([np.frombuffer(one.payload, ">i2") for one in packets]).astype(float)
    if np.abs(sound).max() < 4:
        return "silence"
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    at = round(PITCH * len(sound) / RATE)
    is_tone = power[at - 4 : at + 5].sum() > 0.9 * power.sum()
    return "tone" if is_tone else "other"


def until(made, wanted):
    """Wait until that is heard for a while."""
    limit = monotonic() + PATIENCE
    in_a_row = 0
    while in_a_row < 2:  # the window in which something changes is neither
        found = heard(made)
        in_a_row = in_a_row + 1 if found == wanted else 0
        assert monotonic() < limit, f"{wanted} was not heard within {PATIENCE} s, but {found}"


def test_streams_are_on_air_fall_back_when_they_are_cut_and_return(tmp_path):
    first = datetime.now(ZoneInfo("Asia/Seoul")) - timedelta(hours=1)
    with station(tmp_path / "run", tmp_path, "239.77.8.1", "239.77.8.2", 5004) as made:
        made.ready()
        places = ["--run", made.run.path, "--state", made.state, "--config", made.config]

        def scheduled(*words):
            done = broadcaster("schedule", "set", *words, *places)
            assert done.returncode == 0, done.stderr

        def faults():
            return [one for one in made.facts()["faults"] if "live source" in str(one)]

        def playing():
            done = broadcaster("now-playing", "--zone", "upper", "--json", "--run", made.run.path)
            (zone,) = json.loads(done.stdout)["zones"]
            return zone["kind"], zone["title"]

        for begun in SOURCES.values():
            with begun() as (source, address):
                scheduled("sources", "radio", f"address={address}")
                scheduled(
                    *("entries", "now", "zones=all", "live=radio", "length=3 h"),
                    f"first={first:%Y-%m-%d %H:%M}",
                )
                until(made, "tone")
                made.until(lambda: playing() == ("live", "radio"), "what plays is told")
                source.cut()
                made.unread()
                until(made, "silence")
                made.until(faults, "there is a fault")
                made.until(lambda: playing()[0] == "chime", "what plays is told")
                until(made, "other")
                source.begun_again()
                until(made, "tone")
                made.until(lambda: not faults(), "there is no fault")
