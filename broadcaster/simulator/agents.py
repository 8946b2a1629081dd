"""The SNMP agents of all virtual amplifiers, and what is broken in them on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from pysnmp.entity.engine import SnmpEngine  # type: ignore[import-untyped]
from zeroconf import IPVersion
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

from broadcaster.run_directory import write_whole
from broadcaster.simulator.amplifier_rack import RackedAmplifier
from broadcaster.simulator.device_state import EVENTS, FAULTS, LINES, TRAPS, DeviceState
from broadcaster.simulator.snmp_agent import USER, AgentKeys, SnmpAgent

log = logging.getLogger(__name__)

ACCESS_FILE: Final = "agents.yaml"
"""In the run directory: how a watch reaches these agents."""
_FAREWELL: Final = 0.5
"""Seconds that saying goodbye by mDNS may take."""
_SERVICE: Final = "_http._tcp.local."
_NEW_FIRMWARE: Final = "1.3"


class Door:
    """A TCP port of a device, so that one whose agent is dead is still seen to be there."""

    def __init__(self, address: str) -> None:
        """Nothing is open yet; the port is chosen the first time."""
        self._address, self.port = address, 0
        self._socket: socket.socket | None = None

    def open(self) -> None:
        """Take connections and end them at once; raises OSError."""
        if self._socket is None:
            self._socket = socket.create_server((self._address, self.port))
            self._socket.setblocking(False)
            self.port = self._socket.getsockname()[1]
            asyncio.get_running_loop().add_reader(self._socket, self._welcome)

    def close(self) -> None:
        """The device is off the network."""
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def _welcome(self) -> None:
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.accept()[0].close()


class Agents:
    """One agent for each amplifier of a rack."""

    def __init__(self, run: Path, *, version: str = "v3") -> None:
        """`run` is the run directory; `version` is what the file of access asks with."""
        self._run, self._version = run, version
        self._secret = secrets.token_bytes(16)
        self._loop = asyncio.get_running_loop()
        self._agents: dict[str, SnmpAgent] = {}
        self._doors: dict[str, Door] = {}
        self._amplifiers: dict[str, RackedAmplifier] = {}
        self._sending: set[asyncio.Task[None]] = set()
        self._traps = ("127.0.0.1", _free_port())
        self._network: AsyncZeroconf | None = None

    async def start(self, amplifiers: Iterable[RackedAmplifier]) -> None:
        """Make all agents, one after the other, and say where they are."""
        for number, amplifier in enumerate(amplifiers, 1):
            name = str(amplifier.id)
            address = f"127.0.77.{number % 254 + 1}"
            state = DeviceState(name, address, len(amplifier.amplifier.outputs), self._loop.time())
            self._amplifiers[name] = amplifier
            # In a thread: the sound of the amplifiers must not wait for it.
            engine = await asyncio.to_thread(SnmpEngine)
            keys = AgentKeys.of(self._secret, name)
            self._agents[name] = SnmpAgent(state, keys, address, self._loop.time, engine=engine)
            self._doors[name] = Door(address)
            self._doors[name].open()
        await asyncio.to_thread(
            write_whole, self._run / ACCESS_FILE, self._access().encode(), durable=False
        )
        log.info("%d amplifiers answer by SNMP", len(self._agents))
        await self._announce()

    async def _announce(self) -> None:
        """Be found by mDNS, as a device that serves a page; without it all else goes on."""
        try:
            network = AsyncZeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
        except OSError as error:
            log.info("the virtual amplifiers cannot be found by mDNS: %s", error)
            return
        self._network = network
        # Together: each name is tried three times first, which takes a second.
        await asyncio.gather(
            *(network.async_register_service(self._service(name)) for name in self._agents),
            return_exceptions=True,
        )

    def _service(self, name: str) -> AsyncServiceInfo:
        agent = self._agents[name]
        return AsyncServiceInfo(
            _SERVICE,
            f"{name} virtual amplifier.{_SERVICE}",
            addresses=[socket.inet_aton(agent.address)],
            port=self._doors[name].port,
            properties={
                "vendor": "Sorigil",
                "model": "virtual amplifier",
                "id": name,
                "firmware": agent.state.firmware,
            },
        )

    async def close(self) -> None:
        """Say goodbye and give every port back."""
        if self._network is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FAREWELL):
                    await self._network.async_close()
        for task in self._sending:
            task.cancel()
        for agent in self._agents.values():
            agent.close()
        for door in self._doors.values():
            door.close()
        (self._run / ACCESS_FILE).unlink(missing_ok=True)

    def follow(self) -> None:
        """Let each agent count what its amplifier receives, and fall silent when unplugged."""
        for name, agent in self._agents.items():
            amplifier = self._amplifiers[name]
            state = agent.state
            state.multicast = sum(each.player.counts.packets for each in amplifier.connections)
            now = self._loop.time()
            state.is_receiving = all(
                each.player.is_receiving(now) for each in amplifier.connections
            )
            if amplifier.is_plugged == ("unplugged" in state.broken):
                door = self._doors[name]
                if amplifier.is_plugged:
                    del state.broken["unplugged"]
                    door.open()
                else:
                    state.broken["unplugged"] = 0
                    door.close()

    def broken(self, amplifier: str) -> dict[str, int]:
        """What is broken in one, and in which output."""
        agent = self._agents.get(amplifier)
        return {} if agent is None else dict(agent.state.broken)

    async def break_(self, amplifier: str, fault: str, output: int = 1) -> None:
        """Break something, or let something happen, and send the trap a device would.

        Raises:
            KeyError: there is no such amplifier or fault.
        """
        agent = self._agents[amplifier]
        state = agent.state
        if fault == "reboot":
            state.restart(self._loop.time())
            agent.note_restart()
        elif fault == "skew":
            state.lose_its_clock()
            agent.note_restart()
        elif fault == "firmware":
            state.firmware = _NEW_FIRMWARE
        elif fault == "exchange":
            await self._exchange(amplifier)
        elif fault in FAULTS:
            state.broken[fault] = output if fault in LINES else 0
            self._send_trap(agent, fault)
        else:
            raise KeyError(f"{fault}; there are {', '.join((*FAULTS, *EVENTS))}")

    def mend(self, amplifier: str, fault: str = "") -> None:
        """Mend one fault, or all; raises KeyError."""
        agent = self._agents[amplifier]
        for each in [fault] if fault else list(agent.state.broken):
            agent.state.broken.pop(each, None)
            self._send_trap(agent, each)

    async def _exchange(self, amplifier: str) -> None:
        """Another device with the same keys at the same place: only its engine is another."""
        before = self._agents[amplifier]
        state = before.state
        state.engine += 1
        state.restart(self._loop.time())
        port = before.port
        before.close()
        await asyncio.sleep(0)
        keys = AgentKeys.of(self._secret, amplifier, state.engine)
        self._agents[amplifier] = SnmpAgent(state, keys, state.address, self._loop.time, port=port)

    def _send_trap(self, agent: SnmpAgent, fault: str) -> None:
        number = TRAPS.get(fault)
        if number is None or "unplugged" in agent.state.broken:
            return
        task = self._loop.create_task(
            agent.trap(self._traps, number), name=f"trap of {agent.state.name}"
        )
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _access(self) -> str:
        lines = [
            "# How the virtual amplifiers are asked; written by their own process.",
            "schema: 1",
            f"traps: {{address: {self._traps[0]}, port: {self._traps[1]}, community: traps}}",
            "mdns: 127.0.0.1",
            "amplifiers:",
        ]
        for name, agent in self._agents.items():
            door = self._doors[name].port
            fields: dict[str, Any] = {
                "address": agent.address,
                "port": agent.port,
                "tcp_ports": f"[{door}]",
                "version": self._version,
            }
            if self._version == "v3":
                fields |= {
                    "user": USER,
                    "authentication": "sha256",
                    "authentication_key": agent.keys.authentication_key,
                    "privacy": "aes",
                    "privacy_key": agent.keys.privacy_key,
                    "engine_id": agent.keys.engine_id,
                }
            else:
                fields["community"] = agent.keys.community
            inside = ", ".join(f"{key}: {value}" for key, value in fields.items())
            lines.append(f"  {name}: {{{inside}}}")
        return "\n".join(lines) + "\n"


def _free_port() -> int:
    """A UDP port nobody has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
