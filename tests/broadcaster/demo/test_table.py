"""What the demo shows, and the keys it takes."""

import asyncio
import os
import pty
import sys
import termios

import pytest
from rich.console import Console

from alerts.claim_name import ClaimName, Role
from broadcaster.demo.keys import keys_in, pressed
from broadcaster.demo.table import BAR, View, bar, rows_of, screen, summary, word


def stream(number=1, title="Stream at Dawn · 새벽", kind="programme", sent=True, arrived=True):
    return {
        "zone": f"z{number}",
        "zone_name": {"ko": f"홍제천 {number}", "en": f"Zone {number}"},
        "commanded": {"claim": "schedule", "kind": kind, "title": title},
        "sent": sent,
        "sent_detail": {"fault": "silence" if sent is False else None},
        "arrived": arrived,
        "arrived_detail": [{"amplifier": f"amp-{number}"}],
    }


def report(number=1, **changed):
    fields = {"id": f"amp-{number}", "heard": True, "plugged": True, "level_dbfs": -20.0}
    return {**fields, "packets": 1000, "lost": 0, **changed}


def shown(rows, *, is_wide=True, with_help=False, marked=()):
    console = Console(width=140, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    view = View(
        title="Title",
        rows=rows,
        chosen=0,
        marked=marked,
        warnings=["stream evacuation airing"],
        news=["news"],
        faults=["a fault"],
        with_help=with_help,
        is_wide=is_wide,
    )
    with console.file:
        console.print(screen(view))
    return console.export_text()


def test_a_row_says_commanded_sent_arrived_and_heard_apart():
    text = shown(rows_of({"streams": [stream(arrived=None)]}, [report()]))
    for words in ("홍제천 1", "Stream at Dawn · 새벽", "yes", "unknown", "0.0%", "1,000"):
        assert words in text
    for words in ("news", "a fault", "stream evacuation airing"):
        assert words in text


def test_a_fault_and_an_unplugged_amplifier_are_named():
    rows = rows_of({"streams": [stream(sent=False)]}, [report(heard=False, plugged=False)])
    text = shown(rows)
    assert "silence" in text
    assert "unplugged" in text


def test_the_chosen_zone_and_marked_ones_bear_a_sign():
    rows = rows_of({"streams": [stream(1), stream(2)]}, [report(1), report(2)])
    lines = shown(rows, marked={"z2"}).splitlines()
    assert next(line for line in lines if "홍제천 1" in line).startswith("> ")
    assert next(line for line in lines if "홍제천 2" in line).startswith(" *")


def test_a_zone_beside_a_warning_is_quiet_and_not_deaf():
    beside = stream(title="quiet beside a warning", kind="warning")
    beside["commanded"]["claim"] = str(ClaimName(("a1",), Role.BESIDE, 1))
    (row,) = rows_of({"streams": [beside]}, [report(heard=False)])
    assert row.is_quiet
    assert "quiet" in shown([row])


def test_a_warned_zone_says_how_long_it_took():
    way = {"first_packet_ms": 8.6, "sent_ms": 40.0, "arrived_ms": None}
    alert = {"id": "a1", "nature": "real", "state": "airing", "path": {"zones": {"z1": way}}}
    (row,) = rows_of({"streams": [stream()], "alerts": [alert]}, [report()])
    assert row.warned == "9 / ?"
    (row,) = rows_of({"streams": [stream()], "alerts": [alert | {"state": "closed"}]}, [report()])
    assert row.warned == ""


def test_without_a_report_nothing_is_said_to_be_heard():
    (row,) = rows_of({"streams": [stream()]}, [])
    assert row.heard is None
    assert row.level_dbfs is None
    assert rows_of({}, []) == []


def test_a_plain_terminal_gets_plain_letters():
    text = shown(rows_of({"streams": [stream()]}, [report()]), is_wide=False)
    assert text.isascii()
    assert "Zone 1" in text


def test_help_says_what_the_words_mean():
    assert "compared them with the plan" in shown([], with_help=True)


@pytest.mark.parametrize("is_wide", [True, False])
def test_a_bar_grows_with_the_level(is_wide):
    levels = [-90.0, -40.0, -25.0, -10.0, 0.0]
    bars = [bar(level, is_wide=is_wide) for level in levels]
    assert all(len(one) == BAR for one in bars)
    filled = [len(one.strip()) for one in bars]
    assert filled == sorted(filled)
    assert bar(None, is_wide=is_wide) == "-" * BAR


def test_facts_are_words():
    assert [word(value) for value in (True, False, None)] == ["yes", "no", "unknown"]


def test_a_line_sums_it_up():
    rows = rows_of({"streams": [stream(1), stream(2, title="Other")]}, [report(1), report(2)])
    assert summary(rows) == (
        "2 zones commanded (2 things), sent in 2, arrived in 2, heard in 2, 0 of 2,000 packets lost"
    )
    assert summary([]) == "control does not answer yet"


def test_keys_are_letters_and_arrows():
    assert list(keys_in(b"m\x1b[A\x1b[B1\x1b[5q")) == ["m", "up", "down", "1", "q"]
    assert list(keys_in(b"\x1bOA")) == ["up"]


async def test_the_terminal_is_as_before_whatever_happens(monkeypatch):
    ours, theirs = pty.openpty()
    with open(theirs) as terminal, open(ours, "wb", buffering=0) as keyboard:  # noqa: PTH123, ASYNC230
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(terminal)
        came = asyncio.Queue[str]()
        try:
            with pressed(came.put_nowait):
                assert termios.tcgetattr(terminal) != before
                keyboard.write(b"q")
                async with asyncio.timeout(60):
                    assert await came.get() == "q"
                raise InterruptedError
        except InterruptedError:
            pass
        assert termios.tcgetattr(terminal) == before


async def test_without_a_terminal_there_are_no_keys(monkeypatch):
    with open(os.devnull) as nothing:  # noqa: PTH123, ASYNC230
        monkeypatch.setattr(sys, "stdin", nothing)
        with pressed(lambda key: None):
            pass
