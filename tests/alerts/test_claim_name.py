"""The names of claims tell whose they are."""

import pytest

from alerts.claim_name import ClaimName, Role, parse_claim_name

NAMES = {
    "alert 4f1c 2 message flood-evacuate": ClaimName(("4f1c",), Role.MESSAGE, 2, "flood-evacuate"),
    "alert 4f1c 3 only flood-correction": ClaimName(("4f1c",), Role.ONLY, 3, "flood-correction"),
    "alerts 4f1c+09aa 4 turns": ClaimName(("4f1c", "09aa"), Role.TURNS, 4),
    "alerts 5 beside": ClaimName((), Role.BESIDE, 5),
}


@pytest.mark.parametrize(("text", "name"), NAMES.items())
def test_a_name_is_written_and_read(text, name):
    assert str(name) == text
    assert parse_claim_name(text) == name


@pytest.mark.parametrize(
    "text",
    ["schedule", "", "alert", "alert x", "alert x y message", "alert x 1 song", "warning-12-3"],
)
def test_other_claims_are_nobodys(text):
    assert parse_claim_name(text) is None


def test_what_is_put_in_comes_before_turns_that_begin_with_it():
    assert "alert z 9 only over" < "alerts a+b 1 turns"
