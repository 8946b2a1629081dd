"""Reads the rules by which detections become warnings: the site's own, else those that ship."""

from __future__ import annotations

from collections.abc import Collection
from importlib import resources
from pathlib import Path
from typing import Final

from alerts.detection import Rules, RulesError, parse_rules
from zones.site import Site

SHIPPED: Final = "alerts/rules.yaml"
"""How messages call the rules that ship with the program."""


def read_rules(site: Site, beside: Path, hazards: Collection[str] | None = None) -> Rules:
    """The rules a site names, a file beside its site file; those shipped if it names none.

    Raises:
        RulesError: with every problem there is.
        OSError: the file cannot be read.
    """
    if site.rules is None:
        return parse_rules(shipped_rules(), SHIPPED, site, hazards)
    text = (beside / site.rules).read_text("utf-8")
    return parse_rules(text, site.rules, site, hazards)


def rules_in_force(
    site: Site, beside: Path, hazards: Collection[str] | None = None
) -> tuple[Rules, str]:
    """The rules to go by, and a sentence if they are not the site's own though it has some.

    A slip in the site's rules must not make the station deaf: it goes by those that ship.
    """
    try:
        return read_rules(site, beside, hazards), ""
    except RulesError as error:
        why = str(error).partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        why = f"{beside / (site.rules or '')}: {error}"
    shipped = parse_rules(shipped_rules(), SHIPPED, site, hazards)
    return shipped, f"{why}; the rules that ship with the program are in force"


def shipped_rules() -> str:
    """The text of the rules that ship."""
    return (resources.files("alerts") / "rules.yaml").read_text("utf-8")
