"""Part ingest: sound files in, canonical PCM out, beside ffmpeg doing the same steps."""

import json
import resource
import shutil
import subprocess
import sys
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.bs1770 import integrated_lufs
from benchmarks.context import Context, Step, take
from benchmarks.measurement import Measurement, MeasurementError
from broadcaster.ingest.decoder import Decoder
from broadcaster.ingest.importer import import_recording
from broadcaster.ingest.pcm_store import PcmStore
from broadcaster.simulator import music, music_files
from zones.media_time import RATE

_LONG_SECONDS: Final = 3 * 3600
_IMPORT: Final = """
import json, resource, sys
from pathlib import Path
from broadcaster.ingest import ConfinedReader, PcmStore, import_recording
from zones.media_time import RATE

def used(who):
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1000

def own_peak():
    # Not ru_maxrss: that remembers the process which started this one.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000

store = PcmStore(Path(sys.argv[1]))
began, _ = used(resource.RUSAGE_SELF)
with ConfinedReader() as reader:
    files = map(Path, sys.argv[2:])
    samples = sum(import_recording(file, store, reader=reader).length for file in files)
ours, _ = used(resource.RUSAGE_SELF)
readers, reader_peak = used(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": samples / RATE, "cpu_s": ours - began + readers,
                  "start_cpu_s": began, "peak_mb": [own_peak(), reader_peak]}))
"""
"""A process of its own, so that its peak is its own; times do not count loading the libraries."""


def measure(context: Context) -> Iterator[Measurement]:
    """All rows of this part."""
    yield from take(
        context,
        [
            Step(("ingest.x_realtime_per_core", "ingest.cpu_vs_ffmpeg"), 90, speed),
            Step(("ingest.length_wrong_samples",), 30, lengths),
            Step(("ingest.loudness_difference_lu",), 40, loudness),
            Step(("ingest.peak_memory_mb",), 120, memory),
        ],
    )


def speed(context: Context) -> Iterator[Measurement]:
    """The demo's eight pieces in their five formats, imported into an empty store each round."""
    files = _music(context)
    seconds = _seconds(files)
    ours, theirs = [], []
    for number in range(context.rounds):
        context.say(f"importing {len(files)} files, {seconds / 60:.0f} minutes, round {number + 1}")
        ours.append(_imported(context, files, f"speed-{number}")["cpu_s"])
        theirs.append(_ffmpeg_cpu_s(context, files))
    ours_s = float(np.median(ours))
    detail: dict[str, Any] = {
        "seconds_of_sound": round(seconds, 1),
        "cpu_s": [round(value, 3) for value in ours],
        "formats": sorted({file.suffix for file in files}),
    }
    with_peer = [value for value in theirs if value is not None]
    if with_peer:
        theirs_s = float(np.median(with_peer))
        detail |= {
            "ffmpeg_cpu_s": [round(value, 3) for value in with_peer],
            "ffmpeg_x_realtime": round(seconds / theirs_s, 1),
        }
    yield Measurement("ingest.x_realtime_per_core", seconds / ours_s, None, detail)
    if not with_peer:
        raise MeasurementError("ffmpeg is not installed (make system installs it)")
    yield Measurement("ingest.cpu_vs_ffmpeg", ours_s / theirs_s, None, detail)


def lengths(context: Context) -> Iterator[Measurement]:
    """Files of known lengths at two rates; what is decoded against what was encoded."""
    if shutil.which("ffmpeg") is None:
        raise MeasurementError("ffmpeg, which makes the files, is not installed (make system)")
    context.say("lengths to the sample")
    wrong: dict[str, int] = {}
    for codec, suffix in _EXACT.items():
        for rate in (48_000, 44_100):
            # Opus always runs at 48 kHz: from 44.1 the encoder's own resampling would be measured.
            if suffix == "opus" and rate != RATE:
                continue
            for count in (5_001, rate, 7 * rate + 777):
                wrong[f"{suffix} {rate} {count}"] = _length_error(
                    context, codec, suffix, rate, count
                )
    worst = max(abs(error) for error in wrong.values())
    yield Measurement("ingest.length_wrong_samples", worst, None, {"errors": wrong})


_EXACT: Final = {"libmp3lame": "mp3", "flac": "flac", "libvorbis": "ogg", "libopus": "opus"}


def loudness(context: Context) -> Iterator[Measurement]:
    """What the import says of each piece against the recommendation's own arithmetic."""
    store = PcmStore(context.scratch / "loudness")
    differences = {}
    for file in _music(context):
        context.say(f"loudness of {file.name}")
        recording = import_recording(file, store)
        if recording.loudness_lufs is None:
            raise MeasurementError(f"{file.name} was found too quiet to be measured")
        second = integrated_lufs(store.read(recording.pcm))
        differences[file.name] = round(recording.loudness_lufs - second, 4)
    worst = max(abs(value) for value in differences.values())
    yield Measurement("ingest.loudness_difference_lu", worst, None, {"differences": differences})


def memory(context: Context) -> Iterator[Measurement]:
    """Three hours of MP3: the frames of one piece, again and again."""
    piece = next(file for file in _music(context) if file.suffix == ".mp3")
    times = -(-_LONG_SECONDS // int(_seconds([piece])))
    long = context.scratch / "three-hours.mp3"
    context.say("a file of three hours")
    with long.open("wb") as out:
        for _ in range(times):
            out.write(piece.read_bytes())
    found = _imported(context, [long], "memory")
    detail = {
        "seconds_of_sound": found["seconds"],
        "importing_mb": round(found["peak_mb"][0], 1),
        "reading_mb": round(found["peak_mb"][1], 1),
        "x_realtime": round(found["seconds"] / found["cpu_s"], 1),
    }
    if found["seconds"] < _LONG_SECONDS:
        raise MeasurementError(f"only {found['seconds']:.0f} s were imported")
    yield Measurement("ingest.peak_memory_mb", sum(found["peak_mb"]), None, detail)


def _music(context: Context) -> list[Path]:
    context.say("the demo's music (made once)")
    return list(music_files.music_files(context.build / "music", seed=music.SEED))


def _seconds(files: list[Path]) -> float:
    length = 0
    for file in files:
        with Decoder(file) as decoder:
            length += decoder.announced_length or 0
    return length / RATE


def _imported(context: Context, files: list[Path], store: str) -> dict[str, Any]:
    directory = context.scratch / store
    argv = [sys.executable, "-c", _IMPORT, str(directory), *map(str, files)]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    shutil.rmtree(directory, ignore_errors=True)
    if done.returncode:
        raise MeasurementError(f"the import failed: {done.stderr.strip()[-400:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _ffmpeg_cpu_s(context: Context, files: list[Path]) -> float | None:
    """Decode, loudness with true peak, hash, write: the same steps with ffmpeg's own means."""
    if shutil.which("ffmpeg") is None:
        return None
    raw = context.scratch / "peer.pcm"
    chain = f"aformat=sample_fmts=s16:channel_layouts=mono:sample_rates={RATE},ebur128=peak=true"

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    began = used()
    for file in files:
        _run([
            "ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-threads", "1", "-i", str(file),
            "-af", chain, "-f", "s16le", str(raw),
        ])  # fmt: skip
        _run(["sha256sum", str(raw)])
    return used() - began


def _run(argv: list[str]) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise MeasurementError(f"{argv[0]} failed: {done.stderr.strip()[-300:]}")


def _length_error(context: Context, codec: str, suffix: str, rate: int, count: int) -> int:
    """Decoded minus meant samples at 48 kHz."""
    time = np.arange(count) / rate
    tone = np.rint(8000.0 * np.sin(2.0 * np.pi * 440.0 * time)).astype("<i2")
    source, encoded = context.scratch / "length.wav", context.scratch / f"length.{suffix}"
    with wave.open(str(source), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone.tobytes())
    argv = ["ffmpeg", "-nostdin", "-y", "-loglevel", "error", "-i", str(source), "-c:a", codec]
    _run([*argv, str(encoded)])
    with Decoder(encoded) as decoder:
        found = sum(len(piece) for piece in decoder.pieces())
    return found - round(count * RATE / rate)
