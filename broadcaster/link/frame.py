"""The frames of a link: a length, 4 bytes big-endian, and that many bytes of UTF-8 JSON."""

from __future__ import annotations

import asyncio
import json
import struct
from typing import Any, Final

VERSION: Final = 1
LONGEST_FRAME: Final = 1 << 20
"""Bytes of JSON in one frame."""

Message = dict[str, Any]


class LinkError(Exception):
    """The connection cannot be made or has ended; the text says why."""


class NobodyListensError(LinkError):
    """No process listens at the socket."""


class CommandRefusedError(Exception):
    """The other side refuses a command: a sentence, and the field it is about.

    A `handle` raises it to refuse; `Link.command` raises it for the one who asked.
    """

    def __init__(self, sentence: str, where: str | None = None) -> None:
        """`where` names the field of the command that is wrong, when it is one field."""
        super().__init__(sentence)
        self.where = where


def encode_frame(message: Message) -> bytes:
    """The frame of a message.

    Raises:
        LinkError: it is longer than a frame may be.
    """
    octets = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
    if len(octets) > LONGEST_FRAME:
        raise LinkError(f"a message of {len(octets)} bytes; the most is {LONGEST_FRAME}")
    return struct.pack(">I", len(octets)) + octets


async def read_frame(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None when the other side has closed between two messages.

    Raises:
        LinkError: what came is no frame of this protocol.
    """
    try:
        (length,) = struct.unpack(">I", await reader.readexactly(4))
        if length > LONGEST_FRAME:
            raise LinkError(f"a frame of {length} bytes; the most is {LONGEST_FRAME}")
        octets = await reader.readexactly(length)
        message = json.loads(octets)
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise LinkError("the connection ended within a message") from None
        return None
    except (ConnectionError, BrokenPipeError):
        return None
    except (ValueError, RecursionError):
        raise LinkError("a frame that is not JSON") from None
    if not isinstance(message, dict):
        raise LinkError("a frame that is not a JSON object")
    return message


def hello(role: str) -> bytes:
    """The frame that opens a connection."""
    return encode_frame({"hello": VERSION, "role": role})


def role_in(greeting: Message | None) -> str:
    """The role the other side gives itself in its hello.

    Raises:
        LinkError: it is no hello, of another version, or says why we are refused.
    """
    if greeting is None:
        raise LinkError("the other side closed before it said hello")
    if "error" in greeting:
        raise LinkError(str(greeting["error"]))
    role = greeting.get("role")
    if "hello" not in greeting or not isinstance(role, str):
        raise LinkError("the first message is no hello")
    if greeting["hello"] != VERSION:
        raise LinkError(
            f"this side speaks version {VERSION} of the link, the other {greeting['hello']}: "
            "both must come from the same installation"
        )
    return role
