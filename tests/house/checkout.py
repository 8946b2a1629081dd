"""The files of this checkout, as the house tests look at them."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INNER = ("zones", "playlists", "alerts", "firmware_profiles")
PACKAGES = (*INNER, "broadcaster")

_MADE = {".venv", "build", "dist", "__pycache__"}
"""Directories that are made, not written; so are all with a dot before their name but `.ci`."""


@cache
def written_files() -> tuple[Path, ...]:
    """Every file somebody wrote, relative to the root."""
    return tuple(sorted(path.relative_to(ROOT) for path in _walk(ROOT)))


def _walk(directory: Path) -> Iterator[Path]:
    for path in directory.iterdir():
        is_hidden = path.is_dir() and path.name.startswith(".") and path.name != ".ci"
        if path.name in _MADE or is_hidden or path.name == ".git":
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


def modules(*packages: str) -> list[Path]:
    """The modules of these packages, relative to the root."""
    return [path for path in written_files() if path.suffix == ".py" and path.parts[0] in packages]


def pages() -> list[Path]:
    """Every Markdown page, relative to the root."""
    return [path for path in written_files() if path.suffix == ".md"]


@cache
def tree(module: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse((ROOT / module).read_text())
