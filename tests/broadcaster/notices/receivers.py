"""What is told in these tests: real receivers on loopback, each remembering what it was told."""

import asyncio
import contextlib
import datetime
import ipaddress
import json
import shutil
import socket
import struct

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from broadcaster.signature import signature

LIMIT = 30.0
"""Seconds a test waits for what should come at once."""
SECRET = b"correct horse"


async def until(is_so, told):
    """Wait until `is_so()`; `told` is an event that is set at every change."""
    async with asyncio.timeout(LIMIT):
        while not is_so():
            told.clear()
            if is_so():
                return
            await told.wait()


class Hooks:
    """An HTTP server; `answers` says what a path answers: JSON, a status, or a function."""

    def __init__(self) -> None:
        self.got: list = []
        self.told = asyncio.Event()
        self.answers: dict = {}
        self.held = asyncio.Event()
        self.url = ""

    def at(self, path):
        return [body for where, body in self.got if where == path]

    async def wait(self, path, count=1):
        await until(lambda: len(self.at(path)) >= count, self.told)
        return self.at(path)

    async def handle(self, request):
        body = await request.read()
        assert is_signed(request, body)
        self.got.append((request.path, json.loads(body)))
        self.told.set()
        answer = self.answers.get(request.path, {})
        if callable(answer):
            answer = answer(json.loads(body))
        if answer == "hang":
            await self.held.wait()
            answer = {}
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.json_response(answer)

    @contextlib.asynccontextmanager
    async def running(self):
        app = web.Application()
        app.router.add_post("/{tail:.*}", self.handle)
        runner = web.AppRunner(app, handle_signals=False)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            self.held.set()
            await runner.cleanup()


def is_signed(request, body):
    """Whether a request bears our signature, as the other side would check it."""
    stamp, nonce = int(request.headers["X-Timestamp"]), request.headers["X-Nonce"]
    right = signature(SECRET, stamp, nonce, "POST", request.path_qs, body)
    return request.headers["X-Signature"] == f"v1={right}" and request.headers["X-Key-Id"] == "k"


class Relays:
    """A Modbus TCP server with coils; a stuck one keeps its value, `refuses` is an exception."""

    def __init__(self) -> None:
        self.coils: dict = {}
        self.stuck: set = set()
        self.refuses = 0
        self.writes = 0
        self.told = asyncio.Event()
        self.port = 0

    async def serve(self, reader, writer):
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                number, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                request = await reader.readexactly(length - 1)
                answer = self.answer(request)
                writer.write(struct.pack(">HHHB", number, 0, len(answer) + 1, unit) + answer)
        writer.close()

    def answer(self, request):
        function, coil, value = struct.unpack(">BHH", request)
        if self.refuses:
            return bytes([function | 0x80, self.refuses])
        if function == 1:
            return bytes([1, 1, int(self.coils.get(coil, False))])
        self.writes += 1
        if coil not in self.stuck:
            self.coils[coil] = value == 0xFF00
        self.told.set()
        return request

    @contextlib.asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


class Letters:
    """A mail server that takes every letter, over TLS or not, and wants a password."""

    def __init__(self, context=None) -> None:
        self.letters: list = []
        self.logins: list = []
        self.told = asyncio.Event()
        self.port = 0
        self._context = context

    async def serve(self, reader, writer):
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                writer.write(b"250-here\r\n250 AUTH PLAIN\r\n")
            elif word == b"AUTH":
                self.logins.append(line)
                writer.write(b"235 yes\r\n")
            elif word == b"DATA":
                writer.write(b"354 go on\r\n")
                letter = await reader.readuntil(b"\r\n.\r\n")
                self.letters.append(letter.decode())
                self.told.set()
                writer.write(b"250 taken\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 yes\r\n")
        await writer.drain()
        writer.close()

    @contextlib.asynccontextmanager
    async def running(self):
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        async with server:
            yield self


class Mosquitto:
    """A real broker that can be stopped and started at one port."""

    def __init__(self, folder, *settings) -> None:
        found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if found is None:
            pytest.skip("mosquitto is not installed")
        self.program = found
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.config = folder / "mosquitto.conf"
        listed = settings or ("allow_anonymous true",)
        self.config.write_text("\n".join([f"listener {self.port} 127.0.0.1", *listed, ""]))
        self.process: asyncio.subprocess.Process | None = None

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            self.program,
            "-c",
            str(self.config),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(LIMIT):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                except OSError:
                    assert self.process.returncode is None, "the broker ended"
                    await asyncio.sleep(0.05)
                else:
                    writer.close()
                    return

    async def stop(self):
        if self.process is not None:
            self.process.terminate()
            await self.process.wait()
            self.process = None

    @contextlib.asynccontextmanager
    async def running(self):
        await self.start()
        try:
            yield self
        finally:
            await self.stop()


def certified(folder):
    """A certificate for 127.0.0.1 that vouches for itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
