"""Nonsense of every sort is refused in words: never a failure of ours, never an act."""

import json
import random

from broadcaster.console.api import routes
from broadcaster.console.gate import Gate
from tests.broadcaster.console.bench import PASSWORD

ROUNDS = 12
PIECES: list = [
    None, True, 0, -1, 1e308, 2**70, "", " ", "x" * 600, "\x00", "‮", "\ud800", "<script>", "../..",
    "' OR 1=1 --", [], [[]], {}, {"id": None}, ["upper"], ["\x00"], [None] * 600,
    "flood", "upper", "evacuate", "operator", PASSWORD,
]  # fmt: skip


def nonsense(chance, names):
    """A body with some of the right names, and anything at all in them."""
    if chance.random() < 0.1:
        return chance.choice(PIECES)
    body = {name: chance.choice(PIECES) for name in names if chance.random() < 0.8}
    if chance.random() < 0.3:
        body[chance.choice(["who", "roles", "key", "name", "__proto__", "\x00"])] = 1
    return body


async def test_no_body_breaks_a_route(bench):
    chance = random.Random(20261122)
    headers = bench.bearer("administrator")
    for route in routes(bench.station, Gate(bench.station)):
        if route.takes is None:
            continue
        names = list(route.takes.model_fields)
        for _ in range(ROUNDS):
            path = route.path.format(**dict.fromkeys(route.parameters, "nobody"))
            octets = json.dumps(nonsense(chance, names)).encode()
            async with bench.http.request(
                route.method,
                f"{bench.url}{path}",
                data=octets,
                headers={**headers, **bench.key(), "Content-Type": "application/json"},
            ) as answer:
                said = await answer.json(content_type=None)
                # Nobody watches amplifiers here, and it is said so.
                is_told = answer.status < 500 or said["code"] == "watch-down"
                assert is_told, (route.path, octets, said)
                if answer.status >= 400:
                    assert said["detail"], route.path
                    assert answer.content_type == "application/problem+json"


async def test_no_path_or_query_breaks_a_route(bench):
    headers = bench.bearer("administrator")
    for path in (
        "alerts/%00", "alerts/%2e%2e%2f", "alerts/" + "x" * 3000, "alerts/%F0%9F%94%A5",
        "journal?subject=%00", "journal?before=99999999999999999999999", "journal?limit=1e3",
        "journal?kind=act&kind=alert", "people/%00", "tokens/%ff", "sessions/'",
    ):  # fmt: skip
        for method in ("GET", "DELETE", "PATCH"):
            async with bench.http.request(
                method, f"{bench.url}/api/v1/{path}", headers=headers
            ) as answer:
                assert answer.status in {400, 404, 405, 422, 503}, (method, path)
