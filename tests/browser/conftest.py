"""One station with a console for all tests in real browsers."""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.network_namespace import Network

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture(scope="package")
def shared_standing(worker_directory, tmp_path_factory, network):
    """A station on air, its console, and a browser."""
    if network is not Network.OWN:
        pytest.skip("the reference site's groups need a network of their own")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (make system)")
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from tests.browser.standing import standing

    run = Path(tempfile.mkdtemp(prefix="b-", dir=worker_directory))
    with standing(tmp_path_factory.mktemp("browser"), run) as made:
        made.until(made.station.is_music_everywhere, "there is music everywhere")
        yield made
    shutil.rmtree(run)


@pytest.fixture
def standing(shared_standing):
    """The station; what a test left on air is ended, its browsers are closed."""
    yield shared_standing
    shared_standing.forget()
    shared_standing.quiet()
