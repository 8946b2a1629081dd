"""Our side of the confined process that reads files nobody has vouched for."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from broadcaster.background import ONE_THREAD
from broadcaster.ingest.analysis import Findings
from broadcaster.ingest.errors import DamagedError, IngestError
from broadcaster.ingest.limits import Limits
from broadcaster.ingest.reading import Reading
from broadcaster.ingest.wire import WireError, words

_START_SECONDS = 30.0
_ANSWER_BYTES = 1 << 12
_PROGRAM = "broadcaster.ingest.confined_reader_main"


class ConfinedReader:
    """Reads files in a confined process; a context manager, for one thread.

    The process starts with the first file and stays for the next ones. Each file is read by a
    child of its own, so what one does to it touches no other.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: socket.socket | None = None
        self._is_reading = False
        """A child is at work whose end was not reported yet."""
        self.is_without_network: bool | None = None
        """Whether the system allowed to take the network away; None before the first file."""

    def __enter__(self) -> ConfinedReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and with it whatever it is reading."""
        if self._channel is not None:
            self._channel.close()
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = self._channel = None
        self._is_reading = False

    def read(self, path: Path, limits: Limits) -> Reading:
        """Read a file as `read_here` does.

        Raises:
            IngestError: it cannot go on air, or reading it broke the process.
        """
        reader, writer = os.pipe()
        try:
            try:
                self._order(path, limits, writer)
            finally:
                os.close(writer)
            yield from self._words(path, reader, limits)
        finally:
            os.close(reader)
            if self._is_reading:
                # The caller stopped half-way, or the child hangs: it must not go on.
                self.close()

    def _words(self, path: Path, reader: int, limits: Limits) -> Reading:
        finished = False
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(reader, selectors.EVENT_READ)

                def read(size: int) -> bytes:
                    if not selector.select(limits.idle_seconds):
                        raise TimeoutError
                    return os.read(reader, size)

                for value in words(read):
                    yield value
                    finished = isinstance(value, Findings)
        except IngestError:
            self._child_status()
            raise
        except WireError as error:
            raise DamagedError(_broken(path, f"said {error}")) from error
        except TimeoutError as error:
            silence = f"said nothing for {limits.idle_seconds:.0f} s"
            raise DamagedError(_broken(path, silence)) from error
        status = self._child_status()
        if not finished:
            raise DamagedError(_broken(path, _cause(status, limits)))

    def _order(self, path: Path, limits: Limits, writer: int) -> None:
        order = {"path": os.fsencode(path.absolute()).hex(), "limits": asdict(limits)}
        content = [json.dumps(order).encode("ascii")]
        try:
            socket.send_fds(self._started(), content, [writer])
        except OSError:
            # Somebody ended the process between two files: the next one is as good.
            self.close()
            socket.send_fds(self._started(), content, [writer])
        self._is_reading = True

    def _started(self) -> socket.socket:
        if self._channel is not None:
            return self._channel
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _PROGRAM, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                # Not a session of its own: the scheduler would give that as much of the processor
                # as the whole station (sched(7), "The autogroup feature"), however nice it is.
                process_group=0,
                # Its arithmetic is small; BLAS threads would only cost memory.
                env={**os.environ, **ONE_THREAD},
            )
        finally:
            theirs.close()
        self._channel = ours
        ours.settimeout(_START_SECONDS)
        try:
            hello = json.loads(ours.recv(_ANSWER_BYTES) or b"null")
        except OSError:
            hello = None
        if not isinstance(hello, dict):
            self.close()
            raise IngestError("the reading process does not start; try: python -c 'import av'")
        self.is_without_network = bool(hello["without_network"])
        return ours

    def _child_status(self) -> int:
        """The exit code of the child that just closed its pipe; negative is a signal."""
        assert self._channel is not None  # noqa: S101 - an order was sent through it
        try:
            status = int(json.loads(self._channel.recv(_ANSWER_BYTES))["status"])
        except (OSError, ValueError):  # it hangs, or the process was ended from outside
            self.close()
            return -signal.SIGKILL
        self._is_reading = False
        return status


def _broken(path: Path, what: str) -> str:
    return f"{path}: damaged, the process that read it {what}; export the file again"


def _cause(status: int, limits: Limits) -> str:
    if status == -signal.SIGXCPU:
        return f"needed more than {limits.cpu_seconds} s of processor time"
    if status < 0:
        return f"was ended by signal {signal.Signals(-status).name}"
    return f"ended early with code {status}"
