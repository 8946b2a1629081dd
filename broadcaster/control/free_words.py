"""Has an operator's own words spoken by a worker, ahead of the warning that may say them.

A warning never waits for it: words without a voice by then are left out, and that is said.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from alerts.message import Phrase
from broadcaster.background import ONE_THREAD
from broadcaster.control.voice_index import read_voice
from broadcaster.run_directory import StateDirectory

log = logging.getLogger(__name__)

WORKER: Final = "broadcaster.ingest.free_words"
_LIMIT: Final = 90.0
_MOST_WAITING: Final = 20


class FreeWords:
    """The words that are being spoken, one worker at a time."""

    def __init__(self, state: StateDirectory, told: Callable[[Mapping[Phrase, Any]], None]) -> None:
        """`told` gets each voice as soon as there is one."""
        self._state = state
        self._told = told
        self._asked: asyncio.Queue[tuple[Phrase, ...]] = asyncio.Queue(_MOST_WAITING)
        self.waiting: set[Phrase] = set()

    def ask(self, phrases: Iterable[Phrase]) -> None:
        """Have phrases spoken; what waits already is not asked for twice."""
        new = tuple(phrase for phrase in phrases if phrase not in self.waiting)
        if new:
            with contextlib.suppress(asyncio.QueueFull):
                self._asked.put_nowait(new)
                self.waiting |= set(new)

    async def run(self) -> None:
        """Speak what is asked for, until cancelled."""
        while True:
            phrases = await self._asked.get()
            try:
                async with asyncio.timeout(_LIMIT):
                    await self._speak(phrases)
            except (OSError, ValueError, KeyError, TypeError, TimeoutError) as error:
                log.warning("an operator's words could not be spoken: %r", error)
            finally:
                self.waiting -= set(phrases)

    async def _speak(self, phrases: tuple[Phrase, ...]) -> None:
        lines = "".join(
            json.dumps({"language": one.language, "text": one.text}, ensure_ascii=False) + "\n"
            for one in phrases
        )
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", WORKER, "--state", str(self._state.path)),
            *("--parent", str(os.getpid())),
            env={**os.environ, **ONE_THREAD},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            said, _ = await process.communicate(lines.encode())
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        for line in said.splitlines():
            fields = json.loads(line)
            if "error" in fields:
                log.warning("an operator's words could not be spoken: %s", fields["error"])
            else:
                phrase, voice = read_voice(fields)
                self._told({phrase: voice})
