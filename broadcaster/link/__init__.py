"""The one kind of connection between processes: a Unix socket that carries JSON objects.

A frame is a length (4 bytes, big-endian) and that many bytes of UTF-8 JSON, at most 1 MiB. Both
sides begin with a hello that names the version and their role. Then commands go one way, answers
and snapshots the other:

    {"hello": 1, "role": "ear"}
    {"command": {"key": "...", "who": "ear", "name": "witness", ...}}
    {"answer": {"key": "...", "ok": true, ...}}
    {"answer": {"key": "...", "ok": false, "error": "a sentence", "where": "zones"}}
    {"subscribe": true}
    {"snapshot": {...}}
    {"error": "a sentence"}         and the connection ends

Nothing grows without bound: a caller with too many unanswered commands is no longer read, a slow
subscriber gets only the newest snapshot. Peers must belong to the same user, or be root.
"""

from broadcaster.link.client import Link, connect
from broadcaster.link.frame import (
    LONGEST_FRAME,
    VERSION,
    CommandRefusedError,
    LinkError,
    Message,
    NobodyListensError,
)
from broadcaster.link.server import Handle, LinkServer

__all__ = [
    "LONGEST_FRAME",
    "VERSION",
    "CommandRefusedError",
    "Handle",
    "Link",
    "LinkError",
    "LinkServer",
    "Message",
    "NobodyListensError",
    "connect",
]
