"""The parts of the doors by themselves: keys, nonces, the clock, the lanes."""

import json
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from alerts.detection import Admitted
from broadcaster.doors.clock import DOUBTED_FOR_S, DoorClock
from broadcaster.doors.keys import Keys, NoKeyError, key_in
from broadcaster.doors.keys_file import KeyRing, read_keys, write_keys
from broadcaster.doors.lanes import MOST_IN_LANE, Lanes, Lately, Waiting
from broadcaster.doors.nonces import KEPT_S, LEAST_S, Nonces
from broadcaster.doors.picture_check import MOST_BYTES, refusal
from broadcaster.doors.signature import (
    NotSignedError,
    is_right,
    signed_in,
    signing_headers,
)
from broadcaster.link.frame import LONGEST_FRAME, encode_frame
from broadcaster.picture_store import PictureError, PictureStore
from broadcaster.run_directory import StateDirectory
from tests.alerts.detection.ground import event, level, utc
from tests.broadcaster.doors.door_ground import key

NOW = datetime(2026, 11, 22, tzinfo=UTC)

# --- keys ---


def test_two_keys_of_a_name_are_valid_at_once_and_no_more():
    keys, second = Keys([key()]).rotated("vms-1", NOW)
    assert len(keys.of("vms-1", NOW)) == 2
    keys, third = keys.rotated("vms-1", NOW + timedelta(hours=1))
    assert (
        keys.of("vms-1", NOW + timedelta(hours=1)) == (second, third)
        or len(keys.of("vms-1", NOW + timedelta(hours=1))) == 2
    )
    assert keys.of("vms-1", NOW + timedelta(days=2)) == (third,)
    assert keys.revoked("vms-1", NOW + timedelta(days=2)).of("vms-1", NOW + timedelta(days=2)) == ()


def test_a_key_that_is_not_there_is_not_rotated_or_revoked():
    for act in (Keys().rotated, Keys().revoked):
        with pytest.raises(NoKeyError, match="broadcaster keys list"):
            act("vms-1", NOW)
    with pytest.raises(NoKeyError, match="certificate"):
        Keys([key(certificate="gw.lan")]).rotated("vms-1", NOW)


def test_a_secret_is_never_shown_by_accident():
    ours = key()
    assert ours.secret.hex() not in repr(ours)
    assert str(ours.secret) not in repr(ours)
    assert key_in(json.loads(json.dumps(ours.message()))) == ours


def test_the_file_of_keys_is_closed_to_others_and_read_again(tmp_path):
    path = tmp_path / "keys.json"
    assert list(read_keys(path)) == []
    ring = KeyRing(path)
    write_keys(path, Keys([key()]))
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(list(ring.refreshed())) == 1
    path.write_text("{")
    assert len(list(ring.refreshed())) == 1
    assert "is damaged" in ring.fault
    path.chmod(0o644)
    with pytest.raises(NoKeyError, match="can be read by others"):
        read_keys(path)


# --- signatures ---


@settings(deadline=None)
@given(st.binary(max_size=50), st.binary(max_size=50), st.text(max_size=10))
def test_a_signature_holds_for_its_own_body_only(body, other, path):
    ours = key()
    headers = signing_headers(ours.id, ours.secret, 5, secrets.token_hex(16), path, body)
    signed = signed_in(CIMultiDict(headers))
    assert is_right(signed, ours.secret, "POST", path, body)
    assert is_right(signed, ours.secret, "POST", path, other) == (body == other)
    assert not is_right(signed, ours.secret, "PUT", path, body)
    assert not is_right(signed, secrets.token_bytes(32), "POST", path, body)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(["X-Key-Id", "X-Timestamp", "X-Nonce"]), st.text()))
def test_headers_of_any_kind_are_read_or_refused(headers):
    with pytest.raises(NotSignedError):
        signed_in(CIMultiDict(headers))


# --- nonces ---


def test_a_nonce_counts_once_also_after_a_kill(tmp_path):
    nonces = Nonces(tmp_path / "nonces", 1_000.0)
    assert nonces.use("k", "one", 1_000.0)
    assert not nonces.use("k", "one", 1_000.0)
    assert nonces.use("other", "one", 1_000.0)
    # Killed: nothing was closed, and the last line is half there.
    with (tmp_path / "nonces").open("ab") as file:
        file.write(b"10")
    again = Nonces(tmp_path / "nonces", 1_000.0 + LEAST_S)
    assert not again.use("k", "one", 1_000.0 + LEAST_S)
    later = Nonces(tmp_path / "nonces", 1_001.0 + KEPT_S)
    assert later.use("k", "one", 1_001.0 + KEPT_S)
    for each in (nonces, again, later):
        each.close()


def test_nonces_are_kept_ten_minutes_however_many_come(tmp_path, monkeypatch):
    monkeypatch.setattr("broadcaster.doors.nonces.MOST_KEPT", 10)
    nonces = Nonces(tmp_path / "nonces", 0.0)
    for n in range(100):
        assert nonces.use("k", str(n), float(n))
    assert not any(nonces.use("k", str(n), 100.0) for n in range(100))
    assert nonces.use("k", "late", LEAST_S + 50.0)
    assert len(nonces._used) <= 100
    nonces.close()


# --- the clock ---


class Clocks:
    def __init__(self):
        self.wall, self.monotonic, self.is_synchronised = 1e9, 50.0, True
        self.clock = DoorClock(
            lambda: self.wall, lambda: self.monotonic, lambda: self.is_synchronised
        )

    def step(self, seconds):
        self.wall += seconds

    def wait(self, seconds):
        self.wall += seconds
        self.monotonic += seconds


@pytest.mark.parametrize("step", [86_400.0, -86_400.0])
def test_a_step_of_the_wall_clock_moves_nothing_until_it_has_stayed(step):
    clocks = Clocks()
    assert clocks.clock.doubt() == ""
    clocks.step(step)
    assert "stepped by" in clocks.clock.doubt()
    assert clocks.clock.now() == 1e9
    assert clocks.clock.behind(1e9 + step) == 0
    assert clocks.clock.behind(1e9) == 0
    clocks.wait(DOUBTED_FOR_S)
    assert clocks.clock.doubt() == ""
    assert clocks.clock.now() == 1e9 + step + DOUBTED_FOR_S


def test_a_clock_nobody_keeps_is_in_doubt():
    clocks = Clocks()
    clocks.is_synchronised = False
    clocks.wait(2)
    assert clocks.clock.doubt() == "our clock is not synchronised"


# --- lanes ---


def waiting(each, answers=None, via=""):
    given_to = answers if answers is not None else []
    return Waiting(Admitted(each, utc(0), via), given_to.append)


def emptied(lanes):
    found = []
    while batch := lanes.batch():
        found += [each.admitted.event for each in batch]
    return found


def test_the_first_begin_goes_before_all_that_waits():
    lanes = Lanes()
    for n in range(15):
        lanes.add(waiting(level(0.1, n)), 0.0)
    start = event()
    lanes.add(waiting(start), 0.0)
    assert start in [each.admitted.event for each in lanes.batch()[:2]]


def test_sources_take_turns():
    lanes = Lanes()
    loud = [event("cam-032", phase="update", at=n) for n in range(10)]
    for each in loud:
        lanes.add(waiting(each), 0.0)
    for each in (event("cam-031", "crowd"), event("cam-033", "crowd")):
        lanes.add(waiting(each), 0.0)
    order = [each.source for each in emptied(lanes)]
    assert set(order[:4]) == {"cam-031", "cam-032", "cam-033"}
    assert len(order) == 12


def test_keys_take_turns_however_many_sources_stand_behind_one():
    lanes = Lanes()
    for n in range(300):
        lanes.add(waiting(event(f"cam-{n:03}", "crowd"), via="gateway"), 0.0)
    for n in range(3):
        lanes.add(waiting(event(f"door-{n}", "crowd"), via="other"), 0.0)
    order = [each.source for each in emptied(lanes)]
    assert {order.index(f"door-{n}") for n in range(3)} <= set(range(7))
    assert len(order) == 303


def test_first_begins_behind_one_key_do_not_delay_the_first_begin_of_another():
    lanes = Lanes()
    for n in range(300):
        lanes.add(waiting(event(f"cam-{n:03}"), via="gateway"), 0.0)
    lanes.add(waiting(event("door-1"), via="other"), 0.0)
    lanes.add(waiting(event("cam-300"), via="gateway"), 0.0)
    order = [each.source for each in emptied(lanes)]
    assert order.index("door-1") <= 1
    assert len(order) == 302


def test_what_comes_too_fast_is_replaced_by_the_newest():
    lanes = Lanes()
    answers: list = []
    storm = [event("cam-032", phase="update", id=f"u{n}") for n in range(1_000)]
    for each in storm:
        lanes.add(waiting(each, answers), 0.0)
    left = emptied(lanes)
    assert len(left) <= 22
    assert left[-1] == storm[-1]
    assert len(answers) == 1_000 - len(left)
    assert {answer["is"] for answer in answers} == {"coalesced"}


def test_a_lane_never_grows_without_bound():
    lanes = Lanes()
    for n in range(3 * MOST_IN_LANE):
        lanes.add(waiting(level(0.1, n)), float(n))
    assert len(lanes) == MOST_IN_LANE


_KINDS = st.sampled_from(["smoke", "fire", "crowd"])
_PHASES = st.sampled_from(["start", "update", "end"])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), _KINDS, _PHASES, st.floats(0, 12), st.booleans()),
        max_size=60,
    )
)
def test_order_is_kept_and_no_first_begin_is_lost(given_events):
    lanes, now = Lanes(), 0.0
    taken: list = []
    added: list = []
    firsts: list = []
    replaced: list = []
    for number, kind, phase, step, is_taken in given_events:
        now += step
        each = waiting(event(f"cam-{number}", kind, phase))
        each.answered = replaced.append
        lanes.add(each, now)
        added.append(each)
        if each.is_first:
            firsts.append(each)
        if is_taken:
            batch = lanes.batch()
            if step > 6:
                lanes.put_back(batch)
            else:
                taken += batch
    while batch := lanes.batch():
        taken += batch
    assert all(any(first is each for each in taken) for first in firsts)
    assert len(taken) + len(replaced) == len(added)
    for source in {each.admitted.event.source for each in added}:
        mine = [added.index(each) for each in taken if each.admitted.event.source == source]
        assert mine == sorted(mine)


# --- pictures ---


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "is no JPEG"),
        (b"GIF89a", "is no JPEG"),
        (b"\xff\xd8\xff" + b"x" * MOST_BYTES, "are the most"),
        (b"\xff\xd8\xff" + bytes(200), "cannot be decoded"),
    ],
)
async def test_what_is_no_picture_is_refused(octets, why):
    assert why in await refusal(octets)


def test_pictures_go_after_thirty_days(tmp_path):
    store = PictureStore(StateDirectory(tmp_path))
    name = store.keep(b"picture")
    assert store.forget_old(datetime.now(UTC) + timedelta(days=29)) == 0
    assert store.show(name) == b"picture"
    assert store.forget_old(datetime.now(UTC) + timedelta(days=31)) == 1
    for wrong in (name, "../pictures.key", "p" + "0" * 40):
        with pytest.raises(PictureError):
            store.show(wrong)


def test_a_picture_that_was_changed_is_not_shown(tmp_path):
    store = PictureStore(StateDirectory(tmp_path))
    name = store.keep(b"picture")
    path = tmp_path / "pictures" / name
    path.write_bytes(path.read_bytes()[:-3] + b"AAA")
    with pytest.raises(PictureError, match="was changed"):
        store.show(name)


def test_the_largest_events_fit_into_a_frame_of_the_link():
    large = event(
        id="x" * 128,
        zones=["z" * 64] * 64,
        geocodes=["g" * 64] * 64,
        evidence=["한" * 512] * 8,
        polygon=[[37.123456789012, 126.123456789012]] * 1_000,
        vendor={"raw": "한" * 5_000},
    )
    lanes = Lanes()
    for _ in range(100):
        lanes.add(waiting(large), 0.0)
    batch = lanes.batch()
    octets = encode_frame({"events": [each.admitted.message() for each in batch]})
    assert len(octets) < LONGEST_FRAME
    assert len(json.dumps(large.message(), ensure_ascii=False).encode()) < batch[0].size


def test_what_control_took_just_before_it_died_is_handed_over_again_however_long_it_is_away():
    lately = Lately()
    events = [Admitted(event(), utc(0)) for _ in range(2)]
    lately.took(events[:1], 100.0)
    lately.took(events[1:], 300.0)
    lately.lost(301.0)
    assert lately.again() == events[1:]
    assert lately.again() == []
