"""The engine process whole: it stages, waits for the right to speak, and speaks.

It reads the plan parts and the PCM store and sends; it reads no configuration, opens no socket and
talks to nobody. It goes on when everything else is dead.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from time import monotonic_ns
from types import FrameType

from broadcaster.engine.farewell import hand_on_or_take_leave
from broadcaster.engine.libc import die_with_parent, lock_memory, real_time
from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.sender import Sender
from broadcaster.engine.shared_block import SharedBlock
from broadcaster.engine.speaking import Right
from broadcaster.engine.stager import Stager
from broadcaster.engine.staging import Staging

SENDER_PRIORITY = 50
STAGER_PRIORITY = 40
_SWITCH_INTERVAL = 0.0001
"""Seconds the staging thread may keep the interpreter when the sender wants it."""
_SLICE = 0.1
"""Seconds a standby sleeps in the mutex between two rehearsals."""


def run(arguments: list[str] | None = None) -> int:
    """Send until SIGTERM; exit status 0, or 2 when the run directory is not fit for it."""
    options = _parser().parse_args(arguments)
    if options.parent:
        die_with_parent(options.parent)
    notes = [lock_memory(), real_time(SENDER_PRIORITY)]
    block = SharedBlock(options.run / "engine")
    clock = block.clock
    if clock is None:
        print("engine: the run directory has no media clock; start the supervisor", file=sys.stderr)  # noqa: T201 - before logging, to the one who starts it by hand
        return 2
    sockets = {name: socket.socket(fileno=int(number)) for name, number in options.socket}
    staging = Staging(options.state / "pcm", options.run)
    sender = Sender(clock, block, staging, sockets)

    def stop(number: int, frame: FrameType | None) -> None:
        sender.is_stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda number, frame: None)
    speaking = threading.get_ident()

    def hand_over(parts: Mapping[Part, Plan]) -> None:
        sender.hand_over(parts)
        signal.pthread_kill(speaking, signal.SIGUSR1)  # out of its sleep, into the new plan

    stager = Stager(options.run, block, staging, lambda: clock.sample_at(monotonic_ns()), hand_over)
    sys.setswitchinterval(_SWITCH_INTERVAL)
    gc.freeze()
    stager.begin(STAGER_PRIORITY)
    right = Right.ANOTHERS
    while right is Right.ANOTHERS and not sender.is_stopping:
        right = block.right.wait(_SLICE)
        if right is Right.ANOTHERS:
            sender.rehearse()
    if right is Right.ANOTHERS:
        return 0
    if right is Right.INHERITED:
        try:
            stager.heed(monotonic_ns())
        except Exception as error:  # noqa: BLE001 - whatever there is to learn, somebody must speak
            block.say_fault(f"nothing learned from the engine that died: {error!r}")
    block.fields["pid"] = os.getpid()
    block.fields["locked"] = notes[0] is None
    block.fields["real_time"] = notes[1] is None
    sender.run()
    hand_on_or_take_leave(block.right, sender)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="broadcaster.engine.main", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run directory")
    parser.add_argument("--state", type=Path, required=True, help="state directory")
    parser.add_argument(
        "--socket",
        nargs=2,
        action="append",
        default=[],
        metavar=("NAME", "DESCRIPTOR"),
        help="an inherited sending socket and the name the plan gives it",
    )
    parser.add_argument("--parent", type=int, default=0, help="end when this process does")
    return parser
