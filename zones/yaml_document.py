"""YAML as written: text with positions, and none of YAML's guesses about what the text means.

PyYAML's own loading turns `on: yes` into `{True: True}`, 12:30 into 750 and 0777 into 511, and
keeps the last of two equal keys without a word. Here every scalar stays text, equal keys are a
problem, and every part knows its line and column. The document is built from parser events, not
by `yaml.compose`, so that size and depth are bounded while reading, without recursion.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from zones.problem import Problem, source_lines

MAX_CHARACTERS: Final = 2_000_000
"""The longest file read; the largest list we know of, 893 cameras, needs a tenth of it."""
MAX_DEPTH: Final = 24
MAX_PARTS: Final = 200_000
"""The most parts of a file, each alias counted as all that it stands for."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: lines and columns count from 1, in characters."""

    file: str
    line: int
    column: int

    def problem(self, message: str, hint: str = "") -> Problem:
        """Something wrong at this place."""
        return Problem(self.file, self.line, self.column, message, hint)

    def warning(self, message: str, hint: str = "") -> Problem:
        """Something odd at this place."""
        return Problem(self.file, self.line, self.column, message, hint, is_warning=True)


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written, without its quotes; `is_plain` if it had none."""

    text: str
    is_plain: bool
    place: Place
    parts: int = 1

    @property
    def is_empty(self) -> bool:
        """Whether there is no value at all: `key:`, `key: ~` or `key: null`."""
        return self.is_plain and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Listing:
    """A YAML sequence."""

    items: tuple[Node, ...]
    place: Place
    parts: int


@dataclass(frozen=True, slots=True)
class Table:
    """A YAML mapping, in the order written, each key once.

    `is_partial` if an entry was left out because its key was wrong.
    """

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place
    parts: int
    is_partial: bool = False

    def value(self, key: str) -> Node | None:
        """What stands behind a key, None if the key is not there."""
        return next((node for name, node in self.entries if name.text == key), None)


Node = Scalar | Listing | Table


def read_document(text: str, file: str, problems: list[Problem]) -> Node | None:
    """The document in a file's text; what is wrong with it is added to `problems`.

    None if the text is not YAML, or too large; equal keys are reported and the first one kept.
    """
    start = Place(file, 1, 1)
    if len(text) > MAX_CHARACTERS:
        problems.append(
            start.problem(f"the file has {len(text):,} characters; {MAX_CHARACTERS:,} are the most")
        )
        return None
    text = text.removeprefix("\ufeff")
    builder = _Builder(file, problems)
    try:
        for event in _events(text):
            builder.feed(event)
    except _RefusedError as refused:
        problems.append(refused.problem)
        return None
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax_problem(error, text, file))
        return None
    except yaml.reader.ReaderError as error:
        problems.append(_character_problem(error, text, file))
        return None
    if builder.document is None:
        problems.append(start.problem("the file is empty"))
    return builder.document


class _RefusedError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    place: Place
    anchor: str | None
    is_table: bool
    nodes: list[Node] = field(default_factory=list)


class _Builder:
    """Makes the document from parser events, within the limits."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.document: Node | None = None
        self._file = file
        self._problems = problems
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}
        self._parts = 0
        self._documents = 0

    def feed(self, event: yaml.Event) -> None:
        mark = event.start_mark
        line, column = (mark.line, mark.column) if mark is not None else (0, 0)
        place = Place(self._file, line + 1, column + 1)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _RefusedError(place.problem('a second document begins: remove the "---"'))
        elif isinstance(event, yaml.ScalarEvent):
            self._refuse_tag(event, place)
            is_plain = event.style is None or event.style == ""
            self._add(Scalar(event.value, is_plain, place), event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            self._add(self._aliased(str(event.anchor), place), None)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._refuse_tag(event, place)
            if len(self._open) >= MAX_DEPTH:
                raise _RefusedError(place.problem(f"nested deeper than {MAX_DEPTH} levels"))
            is_table = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(place, event.anchor, is_table))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close(self._open.pop())

    def _refuse_tag(
        self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, place: Place
    ) -> None:
        # The parser gives quoted text the tag "!" or none; anything longer was written by hand.
        if event.tag is not None and event.tag != "!":
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise _RefusedError(place.problem(f'the tag "{tag}" is not used here', "remove it"))

    def _aliased(self, anchor: str, place: Place) -> Node:
        node = self._anchors.get(anchor)
        if node is None:
            is_inside = any(opened.anchor == anchor for opened in self._open)
            why = "would hold itself" if is_inside else "has no anchor before it"
            raise _RefusedError(place.problem(f'the alias "*{anchor}" {why}'))
        return node

    def _close(self, opened: _Open) -> None:
        parts = 1 + sum(node.parts for node in opened.nodes)
        if opened.is_table:
            entries = self._entries(opened.nodes)
            is_partial = 2 * len(entries) < len(opened.nodes)
            node: Node = Table(entries, opened.place, parts, is_partial)
        else:
            node = Listing(tuple(opened.nodes), opened.place, parts)
        self._add(node, opened.anchor, new_parts=1)

    def _add(self, node: Node, anchor: str | None, new_parts: int | None = None) -> None:
        self._parts += node.parts if new_parts is None else new_parts
        if self._parts > MAX_PARTS:
            raise _RefusedError(
                node.place.problem(f"more than {MAX_PARTS:,} parts, aliases counted in full")
            )
        if anchor is not None:
            self._anchors[anchor] = node
        if self._open:
            self._open[-1].nodes.append(node)
        else:
            self.document = node

    def _entries(self, nodes: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        seen: dict[str, Scalar] = {}
        entries: list[tuple[Scalar, Node]] = []
        for key, value in zip(nodes[::2], nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                self._problems.append(key.place.problem("a key must be one word, not a collection"))
            elif key.is_plain and key.text == "<<":
                self._problems.append(
                    key.place.problem("merge keys (<<) are not read here", "write the keys out")
                )
            elif key.text in seen:
                first = seen[key.text].place.line
                self._problems.append(
                    key.place.problem(
                        f'"{key.text}" stands here twice, first in line {first}',
                        "keep one of the two",
                    )
                )
            else:
                seen[key.text] = key
                entries.append((key, value))
        return tuple(entries)


# libyaml where PyYAML was built with it: 20 times faster, and the same events.
_LOADER: Final[type[Any]] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _events(text: str) -> Iterator[yaml.Event]:
    surrogate = re.search("[\ud800-\udfff]", text)
    if surrogate is not None:
        raise yaml.reader.ReaderError("", surrogate.start(), ord(surrogate[0]), "", "not text")
    yield from yaml.parse(text, Loader=_LOADER)


_SYNTAX_HINTS: Final = (
    ("cannot start any token", "\t", "indent with spaces: YAML allows no tabs there"),
    ("cannot start any token", "@`%", "put the text in quotes"),
    ("mapping values are not allowed", "", 'put text that holds ": " in quotes'),
    ("could not find expected ':'", "", "a key needs a colon and a space behind it"),
    ("did not find expected key", "", "check the indentation of this line and the one above"),
    ("expected <block end>", "", "check the indentation of this line and the one above"),
    ("did not find expected '-' indicator", "", "check the indentation"),
    ("expected ',' or", "", "a comma or bracket is missing before this"),
)


def _syntax_problem(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """A parser's complaint as a problem, with a hint where we know the usual cause."""
    lines = source_lines(text)
    mark, opening = error.problem_mark or error.context_mark, error.context_mark
    is_open = re.search("flow|quoted", error.context or "") is not None and opening is not None
    if (
        opening is not None
        and is_open
        and not _is_at_end(opening.line, lines)
        and (mark is None or _is_at_end(mark.line, lines))
    ):
        # Where a bracket or quote opens helps; where the file ends doesn't.
        what = "quote" if "quoted" in str(error.context) else "bracket"
        message = f"not YAML: this {what} is never closed"
        return Problem(file, opening.line + 1, opening.column + 1, message)
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    line = min(line, len(lines) - 1)
    column = min(column, len(lines[line]))
    complaint = error.problem or error.context or "it can't be read"
    here = lines[line][column : column + 1]
    hint = next(
        (
            hint
            for words, characters, hint in _SYNTAX_HINTS
            if words in complaint and (not characters or (here and here in characters))
        ),
        "",
    )
    if hint and opening is not None and is_open and opening.line != line:
        hint += f" (the bracket opens in line {opening.line + 1})"
    return Problem(file, line + 1, column + 1, f"not YAML: {complaint}", hint)


def _is_at_end(line: int, lines: Sequence[str]) -> bool:
    return not any(text.strip() for text in lines[line:])


def _character_problem(error: yaml.reader.ReaderError, text: str, file: str) -> Problem:
    """A character that no YAML file may hold."""
    found = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    before = source_lines(text[: found.start()] if found is not None else "")
    code = ord(found[0]) if found is not None else 0
    line, column = len(before), len(before[-1]) + 1
    return Problem(
        file, line, column, f"the character U+{code:04X} may not stand in YAML", "remove it"
    )
