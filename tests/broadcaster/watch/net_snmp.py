"""net-snmp's own agent and senders: a judge that shares no code with us."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

import pytest

MISSING = [name for name in ("snmpd", "snmptrap", "snmpinform") if shutil.which(name) is None]
needs_net_snmp = pytest.mark.skipif(
    bool(MISSING), reason=f"{', '.join(MISSING)} not installed (Debian: snmpd, snmp)"
)
USER, AUTH, PRIV = "watch", "authentication1", "privacy-key-1"
OWN = ".1.3.6.1.4.1.32473.77"

# Speaks pass_persist (snmpd.conf(5)): objects come from a JSON file that a test may rewrite.
_ANSWERS = """\
import json, sys
def objects():
    with open(sys.argv[1]) as file:
        found = json.load(file)
    return sorted((tuple(map(int, k.strip(".").split("."))), v) for k, v in found.items())
while line := sys.stdin.readline():
    word = line.strip()
    if word == "PING":
        print("PONG", flush=True)
        continue
    at = tuple(map(int, sys.stdin.readline().strip().strip(".").split(".")))
    if word == "get":
        found = [(o, v) for o, v in objects() if o == at]
    else:
        found = [(o, v) for o, v in objects() if o > at]
    if found:
        (oid, (kind, value)), *_ = found
        print("." + ".".join(map(str, oid)), kind, value, sep="\\n", flush=True)
    else:
        print("NONE", flush=True)
"""


class NetSnmp:
    """A running snmpd; `objects` are what its private part answers."""

    def __init__(self, place: Path, port: int) -> None:
        self.place, self.port = place, port

    def answer(self, objects):
        draft = self.place / "objects.draft"
        draft.write_text(json.dumps(objects))
        draft.replace(self.place / "objects.json")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


@contextmanager
def running_snmpd(place, objects, engine="fixed"):
    """snmpd with a community `public`, a v3 user, and a private part."""
    port = free_port()
    (place / "answers.py").write_text(_ANSWERS)
    (place / "snmpd.conf").write_text(
        textwrap.dedent(f"""\
        agentaddress udp:127.0.0.1:{port}
        engineID {engine}
        rocommunity public
        createUser {USER} SHA-256 {AUTH} AES {PRIV}
        rouser {USER} authpriv
        sysObjectID .1.3.6.1.4.1.32473.77.10
        sysDescr Sorigil virtual amplifier 1.2
        pass_persist {OWN} {sys.executable} {place}/answers.py {place}/objects.json
        """)
    )
    judge = NetSnmp(place, port)
    judge.answer(objects)
    process = subprocess.Popen(
        ["snmpd", "-f", "-Lf", str(place / "log"), "-C", "-c", "snmpd.conf", "-I", "-smux"],
        cwd=place,
        env={**os.environ, "SNMP_PERSISTENT_DIR": str(place / "kept"), "MIBS": ""},
    )
    try:
        yield judge
    finally:
        process.terminate()
        process.wait(10)


def send(program, port, *words, version=("-v2c", "-c", "public"), place=None):
    """Run snmptrap or snmpinform against a port of this machine; its exit status."""
    kept = {} if place is None else {"SNMP_PERSISTENT_DIR": str(place)}
    command = [program, *version, f"127.0.0.1:{port}", *words]
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        timeout=30,
        env={**os.environ, "MIBS": "", **kept},
    ).returncode


async def until(condition, limit=40.0):
    """Look until something holds; nobody tells when it does."""
    async with asyncio.timeout(limit):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)
