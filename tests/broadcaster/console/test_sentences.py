"""What the station can say to a screen has its Korean words there, and means the same."""

import ast
import json
import re
import shutil
import subprocess
from importlib import resources

import pytest

from tests.house.checkout import ROOT

STATIC = resources.files("broadcaster.console") / "static"
TABLES = [
    (STATIC / name).read_text()
    for name in ("sentences.js", "refusals.js", "programme-sentences.js")
]
_ENTRY = re.compile(r'^  "([a-z_0-9-]+)": \["((?:[^"\\]|\\.)*)", "((?:[^"\\]|\\.)*)"\],$', re.M)
ENTRIES = [
    (code, json.loads(f'"{english}"'), json.loads(f'"{korean}"'))
    for table in TABLES
    for code, english, korean in _ENTRY.findall(table)
]

SAYS_ONLY_TO_SCREENS = [
    "broadcaster/ear/verdict.py",
    "alerts/detection/doubt.py",
    "broadcaster/control/automatic_voices.py",
    "broadcaster/control/live_keeper.py",
    "broadcaster/control/store_care.py",
    "broadcaster/control/self_testing.py",
]
"""Every sentence in these is a fault or a reason."""
REFUSES = [
    "broadcaster/control/*.py",
    "broadcaster/console/*.py",
    "alerts/book.py",
    "alerts/by_people.py",
    "alerts/by_rules.py",
    "alerts/exercises.py",
    "broadcaster/picture_store.py",
]
"""What these raise reaches whoever asked."""
ELSEWHERE = {
    # printed where somebody starts or sets up a station
    "main.py", "commands.py", "certificates.py", "app.py", "one_module.py", "id_token.py",
    # speaks to the identity provider's people, in the browser's own page
    "sign_on.py",
    # the link between processes: no person sends these
    "wire.py", "told.py", "library_index.py", "library_keeper.py",
    # the programme's pages have words of their own
    "radio_desk.py", "steering.py", "schedule_keeper.py",
}  # fmt: skip
NOT_SAID = {
    "a process was started with pipes and has none",
    "{} is damaged: put back a copy, or remove it with the pictures",
    "self-test {} does not run: it is {}",
}


def form(node):
    """A literal with {} for its blanks; None for what is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
    return None


def parts_of(tree):
    """Nodes that are only a part of a sentence, say nothing, or go to the log."""
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr(values):
                yield from values
            case ast.Expr(ast.Constant() as text):
                yield text
            case ast.Call(ast.Attribute(ast.Name("log")), args):
                yield from args


def sentences(path, *, is_raised):
    """The sentences of a module; with `is_raised` only those that it raises."""
    tree = ast.parse(path.read_text())
    parts = {id(part) for part in parts_of(tree)}
    for node in ast.walk(tree):
        inside: list[ast.AST] = [node]
        if is_raised:
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if not node.func.id.endswith("Error"):
                continue
            inside = [one for arg in node.args for one in ast.walk(arg)]
        for one in inside:
            said = None if id(one) in parts else form(one)
            if said and len(said.split()) > 2 and said not in NOT_SAID:
                yield said


def said_in(paths, *, is_raised):
    return sorted(
        {
            sentence
            for pattern in paths
            for path in ROOT.glob(pattern)
            if path.name not in ELSEWHERE
            for sentence in sentences(path, is_raised=is_raised)
        }
    )


KNOWN = {re.sub(r"\{\w+\}", "{}", english) for _, english, _ in ENTRIES}


def test_every_entry_is_read_and_each_code_and_form_is_there_once():
    tables = [text[text.index("const SENTENCES") : text.index("\n};")] for text in TABLES]
    assert sum(len(re.findall(r'^  "', table, re.M)) for table in tables) == len(ENTRIES)
    assert len({code for code, _, _ in ENTRIES}) == len(ENTRIES)
    assert len(KNOWN) == len(ENTRIES)


@pytest.mark.parametrize(("code", "english", "korean"), ENTRIES)
def test_both_languages_have_the_same_blanks(code, english, korean):
    blanks = set(re.findall(r"\{\w+\}", korean))
    # A value that the Korean sentence does not need may be left out; none is made up.
    assert blanks <= set(re.findall(r"\{\w+\}", english)), code
    assert re.search("[가-힣]|json", korean), code


@pytest.mark.parametrize("sentence", said_in(SAYS_ONLY_TO_SCREENS, is_raised=False))
def test_a_fault_or_a_reason_has_korean_words(sentence):
    assert sentence in KNOWN


@pytest.mark.parametrize("sentence", said_in(REFUSES, is_raised=True))
def test_a_refusal_has_korean_words(sentence):
    assert sentence in KNOWN


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_values_and_sentences_within_sentences_are_found(tmp_path):
    said = {
        "nothing received for 1.0 s": ["nothing-received", "1.0초 동안 아무것도 들어오지 않음"],
        "wrong sound: the sound of Ansan 2": ["wrong-sound", "다른 소리: Ansan 2의 소리"],
        "clock: our clock was stepped by +3 s": ["clock", "시계: 방송국 시계가 +3초 뛰었습니다"],
        "there is nobody called 김민": ["nobody-called-so", "김민 님은 없습니다"],
        "no one ever said this": ["", "no one ever said this"],
    }
    module = tmp_path / "sentences.mjs"
    refusals = "".join(re.findall(r"^const (SENTENCES = \{.*?^\};)$", TABLES[1], re.M | re.S))
    told = f"console.log(JSON.stringify({json.dumps(list(said))}.map(inKorean)));"
    module.write_text(f"{TABLES[0]}\nconst MORE_{refusals}\nlearn(MORE_SENTENCES);\n{told}\n")
    done = subprocess.run(["node", module], capture_output=True, text=True, timeout=60, check=True)
    assert [[one["code"], one["text"]] for one in json.loads(done.stdout)] == list(said.values())
