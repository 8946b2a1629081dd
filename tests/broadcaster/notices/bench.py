"""A notifier with a fake control on a real link; alerts as control's snapshots show them."""

import asyncio
import contextlib

from broadcaster.link import CommandRefusedError, LinkServer
from broadcaster.notices.alert_view import alerts_in
from broadcaster.notices.carriers import Carriers, session
from broadcaster.notices.memory import Memory
from broadcaster.notices.notifier import Notifier
from tests.broadcaster.notices.receivers import SECRET, until
from zones.notices_settings import Contact, Device, DeviceKind, NoticesSettings, Technician, Webhook
from zones.site import Name

SITE = Name("물가", "Waterside")


def alert(**changes):
    """A wildfire warning on air in `upper`, as JSON."""
    return {
        "id": "a1",
        "nature": "real",
        "hazard": "wildfire",
        "hazard_name": {"ko": "산불", "en": "Wildfire"},
        "level": 232,
        "level_name": "warning",
        "response": "evacuate",
        "state": "airing",
        "message": "fire-evacuate",
        "title": {"ko": "산불 대피", "en": "Wildfire: leave"},
        "text": {"ko": "산불이 났습니다.", "en": "There is a wildfire."},
        "zones": ["upper"],
        "raised_by": "smoke",
        "raised_at": "2026-11-22T12:00:00+00:00",
        "source": "cam-214",
        "camera": "cam-214",
        "place": None,
        "window": None,
        "parting": None,
        "calling": None,
        "evidence": ["smoke for 20 s"],
        "why": "a rule",
        "revision": 1,
        **changes,
    }


def pending(step=0, why="a detection waits for a decision", **changes):
    return alert(**{"state": "pending", "calling": {"why": why, "step": step}, **changes})


def views(*alerts):
    return alerts_in({"alerts": alerts})


def view(**changes):
    return views(alert(**changes))[0]


def device(kind=DeviceKind.BOARD, way=None, **changes):
    fields = {"id": "d1", "zones": ("upper",), "least": 224, "opens_itself": True, **changes}
    return Device(kind=kind, way=way or Webhook("http://x/", "k", "secret"), **fields)


def contact(name="c1", way=None, **changes):
    fields = {"role": "119", "hazards": (), "least": 224, **changes}
    return Contact(id=name, way=way or Webhook("http://x/", "k", "secret"), **fields)


class FakeControl:
    """Shows the alerts it is given, and remembers reports and acknowledgements."""

    def __init__(self, path) -> None:
        self.alerts: list = []
        self.more: dict = {}
        self.reports: dict = {}
        self.acknowledged: list = []
        self.refuses = False
        self.told = asyncio.Event()
        self.path = path
        self.server = self.new_server()

    def new_server(self):
        return LinkServer(self.path, "control", self.handle, self.snapshot)

    def snapshot(self):
        return {"alerts": self.alerts, **self.more}

    def show(self, *alerts, **more):
        self.alerts, self.more = list(alerts), more
        self.server.publish()

    async def handle(self, command):
        if command["name"] == "acknowledge":
            self.acknowledged.append((command["alert"], command["who"]))
            self.told.set()
            if self.refuses:
                raise CommandRefusedError("nobody is being called")
            return {}
        assert command["name"] == "told", command
        self.reports[command["alert"]] = command["entries"]
        self.told.set()
        return {}

    def state(self, name, alert="a1"):
        found = [one for one in self.reports.get(alert, ()) if one["name"] == name]
        return found[0]["state"] if found else None

    async def wait(self, name, state, alert="a1"):
        await until(lambda: self.state(name, alert) == state, self.told)

    @contextlib.asynccontextmanager
    async def running(self):
        self.server = self.new_server()
        task = asyncio.create_task(self.server.run())
        try:
            await self.server.listening.wait()
            yield self
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def notifying(tmp_path, *told, control=None, sound=None, open_output=None):
    """A notifier of these devices and contacts; the control it hears."""
    (tmp_path / "secret").write_bytes(SECRET + b"\n")
    settings = NoticesSettings(
        tuple(one for one in told if isinstance(one, Device)),
        tuple(one for one in told if isinstance(one, Contact)),
        sound,
        tuple(one for one in told if isinstance(one, Technician)),
    )
    more = {} if open_output is None else {"open_output": open_output}
    async with contextlib.AsyncExitStack() as stack:
        if control is None:
            control = await stack.enter_async_context(FakeControl(tmp_path / "c").running())
        connections = await stack.enter_async_context(session())
        carriers = Carriers(tmp_path, connections)
        memory = Memory(tmp_path)
        notifier = Notifier(SITE, settings, control.path, memory, carriers, **more)
        task = asyncio.create_task(notifier.run())
        try:
            yield control
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
