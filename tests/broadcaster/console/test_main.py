"""The console as a process: where it says it is, TLS and its renewal, what it refuses."""

import asyncio
import json
import logging
import socket
import ssl
import sys
from datetime import UTC, datetime

import aiohttp
import pytest

from broadcaster.console import main as console_main
from broadcaster.console.certificates import (
    CertificateError,
    TlsPlace,
    load,
    make_certificates,
    server_context,
)
from broadcaster.console.main import main, names_of
from tests.broadcaster.console.bench import FakeControl, running, until
from tests.house.checkout import ROOT
from zones.console_settings import ConsoleSettings

CONFIG = ROOT / "config.yaml"


def arguments(run, state, *more):
    return ["--run", str(run), "--state", str(state), "--config", str(CONFIG), *more]


async def started(run, state, *more):
    """The process and what it says of itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "broadcaster.console.main", *arguments(run, state, *more)
    )
    await until((run / "console.json").exists)
    return process, json.loads((run / "console.json").read_bytes())


async def test_it_says_where_it_is_serves_and_ends(run_directory, state_directory):
    control = FakeControl(run_directory / "control.sock")
    async with running(control.server.run):
        process, said = await started(run_directory, state_directory, "--port", "0", "--demo")
        async with aiohttp.ClientSession() as http:
            async with http.get(f"{said['url']}/api/v1/session") as answer:
                assert (await answer.json())["name"] == "demo"
            async with http.get(f"{said['url']}/") as answer:
                assert "Sorigil" in await answer.text()
        process.terminate()
        assert await process.wait() == 0
    assert not (run_directory / "console.json").exists()


async def test_a_demo_finds_another_port_when_the_usual_one_is_taken(
    run_directory, state_directory
):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = str(other.getsockname()[1])
        process, said = await started(run_directory, state_directory, "--port", taken, "--demo")
        process.terminate()
        assert await process.wait() == 0
    assert said["port"] != int(taken)


async def test_it_speaks_tls_and_takes_a_renewed_certificate(run_directory, state_directory):
    place = TlsPlace(state_directory / "tls")
    make_certificates(place, "Test", ["127.0.0.1"], datetime.now(UTC))
    process, said = await started(
        run_directory, state_directory, "--host", "0.0.0.0", "--port", "0"
    )
    try:
        trusting = ssl.create_default_context(cafile=str(place.authority))
        url = f"https://127.0.0.1:{said['port']}/"
        async with aiohttp.ClientSession() as http, http.get(url, ssl=trusting) as answer:
            assert answer.status == 200
            assert "max-age" in answer.headers["Strict-Transport-Security"]
    finally:
        process.terminate()
        assert await process.wait() == 0


async def test_a_renewed_certificate_is_taken_without_a_restart(tmp_path, monkeypatch, caplog):
    place = TlsPlace(tmp_path / "tls")
    make_certificates(place, "Test", ["127.0.0.1"], datetime.now(UTC))
    files = (place.certificate, place.key)
    context = server_context(*files)
    monkeypatch.setattr(console_main, "_RENEWAL_LOOK", 0.01)
    caplog.set_level(logging.INFO)
    async with running(lambda: console_main._renew(context, files)):
        await asyncio.sleep(0)  # it has looked once
        make_certificates(place, "Test", ["127.0.0.1", "new.lan"], datetime.now(UTC))
        await until(lambda: "a new certificate is in use" in caplog.text)
        place.certificate.write_text("nonsense")
        await until(lambda: "the certificate before stays in use" in caplog.text)


def test_a_certificate_needs_its_key(tmp_path):
    place = TlsPlace(tmp_path / "tls")
    make_certificates(place, "Test", ["a.lan"], datetime.now(UTC))
    context = server_context(place.certificate, place.key)
    with pytest.raises(CertificateError, match="cannot use"):
        load(context, place.certificate, place.authority_key)
    place.authority_key.unlink()
    with pytest.raises(CertificateError, match="cannot be read"):
        make_certificates(place, "Test", ["a.lan"], datetime.now(UTC))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--host", "0.0.0.0"], "broadcaster tls init"),
        (["--host", "0.0.0.0", "--demo"], "must listen at 127.0.0.1"),
    ],
)
def test_it_never_serves_others_in_clear(run_directory, state_directory, capfd, more, said):
    assert main(arguments(run_directory, state_directory, *more)) == 2
    assert said in capfd.readouterr().err


def test_it_is_called_by_its_own_names_only():
    assert names_of(ConsoleSettings(host="192.0.2.5", names=("console.lan",))) == {
        "192.0.2.5", "console.lan",
    }  # fmt: skip
    assert names_of(ConsoleSettings()) == {"127.0.0.1", "localhost", "::1"}
    assert "localhost" in names_of(ConsoleSettings(host="0.0.0.0"))
