"""Listening in: what a zone's stream sounds like as it comes back from the network.

The console joins the group that the amplifiers listen to and decodes what it hears there, so what
somebody hears in a browser was sent, not only planned. It is this machine's copy: it says nothing
about what arrives at an amplifier (SAFETY A1).

The WebSocket first brings `{"type": "sound", "rate": 48000, "stream": ..., "format": ...}`, again
whenever another stream carries the zone, and then binary messages of mono s16le samples. What is
missing on the network is silence; while nothing comes at all, nothing is sent.
"""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Final

import numpy as np
from aiohttp import WSCloseCode, web

from broadcaster.console.live import SIGNED_OUT, WhoNow
from broadcaster.console.problem import ProblemError
from broadcaster.engine.codec.linear import Samples
from broadcaster.engine.codec.stateful import CodecError, Decoder
from broadcaster.engine.packet import parse_packet
from broadcaster.engine.plan import Part, PlanError, Stream
from broadcaster.engine.plan_file import PlanFile, plan_path
from broadcaster.multicast import Inbox, ReceivingSocket
from zones.media_time import RATE

log = logging.getLogger(__name__)

MOST_LISTENERS: Final = 4
"""Pages that may listen at once: each takes 0.8 Mbit/s and some of a core."""
_TICK: Final = 0.02
_LONGEST_GAP: Final = RATE // 2
"""Samples of silence put in for packets that are missing; after more the stream began anew."""
_MOST_AT_ONCE: Final = RATE // 2
"""A page that reads too slowly gets no more than this; what is older is left out."""
_RETUNE: Final = 1.0
"""Seconds without a packet after which the plan is looked at again."""
_LOOK: Final = 2.0
"""Seconds between two looks whether the session still holds."""
_SEND_LIMIT: Final = 5.0


class Tuned:
    """One stream, received and decoded.

    Raises:
        OSError: its group cannot be joined.
        CodecError: its format cannot be decoded here.
    """

    def __init__(self, stream: Stream) -> None:
        """Join the first leg's group."""
        leg = stream.legs[0]
        self.stream = stream
        self._decoder = Decoder(stream.format)
        # The plan names a socket <interface>/ttl../dscp..
        self._receiver = ReceivingSocket(leg.address, leg.port, leg.socket.rsplit("/", 2)[0])
        self._inbox = Inbox(256)
        self._next: int | None = None

    def close(self) -> None:
        """Leave the group."""
        self._receiver.close()

    def heard(self) -> Samples:
        """What has come since the last time, at 48 000 Hz; empty when nothing did."""
        batch = self._inbox.drain([self._receiver])
        pieces: list[Samples] = [np.zeros(0, np.int16)]
        for row, length in enumerate(batch.lengths):
            self._take(batch.octets[row, :length].tobytes(), pieces)
        return np.concatenate(pieces)

    def _take(self, datagram: bytes, pieces: list[Samples]) -> None:
        packet = parse_packet(datagram)
        if packet is None or packet.ssrc != self.stream.ssrc:
            return
        if self._next is not None:
            missing = (packet.sequence - self._next) & 0xFFFF
            if missing >= 0x8000:
                return  # sent twice, or overtaken: what follows has been given already
            if 0 < missing * self.stream.packet_time <= _LONGEST_GAP:
                pieces.append(np.zeros(missing * self.stream.packet_time, np.int16))
        self._next = packet.sequence + 1
        try:
            pieces.append(self._decoder.decode(packet.payload))
        except CodecError:
            pieces.append(np.zeros(self.stream.packet_time, np.int16))


class Listening:
    """Lets pages hear zones."""

    def __init__(self, run: Path) -> None:
        """`run` is the run directory, where control's plan names the streams."""
        self._run = run
        self.listeners = 0
        """Pages that listen now."""

    async def serve(self, request: web.Request, zone: str, who: WhoNow) -> web.WebSocketResponse:
        """Let one page hear a zone until it leaves or its session ends.

        Raises:
            ProblemError: enough listen already, or there is no such zone or no plan.
        """
        if self.listeners >= MOST_LISTENERS:
            raise ProblemError(
                503, "full", f"{MOST_LISTENERS} pages listen already; end one of them first"
            )
        self.listeners += 1
        try:
            tuned = await self._tuned(zone)
            socket = web.WebSocketResponse(
                compress=False, heartbeat=20, max_msg_size=1024, writer_limit=1 << 14
            )
            await socket.prepare(request)
            playing = asyncio.create_task(self._play(socket, request, tuned, who), name="listening")
            try:
                async for _ in socket:
                    pass  # a page has nothing to say here
            finally:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)
            return socket
        finally:
            self.listeners -= 1

    async def _tuned(self, zone: str) -> Tuned:
        stream = await asyncio.to_thread(self._stream, zone)
        if stream is None:
            raise ProblemError(404, "not-found", f"no stream of the plan carries a zone {zone}")
        try:
            return Tuned(stream)
        except (OSError, CodecError) as error:
            raise ProblemError(503, "not-heard", f"{stream.id} cannot be heard: {error}") from None

    def _stream(self, zone: str) -> Stream | None:
        """The stream that carries a zone by control's newest plan."""
        path = plan_path(self._run, Part.CONTROL)
        try:
            if not path.exists():
                return None
            with PlanFile(path) as file:
                plan = file.read()
        except (OSError, PlanError) as error:
            raise ProblemError(503, "no-plan", f"the plan cannot be read: {error}") from None
        streams = () if plan is None else plan.streams
        return next((one for one in streams if one.zone == zone and one.legs), None)

    async def _play(
        self, socket: web.WebSocketResponse, request: web.Request, tuned: Tuned, who: WhoNow
    ) -> None:
        loop = asyncio.get_running_loop()
        told: Stream | None = None
        heard_at = looked_at = loop.time()
        try:
            while True:
                if told != tuned.stream:
                    told = tuned.stream
                    await _send(socket, _head(told))
                sound = tuned.heard()[-_MOST_AT_ONCE:]
                now = loop.time()
                if len(sound):
                    heard_at = now
                    await _send(socket, sound.astype("<i2").tobytes())
                elif now - heard_at > _RETUNE:
                    heard_at = now
                    tuned = await self._retuned(tuned)
                if now - looked_at > _LOOK:
                    looked_at = now
                    if who() is None:
                        await socket.close(code=SIGNED_OUT, message=b"sign in again")
                        return
                await asyncio.sleep(_TICK)
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            await socket.close(code=WSCloseCode.GOING_AWAY)
        except Exception:
            log.exception("a page could not listen on")
            await socket.close(code=WSCloseCode.INTERNAL_ERROR)
        finally:
            tuned.close()

    async def _retuned(self, tuned: Tuned) -> Tuned:
        """The same, or another where the plan has changed meanwhile."""
        try:
            stream = await asyncio.to_thread(self._stream, tuned.stream.zone)
            if stream is None or stream == tuned.stream:
                return tuned
            other = Tuned(stream)
        except (ProblemError, OSError, CodecError):
            return tuned  # the next look is in a second
        tuned.close()
        return other


async def _send(socket: web.WebSocketResponse, said: str | bytes) -> None:
    async with asyncio.timeout(_SEND_LIMIT):
        if isinstance(said, str):
            await socket.send_str(said)
        else:
            await socket.send_bytes(said)


def _head(stream: Stream) -> str:
    return json.dumps(
        {"type": "sound", "rate": RATE, "stream": stream.id, "format": stream.format.name}
    )
