"""Every text of the console is there in both languages, also for the words of the station."""

import re
from importlib import resources
from os.path import normpath
from pathlib import PurePosixPath

import pytest

from alerts.alert import Why
from alerts.exercise import ExerciseState
from alerts.hazard import Level
from alerts.life_cycle import State
from zones.bus import Kind

STATIC = resources.files("broadcaster.console") / "static"
_ENTRY = re.compile(r'^  "?([^":/\n]+?)"?: \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', re.M)
_TABLE = re.compile(r"^(?:const WORDS = |know\()\{$(.*?)^\}", re.M | re.S)
SCRIPTS = {
    str(path): folder.joinpath(path.name).read_text()
    for folder, prefix in ((STATIC, ""), (STATIC / "views", "views/"))
    for path in (PurePosixPath(prefix + entry.name) for entry in folder.iterdir())
    if path.suffix == ".js"
}
TABLES = {
    name: table[1] for name, text in sorted(SCRIPTS.items()) if (table := _TABLE.search(text))
}
WORDS = {key: (ko, en) for text in TABLES.values() for key, ko, en in _ENTRY.findall(text)}


def imported(name, found):
    """A module and all that it loads before it runs."""
    if name not in found and name in SCRIPTS:
        found.add(name)
        for other in re.findall(r'\bfrom ?"(\.[^"]+)"', SCRIPTS[name]):
            imported(normpath(PurePosixPath(name).parent / other), found)
    return found


FIRST = imported("main.js", set())


def known_to(name):
    """The keys of the texts that are there when a module runs."""
    there = FIRST | imported(name, set())
    return {key for one in there & TABLES.keys() for key, _, _ in _ENTRY.findall(TABLES[one])}


def camel(group, word):
    return group + "".join(part.capitalize() for part in re.split("[_ -]", word))


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_is_read(name):
    entries = re.findall(r"^  [^\s/]", TABLES[name], re.M)
    assert len(_ENTRY.findall(TABLES[name])) == len(entries)


def test_no_entry_is_there_twice():
    keys = [key for text in TABLES.values() for key, _, _ in _ENTRY.findall(text)]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("key", WORDS)
def test_a_text_is_there_in_both_languages_with_the_same_blanks(key):
    korean, english = WORDS[key]
    assert korean
    assert english
    assert set(re.findall(r"\{\w+\}", korean)) == set(re.findall(r"\{\w+\}", english))


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_text_that_is_asked_for_is_there(name):
    asked = set(re.findall(r'\bt\("([^"]+)"', SCRIPTS[name]))
    assert asked - known_to(name) == set()


def test_every_page_is_called_something_in_both_languages_and_is_there():
    pages = re.findall(
        r'\{ path: "/([a-z-]*)", title: \["([^"]+)", "([^"]+)"\], menu: [^,]+,'
        r'(?: right: "[a-z-]+",)?'
        r' (?:load: \(\) => import\("\./views/([a-z-]+)\.js"\)|view: \w+) \},',
        SCRIPTS["views.js"],
    )
    assert len(pages) == SCRIPTS["views.js"].count("{ path: ")
    loaded = {path for path, _, _, module in pages if module and path == module}
    assert {f"views/{path}.js" for path in loaded} == {
        name for name in SCRIPTS if name.startswith("views/")
    }


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ("state", [state.value for state in (*State, *ExerciseState)]),
        ("level", [level.name.lower() for level in Level] + ["exercise"]),
        ("kind", [kind.value for kind in Kind]),
    ],
)
def test_the_station_says_nothing_that_has_no_text(group, words):
    assert {camel(group, word) for word in words} - WORDS.keys() == set()


def test_every_reason_for_a_call_has_a_text():
    assert {f"call {why.value}" for why in Why} - WORDS.keys() == set()
