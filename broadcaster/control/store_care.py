"""Has the store looked after once an hour, by a worker that stands back behind everything else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

from broadcaster.background import ONE_THREAD
from broadcaster.control.acts import Play
from broadcaster.control.play_order import RefusedError
from broadcaster.run_directory import RunDirectory, StateDirectory

log = logging.getLogger(__name__)

WORKER = "broadcaster.ingest.store_worker"
FIRST = 300.0
"""Seconds until the first round: a start has enough to do."""
EVERY = 3600.0
LIMIT = 4 * 3600.0
"""Seconds a round may take."""
_MOST_SAID = 5
"""Damaged recordings that are named; more are counted."""


class StoreCare:
    """One round after the other; `faults` is what the last one could not set right."""

    def __init__(
        self,
        run: RunDirectory,
        state: StateDirectory,
        budget: Callable[[], int],
        first: float = FIRST,
    ) -> None:
        """`budget` tells what the store may hold, in bytes; `first` is when to begin, in s."""
        self._run = run
        self._state = state
        self._budget = budget
        self._first = first
        self.rounds = 0
        self.faults: tuple[str, ...] = ()

    async def run(self) -> None:
        """Look after the store until cancelled."""
        await asyncio.sleep(self._first)
        while True:
            try:
                said = await self._round()
            except OSError as error:
                said = {"error": f"no process could be started ({error.strerror})"}
            self.faults = tuple(faults_of(said))
            for name in ("mended", "evicted"):
                if said.get(name):
                    log.info("store: %d recordings %s", len(said[name]), name)
            for fault in self.faults:
                log.warning("%s", fault)
            self.rounds += 1
            await asyncio.sleep(EVERY)

    async def _round(self) -> dict[str, Any]:
        """What the worker says."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", WORKER, "--budget", str(self._budget())),
            *("--state", str(self._state.path), "--run", str(self._run.path)),
            *("--parent", str(os.getpid())),
            env={**os.environ, **ONE_THREAD},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(LIMIT):
                text, _ = await process.communicate()
            said: dict[str, Any] = json.loads(text)
        except (TimeoutError, ValueError):
            said = {"error": "the worker did not come to an end"}
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return said


def faults_of(said: dict[str, Any]) -> list[str]:
    """What a person has to know and do about what a worker said."""
    if "error" in said:
        return [f"the store was not looked after: {said['error']}"]
    damaged = said["damaged"]
    faults = [
        f"the recording {one['file'] or one['pcm'][:12]} is damaged in the store and its file is "
        "gone or changed: import it again"
        for one in damaged[:_MOST_SAID]
    ]
    if len(damaged) > _MOST_SAID:
        faults.append(f"{len(damaged) - _MOST_SAID} more recordings are damaged in the store")
    if said["over_bytes"]:
        faults.append(
            f"the store is {said['over_bytes'] / 1e9:.1f} GB over its budget with what the station "
            "needs alone: raise store.budget, or take music out of the programme"
        )
    return faults


def check_stored(order: Play, state: StateDirectory) -> None:
    """Refuse sound that the store does not hold: it could never be heard.

    Raises:
        RefusedError: the store has no such sound, or less of it.
    """
    if order.pcm is None or not order.pcm.isalnum():
        return
    path = state.pcm / order.pcm[:2] / f"{order.pcm}.pcm"
    try:
        length = path.stat().st_size // 2
    except OSError:
        raise RefusedError(f"the store has no sound {order.pcm[:12]}...", "pcm") from None
    if order.length > length:
        raise RefusedError(f"that sound has {length} samples, not {order.length}", "length")
