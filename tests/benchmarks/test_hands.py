"""What somebody does at a page is counted as it is done."""

from types import SimpleNamespace

import pytest

from benchmarks.console_tasks import _by_keyboard, _by_mouse, _correct
from benchmarks.hands import Hands
from benchmarks.measurement import MeasurementError


class Paper:
    """A page that notes what is done to it."""

    def __init__(self, box=None) -> None:
        self.done: list = []
        self.box = box

        def note(name):
            return lambda *what: self.done.append((name, *what))

        self.click, self.wait_for_timeout = note("click"), note("wait")
        self.keyboard = SimpleNamespace(press=note("key"), down=note("down"), up=note("up"))
        self.mouse = SimpleNamespace(
            move=note("move"), down=lambda: note("press")(), up=lambda: note("release")()
        )

    def locator(self, _):
        return SimpleNamespace(wait_for=lambda: None, bounding_box=lambda: self.box)

    def wait_for_selector(self, _):
        """Everything is there at once."""


def test_every_press_counts_and_a_chord_is_one():
    page = Paper(box={"x": 10, "y": 20, "width": 40, "height": 20})
    hands = Hands(page)  # type: ignore[arg-type]
    hands.click("a")
    hands.press("Control+z")
    hands.hold("b")
    hands.hold_keys("Control", "Enter")
    assert (hands.clicks, hands.keys, hands.holds, hands.acts) == (1, 1, 2, 4)
    assert page.done == [
        ("click", "a"), ("key", "Control+z"),
        ("move", 30, 30), ("press",), ("wait", 1300), ("release",),
        ("down", "Control"), ("down", "Enter"), ("wait", 1300), ("up", "Enter"), ("up", "Control"),
    ]  # fmt: skip


def test_what_cannot_be_seen_is_not_held():
    with pytest.raises(MeasurementError, match="no dialog b to hold"):
        Hands(Paper()).hold("dialog b")  # type: ignore[arg-type]


@pytest.mark.parametrize("give", [_by_mouse, _by_keyboard])
def test_the_bench_counts_what_it_does(give):
    page = Paper(box={"x": 0, "y": 0, "width": 1, "height": 1})
    hands = Hands(page)  # type: ignore[arg-type]
    give(hands, "stream-5")
    before = hands.acts
    _correct(hands)
    begun = [one for one in page.done if one[0] in ("click", "key", "press")]
    chords = [one for one in page.done if one == ("down", "Control")]
    assert hands.acts == len(begun) + len(chords) == before + 2
