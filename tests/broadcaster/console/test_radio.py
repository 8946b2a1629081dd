"""The radio staff's routes: who may, what control is asked, and how files come in."""

import asyncio
import json

import pytest

from broadcaster.console import radio_acts

V1 = "/api/v1"


async def sent(bench, name, octets, headers):
    async with bench.http.post(
        f"{bench.url}{V1}/library/uploads", params={"name": name}, data=octets, headers=headers
    ) as answer:
        return answer.status, await answer.json(content_type=None)


async def until(is_true):
    async with asyncio.timeout(20):
        while not is_true():  # noqa: ASYNC110 - another task's file
            await asyncio.sleep(0.01)


async def test_the_radio_staff_send_a_file_in(bench):
    headers = bench.bearer("radio", name="seo")
    status, said = await sent(bench, "../../새 음반/곡.flac", b"fLaC" * 100_000, headers)
    assert (status, said["upload"], said["bytes"]) == (201, "곡.flac", 400_000)
    file = bench.station.state / "uploads" / "곡.flac"
    assert file.read_bytes() == b"fLaC" * 100_000
    assert (await bench.control.audit("file sent in"))["facts"]["file"] == "곡.flac"


@pytest.mark.parametrize(
    ("name", "octets", "status", "code"),
    [("a.mp3", b"", 422, "invalid"), ("..", b"x", 422, "invalid"), ("", b"x", 422, "invalid")],
)
async def test_what_cannot_be_kept_is_refused(bench, name, octets, status, code):
    found, said = await sent(bench, name, octets, bench.bearer("radio"))
    assert (found, said["code"]) == (status, code)
    assert not list(bench.station.state.glob("uploads/*"))


async def test_a_full_disk_is_told_before_it_is_full(bench, monkeypatch):
    monkeypatch.setattr(radio_acts, "_RESERVE", 1 << 60)
    found, said = await sent(bench, "a.mp3", b"x", bench.bearer("radio"))
    assert (found, said["code"]) == (507, "no-disk")


async def test_too_long_a_file_leaves_nothing(bench, monkeypatch):
    monkeypatch.setattr(radio_acts, "LONGEST_UPLOAD", 1000)
    found, _ = await sent(bench, "a.mp3", b"x" * 1001, bench.bearer("radio"))
    assert found == 413
    assert not list(bench.station.state.glob("uploads/*"))


async def test_whoever_hangs_up_half_way_leaves_nothing(bench):
    begun = asyncio.Event()

    async def half():
        yield b"x" * 100_000
        begun.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(sent(bench, "a.mp3", half(), bench.bearer("radio")))
    await begun.wait()
    place = bench.station.state / "uploads"
    await until(lambda: list(place.glob(".*.part")))
    task.cancel()
    await until(lambda: not list(place.glob(".*")))
    assert not list(place.iterdir())


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "library/uploads?name=a.mp3", None),
        ("PATCH", "library/recordings/r1", {"title": "x"}),
        ("PUT", "playlists/calm", {"items": []}),
        ("PATCH", "schedule", {"remove": {"news": ["x"]}}),
        ("POST", "schedule/undo", {}),
        ("POST", "steer", {"act": "skip", "zones": ["upper"]}),
    ],
)
async def test_whoever_only_looks_changes_nothing(bench, method, path, body):
    for role in ("viewer", "police", "technician"):
        headers = bench.bearer(role) | bench.key()
        assert (await bench.asked(method, f"{V1}/{path}", body, headers))[0] == 403
    limited = bench.bearer("radio", zones=["upper"]) | bench.key()
    status, said = await bench.asked(method, f"{V1}/{path}", body, limited)
    assert (status, said.get("code")) == (
        (200, None) if path == "steer" else (403, "not-those-zones")
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "name", "fields"),
    [
        ("GET", "library/recordings?words=바다&most=5", None, "recordings",
         {"words": "바다", "most": 5}),
        ("PATCH", "library/recordings/3fa2", {"tags": ["calm"], "rights": None}, "recording-say",
         {"recording": "3fa2", "said": {"tags": ["calm"], "rights": None}}),
        ("PUT", "playlists/calm", {"items": ["r1"], "why": "new", "base": 3}, "schedule-edit",
         {"put": {"playlists": {"calm": {"title": "", "items": ["r1"]}}}, "why": "new",
          "base": 3}),
        ("DELETE", "playlists/calm", None, "schedule-edit", {"remove": {"playlists": ["calm"]}}),
        ("GET", "schedule/preview?days=7&zone=hill", None, "schedule-preview",
         {"days": 7.0, "zone": "hill"}),
        ("POST", "schedule/week", {"first": "2026-11-23"}, "schedule-week",
         {"first": "2026-11-23", "days": 7}),
    ],
)  # fmt: skip
async def test_control_is_asked_for_what_was_said(bench, method, path, body, name, fields):
    headers = bench.bearer("radio", name="seo") | bench.key()
    status, _ = await bench.asked(method, f"{V1}/{path}", body, headers)
    assert status == 200
    command = await bench.control.next()
    assert command["name"] == name
    assert command["roles"] == ["radio"]
    assert {key: command[key] for key in fields} == fields


async def test_a_long_schedule_is_taken_and_one_too_long_is_not(bench):
    headers = bench.bearer("radio") | {"Content-Type": "application/json"}
    long, longer = (
        json.dumps({"text": "# " + "가" * count}, ensure_ascii=False).encode()
        for count in (150_000, 200_000)
    )
    for path, octets, status in (
        ("schedule", long, 200),
        ("schedule", longer, 413),
        ("steer", long, 413),
    ):
        method = "POST" if path == "steer" else "PUT"
        async with bench.http.request(
            method, f"{bench.url}{V1}/{path}", data=octets, headers=headers | bench.key()
        ) as answer:
            assert answer.status == status
