"""Pages and files: packed, kept for ever by browsers, and nothing outside them."""

import gzip
import re
from importlib import resources

import pytest

from broadcaster.console.one_module import imported_by
from broadcaster.console.pages import Pages

STATIC = resources.files("broadcaster.console") / "static"


@pytest.mark.parametrize(
    "path", ["/", "/warn", "/log", "/sign-in", "/setup", "/docs", "/docs/more"]
)
async def test_a_page_and_all_it_names_is_there(bench, path):
    async with bench.http.get(f"{bench.url}{path}") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        assert answer.headers["Cache-Control"] == "no-cache"
        text, tag = await answer.text(), answer.headers["ETag"]
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert files
    for file in files:
        async with bench.http.get(f"{bench.url}{file}") as answer:
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]
            assert answer.headers["Content-Encoding"] == "gzip"
    async with bench.http.get(f"{bench.url}{path}", headers={"If-None-Match": tag}) as answer:
        assert answer.status == 304


async def test_an_address_brings_the_same_for_ever(bench, tmp_path):
    (tmp_path / "part").mkdir()
    (tmp_path / "part" / "a.js").write_text("export const a = 1;")
    (tmp_path / "index.html").write_text('<script src="/static/part/a.js"></script>')
    before = Pages(tmp_path)
    assert Pages(tmp_path).root == before.root
    (tmp_path / "part" / "a.js").write_text("export const a = 2;")
    assert Pages(tmp_path).root != before.root


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/static/0000000000000000/api.js",
        "/static/{root}/../gate.py",
        "/static/{root}/%2e%2e/gate.py",
        "/static/{root}/index.html",
        "/api/v1/nothing",
        "/api/v2/snapshot",
    ],
)
async def test_what_is_not_there_is_told_plainly(bench, path):
    root = Pages().root.split("/")[2]
    status, problem = await bench.asked("GET", path.format(root=root))
    assert (status, problem["code"]) == (404, "not-found")


async def test_a_browser_that_cannot_unpack_gets_it_plain(bench):
    path = f"{Pages().root}api.js"
    headers = {"Accept-Encoding": "identity"}
    async with bench.http.get(f"{bench.url}{path}", headers=headers) as answer:
        plain = await answer.read()
    assert plain == (STATIC / "api.js").read_bytes()
    assert len(gzip.compress(plain)) < len(plain)


def test_pages_hold_no_script_or_style_of_their_own():
    pages = [entry for entry in STATIC.iterdir() if entry.name.endswith(".html")]
    assert pages
    for page in pages:
        text = page.read_text("utf-8")
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", text), page.name
        assert re.findall(r"<script(?![^>]*\ssrc=)", text) == []


def test_what_the_first_view_needs_is_one_file_and_the_pages_that_sign_in_do_without_it():
    pages = {entry.name: entry.read_text() for entry in STATIC.iterdir() if ".html" in entry.name}
    assert re.findall(r'src="/static/([^"]+)"', pages["index.html"]) == ["main.js"]
    for name in pages.keys() - {"index.html"}:
        for script in re.findall(r'src="/static/([^"]+)"', pages[name]):
            for other in imported_by(script, (STATIC / script).read_text()):
                # Served as it is written: nothing of it is taken from the first view's.
                assert imported_by(other, (STATIC / other).read_text()) == []
