"""Commands from outside: read exactly, refused with the field that is wrong."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcaster.control.acts import Play, Withdraw, Witnessed
from broadcaster.control.play_order import RefusedError
from broadcaster.control.wire import LONGEST_DELAY, read_command
from broadcaster.witness import Fact
from tests.broadcaster.control.bench import CLOCK, PCM, site
from zones.bus import Kind
from zones.media_time import RATE

NOW = 1000 * RATE
PLAY = {"key": "k", "who": "me", "name": "play", "pcm": PCM, "length": 5, "zones": ["hill"]}
PLAY = {**PLAY, "priority": 100}
WITNESS = {"zone": "hill-1", "stream": "hill-1", "fact": "sent", "value": True, "at": 7}
WITNESSED = {"key": "k", "who": "ear", "name": "witness", "by": "ear", "witnesses": [WITNESS]}


def read(fields):
    return read_command(fields, site(), CLOCK, NOW)


def test_an_order_to_play_is_read():
    order = read({**PLAY, "kind": "warning", "repeat": True, "title": "t"})
    assert order == Play(
        key="k",
        who="me",
        at=NOW,
        zones=("hill",),
        priority=100,
        kind=Kind.WARNING,
        repeat=True,
        title="t",
        pcm=PCM,
        length=5,
    )


def test_an_order_to_withdraw_is_read():
    order = read({"key": "k", "who": "me", "name": "withdraw", "claim": "c"})
    assert isinstance(order, Withdraw)
    assert order.claim == "c"


def test_witnesses_are_read_with_the_name_of_who_saw_it():
    seen = read(WITNESSED)
    assert isinstance(seen, Witnessed)
    (witness,) = seen.witnesses
    assert (witness.by, witness.fact, witness.value, witness.at) == ("ear", Fact.SENT, True, 7)


@pytest.mark.parametrize(
    ("given_ns", "at"),
    [
        (CLOCK.monotonic_ns_at(NOW - 480), NOW - 480),
        (CLOCK.monotonic_ns_at(NOW + RATE), NOW),
        (CLOCK.monotonic_ns_at(NOW - LONGEST_DELAY - RATE), NOW),
    ],
)
def test_when_an_order_was_given_is_believed_within_reason(given_ns, at):
    assert read({**PLAY, "given_ns": given_ns}).at == at


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({**PLAY, "name": "explode"}, "name"),
        ({**PLAY, "zones": "hill"}, "zones"),
        ({**PLAY, "zones": [1]}, "zones"),
        ({**PLAY, "priority": "100"}, "priority"),
        ({**PLAY, "priority": True}, "priority"),
        ({**PLAY, "priority": 1 << 70}, "priority"),
        ({**PLAY, "length": 1.5}, "length"),
        ({**PLAY, "kind": "page"}, "kind"),
        ({**PLAY, "repeat": "yes"}, "repeat"),
        ({**PLAY, "pcm": 5}, "pcm"),
        ({**PLAY, "title": None}, "title"),
        ({**WITNESSED, "witnesses": {}}, "witnesses"),
        ({**WITNESSED, "witnesses": [5]}, "witnesses"),
        ({**WITNESSED, "witnesses": [{**WITNESS, "stream": "hill-2"}]}, "witnesses"),
        ({**WITNESSED, "witnesses": [{**WITNESS, "fact": "audible"}]}, "witnesses"),
        ({**WITNESSED, "witnesses": [{**WITNESS, "value": 1}]}, "witnesses"),
        ({**WITNESSED, "witnesses": [{**WITNESS, "detail": 3}]}, "detail"),
        ({**WITNESSED, "by": 3}, "by"),
        ({"key": "k", "who": "me", "name": "withdraw"}, "claim"),
    ],
)
def test_what_makes_no_sense_is_refused_by_field(fields, where):
    with pytest.raises(RefusedError) as refused:
        read(fields)
    assert refused.value.where == where


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@settings(deadline=None)
@given(
    st.sampled_from([PLAY, WITNESSED, {"key": "k", "who": "me", "name": "withdraw"}]),
    st.dictionaries(
        st.sampled_from(["zones", "priority", "pcm", "length", "witnesses", "by", "claim", "kind"]),
        _JSON,
    ),
)
def test_whatever_comes_is_a_command_or_a_refusal(fields, changed):
    with contextlib.suppress(RefusedError):
        read({**fields, **changed})
