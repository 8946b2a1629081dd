"""YAML as text with positions, the same through libyaml and through PyYAML's own parser."""

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from zones import yaml_document
from zones.problem import Problem
from zones.yaml_document import Listing, Scalar, Table, read_document

LOADERS = {"libyaml": getattr(yaml, "CSafeLoader", None), "python": yaml.SafeLoader}


@pytest.fixture(params=[name for name, loader in LOADERS.items() if loader])
def loader(request, monkeypatch):
    monkeypatch.setattr(yaml_document, "_LOADER", LOADERS[request.param])
    return request.param


def read(text):
    problems: list[Problem] = []
    return read_document(text, "f.yaml", problems), [str(problem) for problem in problems]


def plain(node):
    """The node as lists, dicts and strings."""
    if isinstance(node, Listing):
        return [plain(item) for item in node.items]
    if isinstance(node, Table):
        return {key.text: plain(value) for key, value in node.entries}
    return node.text


def test_scalars_stay_text(loader):
    text = "{a: on, b: 12:30, c: 0777, d: 1e3, e: ~, f: 2026-11-22, 1: yes, g: 'x', h: 0x1F}"
    node, problems = read(text)
    assert problems == []
    assert plain(node) == {
        "a": "on",
        "b": "12:30",
        "c": "0777",
        "d": "1e3",
        "e": "~",
        "f": "2026-11-22",
        "1": "yes",
        "g": "x",
        "h": "0x1F",
    }


def test_positions_count_characters_from_one(loader):
    node, _ = read("# 안내\n이름: {한글: 값}\n")
    key, inner = node.entries[0]
    assert (key.place.line, key.place.column) == (2, 1)
    assert (inner.entries[0][1].place.line, inner.entries[0][1].place.column) == (2, 10)


@pytest.mark.parametrize(("text", "is_empty"), [("~", True), ("null", True), ("'null'", False)])
def test_an_empty_value_is_told_from_the_word(text, is_empty):
    node, _ = read(f"a: {text}")
    value = node.value("a")
    assert isinstance(value, Scalar)
    assert value.is_empty is is_empty


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a: [1, 2\n", "1:4"),
        ("a: [1, 2\nb: c\n", "2:2"),
        ("a:\n\tb: 1\n", "2:1"),
        ("a: b: c\n", "1:5"),
        ("a: 'x\nb: 3\n", "1:4"),
        ("a: &x [*x]\n", "1:8"),
        ("x: *q", "1:4"),
        ("a: \x07", "1:4"),
        ("a: !!python/object/apply:os.system [x]", "1:4"),
        ("--- a\n--- b\n", "2:1"),
        ("", "1:1"),
        ("\n# nothing\n", "1:1"),
        ("a: @b", "1:4"),
        ("port:5004\nx: 1\n", "2:2"),
        ("a:\n  b: 1\n c: 2\n", "3:2"),
        ("%YAML 9.9\n---\na", "1:1"),
        ("a\ud800: 1", "1:2"),
        ("a: 1\n}\n", "2:1"),
        ("- a\nb: c\n", "2:1"),
    ],
)
def test_what_is_not_yaml_is_one_problem_at_its_place(loader, text, where):
    node, problems = read(text)
    assert node is None
    assert len(problems) == 1
    assert problems[0].startswith(f"f.yaml:{where}: ")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: 1\na: 2\n", 'f.yaml:2:1: "a" stands here twice, first in line 1; keep one of the two'),
        ("{<<: {a: 1}}", "f.yaml:1:2: merge keys (<<) are not read here; write the keys out"),
        ("? [a]\n: b\n", "f.yaml:1:3: a key must be one word, not a collection"),
    ],
)
def test_a_wrong_key_is_told_and_the_rest_is_read(loader, text, problem):
    node, problems = read(text)
    assert problems == [problem]
    assert node.is_partial


def test_a_quoted_merge_key_is_a_key_like_any_other():
    node, problems = read("{'<<': 1}")
    assert problems == []
    assert plain(node) == {"<<": "1"}


def test_a_byte_order_mark_is_no_character():
    node, problems = read("\ufeffa: 1\n")
    assert problems == []
    assert node.entries[0][0].place.column == 1


documents = st.recursive(
    st.text("abc가 ", max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", max_size=3), inner),
    max_leaves=12,
)


@given(documents)
def test_what_yaml_writes_is_read_back_as_text(document):
    text = yaml.safe_dump(document, allow_unicode=True, default_style='"')
    node, problems = read(text)
    assert problems == []
    assert plain(node) == document


@given(st.text(max_size=80))
def test_no_text_is_too_strange(text):
    node, problems = read(text)
    assert (node is None) <= bool(problems)


@given(st.lists(st.sampled_from("abc:-[]{}&*!|>'\"%@`#?,\n \t가0~<"), max_size=60))
def test_no_heap_of_signs_is_too_strange(signs):
    node, problems = read("".join(signs))
    assert (node is None) <= bool(problems)
