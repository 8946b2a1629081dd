"""The process of one part: makes its bed, measures, and prints a line of JSON a measurement.

Started by `benchmarks.runner`. Every way of ending it ends its children too: they ask the kernel
to die with their parent, and the runner ends the session.
"""

import argparse
import dataclasses
import importlib
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.bed import (
    LOOPBACK,
    enter_own_network,
    fifo_priority,
    first_group,
    machine_facts,
)
from benchmarks.context import Context


def main() -> None:
    """Measure one part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("part")
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--build", type=Path, required=True)
    parser.add_argument("--scratch", type=Path, required=True)
    wanted = parser.parse_args()
    deadline = time.monotonic() + wanted.seconds

    own_network = enter_own_network()
    priority = fifo_priority()
    _say({"machine": machine_facts(own_network, priority)})
    context = Context(
        rounds=wanted.rounds,
        deadline=deadline,
        build=wanted.build,
        scratch=wanted.scratch,
        first_group=first_group(own_network),
        interface=LOOPBACK,
        has_own_network=own_network,
        fifo_priority=priority,
    )
    # Only now: what a part imports may start threads, and a namespace is entered alone.
    part = importlib.import_module(f"benchmarks.{wanted.part}")
    for measurement in part.measure(context):
        _say(dataclasses.asdict(measurement))


def _say(what: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
