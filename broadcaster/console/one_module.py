"""The modules of the first view as one, so that a browser asks once for what it needs at once.

It is done in memory when the console starts; what is written, and read at its own address, stays
the single modules. Each becomes a function that runs once, in the order in which a browser would
run them; `main.js` is then all of them, and exports each under a name of its own, by which views
that are loaded later use the very same ones.

It knows the few forms of `import` and `export` that the console's modules and its libraries are
written with, and refuses any other.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Final

_AT: Final = r"(?:^|(?<=[;}]))"
"""Where a statement begins: a line, or in packed libraries after another one."""
_IMPORT: Final = re.compile(
    _AT + r'import\s*(?:(?P<whole>\w+)|\{(?P<names>[^}]*)\})\s*from\s*"(?P<path>\.[^"]+)";?', re.M
)
_PASSED_ON: Final = re.compile(
    _AT + r'export\s*\{(?P<names>[^}]*)\}\s*from\s*"(?P<path>\.[^"]+)";?', re.M
)
_LISTED: Final = re.compile(_AT + r"export\s*\{(?P<names>[^}]*)\};?", re.M)
_DECLARED: Final = re.compile(
    _AT + r"export (?=(?:const|class|(?:async )?function)\b\*? ?(?P<name>\w+))", re.M
)
_DEFAULT: Final = re.compile(_AT + r"export default\b", re.M)
_BROUGHT: Final = re.compile(r'\bimport\("(?P<path>\.[^"]+)"\)')
_COMMENT: Final = re.compile(r"^[ \t]*(?:/\*\*.*?\*/|//[^\n]*)\n", re.M | re.S)
"""What only readers need, as indentation is; they have the single modules."""
_INDENT: Final = re.compile(r"^[ \t]+", re.M)
_LEFT: Final = re.compile(_AT + r"(?:import\b(?!\s*\()|export\b).{0,60}", re.M)


class OneModuleError(ValueError):
    """A module is written in a way that cannot be joined with others; the text says which."""


def joined(modules: Mapping[str, str], entry: str) -> tuple[str, dict[str, str]]:
    """The text of `entry` with all that it imports, and the name of each module in it.

    `modules` are texts by their paths.

    Raises:
        OneModuleError: for a module that is not there, for two that import one another, and for
            an import or export of another form.
    """
    names: dict[str, str] = {}
    parts: list[str] = []

    def add(path: str, asked_by: tuple[str, ...]) -> None:
        if path in names:
            return
        if path not in modules:
            raise OneModuleError(f"{asked_by[-1]} imports {path}, which is not there")
        if path in asked_by:
            raise OneModuleError(f"modules import one another: {' -> '.join((*asked_by, path))}")
        for other in imported_by(path, modules[path]):
            add(other, (*asked_by, path))
        names[path] = f"m{len(names)}"
        parts.append(_as_function(path, modules[path], names))

    add(entry, ())
    return "\n".join([*parts, f"export {{ {', '.join(names.values())} }};\n"]), names


def sharing(path: str, text: str, names: Mapping[str, str], entry: str) -> str:
    """A module that is loaded later, using those that are joined in `entry` already."""

    def taken(found: re.Match[str]) -> str:
        name = names.get(_path(path, found["path"]))
        if name is None:
            return found[0]
        where = posixpath.relpath(entry, posixpath.dirname(path) or ".")
        where = where if where.startswith(".") else f"./{where}"
        return f'import {{ {name} }} from "{where}"; {_taken(found, name)}'

    return _IMPORT.sub(taken, _bare(text))


def imported_by(path: str, text: str) -> list[str]:
    """The paths of what a module imports before it runs, in its order."""
    found = [*_IMPORT.finditer(text), *_PASSED_ON.finditer(text)]
    return [_path(path, one["path"]) for one in sorted(found, key=re.Match.start)]


def brought_by(path: str, text: str) -> list[str]:
    """The paths of what a module imports while it runs, when that is wanted."""
    return [_path(path, one["path"]) for one in _BROUGHT.finditer(text)]


def _path(importer: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(importer), path))


def _as_function(path: str, text: str, names: Mapping[str, str]) -> str:
    """A module as a function that gives what it exports."""
    gives: list[str] = []

    def passed_on(found: re.Match[str]) -> str:
        source = names[_path(path, found["path"])]
        gives.extend(f"{new}: {source}.{old}" for old, new in _pairs(found["names"]))
        return ""

    def listed(found: re.Match[str]) -> str:
        gives.extend(f"{new}: {old}" for old, new in _pairs(found["names"]))
        return ""

    def declared(found: re.Match[str]) -> str:
        gives.append(found["name"])
        return ""

    def default(_: re.Match[str]) -> str:
        gives.append("default: whole")
        return "const whole ="

    text = _IMPORT.sub(lambda found: _taken(found, names[_path(path, found["path"])]), _bare(text))
    for form, change in (
        (_PASSED_ON, passed_on),
        (_LISTED, listed),
        (_DECLARED, declared),
        (_DEFAULT, default),
    ):
        text = form.sub(change, text)
    if left := _LEFT.search(text):
        raise OneModuleError(f"{path} has a form that cannot be joined: {left[0]}")
    given = ", ".join(gives)
    return f"const {names[path]} = (() => {{ // {path}\n{text}\nreturn {{ {given} }};\n}})();"


def _bare(text: str) -> str:
    """A module's text without what only readers need."""
    return _INDENT.sub("", _COMMENT.sub("", text))


def _taken(found: re.Match[str], name: str) -> str:
    """What an import takes, out of a module that has run."""
    if found["whole"]:
        return f"const {{ default: {found['whole']} }} = {name};"
    taken = (old if old == new else f"{old}: {new}" for old, new in _pairs(found["names"]))
    return f"const {{ {', '.join(taken)} }} = {name};"


def _pairs(names: str) -> list[tuple[str, str]]:
    """`a as b, c` as its pairs of old and new names."""
    words = (one.split() for one in names.split(",") if one.strip())
    return [(one[0], one[-1]) for one in words]
