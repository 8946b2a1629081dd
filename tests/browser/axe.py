"""axe-core in a page: what it finds against WCAG 2.2 A and AA."""

from __future__ import annotations

import gzip
import hashlib
import json
from functools import cache
from typing import Any

from playwright.sync_api import Page

from tests.house.checkout import ROOT

_PLACE = ROOT / "tests" / "data" / "axe"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_RUN = """
async (tags) => {
  const found = await axe.run(document, {runOnly: {type: "tag", values: tags}, resultTypes: ["violations"]});
  return found.violations.map((one) => ({id: one.id, nodes: one.nodes.map((node) => node.target.join(" "))}));
}
"""  # noqa: E501 - JavaScript


@cache
def _script() -> str:
    """The library as it was published.

    Raises:
        ValueError: it is not.
    """
    octets = gzip.decompress((_PLACE / "axe.min.js.gz").read_bytes())
    said = json.loads((_PLACE / "library.json").read_text("utf-8"))
    if hashlib.sha256(octets).hexdigest() != said["sha256"]["axe.min.js"]:
        raise ValueError("axe.min.js is not what was published")
    return octets.decode()


def violations(page: Page) -> list[dict[str, Any]]:
    """What is wrong in the page as it is now: rules and the elements that break them."""
    # Through the debugger, not as a script of the page: its policy lets in no foreign script.
    page.evaluate(_script())
    found: list[dict[str, Any]] = page.evaluate(_RUN, _RULES)
    return found
