"""What control makes of a round of care for the store."""

import asyncio
import contextlib

import pytest

from broadcaster.control.store_care import StoreCare, faults_of
from broadcaster.run_directory import RunDirectory, StateDirectory

FINE = {"mended": [], "damaged": [], "evicted": [], "over_bytes": 0}


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (FINE, []),
        ({"error": "no disk"}, ["was not looked after: no disk"]),
        ({**FINE, "over_bytes": 2 * 10**9}, ["2.0 GB over its budget"]),
        ({**FINE, "damaged": [{"pcm": "a" * 64, "file": "/m/a.ogg"}]}, ["/m/a.ogg is damaged"]),
        ({**FINE, "damaged": [{"pcm": "a" * 64, "file": None}]}, ["aaaaaaaaaaaa is damaged"]),
        (
            {**FINE, "damaged": [{"pcm": "a" * 64, "file": None}] * 7},
            ["is damaged"] * 5 + ["2 more recordings"],
        ),
    ],
)
def test_faults_say_what_to_do(said, words):
    faults = faults_of(said)
    assert len(faults) == len(words)
    assert all(word in fault for word, fault in zip(words, faults, strict=True))


async def test_a_round_is_made_by_a_process_of_its_own(run_directory, state_directory):
    pcm = "a" * 64
    path = state_directory / "pcm" / "aa" / f"{pcm}.pcm"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not what its name says")
    care = StoreCare(
        RunDirectory(run_directory), StateDirectory(state_directory), lambda: 1 << 30, first=0
    )
    task = asyncio.create_task(care.run())
    try:
        async with asyncio.timeout(60):
            while not care.rounds:  # noqa: ASYNC110 - the round is another process's
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert any("is damaged in the store" in fault for fault in care.faults)
