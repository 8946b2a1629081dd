"""What is in the wheel, and what is not."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.house.checkout import PACKAGES, ROOT, written_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory"]
    subprocess.run([*build, str(place)], cwd=ROOT, check=True, capture_output=True)
    (built,) = place.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        yield archive


def test_it_installs_exactly_five_packages(wheel):
    top = {Path(name).parts[0] for name in wheel.namelist()}
    assert {name for name in top if not name.endswith(".dist-info")} == set(PACKAGES)


def test_it_holds_every_file_of_the_packages_but_the_reference_site(wheel):
    written = {str(path) for path in written_files() if path.parts[0] in PACKAGES}
    site = {"config.yaml", *re.findall(r"[\w/]+\.yaml", (ROOT / "config.yaml").read_text())}
    packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert packed == written - site


def test_the_packages_are_typed(wheel):
    assert {f"{package}/py.typed" for package in PACKAGES} <= set(wheel.namelist())


def test_it_brings_the_command(wheel):
    (entry_points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "broadcaster = broadcaster.cli:main" in wheel.read(entry_points).decode()
