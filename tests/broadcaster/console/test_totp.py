"""One-time codes, against the vectors of RFC 6238 appendix B."""

import base64

import pytest

from broadcaster.console.totp import STEP, code_at, step_of

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("at", "code"),
    [(59, "287082"), (1111111109, "081804"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_the_vectors_of_the_rfc(at, code):
    assert code_at(SECRET, at // STEP) == code
    assert step_of(SECRET, code, at, 0) == at // STEP


def test_a_clock_may_be_a_step_off_but_no_code_is_good_twice():
    code = code_at(SECRET, 100)
    assert [step_of(SECRET, code, n * STEP, 0) for n in (98, 99, 101, 102)] == [
        None, 100, 100, None,
    ]  # fmt: skip
    assert step_of(SECRET, code, 100 * STEP, 100) is None
    assert step_of(SECRET, "코드", 100 * STEP, 0) is None
