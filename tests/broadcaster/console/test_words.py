"""Every text of the console is there in both languages, also for the words of the station."""

import re
from importlib import resources

import pytest

from alerts.alert import Why
from alerts.exercise import ExerciseState
from alerts.hazard import Level
from alerts.life_cycle import State
from zones.bus import Kind

STATIC = resources.files("broadcaster.console") / "static"
_ENTRY = re.compile(r'^  "?([^":/\n]+?)"?: \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', re.M)
TABLES = {name: (STATIC / name).read_text() for name in ("words.js", "view-words.js")}
WORDS = {key: (ko, en) for text in TABLES.values() for key, ko, en in _ENTRY.findall(text)}
SCRIPTS = sorted(
    (one for one in STATIC.iterdir() if one.name.endswith(".js")), key=lambda one: one.name
)


def camel(group, word):
    return group + "".join(part.capitalize() for part in re.split("[_ -]", word))


@pytest.mark.parametrize("name", TABLES)
def test_every_entry_is_read(name):
    table = re.search(r"(?:WORDS = |know\()\{(.*?)\n\}", TABLES[name], re.S)
    assert table is not None
    entries = re.findall(r"^  [^\s/]", table[1], re.M)
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


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda one: one.name)
def test_every_text_that_is_asked_for_is_there(script):
    asked = set(re.findall(r'\bt\("([^"]+)"', script.read_text()))
    assert asked - WORDS.keys() == set()


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
