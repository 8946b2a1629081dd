"""What the pages say is true: links lead somewhere, commands exist, versions agree."""

import re
import tomllib

import pytest

from tests.house.checkout import PACKAGES, ROOT, pages

_DECISIONS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))


def _text(name):
    return (ROOT / name).read_text()


def _without_code(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)


def _anchors(text):
    headings = re.findall(r"^#+ (.+)$", _without_code(text), re.M)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def _targets():
    declared = re.search(r"^\.PHONY: (.+)$", _text("Makefile"), re.M)
    assert declared
    return set(declared[1].split())


def _broken(page, link):
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    return not target.exists() or (anchor and anchor not in _anchors(target.read_text()))


def test_links_lead_somewhere():
    broken = [
        f"{page}: {link}"
        for page in pages()
        for link in re.findall(r"\]\(([^)\s]+)\)", _without_code(_text(page)))
        if "://" not in link and _broken(page, link)
    ]
    assert broken == []


def test_make_targets_on_the_pages_exist():
    # In code spans and at the start of indented or fenced lines; elsewhere "make" is a verb.
    command = re.compile(r"(?:`|^ {4,}|^)make ((?:[a-z]+ ?)+)(?=`|$|ARGS| {2,})", re.M)
    unknown = [
        f"{page}: make {target}"
        for page in pages()
        for targets in command.findall(_text(page))
        for target in targets.split()
        if target not in _targets()
    ]
    assert unknown == []


def test_the_readme_names_the_two_commands():
    readme = _text("README.md")
    for command in ("apt install make python3-venv", "make demo", "make test"):
        assert command in readme


def test_every_make_target_says_what_it_does():
    makefile = _text("Makefile")
    silent = [t for t in _targets() if not re.search(rf"^{t}:.*## \S", makefile, re.M)]
    assert silent == []


def test_the_changelog_ends_with_this_version():
    version = tomllib.loads(_text("pyproject.toml"))["project"]["version"]
    newest = re.search(r"^## (\S+)", _text("CHANGELOG.md"), re.M)
    assert newest
    assert newest[1] == version


@pytest.mark.parametrize("package", PACKAGES)
def test_the_architecture_has_a_paragraph_for_every_package(package):
    assert f"**{package}**" in _text("ARCHITECTURE.md")


@pytest.mark.parametrize("decision", _DECISIONS, ids=lambda path: path.stem)
def test_a_decision_says_what_was_refused(decision):
    headings = re.findall(r"^## (.+)$", decision.read_text(), re.M)
    assert headings == ["Context", "Decision", "Refused", "Consequences"]
    assert decision.read_text().startswith(f"# {decision.stem[:4]} ")
    assert f"({decision.name})" in _text("docs/adr/README.md")


def test_decisions_are_numbered_without_a_gap():
    assert [int(path.stem[:4]) for path in _DECISIONS] == list(range(1, len(_DECISIONS) + 1))
