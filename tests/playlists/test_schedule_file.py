"""The schedule as a file: what it says is what is kept, and mistakes are told with their place."""

import pytest

from playlists.schedule_edit import Edit, EditError, changed_meanwhile, changes, edited
from playlists.schedule_file import (
    ScheduleFileError,
    parse_schedule,
    schedule_fields,
    schedule_text,
)

TEXT = """\
schema: 1
country: KR
holidays: {2026-12-24: 창립 기념일}
not_holidays: [2026-05-01]
playlists:
  아침: {items: []}
  morning: {title: 아침 음악, items: [r1, r2], repeats: false}
  idents: {items: [i1]}
  calm:
    title: 잔잔한 음악
    choose: {folders: [music/], any_tags: [잔잔], no_tags: [겨울]}
    separation: {artist: 45 min, title: 6 h}
    weights: {새 음반: 3}
    marks: idents
    marks_every: 5
news:
  flu: {recording: n1, zones: all, from: 2026-11-23, until: 2026-11-30, hours: 10:00-17:00}
sources:
  studio: {title: 스튜디오, address: "line:default"}
entries:
  morning:
    title: 아침
    zones: [stream]
    playlist: morning
    first: 2026-11-23 07:00
    length: 2 h
    rule: FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU
    without: [2026-12-07]
    holidays: not
  talk: {zones: hill, live: studio, first: 2026-11-23 12:00, length: 10 min, start: soft, rank: 60}
  hush: {zones: all, silence: true, first: 2026-11-23 13:00, length: 90 s, enabled: false}
""".replace("  아침: {items: []}\n", "")


def wrong(text):
    with pytest.raises(ScheduleFileError) as caught:
        parse_schedule(text, "schedule.yaml", ["stream", "hill"])
    return caught.value


def test_what_is_written_reads_back_the_same():
    schedule = parse_schedule(TEXT, "schedule.yaml", ["stream", "hill"])
    again = parse_schedule(schedule_text(schedule), "again")
    assert again == schedule
    assert schedule_fields(again)["entries"]["talk"]["start"] == "soft"
    assert schedule.entry("morning").when.rule.endswith("BYDAY=MO,TU")


def test_every_mistake_is_told_at_once_with_its_place():
    text = TEXT.replace("playlist: morning\n", "playlist: mornin\n")
    text = text.replace("zones: hill, live: studio", "zones: hil, live: studio, silence: true")
    text = text.replace("length: 90 s", "length: 90").replace("until: 2026-11-30", "until: 30.11.")
    error = wrong(text)
    said = str(error)
    for part in (
        'there is no playlist "mornin"; did you mean "morning"?',
        '"30.11." is not a day',
        'there is no zone or group "hil"; did you mean "hill"?',
        "needs one of playlist, live, silence",
        '"90" has no unit',
    ):
        assert part in said
    assert "^" in error.rendered()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the file is empty"),
        ("schema: 2", "must be 1"),
        ("schema: 1\nentries: [a]", "needs a table"),
        ("schema: 1\nplaylists: {a: {}}", "either items or choose"),
        ("schema: 1\nplaylists: {a: {choose: {}, weights: {b: 11}}}", "outside 1 to 10"),
        ("schema: 1\nplaylists: {../a: {items: []}}", "is not a name"),
        (
            "schema: 1\nentries: {a: {zones: hill, silence: true, first: 2026-11-23 07:00, "
            "length: 1 h, rule: FREQ=SECONDLY}}",
            "BYHOUR=9,12,15",
        ),
        ("schema: 1\nholidays: {soon: x}", "is not a day"),
        (
            "schema: 1\nnews: {n: {recording: r, zones: hill, from: 2026-12-02, "
            "until: 2026-12-01}}",
            "its last day",
        ),
    ],
)
def test_nonsense_is_refused_in_words(text, says):
    assert says in str(wrong(text))


FIELDS = schedule_fields(parse_schedule(TEXT, "schedule.yaml"))


def test_an_edit_sets_and_removes_by_name():
    edit = Edit({"playlists": {"new": {"items": []}}}, {"entries": ("hush",)})
    after = edited(FIELDS, edit)
    assert list(changes(FIELDS, after)) == ["playlists new: added", "entries hush: removed"]
    assert "hush" in FIELDS["entries"]
    with pytest.raises(EditError, match="no section"):
        edited(FIELDS, Edit({"colours": {}}))
    with pytest.raises(EditError, match='no "x" to remove'):
        edited(FIELDS, Edit(remove={"news": ("x",)}))


def test_a_change_is_told_field_by_field():
    talk = {**FIELDS["entries"]["talk"], "rank": 70, "length": "20 min"}
    after = edited(FIELDS, Edit({"entries": {"talk": talk}}))
    assert list(changes(FIELDS, after)) == ["entries talk: length 10 min -> 20 min, rank 60 -> 70"]


def test_only_what_both_changed_is_in_the_way():
    theirs = edited(FIELDS, Edit(remove={"entries": ("hush",)}))
    mine = Edit({"entries": {"talk": {}}})
    assert changed_meanwhile(FIELDS, theirs, mine) == ()
    assert changed_meanwhile(FIELDS, theirs, Edit({"entries": {"hush": {}}})) == ("entries hush",)
