"""Who may do what."""

import pytest

from broadcaster.rights import RIGHTS, Role, act_of, is_allowed, rights_of, roles_named


def test_what_is_not_in_the_table_nobody_may():
    assert not is_allowed("launch", list(Role))
    assert not is_allowed("look", [])
    assert not is_allowed("look", ["king"])


def test_the_administrator_may_do_everything():
    assert rights_of([Role.ADMINISTRATOR]) == tuple(RIGHTS)


def test_whoever_only_looks_changes_nothing():
    programme = {
        *("schedule", "schedule-versions", "schedule-check", "schedule-preview", "calendar"),
        "schedule-week",
        *("playlists", "playlist", "playlist-export", "recordings", "recording", "duplicates"),
        "uploads",
    }
    looks = {"look", "read-metrics", *programme}
    assert set(rights_of([Role.VIEWER])) == looks
    amplifiers = {"spare-take-over", "spare-give-back", "acknowledge-fault", "keep-amplifiers"}
    assert set(rights_of([Role.TECHNICIAN])) == {*looks, *amplifiers, "read-journal", "as-run"}


def test_pictures_of_passers_by_are_for_whoever_decides_and_for_the_police():
    see = {role for role in Role if is_allowed("see-pictures", [role])}
    assert see == {Role.OPERATOR, Role.POLICE, Role.ADMINISTRATOR}


def test_several_roles_add_up():
    both = set(rights_of([Role.RADIO, Role.POLICE]))
    assert both == set(rights_of([Role.RADIO])) | set(rights_of([Role.POLICE]))


def test_no_warning_ends_or_sounds_by_radio_staff_and_police():
    ends = {"correct", "all-clear", "step-down", "reject", "withdraw-warning", "end-exercise"}
    sounds = {"raise", "confirm", "escalate", "add-zones", "break-glass", "play-warning"}
    for role in (Role.RADIO, Role.POLICE, Role.TECHNICIAN, Role.VIEWER):
        assert not (ends | sounds) & set(rights_of([role]))


@pytest.mark.parametrize(
    ("command", "fields", "act"),
    [
        ("raise", {"hazard": "flood"}, "raise"),
        ("raise", {"hazard": "missing-person"}, "raise-missing-person"),
        ("raise", {"hazard": "missing-person", "message": "flood-evacuate"}, "raise"),
        ("play", {"pcm": "c", "kind": "notice"}, "play"),
        ("play", {"pcm": "c", "kind": "warning"}, "play-warning"),
        ("play", {"message": "flood-evacuate"}, "play-warning"),
        ("confirm", {"hazard": "missing-person"}, "confirm"),
    ],
)
def test_an_act_may_depend_on_what_is_asked(command, fields, act):
    assert act_of(command, fields) == act


def test_a_role_that_is_none_is_named():
    assert roles_named(["viewer"]) == {Role.VIEWER}
    with pytest.raises(ValueError, match="no role 'king'; there are viewer, radio"):
        roles_named(["viewer", "king"])
