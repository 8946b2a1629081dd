"""Fixtures of the ear's tests."""

import pytest

from tests.broadcaster.engine.studio import Studio


@pytest.fixture
def studio(run_directory, state_directory):
    """A place with a clock where an engine can be started; ended with the test."""
    made = Studio(run_directory, state_directory)
    yield made
    made.close()
