"""Everything that can be wrong in a site file, each with the exact line it is told in."""

from pathlib import Path

import pytest

from tests.zones.small_site import SMALL_SITE, complaints, parsed, spoilt
from zones.sitefile import SiteError
from zones.yaml_document import MAX_CHARACTERS, MAX_DEPTH


def cases():
    """The cases of site_problems.txt: what is replaced, by what, and the complaints."""
    text = Path(__file__).with_name("site_problems.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n")[1:]:
        lines = [line for line in block.splitlines() if line and not line.startswith("# ")]
        old = "\n".join(line[2:] for line in lines if line.startswith("- "))
        new = "\n".join(line[2:] for line in lines if line.startswith("+ "))
        if lines:
            expected = [line for line in lines if line[:2] not in {"- ", "+ "}]
            yield pytest.param(old, new, expected, id=new.strip() or f"without {old.strip()}")


def test_the_small_site_is_right():
    assert complaints(SMALL_SITE) == []


@pytest.mark.parametrize(("old", "new", "expected"), list(cases()))
def test_a_spoilt_site_is_told_exactly(old, new, expected):
    assert complaints(spoilt(old, new)) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "    name: {ko: 하류",
            "\tname: {ko: 하류",
            "35:1: not YAML: found character that cannot start any token; "
            "indent with spaces: YAML allows no tabs there",
        ),
        (
            "order: 2",
            "order: \x01",
            "37:12: the character U+0001 may not stand in YAML; remove it",
        ),
        (
            "order: 2",
            "order: \ud800",
            "37:12: the character U+D800 may not stand in YAML; remove it",
        ),
    ],
)
def test_characters_that_yaml_refuses(old, new, expected):
    assert complaints(spoilt(old, new)) == [expected]


def test_all_problems_are_told_at_once_in_order():
    text = spoilt("time_zone: Asia/Seoul", "time_zone: Asia/Seol")
    text = spoilt("from: 200 m", "from: 150 m", text)
    text = spoilt("budget: 20 GB", "budget: lots", text)
    text = spoilt("outputs: 2}", "output: 2}", text)
    assert complaints(text) == [
        '3:12: time_zone: "Asia/Seol" is no IANA time zone; did you mean "Asia/Seoul"?',
        '13:53: amplifier_defaults: unknown key "output"; did you mean "outputs"?',
        '38:11: zone "lower": from: 150 m comes before the end of zone "upper", 200 m',
        '77:17: store: budget: "lots" is not a size; write it like 20 GB',
    ]


def test_a_problem_is_shown_with_its_line_and_a_caret_below_wide_letters():
    with pytest.raises(SiteError) as caught:
        parsed(spoilt("en: Lower}", "en: Lower, kr: 하류}"))
    assert caught.value.rendered() == (
        'config.yaml:35:31: zone "lower": name: unknown key "kr"; there are ko, en\n'
        "        name: {ko: 하류, en: Lower, kr: 하류}\n"
        "                                    ^"
    )


def test_the_caret_of_a_very_long_line_is_shown_with_what_is_round_it():
    [problem] = _problems(spoilt("en: Waterside", f'en: "{"x" * 150}", kr: "{"y" * 150}"'))
    line, caret = problem.rendered(spoilt("en: Waterside", f'en: "{"x" * 150}", kr: "")')).split(
        "\n"
    )[1:]
    assert len(line) <= 164
    assert line[len(caret) - 1 :].startswith("kr")


def _problems(text):
    with pytest.raises(SiteError) as caught:
        parsed(text)
    return caught.value.problems


# --- files ------------------------------------------------------------------------------------

SPEAKERS_INLINE = SMALL_SITE[SMALL_SITE.index("speakers:") : SMALL_SITE.index("exits:")]
SPEAKERS_FILE = "\n".join(line[2:] for line in SPEAKERS_INLINE.splitlines()[1:]) + "\n"
WITH_FILE = SMALL_SITE.replace(SPEAKERS_INLINE, "speakers: zones/speakers.yaml\n")


def test_a_table_may_stand_in_a_file_of_its_own():
    whole = parsed(WITH_FILE, **{"zones/speakers.yaml": SPEAKERS_FILE})
    assert whole == parsed()


def test_a_problem_in_a_named_file_is_told_with_that_file():
    spoilt_file = spoilt("amp-2/1", "amp-2/9", SPEAKERS_FILE)
    assert complaints(WITH_FILE, **{"zones/speakers.yaml": spoilt_file}) == [
        'zones/speakers.yaml:2:18: speaker "rock-2": no output amp-2/9: '
        'amplifier "amp-2" has 2 outputs'
    ]


def test_a_table_may_stand_in_several_files_and_a_name_in_one_of_them_only():
    text = WITH_FILE.replace("zones/speakers.yaml", "[zones/a.yaml, zones/b.yaml]")
    first, second = SPEAKERS_FILE.splitlines(keepends=True)
    assert complaints(text, **{"zones/a.yaml": first, "zones/b.yaml": second}) == []
    assert complaints(text, **{"zones/a.yaml": SPEAKERS_FILE, "zones/b.yaml": second}) == [
        'zones/b.yaml:1:1: speaker "rock-2" is there already, in zones/a.yaml line 2'
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "zones/speakers.yaml:1:1: the file is empty"),
        ("- rock-1\n", "zones/speakers.yaml:1:1: speakers: needs a table: a name, then keys"),
        (
            "rock-1: {a\n",
            "zones/speakers.yaml:1:9: not YAML: this bracket is never closed",
        ),
    ],
)
def test_a_named_file_that_holds_no_table_is_the_only_problem(content, expected):
    assert complaints(WITH_FILE, **{"zones/speakers.yaml": content}) == [expected]


# --- limits -----------------------------------------------------------------------------------


def test_a_file_beyond_the_size_limit_is_refused_before_it_is_read():
    assert complaints("#" * (MAX_CHARACTERS + 1)) == [
        "1:1: the file has 2,000,001 characters; 2,000,000 are the most"
    ]


def test_nesting_is_bounded():
    assert complaints("a: " + "[" * 100_000) == [
        f"1:{4 + MAX_DEPTH - 1}: nested deeper than {MAX_DEPTH} levels"
    ]


def test_a_bomb_of_aliases_is_refused_at_its_fuse():
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 20)
    )
    [complaint] = complaints(bomb)
    assert complaint.endswith("more than 200,000 parts, aliases counted in full")


def test_an_honest_alias_is_followed():
    text = spoilt("upper: {zone: upper,", "upper: {zone: &here upper,")
    assert (
        complaints(spoilt("zones: [upper]\n    detects", "zones: [*here]\n    detects", text)) == []
    )
