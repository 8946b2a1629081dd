"""Korean particles, chosen by the last sound of the word before them.

A template writes both forms in the usual way: `{name}은(는)`, `{name}이(가)`, `{name}을(를)`,
`{name}와(과)`, `{name}(으)로`. Unicode 3.12 gives the arithmetic of Hangul syllables; digits and
Latin letters are read by their Korean names.
"""

from __future__ import annotations

import re
from typing import Final

SLOT: Final = "{name}"

_PAIRS: Final = {
    "은(는)": ("은", "는"),
    "는(은)": ("은", "는"),
    "이(가)": ("이", "가"),
    "가(이)": ("이", "가"),
    "을(를)": ("을", "를"),
    "를(을)": ("을", "를"),
    "과(와)": ("과", "와"),
    "와(과)": ("과", "와"),
    "(으)로": ("으로", "로"),
}
"""As written: after a final consonant, after a vowel."""

_FIRST_SYLLABLE, _LAST_SYLLABLE, _FINALS = 0xAC00, 0xD7A3, 28
_RIEUL = 8
"""The final consonant after which the direction is 로, not 으로."""
_NO_FINAL: Final = 0
_OTHER_FINAL: Final = 1

# 영 일 이 삼 사 오 육 칠 팔 구; a nought at the end is read 십, 백, 천 or 만.
_DIGIT_FINALS: Final = dict(zip("0123456789", (1, 8, 0, 1, 0, 0, 1, 8, 8, 0), strict=True))
_LETTER_FINALS: Final = {"l": _RIEUL, "r": _RIEUL, "m": _OTHER_FINAL, "n": _OTHER_FINAL}

_TAIL: Final = re.compile(
    re.escape(SLOT) + "(" + "|".join(re.escape(written) for written in _PAIRS) + ")?"
)


def filled(template: str, name: str) -> str:
    """The template with the name in it, each particle behind it in the form that the name asks."""

    def spoken(match: re.Match[str]) -> str:
        written = match[1]
        return name + (attached(name, written) if written else "")

    return _TAIL.sub(spoken, template)


def attached(name: str, written: str) -> str:
    """The particle for a name: `written` is one of the double forms, such as `은(는)`.

    Raises:
        KeyError: `written` is no double form.
    """
    after_consonant, after_vowel = _PAIRS[written]
    final = _final(name)
    if written == "(으)로" and final == _RIEUL:
        return after_vowel
    return after_consonant if final != _NO_FINAL else after_vowel


def _final(name: str) -> int:
    """The last sound: 0 without a final consonant, 8 for ㄹ, anything else for another one."""
    for character in reversed(re.sub(r"\([^)]*\)\s*$", "", name)):
        code = ord(character)
        if _FIRST_SYLLABLE <= code <= _LAST_SYLLABLE:
            return (code - _FIRST_SYLLABLE) % _FINALS
        if character in _DIGIT_FINALS:
            return _DIGIT_FINALS[character]
        if character.isalpha():
            return _LETTER_FINALS.get(character.lower(), _NO_FINAL)
    return _NO_FINAL
