"""Devices and contacts by a real MQTT broker, which goes away and comes back."""

import asyncio
import contextlib
import json
import shutil

import aiomqtt
import pytest

from broadcaster.notices import device_keeper, mqtt_sender
from tests.broadcaster.notices.bench import alert, contact, device, notifying, pending
from tests.broadcaster.notices.receivers import Mosquitto, certified, until
from zones.notices_settings import Broker, DeviceKind, Mqtt


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What is not answered is asked again soon."""
    monkeypatch.setattr(device_keeper, "RETRIES", (0.3,))
    monkeypatch.setattr(device_keeper, "SETTLING", 0.0)
    monkeypatch.setattr(mqtt_sender, "LIMIT", 2.0)
    monkeypatch.setattr(mqtt_sender, "_RETRIES", (0.1,))


@pytest.fixture
async def broker(tmp_path):
    async with Mosquitto(tmp_path).running() as one:
        yield one


class Gate:
    """A gate on the broker: it remembers what it was told and answers what it is."""

    def __init__(self, broker) -> None:
        self.broker = broker
        self.told: list = []
        self.changed = asyncio.Event()
        self.sticks = False
        self.client: aiomqtt.Client | None = None

    async def say(self, fields, topic="gate/is"):
        assert self.client is not None
        await self.client.publish(topic, json.dumps(fields), qos=1)

    @contextlib.asynccontextmanager
    async def running(self):
        async with aiomqtt.Client("127.0.0.1", self.broker.port) as client:
            self.client = client
            await client.subscribe("#", qos=1)
            listening = asyncio.create_task(self._listen(client))
            try:
                yield self
            finally:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _listen(self, client):
        async for message in client.messages:
            said = json.loads(message.payload)
            if str(message.topic) in ("gate", "room"):
                self.told.append(said)
                self.changed.set()
            if str(message.topic) == "gate":
                await self.say({"closed": said["closed"] and not self.sticks})


def way(broker, topic="gate", feedback="gate/is"):
    return Mqtt(Broker("127.0.0.1", broker.port, tls=False), topic, feedback)


async def test_a_gate_confirms_by_its_topic_and_is_closed_again_when_it_opens(tmp_path, broker):
    gate = device(DeviceKind.GATE, way(broker))
    async with Gate(broker).running() as there, notifying(tmp_path, gate) as control:
        control.show(alert())
        await control.wait("d1", "confirmed")
        count = len(there.told)
        await there.say({"closed": False})  # somebody opened it by hand
        await until(lambda: len(there.told) > count, there.changed)
        await control.wait("d1", "confirmed")
        control.show(alert(state="closed"))
        await until(lambda: there.told[-1]["closed"] is False, there.changed)


async def test_a_gate_that_sticks_is_failed_until_it_moves(tmp_path, broker):
    gate = device(DeviceKind.GATE, way(broker))
    async with Gate(broker).running() as there, notifying(tmp_path, gate) as control:
        there.sticks = True
        control.show(alert())
        await control.wait("d1", "failed")
        there.sticks = False
        await control.wait("d1", "confirmed")


async def test_a_device_that_never_answers_is_no_confirmed_one(tmp_path, broker):
    mute = device(DeviceKind.BEACON, way(broker, "lamp", "lamp/is"))
    async with notifying(tmp_path, mute) as control:
        control.show(alert())
        await control.wait("d1", "failed")
        assert "does not say what it shows" in control.reports["a1"][0]["detail"]


async def test_a_broker_that_was_away_is_told_what_is_wanted_now(tmp_path, broker):
    gate = device(DeviceKind.GATE, way(broker, feedback=None))
    room = contact("room", way(broker, "room", None))
    async with notifying(tmp_path, gate, room) as control:
        await broker.stop()
        control.show(alert())
        await control.wait("d1", "failed")
        await control.wait("room", "failed")
        await broker.start()
        async with Gate(broker).running() as there:
            await control.wait("d1", "sent")
            await control.wait("room", "sent")
            # A gate that comes late hears it from the broker, that kept it.
            await until(lambda: any(told.get("closed") for told in there.told), there.changed)


async def test_a_person_acknowledges_by_the_topic(tmp_path, broker):
    duty = contact("kim", way(broker, "room", "room/is"), step=0)
    async with Gate(broker).running() as there, notifying(tmp_path, duty) as control:
        control.show(pending())
        await control.wait("kim", "sent")
        await there.say({"acknowledged": True, "alert": "another"}, "room/is")
        await there.say({"acknowledged": True, "alert": "a1"}, "room/is")
        await control.wait("kim", "confirmed")
        await until(lambda: control.acknowledged, control.told)
        assert control.acknowledged == [("a1", "119 (kim)")]


# The library leaves a socket whose handshake failed to the collector of garbage.
@pytest.mark.filterwarnings("ignore:Exception ignored in:pytest.PytestUnraisableExceptionWarning")
async def test_a_broker_is_known_by_its_certificate_and_we_by_a_password(tmp_path, caplog):
    tool = shutil.which("mosquitto_passwd")
    if tool is None:
        pytest.skip("mosquitto_passwd is not installed")
    certificate, people = certified(tmp_path), tmp_path / "people"
    words = (tool, "-b", "-c", str(people), "station", "s3cret")
    assert await (await asyncio.create_subprocess_exec(*words)).wait() == 0
    for path in (tmp_path, certificate, people):
        path.chmod(0o755)  # the broker gives its rights away
    (tmp_path / "password").write_text("s3cret\n")
    settings = (f"certfile {certificate}", f"keyfile {certificate}", f"password_file {people}")
    async with Mosquitto(tmp_path, *settings, "user root").running() as broker:
        known = Broker("127.0.0.1", broker.port, True, "server.pem", "station", "password")
        stranger = Broker("127.0.0.1", broker.port, True, None, "station", "password")
        told = (
            device(way=Mqtt(known, "board"), id="known"),
            device(way=Mqtt(stranger, "board"), id="stranger"),
        )
        async with notifying(tmp_path, *told) as control:
            control.show(alert())
            await control.wait("known", "sent")
            await control.wait("stranger", "failed")
            assert "certificate" in str(control.reports["a1"]).lower()
    assert "s3cret" not in caplog.text
