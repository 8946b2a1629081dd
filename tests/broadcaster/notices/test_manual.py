"""The administrator's page of notices: its example is right."""

import re

from tests.house.checkout import ROOT
from tests.zones.small_site import SMALL_SITE, parsed


def test_the_example_of_the_manual_is_right():
    page = (ROOT / "docs/notices.md").read_text("utf-8")
    [example, of_faults] = re.findall(r"<!-- notices of a site -->\n```yaml\n(.*?)```", page, re.S)
    here = example.replace("[stream-3, stream-4]", "[upper]").replace("[stream-3]", "[lower]")
    site = parsed(SMALL_SITE + here)
    assert str(site.notices) == "1 board, 1 beacon, 1 gate, 4 contacts, own sound"
    assert site.warnings == ()
    site = parsed(SMALL_SITE + of_faults)
    assert str(site.notices) == "3 technicians"
    assert site.warnings == ()
