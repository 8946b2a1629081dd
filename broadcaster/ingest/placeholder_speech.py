"""Render the shipped messages with espeak-ng: a step of making a release, never of running.

    python -m broadcaster.ingest.placeholder_speech

Reads the texts in `alerts/messages/messages.yaml`, writes the Opus files beside it and puts their
checksums into it. Needs the program `espeak-ng` (Debian package of that name) and a checkout.
"""

import hashlib
import io
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import av
import numpy as np

import alerts
from broadcaster.ingest.decoder import Decoder, Pcm
from broadcaster.ingest.messages import CATALOGUE, SpokenText, message_texts
from broadcaster.ingest.speech import spoken
from zones.media_time import RATE

VOICES = {"ko": ("ko", "160"), "en": ("en-us", "150")}
"""espeak-ng voice and words a minute: about 4.5 Korean syllables a second."""
BIT_RATE = 32_000


def render(part: SpokenText, espeak: str) -> bytes:
    """Return the spoken text as an Ogg Opus file."""
    voice, rate = VOICES[part.language]
    with tempfile.TemporaryDirectory() as scratch:
        wav = Path(scratch) / "speech.wav"
        command = [espeak, "-v", voice, "-s", rate, "-g", "1", "-w", str(wav), part.text]
        subprocess.run(command, check=True)
        with Decoder(wav) as decoder:
            samples = np.concatenate(list(decoder.pieces()))
    return _opus(spoken(samples))


def _opus(samples: Pcm) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        stream.metadata.update({"artist": "espeak-ng (synthetic)", "copyright": "CC0-1.0"})
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return buffer.getvalue()


def main() -> int:
    """Render all messages; return the process's exit code."""
    espeak = shutil.which("espeak-ng")
    if espeak is None:
        sys.stderr.write("espeak-ng is not installed; apt install espeak-ng\n")
        return 1
    directory = Path(alerts.__path__[0]) / "messages"
    catalogue = directory / CATALOGUE
    text = catalogue.read_text("utf-8")
    for message in message_texts().values():
        for part in message.parts:
            data = render(part, espeak)
            (directory / part.audio).write_bytes(data)
            found = hashlib.sha256(data).hexdigest()
            text = re.sub(
                rf"(audio: {re.escape(part.audio)}\n\s+sha256: ).*", rf"\g<1>{found}", text
            )
    catalogue.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
