"""One coil of a Modbus TCP device: written, and read back for what it is.

MODBUS Application Protocol V1.1b3: functions 1 (read coils) and 5 (write single coil), in the frame
of the MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import Mapping
from typing import Any, Final

from broadcaster.notices.notice import Notice, NotToldError
from zones.notices_settings import Relay

LIMIT: Final = 5.0
"""Seconds the device may take for all of it."""
_HEADER: Final = struct.Struct(">HHHB")
_READ_COILS, _WRITE_COIL = 1, 5
_EXCEPTIONS: Final = {
    1: "it knows no such function",
    2: "it has no such coil",
    3: "it does not take that value",
    4: "it failed",
    6: "it is busy",
}


class RelaySender:
    """Brings the switch of notices to one coil; a test only reads it."""

    answers_later = False

    def __init__(self, way: Relay) -> None:
        """Nothing is connected before something is told."""
        self._way = way

    async def tell(self, notice: Notice) -> Mapping[str, Any] | None:
        """Write the coil and read it back; the answer names the switch with the coil's value."""
        way = self._way
        place = f"{way.address}:{way.port}"
        try:
            async with asyncio.timeout(LIMIT):
                reader, writer = await asyncio.open_connection(way.address, way.port)
                try:
                    return await self._told(notice, reader, writer)
                finally:
                    writer.close()
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
        except TimeoutError:
            raise NotToldError(f"relay {place} did not answer within {LIMIT:g} s") from None
        except asyncio.IncompleteReadError:
            raise NotToldError(f"relay {place} closed the connection") from None
        except OSError as error:
            said = error.strerror or str(error)
            raise NotToldError(f"relay {place} cannot be reached: {said}") from None

    async def _told(
        self, notice: Notice, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> Mapping[str, Any] | None:
        coil = self._way.coil
        if notice.switch is not None and not notice.is_test:
            value = 0xFF00 if notice.switch[1] else 0
            written = struct.pack(">BHH", _WRITE_COIL, coil, value)
            if await self._asked(1, written, reader, writer) != written:
                raise NotToldError(f"the relay did not take coil {coil}")
        read = struct.pack(">BHH", _READ_COILS, coil, 1)
        answer = await self._asked(2, read, reader, writer)
        if len(answer) != 3 or answer[1] != 1:
            raise NotToldError(f"the relay does not say what coil {coil} is")
        is_on = bool(answer[2] & 1)
        return {"coil": is_on} if notice.switch is None else {notice.switch[0]: is_on}

    async def _asked(
        self,
        number: int,
        request: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bytes:
        """The answer to a request, without its frame; raises NotToldError for an exception."""
        unit = self._way.unit
        writer.write(_HEADER.pack(number, 0, len(request) + 1, unit) + request)
        got, protocol, length, _ = _HEADER.unpack(await reader.readexactly(_HEADER.size))
        if got != number or protocol != 0 or not 2 < length <= 254:
            raise NotToldError("the relay does not speak Modbus TCP")
        answer = await reader.readexactly(length - 1)
        if answer[0] == request[0] | 0x80:
            why = _EXCEPTIONS.get(answer[1], f"exception {answer[1]}")
            raise NotToldError(f"the relay refused coil {self._way.coil}: {why}")
        if answer[0] != request[0]:
            raise NotToldError("the relay answered another question")
        return answer
