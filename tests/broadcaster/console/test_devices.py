"""Amplifiers and faults by the API: asked of the watch, done by whoever may, put on record."""

import contextlib

import pytest

from broadcaster.link import CommandRefusedError, LinkServer
from broadcaster.run_directory import RunDirectory
from tests.broadcaster.console.bench import running


@pytest.fixture
async def watch(bench):
    """A watch that answers; what it was asked."""
    asked = []

    async def handle(command):
        asked.append(command)
        if command["name"] == "reset":
            raise CommandRefusedError("amp-1/link is still there", "fault")
        if command["name"] == "report":
            one = {"id": "amp-1"}
            named = "amplifier" in command
            return {"faults": [], **({"amplifier": one} if named else {"amplifiers": [one]})}
        return {"faults": ["amp-1/link"], "amplifier": "amp-1", "until_utc": "2026-11-22T12:00:00Z"}

    socket = RunDirectory(bench.station.run).watch_socket
    server = LinkServer(socket, "amplifiers", handle, dict)
    async with running(server.run):
        await server.listening.wait()
        yield asked


async def test_everybody_who_looks_sees_amplifiers_and_faults(bench, watch):
    for path, key in (("amplifiers", "amplifiers"), ("amplifiers/amp-1", "amplifier")):
        status, said = await bench.asked("GET", f"/api/v1/{path}", None, bench.bearer("viewer"))
        assert status == 200
        assert key in said


@pytest.mark.parametrize(
    ("path", "body", "role", "action"),
    [
        ("faults/acknowledge", {"fault": "amp-1/link"}, "operator", "fault acknowledged"),
        ("faults/shelve", {"fault": "all", "hours": 8, "reason": "ordered"}, "technician",
         "fault shelved"),
        ("amplifiers/amp-1/maintenance", {"hours": 2, "reason": "a new fan"}, "technician",
         "maintenance"),
    ],
)  # fmt: skip
async def test_what_is_done_about_them_is_put_on_record(bench, watch, path, body, role, action):
    headers = bench.bearer(role) | bench.key()
    status, said = await bench.asked("POST", f"/api/v1/{path}", body, headers)
    assert status == 200, said
    assert watch[-1]["who"].startswith("token somebody")
    assert (await bench.control.audit(action))["facts"].items() >= body.items()


@pytest.mark.parametrize(
    ("path", "role"),
    [("faults/acknowledge", "radio"), ("faults/reset", "police"), ("faults/reset", "viewer")],
)
async def test_others_do_nothing_about_them(bench, watch, path, role):
    headers = bench.bearer(role) | bench.key()
    status, _ = await bench.asked("POST", f"/api/v1/{path}", {"fault": "all"}, headers)
    assert status == 403
    assert watch == []


async def test_a_refusal_of_the_watch_is_told_and_not_recorded(bench, watch):
    headers = bench.bearer("technician") | bench.key()
    body = {"fault": "amp-1/link"}
    status, said = await bench.asked("POST", "/api/v1/faults/reset", body, headers)
    assert (status, said["where"]) == (422, "fault")
    assert "still there" in said["detail"]
    assert bench.control.audits.empty()


async def test_without_a_watch_it_is_said(bench):
    with contextlib.suppress(FileNotFoundError):
        RunDirectory(bench.station.run).watch_socket.unlink()
    status, said = await bench.asked("GET", "/api/v1/amplifiers", None, bench.bearer("viewer"))
    assert (status, said["code"]) == (503, "watch-down")
