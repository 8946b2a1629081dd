"""Whether bytes are a picture: a JPEG of sensible size that decodes, in a confined process.

`python -m broadcaster.doors.picture_check` reads one picture from standard input and ends with
status 0 if it is one; what is wrong goes to standard output as a sentence. It may use no network,
little time and memory, and write no file, so that a picture made to break the decoder breaks only
that.
"""

from __future__ import annotations

import asyncio
import ctypes
import io
import resource
import sys
from typing import Final

from broadcaster.background import ONE_THREAD

MOST_BYTES: Final = 1_000_000
MOST_PIXELS: Final = 50_000_000
CPU_S: Final = 5
CHECK_S: Final = 15.0
"""Seconds the check of one picture may take, its process's start included."""
_MEMORY: Final = 1 << 30
_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000
_PR_SET_NO_NEW_PRIVS: Final = 38


async def refusal(octets: bytes) -> str:
    """Why bytes are no picture to keep; empty if they are."""
    if len(octets) > MOST_BYTES:
        return f"has {len(octets)} bytes; {MOST_BYTES} are the most"
    if not octets.startswith(b"\xff\xd8\xff"):
        return "is no JPEG"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PATH": "/usr/bin:/bin", **ONE_THREAD},
    )
    try:
        async with asyncio.timeout(CHECK_S):
            said, _ = await process.communicate(octets)
    except TimeoutError:
        return f"took longer than {CHECK_S:.0f} s to read"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode == 0:
        return ""
    return said.decode("utf-8", "replace")[:200] or "broke the process that read it"


def main() -> int:
    """Check the picture on standard input."""
    octets = sys.stdin.buffer.read(MOST_BYTES + 1)
    # FFmpeg is loaded before the process is confined, its files are out of reach afterwards.
    import av

    _confine()
    try:
        with av.open(io.BytesIO(octets), mode="r", format="jpeg_pipe") as container:
            stream = container.streams.video[0]
            if stream.codec_context.width * stream.codec_context.height > MOST_PIXELS:
                return _refused(f"has more than {MOST_PIXELS} pixels")
            for frame in container.decode(stream):
                return 0 if frame.width and frame.height else _refused("shows nothing")
    except (av.error.FFmpegError, ValueError, IndexError, MemoryError) as error:
        return _refused(f"cannot be decoded: {type(error).__name__}")
    return _refused("holds no picture")


def _refused(why: str) -> int:
    sys.stdout.write(why)
    return 1


def _confine() -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWNET) != 0:
        libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET)
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    for which in (resource.RLIMIT_FSIZE, resource.RLIMIT_CORE):
        resource.setrlimit(which, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
