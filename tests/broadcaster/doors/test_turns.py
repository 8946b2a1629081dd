"""Large bodies take turns at the door, so that small ones of other keys need not wait for all."""

import asyncio
import json
import secrets
import time

from aiohttp.test_utils import make_mocked_request

from broadcaster.doors.admission import Admission
from broadcaster.doors.clock import DoorClock
from broadcaster.doors.hand_over import HandOver
from broadcaster.doors.keys import Keys
from broadcaster.doors.keys_file import KeyRing, write_keys
from broadcaster.doors.nonces import Nonces
from broadcaster.doors.server import EVENTS_PATH, LARGE_BYTES, EventsDoor
from broadcaster.doors.signature import signing_headers
from tests.broadcaster.doors.door_ground import key, smoke, water


class Order(HandOver):
    """Hands nothing over; knows in which order events came to be handed over."""

    def __init__(self, path):
        super().__init__(path)
        self.sources = []

    def submit(self, admitted):
        self.sources.append(str(admitted[0].event.source))
        done = asyncio.get_running_loop().create_future()
        done.set_result([{"is": "evidence"} for _ in admitted])
        return done


def request(of, events):
    body = json.dumps(events).encode()
    signed = signing_headers(
        of.id, of.secret, int(time.time()), secrets.token_hex(16), EVENTS_PATH, body
    )
    made = make_mocked_request(
        "POST", EVENTS_PATH, headers={"Content-Type": "application/json", **signed}
    )
    made._read_bytes = body
    return made, len(body)


async def test_a_reading_does_not_wait_for_all_the_batches_that_came_before_it(tmp_path):
    gateways = [key(f"gateway-{n}") for n in range(3)]
    gauge = key("gauges")
    clock = DoorClock()
    write_keys(tmp_path / "keys.json", Keys([*gateways, gauge]))
    nonces = Nonces(tmp_path / "nonces", clock.now())
    order = Order(tmp_path / "control.sock")
    door = EventsDoor(Admission(KeyRing(tmp_path / "keys.json"), nonces, clock), clock, order, None)
    asked = []
    for _ in range(8):
        for n, gateway in enumerate(gateways):
            batch = [smoke(f"cam-{n:03}", "update") for _ in range(60)]
            made, size = request(gateway, batch)
            assert size > LARGE_BYTES
            asked.append(asyncio.create_task(door._events(made)))
    asked.append(asyncio.create_task(door._events(request(gauge, [water(0.2)])[0])))
    answers = await asyncio.gather(*asked)
    nonces.close()
    assert {answer.status for answer in answers} == {202}
    assert order.sources.index("hongje-level") <= 2
    # Keys take turns.
    large = [source for source in order.sources if source != "hongje-level"]
    assert large == ["cam-000", "cam-001", "cam-002"] * 8
