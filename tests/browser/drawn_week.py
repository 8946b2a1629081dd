"""A week with something of every kind in it, and two playlists."""

from __future__ import annotations

from tests.browser.standing import Standing


def draw_week(made: Standing) -> None:
    """Put it in force, whatever was before; alike however often it is done."""
    found = made.aside(made.station.ask, "recordings", words="", most=6)["recordings"]
    ids = [one["id"] for one in found]
    put = {
        "playlists": {
            "dawn": {"title": "새벽 물소리", "items": ids},
            "calm": {"title": "잔잔한 오후", "choose": {"folders": ["music/"]}},
        },
        "news": {
            "flu": {
                "recording": ids[0], "zones": "all", "from": "2020-01-01", "until": "2199-12-31",
                "times_a_day": 1, "hours": "10:00-11:00",
            },
        },
        "sources": {"studio": {"title": "스튜디오", "address": "line:default"}},
        "entries": {
            "morning": _entry("아침 음악", "06:30", "2 h", "FREQ=DAILY", playlist="dawn"),
            "calm": _entry(
                "오후의 휴식", "14:00", "90 min", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
                playlist="calm", zones=["stream"],
            ),
            "noon": _entry("낮 쉼", "12:00", "30 min", "FREQ=DAILY", silence=True, rank=60),
            "talk": _entry(
                "주민 방송", "18:00", "1 h", "FREQ=WEEKLY;BYDAY=WE", live="studio", zones=["hill"],
            ),
        },
    }  # fmt: skip
    made.aside(made.station.ask, "schedule-edit", put=put, why="첫 편성")


def _entry(title: str, at: str, length: str, rule: str, **more: object) -> dict[str, object]:
    entry = {"title": title, "zones": "all", "first": f"2026-01-01 {at}", "length": length}
    return {**entry, "rule": rule, **more}
