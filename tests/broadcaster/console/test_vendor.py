"""The libraries that browsers load are what was published, with their licences, and ask nobody."""

import hashlib
import json
import re
from importlib import resources

import pytest

STATIC = resources.files("broadcaster.console") / "static"
VENDOR = STATIC / "vendor"
LIBRARIES = json.loads((VENDOR / "libraries.json").read_text())["libraries"]


@pytest.mark.parametrize("library", LIBRARIES, ids=lambda one: one["package"])
def test_a_library_is_unchanged_and_brings_its_licence(library):
    for name, digest in library["sha256"].items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest
    label = library["package"].lstrip("@").replace("/", "-")
    licence = (VENDOR / f"{label}.LICENSE.txt").read_text()
    assert {"MIT": "Permission is hereby granted", "Apache-2.0": "Apache License"}[
        library["licence"]
    ] in licence


def test_every_script_there_is_listed():
    listed = {name for library in LIBRARIES for name in library["sha256"]}
    assert {one.name for one in VENDOR.iterdir() if one.name.endswith(".js")} == listed


IMPORTED = re.compile(
    r"""(?:(?:^|;)\s*(?:import\b[^"';(]*|export\s*[*{][^"';]*\bfrom\s*)|\bimport\s*\(\s*)"""
    r"""["']([^"']+)["']""",
    re.MULTILINE,
)


def scripts(folder):
    for one in folder.iterdir():
        if one.is_dir():
            yield from scripts(one)
        elif one.name.endswith(".js"):
            yield one


@pytest.mark.parametrize("script", list(scripts(STATIC)), ids=lambda one: one.name)
def test_a_script_imports_files_beside_it(script):
    named = IMPORTED.findall(script.read_text())
    assert [one for one in named if not one.startswith(("./", "../"))] == []
