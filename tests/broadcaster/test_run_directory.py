"""The places a controller meets and keeps things in."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from broadcaster.run_directory import (
    ProcessEntry,
    ProcessTable,
    RunDirectory,
    RunDirectoryError,
    StateDirectory,
    TakenError,
    this_boot,
    write_whole,
)


def table(**fields):
    values = {
        "supervisor": 1,
        "boot": this_boot(),
        "config": "/etc/sorigil/config.yaml",
        "state": "/var/lib/sorigil",
        "interface": None,
        "sources": {"eth1/ttl8/dscp46": ("10.0.0.2", 5004)},
        "processes": (ProcessEntry("engine", 2, 3, 4), ProcessEntry("ear", 0, 5, 6)),
    }
    return ProcessTable(**{**values, **fields})


def test_default_places_follow_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert str(RunDirectory.default().path) == "/run/user/7/sorigil"
    assert StateDirectory.default().path == tmp_path / "sorigil"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", "/home/duty")
    monkeypatch.setattr(os, "access", lambda path, mode: True)
    assert str(RunDirectory.default().path) == f"/tmp/sorigil-{os.getuid()}"  # noqa: S108
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert str(RunDirectory.default().path) == "/home/duty/.cache/sorigil-run"
    assert str(StateDirectory.default().path) == "/home/duty/.local/state/sorigil"


@pytest.mark.parametrize("kind", [RunDirectory, StateDirectory])
def test_a_directory_is_made_for_its_user_alone(run_directory, kind):
    made = kind(run_directory / "a" / "b")
    made.make()
    made.make()
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o700
    assert list(made.path.iterdir()) == []


@pytest.mark.parametrize(("kind", "option"), [(RunDirectory, "--run"), (StateDirectory, "--state")])
def test_a_directory_that_cannot_be_made_is_one_sentence(kind, option):
    with pytest.raises(RunDirectoryError, match=f"/dev/null/x: Not a directory; .* {option}"):
        kind(Path("/dev/null/x")).make()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a directory away")
def test_a_directory_of_another_user_is_refused(run_directory):
    os.chown(run_directory, 12345, 12345)
    try:
        with pytest.raises(RunDirectoryError, match="belongs to user 12345"):
            RunDirectory(run_directory).make()
    finally:
        os.chown(run_directory, 0, 0)


def test_a_path_too_long_for_sockets_is_refused(tmp_path):
    with pytest.raises(RunDirectoryError, match="give a shorter one with --run"):
        RunDirectory(tmp_path / ("x" * 90)).make()


def test_only_one_holds_a_run_directory(run_directory):
    run = RunDirectory(run_directory)
    assert run.holder() is None
    with run.hold():
        assert run.holder() == os.getpid()
        with pytest.raises(TakenError, match=rf"process {os.getpid()}\): stop it"), run.hold():
            pass
    assert run.holder() is None
    with run.hold():
        pass


def test_the_hold_ends_with_its_process(run_directory):
    program = (
        "import os, pathlib, sys; from broadcaster.run_directory import RunDirectory\n"
        "with RunDirectory(pathlib.Path(sys.argv[1])).hold(): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", program, run_directory], check=False)
    with RunDirectory(run_directory).hold():
        assert RunDirectory(run_directory).holder() == os.getpid()


def test_the_secret_is_made_once_and_kept(state_directory):
    state = StateDirectory(state_directory)
    secret = state.secret()
    assert len(secret) == 32
    assert state.secret() == secret
    assert stat.S_IMODE((state_directory / "secret").stat().st_mode) == 0o600


def test_a_damaged_secret_is_refused(state_directory):
    (state_directory / "secret").write_bytes(b"short")
    with pytest.raises(RunDirectoryError, match="has 5 bytes instead of 32: remove it"):
        StateDirectory(state_directory).secret()


def test_the_table_of_processes_comes_back_as_written(run_directory):
    path = RunDirectory(run_directory).processes
    assert ProcessTable.read(path) is None
    table().write(path)
    assert ProcessTable.read(path) == table()
    table(processes=()).write(path)
    assert ProcessTable.read(path) == table(processes=())
    assert list(run_directory.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"processes": 3}', '{"processes": [{}]}'])
def test_what_is_no_table_is_refused(run_directory, text):
    path = RunDirectory(run_directory).processes
    path.write_text(text)
    with pytest.raises(RunDirectoryError, match="no table of processes"):
        ProcessTable.read(path)


def test_a_table_of_another_version_is_refused(run_directory):
    path = RunDirectory(run_directory).processes
    table().write(path)
    path.write_text(json.dumps({**json.loads(path.read_text()), "news": 1}))
    with pytest.raises(RunDirectoryError, match="no table of processes"):
        ProcessTable.read(path)


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_draft(run_directory, monkeypatch):
    path = run_directory / "file"
    write_whole(path, b"old")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(run_directory.iterdir()) == [path]
