"""Every test that the page of safety rules names exists: a rule is kept by tests or not at all."""

import ast
import re

import pytest

from tests.house.checkout import ROOT

_PAGE = (ROOT / "docs" / "safety.md").read_text("utf-8")
_RULES = re.findall(r"^\| ([A-I]\d) .*\| (.*) \|$", _PAGE, re.M)


@pytest.fixture(scope="module")
def tests_there():
    """The names of all tests in the checkout."""
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


@pytest.mark.parametrize(("rule", "kept_by"), _RULES, ids=[rule for rule, _ in _RULES])
def test_a_safety_rule_is_kept_by_tests_that_are_there(rule, kept_by, tests_there):
    named = re.findall(r"`(test_\w+)`", kept_by)
    assert named
    assert [name for name in named if name not in tests_there] == []


def test_no_rule_is_named_twice():
    rules = [rule for rule, _ in _RULES]
    assert len(rules) == len(set(rules)) > 35
