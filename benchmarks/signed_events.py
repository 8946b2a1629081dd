"""Events for the doors of a station: keys for them, and requests signed with these."""

import http.client
import json
import secrets
import time
import urllib.parse
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.measurement import MeasurementError
from broadcaster.doors.keys import Key, Keys
from broadcaster.doors.keys_file import keys_path, write_keys
from broadcaster.doors.signature import signing_headers
from broadcaster.run_directory import StateDirectory

ANSWER_S: Final = 20.0


def keys_made(state: Path, names: Iterable[str]) -> dict[str, Key]:
    """Keys of these names, known to the station of that state directory."""
    directory = StateDirectory(state)
    directory.make()
    made = {
        name: Key(f"{name}-1", name, datetime.now(UTC), secrets.token_bytes(32)) for name in names
    }
    write_keys(keys_path(directory), Keys(list(made.values())))
    return made


def signed(key: Key, path: str, body: bytes) -> dict[str, str]:
    """The headers of a request with this body."""
    nonce = secrets.token_hex(16)
    headers = signing_headers(key.id, key.secret, int(time.time()), nonce, path, body)
    return {"Content-Type": "application/json", **headers}


def event(source: str, kind: str, **fields: object) -> dict[str, Any]:
    """What begins now."""
    return {
        "id": secrets.token_hex(8),
        "source": source,
        "kind": kind,
        "phase": "start",
        "time": datetime.now(UTC).isoformat(),
        **fields,
    }


def flood_everywhere() -> dict[str, Any]:
    """Somebody reports a flood in all zones: a warning without a window."""
    return event("bench", "manual", confidence=1.0, zones=["all"], hazard="flood")


class Sender:
    """Sends one request after the other over a connection that is kept."""

    def __init__(self, url: str, key: Key) -> None:
        """`url` is the doors', `key` what it signs with."""
        parts = urllib.parse.urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.netloc, timeout=ANSWER_S)
        self._path = parts.path
        self._key = key
        self._connection.connect()

    def send(self, *events: dict[str, Any]) -> tuple[int, float, list[dict[str, Any]]]:
        """When it was sent (CLOCK_MONOTONIC), milliseconds until the answer, and the verdicts."""
        body = json.dumps(events).encode()
        headers = signed(self._key, self._path, body)
        sent_ns = time.monotonic_ns()
        self._connection.request("POST", self._path, body, headers)
        response = self._connection.getresponse()
        answer = json.loads(response.read())
        took_ms = (time.monotonic_ns() - sent_ns) / 1e6
        # 503: control did not answer in time; the event waits for it all the same.
        if response.status not in (200, 202, 503):
            raise MeasurementError(f"the doors answered {response.status}: {answer}")
        return sent_ns, took_ms, list(answer.get("events", ()))

    def close(self) -> None:
        """Hang up."""
        self._connection.close()
