"""Who sends a request, and which of its events that sender may report. No I/O but the nonces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from alerts.detection import Admitted, DetectionEvent, EventError
from alerts.detection.event_json import MOST_EVENTS, decoded, event_in
from alerts.detection.gate import Offsets
from broadcaster.doors.clock import DoorClock
from broadcaster.doors.keys import Key
from broadcaster.doors.keys_file import KeyRing
from broadcaster.doors.nonces import Nonces
from broadcaster.doors.pictures import MOST_PICTURES, pictures_in
from broadcaster.doors.signature import (
    WINDOW_S,
    Headers,
    NotSignedError,
    is_right,
    signed_in,
)

_NOBODY: Final = Key("", "", made=datetime.fromtimestamp(0, UTC))
"""Checked in the place of an unknown key, so that it takes as long as a known one."""


class RefusedError(Exception):
    """A request that is answered with an error: its HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str, pointer: str = "") -> None:
        """`pointer` says where in the body it is wrong (RFC 6901)."""
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.pointer = pointer


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends, by the key that was proved, and whether our clock is the one in doubt."""

    key: Key
    is_clock_suspect: bool = False


class Admission:
    """Authenticates requests."""

    def __init__(self, ring: KeyRing, nonces: Nonces, clock: DoorClock) -> None:
        self._ring = ring
        self._nonces = nonces
        self._clock = clock
        self._offsets = Offsets()

    def of_certificate(self, names: Sequence[str]) -> Sender | None:
        """The sender that a verified client certificate names; None if no key is bound to it."""
        key = self._ring.refreshed().of_certificate(names, self._clock.utc())
        return Sender(key) if key is not None else None

    def of_signature(self, headers: Headers, method: str, path: str, body: bytes) -> Sender:
        """The sender that the signature proves.

        Raises:
            RefusedError: 401 without a right signature of our time, 409 for a nonce used before.
        """
        try:
            signed = signed_in(headers)
        except NotSignedError as error:
            raise RefusedError(401, str(error)) from None
        key = self._ring.refreshed().named(signed.key)
        is_known = key is not None and key.is_valid(self._clock.utc()) and not key.certificate
        checked = key if key is not None and is_known else _NOBODY
        if not is_right(signed, checked.secret, method, path, body) or not is_known:
            raise RefusedError(401, "no valid key has made this signature")
        behind = self._clock.behind(signed.timestamp)
        is_suspect = abs(behind) > WINDOW_S
        if is_suspect:
            is_wrong = self._offsets.disagrees(checked.name, behind, self._clock.now())
            if not (is_wrong or self._clock.doubt()):
                raise RefusedError(
                    401,
                    f"X-Timestamp is {behind:+.0f} s behind our clock; {WINDOW_S:.0f} s are "
                    "allowed: set the sender's clock",
                )
        if not self._nonces.use(checked.id, signed.nonce, self._clock.now()):
            raise RefusedError(409, "this nonce was used before; sign anew with a fresh one")
        return Sender(checked, is_suspect)


@dataclass(frozen=True, slots=True)
class Batch:
    """The events of a body: admitted ones and errors, in order, and the pictures among them."""

    entries: tuple[Admitted | EventError | RefusedError, ...]
    pictures: tuple[bytes, ...]

    @property
    def admitted(self) -> tuple[Admitted, ...]:
        """Those that may go on."""
        return tuple(entry for entry in self.entries if isinstance(entry, Admitted))


def batch_in(
    body: bytes, sender: Sender, clock: DoorClock, extra_pictures: Sequence[bytes] = ()
) -> Batch:
    """The events in a body, each as far as its sender may report it.

    `extra_pictures` came beside the JSON and belong to its first event.

    Raises:
        RefusedError: 422, the body is neither one event nor a list of them.
    """
    try:
        value = decoded(body)
    except EventError as error:
        raise RefusedError(422, error.sentence, error.pointer) from None
    is_list = isinstance(value, list)
    listed: list[Any] = value if isinstance(value, list) else [value]
    if not 1 <= len(listed) <= MOST_EVENTS:
        raise RefusedError(422, f"holds {len(listed)} events; 1 to {MOST_EVENTS} go in one request")
    received = clock.utc()
    entries: list[Admitted | EventError | RefusedError] = []
    pictures = list(extra_pictures)
    for n, fields in enumerate(listed):
        at = f"/{n}" if is_list else ""
        try:
            if isinstance(fields, dict) and "pictures" in fields:
                pictures += pictures_in(fields, at)
            event = event_in(fields, at)
        except EventError as error:
            entries.append(error)
            continue
        why = sender.key.refusal(event)
        entries.append(RefusedError(403, why, at) if why else _admitted(event, sender, received))
    if len(pictures) > MOST_PICTURES:
        raise RefusedError(422, f"holds {len(pictures)} pictures; {MOST_PICTURES} are the most")
    return Batch(tuple(entries), tuple(pictures))


def _admitted(event: DetectionEvent, sender: Sender, received: datetime) -> Admitted:
    key = sender.key
    return Admitted(event, received, key.name, key.highest, key.zones, sender.is_clock_suspect)


def named_in(batch: Batch, names: Sequence[str]) -> Batch:
    """The batch with the names of pictures that came beside it, in its first admitted event."""
    entries = list(batch.entries)
    for n, entry in enumerate(entries):
        if isinstance(entry, Admitted):
            known = (*entry.event.pictures, *names)
            entries[n] = replace(entry, event=replace(entry.event, pictures=known))
            break
    return Batch(tuple(entries), batch.pictures)
