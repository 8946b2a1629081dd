"""Site files spoilt at random: always a site or problems with a place, never another error."""

import random
from pathlib import Path

import pytest

from tests.zones.small_site import PROFILES, SMALL_SITE, TIME_ZONES
from zones.problem import source_lines
from zones.sitefile import SiteError, named_files, parse_site

ROOT = Path(__file__).parents[2]
ODD_VALUES = (
    "on", "12:30", "0777", "~", "", "-1", "1e9", ".nan", "[]", "{}", "[[]]", "{a: b}", "'", '"',
    "*a", "&a x", "!!int 1", "|", "99999999999999999999", "0 m", "-5 ms", "5 parsec", "224.0.0.1",
    "239.192.77.1", "amp-1/1", "all", "upper", "ㅎ", "\u202e", "a" * 300, "<<: {}", "? x", "- -",
)  # fmt: skip


def replace_value(text, chance):
    lines = text.splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if ": " in line]
    n = chance.choice(places or [0])
    key, _, rest = lines[n].partition(": ")
    lines[n] = f"{key}: {chance.choice(ODD_VALUES)}{chance.choice(['', ', '])}\n"
    return "".join(lines) if rest else text


def replace_word(text, chance):
    words = text.split(" ")
    words[chance.randrange(len(words))] = chance.choice(ODD_VALUES)
    return " ".join(words)


def drop_line(text, chance):
    lines = text.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


def repeat_line(text, chance):
    lines = text.splitlines(keepends=True)
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))
    return "".join(lines)


def swap_lines(text, chance):
    lines = text.splitlines(keepends=True)
    a, b = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[a], lines[b] = lines[b], lines[a]
    return "".join(lines)


def indent_line(text, chance):
    lines = text.splitlines(keepends=True)
    n = chance.randrange(len(lines))
    lines[n] = chance.choice(["  ", " ", "\t", "- "]) + lines[n]
    return "".join(lines)


def change_character(text, chance):
    n = chance.randrange(len(text))
    return (
        text[:n]
        + chance.choice("\x00\t\n {}[]:,#&*!|>'\"%@`-?가9a\ufeff\ud800\r\x0c\u2028\x85")
        + text[n + 1 :]
    )


def cut_off(text, chance):
    return text[: chance.randrange(len(text))]


def move_piece(text, chance):
    start = chance.randrange(len(text))
    end = min(len(text), start + chance.randrange(60))
    rest = text[:start] + text[end:]
    n = chance.randrange(len(rest) + 1)
    return rest[:n] + text[start:end] + rest[n:]


MUTATIONS = (
    replace_value,
    replace_word,
    drop_line,
    repeat_line,
    swap_lines,
    indent_line,
    change_character,
    cut_off,
    move_piece,
)


def judged(files):
    """The problems of the files; of those that are a site, its warnings."""
    try:
        site = parse_site(files, "config.yaml", profiles=PROFILES, time_zones=TIME_ZONES)
    except SiteError as caught:
        error = caught
    else:
        coherent(site)
        return site.warnings
    assert error.problems
    assert error.rendered()
    assert not any(problem.is_warning for problem in error.problems)
    return error.problems


def judge(files):
    """Parse the files; whatever comes out must be a coherent site or problems with places."""
    problems = judged(files)
    for problem in problems:
        lines = source_lines(files[problem.file])
        assert 1 <= problem.line <= len(lines)
        assert 1 <= problem.column <= len(lines[problem.line - 1]) + 1
        assert problem.message
        assert problem.rendered(files[problem.file]).startswith(problem.file)
    return not problems


def coherent(site):
    """Every name inside the site resolves."""
    zones = {zone.id for zone in site.zones}
    outputs = {output for amplifier in site.amplifiers for output in amplifier.outputs}
    for zone in site.zones:
        assert set(zone.neighbours) <= zones
        assert set(zone.outputs) <= outputs
        assert site.streams_of(zone.id)
        assert {daypart for daypart, _ in zone.levels_db} == {each.id for each in site.dayparts}
    for stream in site.streams:
        assert stream.zone in zones
        assert stream.legs
        for leg in stream.legs:
            site.network(leg.network)
    for speaker in site.speakers:
        assert speaker.output in site.zone(speaker.zone).outputs


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.__name__)
def test_hundreds_of_spoilt_small_sites(mutation):
    chance = random.Random(mutation.__name__)
    right = 0
    for _ in range(150):
        right += judge({"config.yaml": mutation(SMALL_SITE, chance)})
    assert right < 100


def test_sites_spoilt_several_times():
    chance = random.Random("several")
    for _ in range(300):
        text = SMALL_SITE
        for _ in range(chance.randrange(2, 8)):
            text = chance.choice(MUTATIONS)(text or "x", chance)
        judge({"config.yaml": text})


def test_the_reference_site_spoilt_in_any_of_its_files():
    main = (ROOT / "config.yaml").read_text("utf-8").replace("virtual-amplifier", "horn")
    files = {"config.yaml": main}
    for name in named_files(main, "config.yaml"):
        files[name] = (ROOT / name).read_text("utf-8")
    assert judge(files)
    chance = random.Random("reference")
    for _ in range(40):
        name = chance.choice(list(files))
        judge({**files, name: chance.choice(MUTATIONS)(files[name], chance)})


def test_tables_that_name_files_at_random():
    chance = random.Random("files")
    names = ["a.yaml", "b.yaml", "config.yaml", "missing.yaml", "..", "a.txt"]
    keys = ["networks", "paths", "amplifiers", "speakers", "zones", "streams", "groups"]
    for _ in range(60):
        text = SMALL_SITE
        for _ in range(chance.randrange(1, 4)):
            key = chance.choice(keys)
            start = text.index(f"\n{key}:") + 1
            end = text.find("\n", start)
            text = (
                text[:start] + f"{key}: {chance.choice(names)}\nold_{text[start:end]}" + text[end:]
            )
        judge({"config.yaml": text, "a.yaml": "x: {}\n", "b.yaml": "- 1\n"})
