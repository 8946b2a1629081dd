"""A console for each test."""

import pytest

from tests.broadcaster.console.bench import console, hash_quickly


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch):
    hash_quickly(monkeypatch)


@pytest.fixture
async def bench(run_directory, state_directory):
    async with console(run_directory, state_directory) as bench:
        yield bench
