"""One thing wrong in a configuration file, told to the person who can mend it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_LINE_BREAK: Final = re.compile("\r\n|[\n\r\x85\u2028\u2029]")

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})

_MESSAGE_CHARACTERS: Final = 400

_SHOWN_CHARACTERS: Final = 160
"""A longer source line is cut round the caret, so that a terminal still shows both."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A place in a file and a sentence about it. Lines and columns count from 1, in characters."""

    file: str
    line: int
    column: int
    message: str
    hint: str = ""
    """What would mend it, such as `did you mean "amplifiers"?`."""
    is_warning: bool = False
    """Odd rather than wrong: shown, but the file is accepted."""

    def __str__(self) -> str:
        """`file:line:column: message; hint`, the form editors jump to."""
        label = "warning: " if self.is_warning else ""
        hint = f"; {self.hint}" if self.hint else ""
        message = _shortened(self.message)
        return _printable(f"{self.file}:{self.line}:{self.column}: {label}{message}{hint}")

    def rendered(self, source_text: str) -> str:
        """The problem, the line it is on and a caret below the place."""
        lines = source_lines(source_text)
        if not 1 <= self.line <= len(lines):
            return str(self)
        shown, caret = _excerpt(lines[self.line - 1], self.column - 1)
        return f"{self}\n    {shown}\n    {caret}^"


# A file with many problems is split once, not once for each of them.
@lru_cache(maxsize=8)
def source_lines(text: str) -> tuple[str, ...]:
    """The lines of a text as YAML counts them (YAML 1.1 section 4.1.4), without their breaks."""
    return tuple(_LINE_BREAK.split(text))


def _shortened(message: str) -> str:
    """A message whose quotation of the file is not as long as the file."""
    if len(message) <= _MESSAGE_CHARACTERS:
        return message
    half = _MESSAGE_CHARACTERS // 2
    return f"{message[:half]} ... {message[-half:]}"


def _printable(text: str) -> str:
    """The text with control and direction characters spelt out: they could change what is read."""
    return "".join(f"\\u{ord(c):04x}" if unicodedata.category(c) in _INVISIBLE else c for c in text)


def _excerpt(line: str, column: int) -> tuple[str, str]:
    """The part of a line worth showing, and the blanks that put a caret below `column`."""
    printable = "".join(" " if unicodedata.category(c) in _INVISIBLE else c for c in line)
    start = max(0, column - _SHOWN_CHARACTERS // 2) if len(printable) > _SHOWN_CHARACTERS else 0
    shown = printable[start : start + _SHOWN_CHARACTERS]
    return shown, " " * sum(map(_cells, shown[: max(0, column - start)]))


def _cells(character: str) -> int:
    """The terminal cells a character takes: Hangul takes two, a combining mark none."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
