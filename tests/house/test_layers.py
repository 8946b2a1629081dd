"""What `lint-imports` cannot see: built-ins that do I/O, and imports written as text."""

import ast

from tests.house.checkout import INNER, ROOT, modules, tree

_DOES_IO = {"open", "print", "input", "breakpoint"}


def test_no_inner_package_imports_the_one_above():
    lines = [
        f"{module}: {line}"
        for module in modules(*INNER)
        for line in (ROOT / module).read_text().splitlines()
        if "import" in line and "broadcaster" in line
    ]
    assert lines == []


def test_no_inner_package_opens_or_prints():
    called = [
        f"{module}:{node.lineno}: {node.func.id}()"
        for module in modules(*INNER)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in _DOES_IO
    ]
    assert called == []
