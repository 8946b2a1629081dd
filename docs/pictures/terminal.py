"""Draws what a terminal shows as SVG: `docs/pictures/demo.svg` is made with it.

    tmux new-session -d -s demo -x 150 -y 45 make demo
    tmux send-keys -t demo e                                 once the music plays
    tmux capture-pane -t demo -e -p | python docs/pictures/terminal.py "what it shows" > demo.svg

Words are placed by their column, so that it looks alike in every font; blocks become bars.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html import escape

from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

CELL = 8.4
LINE = 19
LEFT = 14.0
FIRST = 44
PLAIN = "#d5d9e0"
COLOURS = {1: "#e0605a", 3: "#e0af2f", 6: "#5fb3c8"}
"""Red, yellow and cyan, by their ANSI numbers."""
FONTS = "ui-monospace, 'DejaVu Sans Mono', 'Noto Sans Mono CJK KR', 'NanumGothicCoding', monospace"
CONSOLE = Console()
BLOCKS = "▏▎▍▌▋▊▉█"


def svg(text: str, label: str) -> str:
    """The picture of a terminal's text with its ANSI colours."""
    lines = [Text.from_ansi(line) for line in text.rstrip().splitlines()]
    width = 2 * LEFT + CELL * max(cell_len(line.plain) for line in lines)
    height = FIRST + LINE * len(lines)
    body = "\n".join(
        piece for number, line in enumerate(lines) for piece in _line(line, FIRST + LINE * number)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" role="img" '
        f'aria-label="{escape(label)}">\n'
        '<rect width="100%" height="100%" rx="8" fill="#15181d"/>\n'
        f'<text x="{width / 2:.0f}" y="18" fill="#8a8f98" font-family="sans-serif" '
        'font-size="12" text-anchor="middle">make demo</text>\n'
        f'<g font-family="{FONTS}" font-size="13.5">\n{body}\n</g>\n</svg>\n'
    )


def _line(line: Text, y: int) -> Iterator[str]:
    """The words of a line, those that belong together in one piece."""
    for match in re.finditer(r"\S+(?: \S+)*", line.plain):
        x = LEFT + CELL * cell_len(line.plain[: match.start()])
        style = line.get_style_at_offset(CONSOLE, match.start())
        fill = _colour(style)
        word = match[0]
        if set(word) <= set(BLOCKS):
            eighths = sum(BLOCKS.index(block) + 1 for block in word)
            yield (
                f'<rect x="{x:.1f}" y="{y - 11}" width="{eighths * CELL / 8:.1f}" height="12" '
                f'rx="2" fill="{fill}"/>'
            )
        else:
            weight = ' font-weight="600"' if style.bold else ""
            yield f'<text x="{x:.1f}" y="{y}" fill="{fill}"{weight}>{escape(word)}</text>'


def _colour(style: Style) -> str:
    if style.dim:
        return "#8a8f98"
    if style.color is None:
        return "#ffffff" if style.bold else PLAIN
    return _named(style.color)


def _named(colour: Color) -> str:
    return PLAIN if colour.number is None else COLOURS.get(colour.number % 8, PLAIN)


if __name__ == "__main__":
    sys.stdout.write(svg(sys.stdin.read(), sys.argv[1]))
