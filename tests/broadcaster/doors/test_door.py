"""Real requests against a real doors process; control is a fake on a real link."""

import asyncio
import base64
import io
import json
import secrets
import time
from functools import partial
from typing import Any

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from alerts.hazard import Level
from broadcaster.doors.clock import DoorClock
from broadcaster.doors.keys_file import keys_path, read_keys, write_keys
from broadcaster.picture_store import PictureStore
from broadcaster.run_directory import RunDirectory, StateDirectory
from tests.broadcaster.doors.door_ground import (
    FakeControl,
    doors,
    doors_process,
    key,
    sender,
    smoke,
    water,
)


@pytest.fixture
async def control(run_directory):
    async with FakeControl(run_directory / "control.sock").running() as running:
        yield running


async def test_an_event_reaches_control_and_the_answer_names_the_alert(
    run_directory, state_directory, control
):
    ours = key(highest=Level.EVACUATE)
    async with doors_process(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        reading = water(1.8)
        status, answer = await vms.post(reading)
        assert status == 202
        (event,) = answer["events"]
        assert (event["id"], event["is"]) == (reading["id"], "evidence")
        assert event["alert"]
        again, same = await vms.post(reading)
        assert again == 200
        assert same["events"][0]["incident"] == event["incident"]
        assert len(control.orders) == 1
        assert control.events[0].via == "vms-1"


async def test_who_has_no_right_signature_is_refused(run_directory, state_directory, control):
    ours, other = key(), key("other")
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        body = json.dumps(smoke()).encode()
        right = vms.headers(body)
        forged = [
            right | {"X-Signature": "v1=" + "0" * 64},
            right | {"X-Key-Id": "nobody"},
            right | {"X-Timestamp": str(int(time.time()) - 3)},
            right | {"X-Nonce": secrets.token_hex(16)},
            right | {"X-Nonce": "short"},
            {name: value for name, value in right.items() if name != "X-Signature"},
            vms.headers(body + b" "),
            vms.headers(body, path="/ingest/v1/events?all=1"),
        ]
        for headers in forged:
            assert (await vms.post(body, headers=headers))[0] == 401, headers
        async with sender(url, other) as stranger:
            assert (await stranger.post(smoke()))[0] == 401
        doubled = CIMultiDict(right)
        doubled.add("X-Key-Id", ours.id)
        assert (await vms.post(body, headers=doubled))[0] == 401
        async with vms.session.post(url.replace("/events", "/../v1/events"), data=body) as got:
            assert got.status in (401, 404, 415)
        assert control.events == []


@pytest.mark.parametrize("is_synchronised", [True, False])
@pytest.mark.parametrize("late", [-1_000, -130, 130, 86_400])
async def test_a_timestamp_far_from_our_clock_is_refused_unless_ours_is_in_doubt(
    run_directory, state_directory, control, late, is_synchronised, monkeypatch
):
    clock = partial(DoorClock, synchronised=lambda: is_synchronised)
    monkeypatch.setattr("broadcaster.doors.main.DoorClock", clock)
    ours = key()
    async with (
        doors(run_directory, state_directory, ours) as url,
        sender(url, ours, now=lambda: time.time() + late) as vms,
    ):
        status, answer = await vms.post(smoke())
        assert status == (401 if is_synchronised else 202), answer
        assert [event.is_clock_suspect for event in control.events] == [True] * (status == 202)


async def test_control_is_told_when_our_clock_falls_into_doubt_and_when_it_is_right_again(
    run_directory, state_directory, monkeypatch
):
    stepped = [0.0]
    clock = partial(DoorClock, wall=lambda: time.time() + stepped[0], synchronised=lambda: True)
    monkeypatch.setattr("broadcaster.doors.main.DoorClock", clock)
    monkeypatch.setattr("broadcaster.doors.hand_over.CLOCK_EVERY_S", 0.01)
    socket = RunDirectory(run_directory).control_socket
    async with doors(run_directory, state_directory, key()):
        async with FakeControl(socket).running() as first:
            stepped[0] = -86_400.0
            await first.until_true(lambda: first.doubts)
            assert "our clock was stepped by -86400 s" in first.doubts
        async with FakeControl(socket).running() as second:
            await second.until_true(lambda: second.doubts)
            stepped[0] = 0.0
            await second.until_true(lambda: second.doubts[-1] == "")


async def test_three_keys_that_differ_by_the_same_put_our_clock_in_doubt(
    run_directory, state_directory, control, monkeypatch
):
    clock = partial(DoorClock, synchronised=lambda: True)
    monkeypatch.setattr("broadcaster.doors.main.DoorClock", clock)
    keys = [key(f"gw-{n}") for n in range(3)]
    async with doors(run_directory, state_directory, *keys) as url:
        statuses = []
        for ours in keys:
            async with sender(url, ours, now=lambda: time.time() - 3_600) as gateway:
                statuses.append((await gateway.post(smoke()))[0])
        assert statuses == [401, 401, 202]
        assert control.events[0].is_clock_suspect


async def test_a_request_counts_once_also_after_a_restart(run_directory, state_directory, control):
    ours = key()
    async with doors_process(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        body = json.dumps(smoke()).encode()
        headers = vms.headers(body)
        assert (await vms.post(body, headers=headers))[0] == 202
        assert (await vms.post(body, headers=headers))[0] == 409
    async with doors_process(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        assert (await vms.post(body, headers=headers))[0] == 409
    assert len(control.events) == 1


async def test_a_key_speaks_for_its_sources_kinds_and_zones_only(
    run_directory, state_directory, control
):
    ours = key(sources=("cam-031",), kinds=("smoke",), zones=("hill-1",), highest=Level.CAUTION)
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        for foreign in (
            smoke("cam-032"),
            smoke(kind="fire"),
            smoke(zones=["hill-2"]),
        ):
            status, answer = await vms.post(foreign)
            assert status == 403, answer
        status, answer = await vms.post([smoke("cam-032"), smoke(), {"id": 1}])
        assert status == 202
        assert [event.get("status") for event in answer["events"]] == [403, None, 422]
        assert control.events[0].highest is Level.CAUTION
        assert control.events[0].zones == ("hill-1",)


async def test_a_key_is_rotated_and_revoked_without_a_restart(
    run_directory, state_directory, control
):
    ours = key()
    path = keys_path(StateDirectory(state_directory))
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        utc = ours.made.replace(year=2030)
        changed, fresh = read_keys(path).rotated("vms-1", utc)
        write_keys(path, changed)
        async with sender(url, fresh) as renewed:
            assert (await vms.post(smoke()))[0] == 202
            assert (await renewed.post(smoke()))[0] == 202
            write_keys(path, read_keys(path).revoked(ours.id, ours.made))
            assert (await vms.post(smoke()))[0] == 401
            assert (await renewed.post(smoke()))[0] == 202
        assert {event.via for event in control.events} == {"vms-1"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 422),
        (b"[]", 422),
        (b"[" * 50_000, 422),
        (b'{"id": NaN}', 422),
        (json.dumps(smoke(time="2026-11-22T10:00:00")).encode(), 422),
        (json.dumps(smoke(location={"lat": 126.9, "lon": 37.5})).encode(), 422),
        (json.dumps(water(1.0, unit="ft")).encode(), 422),
        (json.dumps([smoke()] * 101).encode(), 422),
        (b'"' + b"x" * 7_000_000 + b'"', 413),
    ],
)
async def test_what_is_no_event_is_refused(run_directory, state_directory, control, body, status):
    ours = key()
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        got, answer = await vms.post(body)
        assert got == status, answer
        assert answer["error"]
        assert control.events == []
        assert (await vms.post(body, headers={"Content-Type": "text/plain"}))[0] in (415, 413)


async def test_while_control_is_away_senders_are_told_and_events_wait(
    run_directory, state_directory
):
    ours = key()
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        start = smoke()
        async with vms.session.post(
            url, data=json.dumps(start), headers=vms.headers(json.dumps(start).encode())
        ) as response:
            assert response.status == 503
            assert response.headers["Retry-After"]
        async with vms.session.get(url.replace("/events", "/alive")) as response:
            assert await response.json() == {"control": False, "waiting": 1}
        async with FakeControl(run_directory / "control.sock").running() as control:
            await control.until(1)
            assert control.events[0].event.id == start["id"]
            assert (await vms.post(start))[0] == 200


async def test_a_control_that_dies_in_between_loses_nothing(run_directory, state_directory):
    ours = key()
    path = run_directory / "control.sock"
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        sent = []
        for _ in range(3):
            async with FakeControl(path).running() as control:
                start = smoke()
                sent.append(start["id"])
                assert (await vms.post(start))[0] == 202
                assert control.events[-1].event.id == start["id"]
                # What the control before took had perhaps not lasted yet: this one hears it too.
                assert {event.event.id for event in control.events} == set(sent)


async def test_a_storm_of_one_source_neither_grows_nor_delays_another(
    run_directory, state_directory, control
):
    loud, quiet = key("loud"), key("quiet")
    async with (
        doors(run_directory, state_directory, loud, quiet) as url,
        sender(url, loud) as storm,
        sender(url, quiet) as other,
    ):
        async with asyncio.TaskGroup() as tasks:
            batches = [
                tasks.create_task(
                    storm.post([smoke("cam-032", "update", id=f"{n}-{m}") for m in range(100)])
                )
                for n in range(20)
            ]
            first = tasks.create_task(other.post(smoke("cam-031")))
        assert first.result()[0] == 202
        assert {batch.result()[0] for batch in batches} == {202}
        assert any(event.event.source == "cam-031" for event in control.events)
        verdicts = [each["is"] for batch in batches for each in batch.result()[1]["events"]]
        assert len(verdicts) == 2_000
        assert verdicts.count("coalesced") > 1_000


def jpeg():
    import av
    import numpy as np

    out = io.BytesIO()
    with av.open(out, "w", format="mjpeg") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        for packet in (*stream.encode(frame), *stream.encode()):
            container.mux(packet)
    return out.getvalue()


async def test_pictures_are_checked_encrypted_and_shown_again(
    run_directory, state_directory, control
):
    ours, picture = key(), jpeg()
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        coded = base64.b64encode(picture).decode()
        broken = base64.b64encode(b"\xff\xd8\xff" + b"x" * 500).decode()
        assert (await vms.post(smoke(pictures=[broken, coded])))[0] == 202
        form = aiohttp.FormData()
        form.add_field("events", json.dumps(smoke("cam-032")), content_type="application/json")
        form.add_field("picture", picture, filename="p.jpg", content_type="image/jpeg")
        payload = form()
        writer: Any = _Collecting()
        await payload.write(writer)
        headers = vms.headers(writer.octets) | {"Content-Type": payload.content_type}
        status, answer = await vms.post(writer.octets, headers=headers)
        assert status == 202, answer
        assert control.events[1].event.pictures == control.events[0].event.pictures[1:]
        (name,) = control.events[1].event.pictures
        folder = state_directory / "pictures"
        async with asyncio.timeout(60):
            while not (folder / name).exists():  # noqa: ASYNC110 - a file of another process
                await asyncio.sleep(0.05)
    assert picture not in (folder / name).read_bytes()
    store = PictureStore(StateDirectory(state_directory))
    assert store.show(name) == picture
    assert [path.name for path in folder.iterdir()] == [name]


class _Collecting:
    def __init__(self):
        self.octets = b""

    async def write(self, octets):
        self.octets += bytes(octets)


@pytest.mark.parametrize("pictures", [["%%%"], [5], ["AAAA"] * 4, "AAAA", ["A" * 1_400_000]])
async def test_what_is_no_picture_is_pointed_at(run_directory, state_directory, control, pictures):
    ours = key()
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        status, answer = await vms.post(smoke(pictures=pictures))
        assert status == 422
        assert answer["pointer"].startswith("/pictures")


async def test_a_body_that_comes_drop_by_drop_or_packed_is_refused(
    run_directory, state_directory, control, monkeypatch
):
    monkeypatch.setattr("broadcaster.doors.server.BODY_S", 0.05)
    ours = key()
    never = asyncio.Event()

    async def slowly():
        yield b"{"
        await never.wait()

    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        json_only = {"Content-Type": "application/json"}
        async with vms.session.post(url, data=slowly(), headers=json_only) as response:
            assert response.status == 408
        packed = vms.headers(b"{}") | {"Content-Encoding": "gzip"}
        assert (await vms.post(b"{}", headers=packed))[0] == 415


async def test_who_has_too_many_requests_in_work_waits(run_directory, state_directory):
    """Control is away, so that they stay in work."""
    ours = key()
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        statuses = await asyncio.gather(*(vms.post(smoke(f"cam-{n}")) for n in range(40)))
        assert sorted(status for status, _ in statuses) == [429] * 8 + [503] * 32


async def test_893_cameras_at_once_are_one_incident_and_none_is_lost(
    run_directory, state_directory, control
):
    ours = key()
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        batches = [
            [smoke(f"cam-{100 * n + m}", confidence=0.9) for m in range(100)] for n in range(9)
        ]
        batches[3][7] = water(1.9)
        answers = await asyncio.gather(*(vms.post(batch) for batch in batches))
        assert {status for status, _ in answers} == {202}
        assert len(control.events) == 900
        assert [order.hazard for order in control.orders] == ["flood"]


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(octets=st.binary(max_size=300))
async def test_no_bytes_bring_the_door_down(door_here, kind, octets):
    _, vms = door_here
    headers = vms.headers(octets) | {"Content-Type": kind}
    status, _ = await vms.post(octets, headers=headers)
    assert status in (422, 415)


@pytest.fixture
async def door_here(run_directory, state_directory):
    ours = key()
    async with doors(run_directory, state_directory, ours) as url, sender(url, ours) as vms:
        yield url, vms
