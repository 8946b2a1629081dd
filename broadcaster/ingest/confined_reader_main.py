"""The confined process: `python -m broadcaster.ingest.confined_reader_main CHANNEL`.

It loads FFmpeg once, gives up the network, and forks a child for each file: the child takes on its
limits, reads the file, writes words (`wire`) into the pipe it was given, and is gone. What a file
does to its child ends there.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path

from broadcaster.ingest import jail
from broadcaster.ingest.errors import DamagedError, IngestError
from broadcaster.ingest.limits import Limits
from broadcaster.ingest.reading import read_here
from broadcaster.ingest.wire import word_of

_LARGEST_ORDER = 1 << 16


def main(arguments: list[str]) -> int:
    """Serve orders until the channel closes."""
    channel = socket.socket(fileno=int(arguments[0]))
    channel.send(json.dumps({"without_network": jail.leave_network()}).encode())
    while True:
        order, descriptors, _, _ = socket.recv_fds(channel, _LARGEST_ORDER, 1)
        if not order:
            return 0
        pipe = descriptors[0]
        child = os.fork()
        if child == 0:
            channel.close()
            _work(pipe, json.loads(order))
        os.close(pipe)
        _, status = os.waitpid(child, 0)
        channel.send(json.dumps({"status": os.waitstatus_to_exitcode(status)}).encode())


def _work(pipe: int, order: dict[str, object]) -> None:
    """Do one file and end the process; nothing of it may return into the loop above."""
    code = 1
    try:
        limits = Limits(**order["limits"])  # type: ignore[arg-type]
        path = Path(os.fsdecode(bytes.fromhex(str(order["path"]))))
        jail.confine(limits)
        code = _read_to(pipe, path, limits)
    finally:
        os._exit(code)


def _read_to(pipe: int, path: Path, limits: Limits) -> int:
    with open(pipe, "wb", buffering=0) as out:
        try:
            for value in read_here(path, limits):
                out.write(word_of(value))
        except IngestError as error:
            out.write(word_of(error))
        except MemoryError:
            out.write(
                word_of(
                    DamagedError(
                        f"{path}: asks for more than {limits.memory_bytes >> 20} MB of memory, as "
                        "only damaged files do; export it again"
                    )
                )
            )
        except BrokenPipeError:
            return 1
        except Exception as error:  # noqa: BLE001 - whatever a file provokes is the file's fault
            out.write(
                word_of(
                    DamagedError(
                        f"{path}: damaged, reading it failed ({type(error).__name__}: {error}); "
                        "copy or export it again"
                    )
                )
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
