"""One supervised process: how it starts, ends, is stopped, and when it comes back."""

import asyncio
import dataclasses
import os
import signal
import socket
import sys

import pytest

from broadcaster.run_directory import ProcessEntry, birth_of
from broadcaster.supervisor.child import Child, Duty, ending, given, python_module
from tests.broadcaster.station import PATIENCE, is_alive

READY = "os.write(int(sys.argv[1]), b'!'); "
"""What a test program says when it can take a signal."""


def duty(program, descriptor=0, **fields):
    values = {"delays": (0.0, 0.5, 2.0), **fields}
    command = (sys.executable, "-c", f"import os, signal, sys; {program}", str(descriptor))
    return Duty("player", command, descriptors=(descriptor,), **values)


@pytest.fixture
async def started():
    """A function that starts a program and waits until it says `READY`."""
    children = []
    ours, theirs = socket.socketpair()
    ours.setblocking(False)

    async def start(program, **fields):
        child = Child(duty(program, theirs.fileno(), **fields), None)
        children.append(child)
        child.start()
        async with asyncio.timeout(PATIENCE):
            await asyncio.get_running_loop().sock_recv(ours, 1)
        return child

    with ours, theirs:
        yield start
        for child in children:
            child.kill()
            async with asyncio.timeout(PATIENCE):
                await child.stop()


async def test_what_it_prints_goes_where_it_should(tmp_path):
    child = Child(duty("print('on air')"), tmp_path / "player.log")
    for _ in range(2):
        child.start()
        async with asyncio.timeout(PATIENCE):
            await child.ended()
    assert (tmp_path / "player.log").read_text() == "on air\non air\n"


async def test_the_end_of_a_process_is_known_with_its_status(started):
    child = await started(READY + "sys.exit(3)")
    async with asyncio.timeout(PATIENCE):
        assert await child.ended() == 3
    assert child.pid == 0
    assert child.entry.restarts == 0


async def test_it_is_stopped_by_sigterm(started):
    child = await started("signal.signal(15, lambda *_: sys.exit(7));" + READY + "signal.pause()")
    ended = asyncio.ensure_future(child.ended())
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await child.stop()
        assert await ended == 7


@pytest.mark.parametrize("stopped", [False, True])
async def test_one_that_does_not_end_is_killed(started, stopped):
    child = await started(
        "signal.signal(15, signal.SIG_IGN);" + READY + "\nwhile 1: signal.pause()", stop_limit=0.05
    )
    pid = child.pid
    if stopped:
        os.kill(pid, signal.SIGSTOP)
    async with asyncio.timeout(PATIENCE):
        await child.stop()
    assert not is_alive(pid)


async def test_stopping_what_does_not_run_does_nothing(tmp_path):
    child = Child(duty("pass"), None)
    child.kill()
    await child.stop()
    assert (child.pid, child.entry.restarts, str(child)) == (0, 0, "player")


async def test_restarts_are_counted_and_slow_down(started):
    child = await started(READY)
    delays = []
    for _ in range(4):
        async with asyncio.timeout(PATIENCE):
            await child.ended()
        delays.append(child.delay())
        child.start()
    assert delays == [0.0, 0.5, 2.0, 2.0]
    assert child.entry.restarts == 4


async def test_after_a_good_run_the_next_death_counts_as_the_first(started, monkeypatch):
    child = await started(READY)
    async with asyncio.timeout(PATIENCE):
        await child.ended()
    assert [child.delay(), child.delay()] == [0.0, 0.5]
    monkeypatch.setattr(Child, "lived_s", 31.0)
    assert child.delay() == 0.0


async def test_a_program_that_is_not_there_is_an_error_of_the_system(tmp_path):
    child = Child(Duty("player", (str(tmp_path / "none"),), (0.0,)), None)
    with pytest.raises(FileNotFoundError):
        child.start()
    assert child.pid == 0


async def test_one_whose_end_nobody_would_notice_is_not_left_running(monkeypatch):
    started = []

    def full(pid):
        started.append(pid)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(os, "pidfd_open", full)
    child = Child(duty("signal.pause()"), None)
    with pytest.raises(OSError, match="Too many"):
        child.start()
    assert child.pid == 0
    assert not is_alive(started[0])


def test_endings_in_words():
    assert ending(-9) == "was killed by SIGKILL"
    assert ending(1) == "ended with status 1"
    assert ending(-99) == "ended with status -99"


def test_commands_leave_out_what_is_not_given(tmp_path):
    options = given(("--run", tmp_path), ("--interface", None))
    assert python_module("a.b", *options) == (sys.executable, "-m", "a.b", "--run", str(tmp_path))


async def test_a_process_of_another_parent_is_looked_after_like_a_child(started):
    grown = await started("signal.signal(15, lambda *_: sys.exit(7));" + READY + "signal.pause()")
    child = Child(grown.duty, None)
    entry = ProcessEntry("engine", grown.pid, grown.entry.started_ns, 3, birth_of(grown.pid))
    child.adopt(entry, os.pidfd_open(grown.pid))
    assert child.entry == ProcessEntry("player", *dataclasses.astuple(entry)[1:])
    async with asyncio.timeout(PATIENCE):
        await child.stop()
        # Only its parent is told how it ended.
        assert await child.ended() is None
        assert await grown.ended() == 7
    assert child.pid == grown.pid == 0
    assert ending(None) == "ended"


async def test_a_process_that_is_left_goes_on(started):
    grown = await started(READY + "signal.pause()")
    child = Child(grown.duty, None)
    child.adopt(grown.entry, os.pidfd_open(grown.pid))
    child.leave()
    assert child.pid == 0
    child.kill()
    child.leave()
    assert is_alive(grown.pid)
