"""What ships with the program, decoded once for all tests of a process."""

import pytest

from tests.broadcaster.ingest.shipped import Shipped, decoded


@pytest.fixture(scope="session")
def shipped(tmp_path_factory) -> Shipped:
    """Every voice that ships, in a store of its own."""
    return decoded(tmp_path_factory.mktemp("shipped"))
