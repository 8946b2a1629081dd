"""Warnings in words: what they wait for, and who heard them."""

from broadcaster.demo.warned import WarningNews, heard, standing


def streams(zones):
    return [{"zone": zone, "arrived_detail": [{"amplifier": f"of {zone}"}]} for zone in zones]


def way(first=9.0, arrived=78.0):
    return {"first_packet_ms": first, "sent_ms": 40.0, "arrived_ms": arrived}


def alert(zones=("z1", "z2"), state="airing", **changed):
    fields = {
        "id": "a1",
        "nature": "real",
        "state": state,
        "level_name": "evacuate",
        "title": {"ko": "대피", "en": "evacuation"},
        "zones": list(zones),
        "window": None,
        "rise": None,
        "path": {"received_utc": "now", "zones": {zone: way() for zone in zones}},
    }
    return fields | changed


def snapshot(*alerts):
    return {"alerts": list(alerts), "streams": streams(["z1", "z2", "z3", "z4"])}


def test_all_who_heard_it_are_counted_with_the_slowest_time():
    path = {"zones": {"z1": way(8.0, 60.0), "z2": way(9.0, 78.0)}}
    found = heard(alert(path=path), streams(["z1", "z2"]))
    assert found.is_whole
    assert found.sentence == "first packet 9 ms, heard by 2 of 2 after 78 ms"


def test_who_did_not_say_that_it_arrived_did_not_hear_it():
    path = {"zones": {"z1": way(), "z2": way(arrived=None)}}
    found = heard(alert(path=path), streams(["z1", "z2"]))
    assert not found.is_whole
    assert "heard by 1 of 2" in found.sentence
    assert (
        "heard by none of 2"
        in heard(alert(path={"zones": {"z1": way(arrived=None)}}), streams(["z1", "z2"])).sentence
    )
    assert heard(alert(path=None), streams(["z1"])).sentence == "not on the wire yet"


def test_a_zone_without_an_amplifier_is_heard_by_nobody():
    assert not heard(alert(zones=["z9"]), []).is_whole


def test_a_pending_warning_says_how_long_it_waits():
    window = {"left_s": 41.4, "on_timeout": "air"}
    words = standing(alert(state="pending", path=None, window=window), [])
    assert (
        words == "evacuation (evacuate) pending in z1, z2: sounds in 41 s unless somebody decides"
    )
    dropped = alert(state="pending", path=None, window=window | {"on_timeout": "drop"})
    assert "is dropped in 41 s" in standing(dropped, [])


def test_a_warning_that_rises_says_when():
    rise = {"left_s": 12.0, "level_name": "evacuate"}
    assert standing(alert(rise=rise), streams(["z1", "z2"])).endswith("becomes evacuate in 12 s")


def test_a_warning_that_is_being_corrected_tells_no_old_times():
    assert standing(alert(state="correcting", parting="correction"), []).endswith(
        "correcting in z1, z2"
    )


def test_news_are_told_once_and_the_past_is_none():
    news = WarningNews()
    assert news.of(snapshot(alert())) == []
    assert news.of(snapshot(alert())) == []
    fresh = alert(id="a2", path=None)
    assert news.of(snapshot(alert(), fresh)) == []
    (line,) = news.of(snapshot(alert(), alert(id="a2")))
    assert "a2: evacuation (evacuate) in z1, z2: first packet 9 ms, heard by 2 of 2" in line
    assert news.of(snapshot(alert(), alert(id="a2"))) == []
    (line,) = news.of(snapshot(alert(id="a2", state="closed")))
    assert line.endswith("is over (closed)")


def test_an_escalation_is_heard_anew():
    news = WarningNews()
    news.of(snapshot())
    assert len(news.of(snapshot(alert()))) == 1
    again = alert(path={"received_utc": "later", "zones": {zone: way() for zone in ("z1", "z2")}})
    assert len(news.of(snapshot(again))) == 1


def test_exercises_are_no_news():
    news = WarningNews()
    news.of(snapshot())
    assert news.of(snapshot({"id": "x", "nature": "exercise", "state": "running"})) == []
