"""Names and modules as the house wants them."""

import ast
import re

import pytest

from tests.house.checkout import PACKAGES, ROOT, modules, tree, written_files

_CODE = (*PACKAGES, "benchmarks")
_EMPTY_WORDS = {"util", "utils", "common", "misc", "helper", "helpers", "manager", "base", "impl"}
_EMPTY_ENDINGS = ("Manager", "Helper", "Impl", "Base")

# Longer than this a module needs a reason.
_LINES = 600
_LONG_FOR_A_REASON = {
    "zones/sitefile_shapes.py": "one table, the keys of the site file, looked up and not read",
}

_TEXT = {".py", ".md", ".toml", ".yaml", ".lock", ".json", ".sh", ".c", ""}
# Put together here, or this file would find itself.
_OUTSIDE = ["/".join(parts) for parts in (["", "work", ""], ["", "root", ""], ["..", "shared"])]


def test_modules_are_named_for_what_they_are():
    empty = [
        str(module)
        for module in modules(*_CODE, "tests")
        if _EMPTY_WORDS
        & {word for part in module.with_suffix("").parts for word in part.split("_")}
    ]
    assert empty == []


def test_every_module_says_what_it_is():
    assert [str(module) for module in modules(*_CODE) if not ast.get_docstring(tree(module))] == []


def test_modules_are_short_enough_to_read():
    lines = {
        str(module): len((ROOT / module).read_text().splitlines()) for module in modules(*_CODE)
    }
    long = {module for module, count in lines.items() if count > _LINES}
    assert long - _LONG_FOR_A_REASON.keys() == set()


def test_classes_and_functions_are_named_for_what_they_are():
    empty = [
        f"{module}:{node.lineno}: {node.name}"
        for module in modules(*_CODE)
        for node in ast.walk(tree(module))
        if (isinstance(node, ast.ClassDef) and node.name.endswith(_EMPTY_ENDINGS))
        or (
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
            and re.match("_?get_", node.name)
        )
    ]
    assert empty == []


def test_every_folder_of_tests_is_a_package():
    # Without the file, tests/zones would hide the real zones.
    folders = {path.parent for path in modules("tests")}
    assert [folder for folder in folders if not (ROOT / folder / "__init__.py").is_file()] == []


def test_nothing_points_outside_the_checkout():
    pointing = [
        f"{path}: {place}"
        for path in written_files()
        if path.suffix in _TEXT
        for place in _OUTSIDE
        if place in (ROOT / path).read_text(errors="replace")
    ]
    assert pointing == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_and_names_no_index(lock):
    text = (ROOT / lock).read_text()
    pinned = re.findall(r"^[a-z0-9.-]+==\S+(?: ; [^\\]+)? \\\n    --hash=sha256:", text, re.M)
    assert len(pinned) == len(re.findall(r"^[a-z]", text, re.M)) > 0
    assert "://" not in text
