"""Virtual amplifiers' agents in a process of their own: `python -m benchmarks.snmp_agents 14`.

Prints one line of JSON, where each is and what it is asked with, then answers until it is ended.
"""

import asyncio
import json
import sys

from broadcaster.engine.libc import die_with_parent
from broadcaster.simulator.device_state import DeviceState
from broadcaster.simulator.snmp_agent import AgentKeys, SnmpAgent


async def serve(count: int) -> None:
    """Answer until cancelled."""
    loop = asyncio.get_running_loop()
    told = []
    agents = []
    for number in range(count):
        address = f"127.0.79.{number + 1}"
        state = DeviceState(f"amp-{number + 1:02}", address, 2, loop.time())
        keys = AgentKeys.of(b"benchmark", state.name)
        agent = SnmpAgent(state, keys, address, loop.time)
        agents.append(agent)
        told.append(
            {
                "name": state.name,
                "address": address,
                "port": agent.port,
                "authentication_key": keys.authentication_key,
                "privacy_key": keys.privacy_key,
            }
        )
    await asyncio.sleep(0)
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    die_with_parent(int(sys.argv[2]))
    asyncio.run(serve(int(sys.argv[1])))
