"""What operators do with mouse and keyboard, counted."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

_HELD_MS = 1300
"""A little over the second that a button wants to be held."""


@dataclass
class Hands:
    """One person at one page. `acts` counts presses; a hold is one of them."""

    page: Page
    acts: int = 0

    def press(self, what: Locator) -> None:
        """Click once."""
        self.acts += 1
        what.click()

    def hold(self, what: Locator) -> None:
        """Press a button and keep it pressed for its second, once it can be."""
        self.acts += 1
        expect(what).not_to_have_attribute("aria-disabled", "true")
        what.scroll_into_view_if_needed()
        box = what.bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        self.page.wait_for_timeout(_HELD_MS)
        self.page.mouse.up()

    def key(self, key: str) -> None:
        """Press a key once."""
        self.acts += 1
        self.page.keyboard.press(key)

    def hold_keys(self, *keys: str) -> None:
        """Keep keys pressed together for a second."""
        self.acts += 1
        for key in keys:
            self.page.keyboard.down(key)
        self.page.wait_for_timeout(_HELD_MS)
        for key in reversed(keys):
            self.page.keyboard.up(key)


def stretch(page: Page, zone: str) -> Locator:
    """A zone of the line diagram, by its Korean name."""
    return page.locator("main .stretch", has_text=f"{zone}:")


def template(page: Page, words: str) -> Locator:
    """A message of the warning sheet."""
    return page.locator("dialog .template", has_text=words)


def send(page: Page) -> Locator:
    """What has to be held to send the warning."""
    return page.locator("dialog .button.hold")


def card(page: Page, alert: str) -> Locator:
    """The card of a running or waiting alert."""
    return page.locator(f'.card.alert[data-alert="{alert}"]')


def zone_card(page: Page, zone: str) -> Locator:
    """The card of a zone, by its id."""
    return page.locator(f'.card.zone[data-zone="{zone}"]')
