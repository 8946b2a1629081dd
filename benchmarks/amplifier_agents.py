"""What the part amplifiers asks: virtual agents, net-snmp's agent, and how each is reached."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from pyasn1.codec.ber import encoder  # type: ignore[import-untyped]
from pysnmp.proto.api import v2c  # type: ignore[import-untyped]

from benchmarks.context import SOURCES
from benchmarks.measurement import MeasurementError
from broadcaster.simulator.device_state import OWN
from broadcaster.simulator.snmp_agent import USER, SnmpAgent
from broadcaster.watch.access import Credentials, Reach
from broadcaster.watch.snmp_client import Agent, SnmpClient, SnmpError
from firmware_profiles.oid import SYS_DESCR, SYS_UPTIME, Oid

OIDS: Final[tuple[Oid, ...]] = (SYS_UPTIME, SYS_DESCR, *((*OWN, 1, n, 0) for n in range(1, 9)))
PUBLIC: Final = Credentials("v2c", "public")


def _v3(authentication_key: str, privacy_key: str) -> Credentials:
    return Credentials("v3", "", USER, "sha256", authentication_key, "aes", privacy_key)


def agent_of(told: dict[str, Any]) -> Agent:
    """How a virtual agent of another process is asked."""
    credentials = _v3(told["authentication_key"], told["privacy_key"])
    return Agent(told["address"], told["port"], credentials)


def reach_of(agent: SnmpAgent | dict[str, Any]) -> Reach:
    """How a watch reaches a virtual agent, of this process or another."""
    if isinstance(agent, SnmpAgent):
        keys = _v3(agent.keys.authentication_key, agent.keys.privacy_key)
        return Reach(keys, agent.port, agent.address, agent.keys.engine_id)
    keys = _v3(agent["authentication_key"], agent["privacy_key"])
    return Reach(keys, agent["port"], agent["address"])


def trap_of(community: str) -> bytes:
    """A notification of version 2c that an output's line is at fault."""
    pdu = v2c.SNMPv2TrapPDU()
    v2c.apiTrapPDU.set_defaults(pdu)
    bindings = v2c.apiTrapPDU.get_varbinds(pdu)
    trap = v2c.ObjectIdentifier((*OWN, 2, 1))
    v2c.apiTrapPDU.set_varbinds(pdu, [bindings[0], (bindings[1][0], trap)])
    message = v2c.Message()
    v2c.apiMessage.set_defaults(message)
    v2c.apiMessage.set_community(message, community)
    v2c.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


@contextmanager
def agents(count: int) -> Iterator[list[dict[str, Any]]]:
    """Virtual agents in a process of their own."""
    argv = [sys.executable, "-m", "benchmarks.snmp_agents", str(count), str(os.getpid())]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, cwd=SOURCES.parent) as process:
        line = "" if process.stdout is None else process.stdout.readline()
        try:
            if not line:
                raise MeasurementError("the virtual agents did not start")
            yield json.loads(line)
        finally:
            process.terminate()


@contextmanager
def snmpd(scratch: Path) -> Iterator[int]:
    """net-snmp's agent on every address of 127/8; its port."""
    if shutil.which("snmpd") is None:
        raise MeasurementError("net-snmp's snmpd is not installed (Debian: snmpd)")
    port = free_port()
    settings = scratch / "snmpd.conf"
    settings.write_text(f"agentaddress udp:0.0.0.0:{port}\nrocommunity public\n")
    argv = ["snmpd", "-f", "-Lf", "/dev/null", "-C", "-c", str(settings), "-I", "-smux"]
    environment = {**os.environ, "SNMP_PERSISTENT_DIR": str(scratch / "snmpd"), "MIBS": ""}
    with subprocess.Popen(argv, env=environment) as process:
        try:
            asyncio.run(_answers(port))
            yield port
        finally:
            process.terminate()


async def _answers(port: int) -> None:
    client = SnmpClient()
    try:
        for _ in range(30):
            with suppress(SnmpError):
                await client.fetch(Agent("127.0.0.1", port, PUBLIC), [SYS_UPTIME])
                return
    finally:
        client.close()
    raise MeasurementError("snmpd does not answer")


async def until(condition: Callable[[], bool], limit: float = 30.0) -> None:
    """Look until something holds; raises TimeoutError."""
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


def free_port() -> int:
    """A UDP port nobody has just now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])
