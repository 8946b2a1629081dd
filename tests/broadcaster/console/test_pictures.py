"""Pictures of detections: for whoever may, with a purpose, and never without a record of it."""

import pytest

from broadcaster.picture_store import PictureStore
from broadcaster.run_directory import StateDirectory

OCTETS = b"\xff\xd8\xff not really a picture"


@pytest.fixture
def name(bench):
    return PictureStore(StateDirectory(bench.station.state)).keep(OCTETS)


@pytest.mark.parametrize("role", ["police", "operator"])
async def test_it_is_shown_and_who_looked_for_what_goes_on_record(bench, name, role):
    path = f"{bench.url}/api/v1/pictures/{name}?purpose=찾는%20사람과%20비교&alert=a1"
    async with bench.http.get(path, headers=bench.bearer(role)) as answer:
        assert (answer.status, answer.content_type) == (200, "image/jpeg")
        assert answer.headers["Cache-Control"] == "no-store"
        assert await answer.read() == OCTETS
    said = await bench.control.audit("picture seen")
    assert said["who"].startswith("token somebody")
    assert said["facts"]["purpose"] == "찾는 사람과 비교"
    assert (said["facts"]["picture"], said["facts"]["alert"]) == (name, "a1")


@pytest.mark.parametrize("role", ["viewer", "radio", "technician"])
async def test_others_see_none(bench, name, role):
    path = f"/api/v1/pictures/{name}?purpose=curious"
    status, problem = await bench.asked("GET", path, None, bench.bearer(role))
    assert (status, problem["code"]) == (403, "not-allowed")


@pytest.mark.parametrize("query", ["", "?purpose=", "?purpose=%20%20%20%20", "?purpose=abc"])
async def test_without_a_purpose_there_is_none(bench, name, query):
    path = f"/api/v1/pictures/{name}{query}"
    status, problem = await bench.asked("GET", path, None, bench.bearer("police"))
    assert (status, problem["where"]) == (422, "purpose")


@pytest.mark.parametrize("other", ["p" + "0" * 40, "..%2Fpeople.db", "p1"])
async def test_what_is_not_there_is_told(bench, name, other):
    path = f"/api/v1/pictures/{other}?purpose=looking"
    status, problem = await bench.asked("GET", path, None, bench.bearer("police"))
    assert (status, problem["code"]) == (404, "no-picture")
