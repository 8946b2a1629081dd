"""Reads every plan that is written, as soon as it is written.

A part has two slots, so a revision is lost to readers when two more follow it before it was read. A
thread sleeps on each part and reads at once; what is lost all the same, the ear says it cannot say.
"""

from __future__ import annotations

import logging
import threading
from pathlib import Path

from broadcaster.ear.plan_history import PlanHistory
from broadcaster.engine.plan import Part, Plan, PlanError
from broadcaster.engine.plan_file import PlanFile, plan_path

log = logging.getLogger(__name__)

_SLICE = 0.25
"""Seconds a thread sleeps before it looks whether it is to end."""


class PlanReader:
    """Fills a history from the plan parts of a run directory.

    Raises:
        PlanError: a part is no plan file.
        OSError: it cannot be opened.
    """

    def __init__(self, run: Path, history: PlanHistory) -> None:
        """Read what is there, and begin to watch."""
        self._history = history
        self._files = {part: PlanFile(plan_path(run, part)) for part in Part}
        self._seen = dict.fromkeys(Part, 0)
        self._lock = threading.Lock()
        self.newest: dict[Part, Plan] = {}
        """The newest plan of each part that could be read."""
        self._is_over = False
        self.look()
        self._threads = [
            threading.Thread(target=self._watch, args=(part,), name=f"plan {part.value}")
            for part in Part
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the threads, and release the files."""
        self._is_over = True
        for thread in self._threads:
            thread.join()
        for file in self._files.values():
            file.close()

    def look(self) -> None:
        """Read what is new right now; for when the engine has adopted what nobody read yet."""
        for part in Part:
            self._look(part)

    def _watch(self, part: Part) -> None:
        while not self._is_over:
            if self._files[part].wait(self._seen[part], _SLICE):
                self._look(part)

    def _look(self, part: Part) -> None:
        file = self._files[part]
        with self._lock:
            revision = file.revision
            if revision <= self._seen[part]:
                return
            # The older slot first: it may hold one that was written since the last look.
            for older in (True, False):
                if older and revision == self._seen[part] + 1:
                    continue
                try:
                    plan = file.read(older=older)
                except PlanError as error:
                    log.warning("plan %s %d cannot be read: %s", part.value, revision, error)
                    self._seen[part] = max(self._seen[part], revision)
                    continue
                if plan is not None and plan.revision > self._seen[part]:
                    self._history.add(plan)
                    self.newest[part] = plan
                    self._seen[part] = plan.revision
