"""The door for detections: `POST /ingest/v1/events`, and how its requests are answered."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import BodyPartReader, MultipartReader, StreamReader, hdrs, web
from aiohttp.base_protocol import BaseProtocol

from alerts.detection import Admitted, EventError
from broadcaster.doors.admission import (
    Admission,
    Batch,
    RefusedError,
    Sender,
    batch_in,
    named_in,
)
from broadcaster.doors.clock import DoorClock
from broadcaster.doors.ears import EARS_PATH, EarsDoor
from broadcaster.doors.hand_over import HandOver
from broadcaster.doors.lanes import Answer
from broadcaster.doors.picture_check import MOST_BYTES as PICTURE_BYTES
from broadcaster.doors.pictures import MOST_PICTURES, Pictures
from broadcaster.picture_store import picture_name

EVENTS_PATH: Final = "/ingest/v1/events"
BODY_BYTES: Final = 2 << 20
"""The largest body without pictures."""
PICTURE_BODY_BYTES: Final = BODY_BYTES + MOST_PICTURES * (PICTURE_BYTES * 4 // 3 + 1024)
BODY_S: Final = 10.0
"""Seconds a body may take to come."""
CONTROL_S: Final = 3.0
"""Seconds a request waits for control; as long as a restart of it takes."""
MOST_AT_ONCE: Final = 32
"""Requests of one key in work."""
LARGE_BYTES: Final = 8 << 10
"""A body of more takes milliseconds to weigh: it waits for its turn."""


class EventsDoor:
    """Takes events from whoever has a key."""

    def __init__(
        self,
        admission: Admission,
        clock: DoorClock,
        hand_over: HandOver,
        pictures: Pictures | None,
        control_s: float = CONTROL_S,
        ears: EarsDoor | None = None,
    ) -> None:
        """`control_s` is how many seconds a request waits for control; `ears` takes reports."""
        self._ears = ears
        self._admission = admission
        self._clock = clock
        self._hand_over = hand_over
        self._pictures = pictures
        self._control_s = control_s
        self._at_work: Counter[str] = Counter()
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._turn = asyncio.Lock()
        self.answered: Counter[int] = Counter()
        """How many requests were answered with each status."""

    def application(self) -> web.Application:
        """The application to serve."""
        application = web.Application(client_max_size=PICTURE_BODY_BYTES)
        application.router.add_post(EVENTS_PATH, self._events)
        application.router.add_get("/ingest/v1/alive", self._alive)
        if self._ears is not None:
            application.router.add_post(EARS_PATH, self._ears.answer)
        return application

    async def _alive(self, _: web.Request) -> web.Response:
        """Whether control takes events; for whoever watches the doors."""
        fields = {"control": self._hand_over.is_connected, "waiting": self._hand_over.waiting}
        return _json(200 if self._hand_over.is_connected else 503, fields)

    async def _events(self, request: web.Request) -> web.Response:
        try:
            response = await self._taken(request)
        except RefusedError as error:
            fields: dict[str, Any] = {"error": error.sentence}
            if error.pointer:
                fields["pointer"] = error.pointer
            response = _json(error.status, fields)
            if error.status in (429, 503):
                response.headers[hdrs.RETRY_AFTER] = "1"
        self.answered[response.status] += 1
        return response

    async def _taken(self, request: web.Request) -> web.Response:
        body = await _body(request)
        sender = self._sender(request, body)
        name = sender.key.name
        if self._at_work[name] >= MOST_AT_ONCE:
            raise RefusedError(
                429, f"{MOST_AT_ONCE} requests of key {name} are in work; wait for an answer"
            )
        self._at_work[name] += 1
        try:
            if len(body) <= LARGE_BYTES:
                batch = await self._batch(request, body, sender)
            else:
                batch = await self._in_turn(request, body, sender)
            return await self._handed_over(batch)
        finally:
            self._at_work[name] -= 1

    async def _in_turn(self, request: web.Request, body: bytes, sender: Sender) -> Batch:
        """Weigh a large body: one after the other, keys in turn, and small ones in between."""
        async with self._turns[sender.key.name], self._turn:
            batch = await self._batch(request, body, sender)
            # What came meanwhile is looked at before the next large one.
            await asyncio.sleep(0)
        return batch

    def _sender(self, request: web.Request, body: bytes) -> Sender:
        transport = request.transport
        certificate = transport.get_extra_info("peercert") if transport is not None else None
        if certificate:
            names = [name for _, name in certificate.get("subjectAltName", ())]
            sender = self._admission.of_certificate(names)
            if sender is not None:
                return sender
        return self._admission.of_signature(request.headers, request.method, request.raw_path, body)

    async def _batch(self, request: web.Request, body: bytes, sender: Sender) -> Batch:
        if request.content_type != "multipart/form-data":
            batch = batch_in(body, sender, self._clock)
        else:
            document, pictures = await _parts(request, body)
            batch = batch_in(document, sender, self._clock, pictures)
            batch = named_in(batch, [picture_name(octets) for octets in pictures])
        if self._pictures is not None:
            self._pictures.add(batch.pictures)
        return batch

    async def _handed_over(self, batch: Batch) -> web.Response:
        """Wait for control's verdicts and answer; 503 if it is away, though the events wait on."""
        admitted = batch.admitted
        answers: Sequence[Answer] = ()
        if admitted:
            done = self._hand_over.submit(admitted)
            try:
                async with asyncio.timeout(self._control_s):
                    answers = await asyncio.shield(done)
            except TimeoutError:
                raise RefusedError(
                    503, "control is away; the events wait for it, and may be sent again"
                ) from None
        return _response(batch, answers)


def _response(batch: Batch, answers: Sequence[Answer]) -> web.Response:
    verdicts, left = [], iter(answers)
    for entry in batch.entries:
        if isinstance(entry, Admitted):
            event = entry.event
            verdicts.append({"source": event.source, "id": event.id, **next(left)})
        else:
            status = entry.status if isinstance(entry, RefusedError) else 422
            verdicts.append(
                {"is": "refused", "status": status, "why": entry.sentence, "pointer": entry.pointer}
            )
    if not answers:
        first = batch.entries[0]
        status = first.status if isinstance(first, RefusedError) else 422
        assert isinstance(first, RefusedError | EventError)  # noqa: S101 - nothing was admitted
        fields = {"error": first.sentence, "pointer": first.pointer, "events": verdicts}
        return _json(status, fields)
    if all(verdict["is"] == "refused" and "status" not in verdict for verdict in verdicts):
        raise RefusedError(503, f"control takes none of it: {verdicts[0].get('why', '')}")
    is_known = all(verdict["is"] == "repeated" for verdict in verdicts)
    return _json(200 if is_known else 202, {"events": verdicts})


async def _body(request: web.Request) -> bytes:
    """The whole body.

    Raises:
        RefusedError: 413 or 408, too large or too slow; 415, of another type.
    """
    if request.content_type not in ("application/json", "multipart/form-data"):
        raise RefusedError(415, "send application/json, or multipart/form-data with pictures")
    if request.headers.get(hdrs.CONTENT_ENCODING):
        raise RefusedError(415, "send it uncompressed")
    if (request.content_length or 0) > PICTURE_BODY_BYTES:
        raise RefusedError(413, f"a body holds at most {PICTURE_BODY_BYTES} bytes with pictures")
    try:
        async with asyncio.timeout(BODY_S):
            return await request.read()
    except TimeoutError:
        raise RefusedError(408, f"the body took longer than {BODY_S:.0f} s") from None
    except web.HTTPRequestEntityTooLarge:
        raise RefusedError(
            413, f"a body holds at most {PICTURE_BODY_BYTES} bytes with pictures"
        ) from None


async def _parts(request: web.Request, body: bytes) -> tuple[bytes, list[bytes]]:
    """The part called `events`, and those called `picture`.

    Raises:
        RefusedError: 422, the body holds something else.
    """
    loop = asyncio.get_running_loop()
    content = StreamReader(BaseProtocol(loop), limit=1 << 16, loop=loop)
    content.feed_data(body)
    content.feed_eof()
    document: bytes | None = None
    pictures: list[bytes] = []
    try:
        reader = MultipartReader(request.headers, content)
        while (part := await reader.next()) is not None:
            if not isinstance(part, BodyPartReader):
                raise RefusedError(422, "a part within a part")
            octets = bytes(await part.read())
            if part.name == "events" and document is None and len(octets) <= BODY_BYTES:
                document = octets
            elif part.name == "picture" and len(pictures) < MOST_PICTURES:
                if len(octets) > PICTURE_BYTES:
                    raise RefusedError(422, f"a picture has at most {PICTURE_BYTES} bytes")
                pictures.append(octets)
            else:
                raise RefusedError(
                    422, f"needs one part events and at most {MOST_PICTURES} parts picture"
                )
    except (ValueError, RuntimeError, AssertionError, LookupError) as error:
        raise RefusedError(422, f"is no multipart/form-data: {error}") from None
    if document is None:
        raise RefusedError(422, "has no part called events")
    return document, pictures


def _json(status: int, fields: dict[str, Any]) -> web.Response:
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return web.Response(status=status, body=text.encode(), content_type="application/json")


def tls(certificate: str, key: str, clients: str | None) -> ssl.SSLContext:
    """TLS of this door; with `clients` a certificate of theirs is asked for, and verified.

    Raises:
        OSError: a file is missing or no such file (`ssl.SSLError` is one).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, key)
    if clients is not None:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
