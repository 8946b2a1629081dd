"""A home automation finds the station by MQTT discovery on a real broker, and is told the truth."""

import asyncio
import contextlib
import json

import aiomqtt
import pytest

from broadcaster.notices import home_assistant_sender
from broadcaster.notices.home_assistant import discovery, states, status_topic
from broadcaster.notices.home_assistant_sender import HomeAssistantSender
from tests.broadcaster.notices.receivers import Mosquitto, until
from tests.broadcaster.notices.test_faults import fault
from tests.zones.small_site import SMALL_SITE, parsed
from zones.notices_settings import Broker, HomeAssistant

SITE = parsed(SMALL_SITE)
SETTINGS = HomeAssistant(Broker("mq.lan"))


def stream(zone="upper", kind="programme", arrived=(("amp-1", True),)):
    return {
        "id": zone,
        "zone": zone,
        "commanded": {"kind": kind, "title": "Track 1"},
        "arrived_detail": [{"amplifier": name, "value": value} for name, value in arrived],
    }


def told(**snapshot):
    return {one.topic: one.payload for one in states(SITE, SETTINGS, snapshot)}


# --- what is said ---


def test_every_entity_is_known_once_and_takes_no_command():
    listed = list(discovery(SITE, SETTINGS))
    fields = [json.loads(one.payload) for one in listed]
    assert len({one.topic for one in listed}) == len(listed) == 3 + 2 * 2 + 2 * 2
    assert len({one["unique_id"] for one in fields}) == len(fields)
    for one, topic in zip(fields, (each.topic for each in listed), strict=True):
        prefix, component, identity, config = topic.split("/")
        assert (prefix, identity, config) == ("homeassistant", one["unique_id"], "config")
        assert component in {"binary_sensor", "sensor"}
        assert one["availability_topic"] == status_topic(SETTINGS)
        assert not [key for key in one if "command" in key]


def test_every_state_has_its_entity_and_every_entity_its_state():
    fields = [json.loads(one.payload) for one in discovery(SITE, SETTINGS)]
    topics = told(streams=[stream()], amplifier_faults=[fault()])
    assert {one["state_topic"] for one in fields} == {
        topic for topic in topics if not topic.endswith("/attributes")
    }
    known = {one["json_attributes_topic"] for one in fields}
    assert {topic for topic in topics if topic.endswith("/attributes")} <= known


def test_what_nobody_measures_is_unknown_and_never_well():
    found = told(streams=[stream(arrived=[("amp-1", None)])])
    assert found["sorigil/amplifier/amp-1/arrives"] == "None"
    assert found["sorigil/amplifier/amp-2/arrives"] == "None"
    assert found["sorigil/zone/lower/warning"] == "None"


def test_one_stream_that_does_not_arrive_is_enough():
    found = told(streams=[stream(arrived=[("amp-1", True), ("amp-1", False)])])
    assert found["sorigil/amplifier/amp-1/arrives"] == "OFF"


def test_a_warning_and_faults_are_shown():
    own = fault("amp-1/link", subject="amp-1")
    quiet = fault("amp-2/fan", subject="amp-2", rings=False)
    found = told(
        streams=[stream(kind="warning"), stream("lower")], amplifier_faults=[own, quiet],
        faults=["no engine speaks"],
    )  # fmt: skip
    assert found["sorigil/station/warning"] == "ON"
    assert json.loads(found["sorigil/station/warning/attributes"]) == {"zones": ["upper"]}
    assert (found["sorigil/zone/upper/warning"], found["sorigil/zone/lower/warning"]) == (
        "ON", "OFF",
    )  # fmt: skip
    assert found["sorigil/amplifier/amp-1/problem"] == "ON"
    assert found["sorigil/amplifier/amp-2/problem"] == "OFF"
    assert found["sorigil/station/faults"] == "2"


# --- on a real broker ---


class Home:
    """A home automation: everything it finds on the broker."""

    def __init__(self) -> None:
        self.found: dict = {}
        self.changed = asyncio.Event()

    async def listen(self, client):
        async for message in client.messages:
            self.found[str(message.topic)] = message.payload.decode()
            self.changed.set()

    async def wait(self, topic, payload):
        await until(lambda: self.found.get(topic) == payload, self.changed)


@contextlib.asynccontextmanager
async def home(broker):
    found = Home()
    async with aiomqtt.Client("127.0.0.1", broker.port) as client:
        await client.subscribe("#", qos=1)
        task = asyncio.create_task(found.listen(client))
        try:
            yield found, client
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def shown(broker, tmp_path):
    settings = HomeAssistant(Broker("127.0.0.1", broker.port, tls=False))
    sender = HomeAssistantSender(SITE, settings, tmp_path)
    task = asyncio.create_task(sender.run())
    try:
        yield sender
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def broker(tmp_path, monkeypatch):
    monkeypatch.setattr(home_assistant_sender, "RETRY_S", 0.1)
    monkeypatch.setattr(home_assistant_sender, "_BETWEEN_S", 0.0)
    async with Mosquitto(tmp_path).running() as one:
        yield one


async def test_who_comes_later_finds_everything(broker, tmp_path):
    async with shown(broker, tmp_path) as sender:
        sender.take({"streams": [stream(kind="warning")]})
        async with home(broker) as (found, _):
            await found.wait("sorigil/status", "online")
            await found.wait("sorigil/zone/upper/warning", "ON")
            configs = [topic for topic in found.found if topic.endswith("/config")]
            assert len(configs) == len(list(discovery(SITE, SETTINGS)))
            sender.take({"streams": [stream()]})
            await found.wait("sorigil/zone/upper/warning", "OFF")


async def test_without_control_nothing_counts(broker, tmp_path, monkeypatch):
    monkeypatch.setattr(home_assistant_sender, "STALE_S", 0.3)
    async with shown(broker, tmp_path) as sender, home(broker) as (found, _):
        await found.wait("sorigil/status", "offline")
        sender.take({"streams": [stream()]})
        await found.wait("sorigil/status", "online")
        await found.wait("sorigil/status", "offline")


async def test_a_home_automation_that_begins_anew_is_told_again(broker, tmp_path):
    async with shown(broker, tmp_path) as sender, home(broker) as (found, client):
        sender.take({"streams": [stream()]})
        await found.wait("sorigil/status", "online")
        found.found.clear()
        await client.publish("homeassistant/status", "online", qos=1)
        await found.wait("sorigil/status", "online")
        assert any(topic.endswith("/config") for topic in found.found)


async def test_a_broker_that_comes_back_is_told_everything(broker, tmp_path):
    async with shown(broker, tmp_path) as sender:
        sender.take({"streams": [stream()]})
        async with home(broker) as (found, _):
            await found.wait("sorigil/status", "online")
        await broker.stop()
        await broker.start()
        async with home(broker) as (found, _):
            await found.wait("sorigil/zone/upper/on_air", "Track 1")
            await found.wait("sorigil/status", "online")
