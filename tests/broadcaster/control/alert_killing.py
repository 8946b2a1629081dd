"""Kill -9 whoever moves alerts, again and again: `-m ...alert_killing DIRECTORY TRIALS SEED`.

Journal, core and recovery, without sockets: one process with everything imported forks a control
for each trial, kills it at a moment drawn by chance, and looks for every move that was called
durable, in the note of the run directory and in the journal alone. Prints one JSON object.
"""

import asyncio
import json
import os
import random
import select
import shutil
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from alerts.life_cycle import Event
from broadcaster.control.acts import EngineAdopted, Recorded, Restarted, TakeLibrary
from broadcaster.control.alert_recovery import AlertNotes, found_again
from broadcaster.control.core import Core
from broadcaster.journal import Journal
from broadcaster.run_directory import RunDirectory, StateDirectory
from tests.broadcaster.control import bench
from tests.broadcaster.control.test_alert_acts import order
from tests.broadcaster.journal.written import LIGHT, PATIENCE, quiet
from zones.media_time import WallAnchor

_MESSAGES = ("wildfire-caution", "flood-closing", "storm-warning", "missing-person", "heat-caution")
_ANEW = 25
"""Trials after which the next begin with an empty journal: alerts do not end here."""


def _recovered(notes, state):
    """A core as control makes it at its start, and the seconds that took."""
    begun = time.perf_counter()
    found = found_again(notes, state, bench.messages())
    now = time.monotonic()
    anchor = WallAnchor(bench.CLOCK.sample_at(round(now * 1e9)), datetime.now(UTC))
    core = Core(bench.ground(), anchor, bench.warnings(found.book), bench.detections(now))
    return core, found.unrecorded, time.perf_counter() - begun


async def move_for_ever(run, state, said, trial):
    """Do acts on warnings, and write each move that is durable to the pipe `said`."""
    chance = random.Random(trial)
    notes = AlertNotes(run)
    core, unrecorded, _ = _recovered(notes, state)
    core.handle(TakeLibrary(library=bench.library()), time.monotonic())
    async with Journal(state.path, LIGHT) as journal:

        async def perform(effects):
            records = []
            for effect in effects:
                if isinstance(effect, Recorded):
                    notes.take(effect.entries)
                    records.append(journal.record(effect.entries))
            for record in records:
                outcome = await record.within(PATIENCE)
                assert outcome.durable, outcome.reason

        await journal.opened(PATIENCE)
        await perform(core.handle(Restarted(unrecorded=unrecorded), time.monotonic()))
        os.write(said, b"opened\n")
        number = 0
        while True:
            number += 1
            now = time.monotonic()
            asked = _asked(core, chance, f"{trial}-{number}", now)
            effects = list(core.handle(asked, now))
            core.handle(EngineAdopted(revision=core.plan.revision), now)
            await perform(effects)
            alerts = {a.id: [a.revision, a.is_living] for a in core.warnings.book.alerts}
            os.write(said, (json.dumps(alerts) + "\n").encode())


def _asked(core, chance, key, now):
    """An act by chance: a new warning, or one on a warning that lives."""
    living = core.warnings.book.living
    if not living or chance.random() < 0.3:
        zones = chance.sample([str(zone.id) for zone in bench.site().zones], 2)
        return order("raise", now, key=key, message=chance.choice(_MESSAGES), zones=zones)
    alert = chance.choice(living).id
    act = chance.choice(["add-zones", "escalate", "correct", "all-clear", "reconfirm", "step-down"])
    fields: dict[str, object] = {"zones": ["stream-5"]} if act == "add-zones" else {}
    if act in ("escalate", "step-down"):
        fields["level"] = "evacuate" if act == "escalate" else "caution"
    return order(act, now, key=key, alert=alert, reason="by chance", **fields)


def trial(run, state, number, chance):
    """One control's life: what it said was durable before it was killed."""
    heard, said = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        try:
            asyncio.run(move_for_ever(run, state, said, number))
        finally:
            os._exit(1)
    os.close(said)
    wanted = chance.choice([0, 1, 1, 2, chance.randrange(12)])
    text = b""
    while text.count(b"\n") < wanted and (octets := os.read(heard, 65_536)):
        text += octets
    end = time.monotonic() + chance.random() * 0.02
    while (left := end - time.monotonic()) > 0 and select.select([heard], [], [], left)[0]:
        octets = os.read(heard, 65_536)
        text += octets
        if not octets:
            break
    os.kill(child, signal.SIGKILL)
    while octets := os.read(heard, 65_536):
        text += octets
    os.close(heard)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL, "control failed by itself"
    lines = [line for line in text.split(b"\n")[:-1] if line.startswith(b"{")]
    return json.loads(lines[-1]) if lines else {}


def lost(acknowledged, book):
    """The alerts of which a durable move is not known any more."""
    found = []
    for name, (revision, is_living) in acknowledged.items():
        known = book.alert(name)
        if known is None and is_living and not _is_absorbed(acknowledged, book):
            found.append(f"{name} is not known")
        elif known is not None and known.revision < revision:
            found.append(f"{name} is of revision {known.revision} instead of {revision}")
    return found


def _is_absorbed(acknowledged, book):
    """Whether the last move, that was not acknowledged any more, made one warning of two."""
    return any(
        alert.last.event is Event.ABSORB and alert.revision > acknowledged.get(alert.id, [0])[0]
        for alert in book.living
    )


def main(directory, trials, seed):
    quiet()
    chance = random.Random(seed)
    missing: list[str] = []
    took: list[float] = []
    acknowledged = 0
    for number in range(trials):
        place = directory / str(number // _ANEW)
        run, state = RunDirectory(place / "run"), StateDirectory(place / "state")
        if number % _ANEW == 0:
            shutil.rmtree(place, ignore_errors=True)
            run.make()
            state.make()
        known = trial(run, state, number, chance)
        acknowledged += len(known)
        core, _, seconds = _recovered(AlertNotes(run), state)
        took.append(seconds)
        missing += [f"{number} noted: {one}" for one in lost(known, core.warnings.book)]
        # As after a power cut: what lay in memory is gone.
        note = run.path / "alerts.json"
        kept = note.read_bytes() if note.exists() else None
        note.unlink(missing_ok=True)
        core, *_ = _recovered(AlertNotes(run), state)
        missing += [f"{number} journal: {one}" for one in lost(known, core.warnings.book)]
        if kept is not None and chance.random() < 0.5:
            note.write_bytes(kept)
    took.sort()
    found = {
        "trials": trials,
        "acknowledged": acknowledged,
        "lost": sorted(missing),
        "recovery_ms": {
            "p50": round(took[len(took) // 2] * 1000, 1),
            "p99": round(took[len(took) * 99 // 100] * 1000, 1),
            "max": round(took[-1] * 1000, 1),
        },
    }
    print(json.dumps(found))  # noqa: T201 - the parent reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
