"""Reading in the confined process: the same as here, and what breaks it breaks nothing else."""

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from broadcaster.ingest.analysis import Findings
from broadcaster.ingest.confined_reader import ConfinedReader
from broadcaster.ingest.errors import DamagedError, NotAudioError
from broadcaster.ingest.limits import Limits
from broadcaster.ingest.reading import Opened, read_here
from tests.broadcaster.ingest.sounds import KINDS, WAV, tone, write
from zones.media_time import RATE


@pytest.fixture(scope="module")
def shared():
    with ConfinedReader() as reader:
        yield reader


@pytest.fixture
def reader():
    with ConfinedReader() as fresh:
        yield fresh


def pid_of(reader):
    assert reader._process is not None
    return reader._process.pid


def parts(reading):
    values = list(reading)
    opened, *sound, findings = values
    assert isinstance(opened, Opened)
    assert isinstance(findings, Findings)
    return opened, np.concatenate(sound), findings


@pytest.mark.parametrize("name", KINDS)
def test_it_reads_what_would_be_read_here(tmp_path, shared, name):
    path = write(tmp_path / f"저녁 🌙.{name}", KINDS[name], tone(2.5), title="솔숲")
    opened, sound, findings = parts(shared.read(path, Limits()))
    here, sound_here, findings_here = parts(read_here(path, Limits()))
    assert opened.tags["title"] == here.tags["title"] == "솔숲"
    assert opened.announced == here.announced
    assert np.array_equal(sound, sound_here)
    assert findings == findings_here


def test_a_refusal_keeps_its_reason_and_the_process_lives(tmp_path, shared):
    bad, good = tmp_path / "bad.mp3", write(tmp_path / "good.wav", WAV)
    bad.write_bytes(b"not sound" * 99)
    parts(shared.read(good, Limits()))
    before = pid_of(shared)
    with pytest.raises(NotAudioError, match=r"bad\.mp3: not an audio file"):
        list(shared.read(bad, Limits()))
    assert len(parts(shared.read(good, Limits()))[1]) == RATE
    assert pid_of(shared) == before


def test_a_name_that_is_no_text_can_be_read(tmp_path, shared):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xbc\xd6.wav"))
    write(tmp_path / "x.wav", WAV).rename(path)
    assert len(parts(shared.read(path, Limits()))[1]) == RATE


def test_a_caller_who_stops_half_way_leaves_nothing_running(tmp_path, reader):
    path = write(tmp_path / "long.wav", WAV, tone(30.0))
    reading = reader.read(path, Limits())
    next(reading)
    first = pid_of(reader)
    reading.close()
    assert not Path(f"/proc/{first}").exists()
    assert len(parts(reader.read(path, Limits()))[1]) == 30 * RATE


def test_killed_while_reading_it_is_a_reason_and_the_next_file_is_read(tmp_path, reader):
    path = write(tmp_path / "long.wav", WAV, tone(60.0))
    reading = reader.read(path, Limits())
    next(reading)
    os.killpg(pid_of(reader), signal.SIGKILL)
    with pytest.raises(DamagedError, match=r"stopped in the middle|SIGKILL"):
        list(reading)
    assert len(parts(reader.read(path, Limits()))[1]) == 60 * RATE


def test_killed_between_two_files_it_is_started_again(tmp_path, reader):
    path = write(tmp_path / "x.wav", WAV)
    parts(reader.read(path, Limits()))
    process = reader._process
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert len(parts(reader.read(path, Limits()))[1]) == RATE


def test_a_hanging_process_is_ended(tmp_path, reader):
    path = write(tmp_path / "x.wav", WAV)
    parts(reader.read(path, Limits()))
    os.killpg(pid_of(reader), signal.SIGSTOP)
    with pytest.raises(DamagedError, match="said nothing for"):
        list(reader.read(path, replace(Limits(), idle_seconds=0.2)))
    assert len(parts(reader.read(path, Limits()))[1]) == RATE


def test_too_little_memory_is_a_reason(tmp_path, reader):
    path = write(tmp_path / "x.flac", KINDS["flac"], tone(5.0))
    with pytest.raises(DamagedError):
        list(reader.read(path, replace(Limits(), memory_bytes=1 << 18)))
    assert len(parts(reader.read(path, Limits()))[1]) == 5 * RATE


def confined(code):
    program = (
        "import os, resource, socket\n"
        "from broadcaster.ingest import jail\n"
        "from broadcaster.ingest.limits import Limits\n"
        "alone = jail.leave_network()\n"
        "jail.confine(Limits(cpu_seconds=1, memory_bytes=64 << 20))\n" + code
    )
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)


def test_the_processor_time_is_limited():
    assert confined("while True: pass").returncode == -signal.SIGXCPU


def test_the_memory_is_limited():
    assert "MemoryError" in confined("x = bytearray(256 << 20)").stderr


def test_no_file_can_be_written(tmp_path):
    code = (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"f = open({str(tmp_path / 'x')!r}, 'wb', buffering=0); f.write(b'x')"
    )
    assert "File too large" in confined(code).stderr
    assert not (tmp_path / "x").exists() or (tmp_path / "x").stat().st_size == 0


def test_where_the_system_allows_there_is_no_network():
    code = (
        "names = [name for _, name in socket.if_nameindex()]\n"
        "print(alone, names == ['lo'] if alone else 'kept')\n"
        "with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:\n"
        "    try: s.connect(('192.0.2.1', 9)); print('reachable')\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    said = confined(code).stdout
    if said.startswith("False"):
        pytest.skip("this account may not make network namespaces")
    assert said.splitlines() == ["True True", "Network is unreachable"]
