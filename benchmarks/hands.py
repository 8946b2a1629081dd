"""What one person does at a page with mouse and keyboard, counted as it is done."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from benchmarks.measurement import MeasurementError

if TYPE_CHECKING:
    from playwright.sync_api import Page

HELD_MS: Final = 1300
"""A little over the second for which a button or a chord wants to be held."""


@dataclass(slots=True)
class Hands:
    """Whoever sits at `page`, and how often they clicked, held something and pressed keys.

    A chord, keys that are down together, is one press.
    """

    page: "Page"
    clicks: int = 0
    keys: int = 0
    holds: int = 0

    @property
    def acts(self) -> int:
        """All of them."""
        return self.clicks + self.keys + self.holds

    def click(self, what: str) -> None:
        """Click once on what a selector finds."""
        self.clicks += 1
        self.page.click(what)

    def hold(self, what: str) -> None:
        """Press a button and keep it pressed for its second.

        Raises:
            MeasurementError: it cannot be seen.
        """
        self.holds += 1
        button = self.page.locator(what)
        button.wait_for()
        box = button.bounding_box()
        if box is None:
            raise MeasurementError(f"there is no {what} to hold")
        self.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.page.mouse.down()
        self.page.wait_for_timeout(HELD_MS)
        self.page.mouse.up()

    def press(self, key: str) -> None:
        """Press a key, or a chord such as `Control+z`, once."""
        self.keys += 1
        self.page.keyboard.press(key)

    def hold_keys(self, *keys: str) -> None:
        """Keep a chord down for a second."""
        self.holds += 1
        for key in keys:
            self.page.keyboard.down(key)
        self.page.wait_for_timeout(HELD_MS)
        for key in reversed(keys):
            self.page.keyboard.up(key)
