"""The OpenAPI document tells the truth: real requests and answers are held against it."""

import json
import re

import jsonschema
import pytest

from tests.broadcaster.console.bench import PASSWORD

ALERT = {
    "id": "a1", "nature": "real", "hazard": "flood", "level": 240, "state": "sounding",
    "zones": ["upper"], "path": {"zones": {"upper": {"first_packet_ms": 12.5}}},
}  # fmt: skip

# What is asked of each route, in this order, by an administrator with a session.
REQUESTS = [
    ("GET", "/api/v1/session", None),
    ("GET", "/api/v1/snapshot", None),
    ("GET", "/api/v1/alerts", None),
    ("GET", "/api/v1/alerts/a1", None),
    ("GET", "/api/v1/journal", None),
    ("GET", "/api/v1/openapi.json", None),
    ("GET", "/metrics", None),
    ("GET", "/healthz", None),
    ("GET", "/ca.crt", None),
    ("POST", "/api/v1/alerts", {"message": "m", "zones": ["upper"], "at": [37.5, 126.9]}),
    ("POST", "/api/v1/preview", {"hazard": "flood", "level": "warning", "camera": "214"}),
    ("POST", "/api/v1/alerts/a1/confirm", {}),
    ("GET", "/api/v1/site", None),
    ("POST", "/api/v1/alerts/a1/reject", {"reason": "fog"}),
    ("POST", "/api/v1/alerts/a1/hold", {}),
    ("POST", "/api/v1/alerts/a1/acknowledge", {}),
    ("POST", "/api/v1/alerts/a1/escalate", {"level": "evacuate"}),
    ("POST", "/api/v1/alerts/a1/add-zones", {"zones": ["lower"]}),
    ("POST", "/api/v1/alerts/a1/step-down", {}),
    ("POST", "/api/v1/alerts/a1/correct", {"reason": "no smoke"}),
    ("POST", "/api/v1/alerts/a1/all-clear", {"of": "path-open"}),
    ("POST", "/api/v1/alerts/a1/reconfirm", {}),
    ("POST", "/api/v1/alerts/a1/break-glass", {"reason": "alone here"}),
    ("POST", "/api/v1/alerts/a1/stop", {}),
    ("POST", "/api/v1/exercises", {"zones": ["upper"]}),
    ("POST", "/api/v1/exercises/e1/end", {}),
    ("POST", "/api/v1/claims", {"message": "m", "zones": ["upper"], "repeat": True}),
    ("POST", "/api/v1/claims/c1/withdraw", None),
    ("POST", "/api/v1/spares/spare-1/take-over", {"zone": "upper", "reason": "amp-1 is dead"}),
    ("POST", "/api/v1/spares/spare-1/give-back", {}),
    ("GET", "/api/v1/library/recordings?words=%EB%B0%94%EB%8B%A4&most=5", None),
    ("GET", "/api/v1/library/recordings/r1", None),
    ("PATCH", "/api/v1/library/recordings/r1", {"tags": ["calm"], "valid_until": "2027-03-31"}),
    ("POST", "/api/v1/library/recordings/r1/edit", {"trim": [1.5, None], "chime": True}),
    ("DELETE", "/api/v1/library/recordings/r1", None),
    ("GET", "/api/v1/library/duplicates", None),
    ("POST", "/api/v1/library/uploads?name=a.mp3", b"ID3"),
    ("GET", "/api/v1/library/uploads", None),
    ("GET", "/api/v1/playlists", None),
    ("GET", "/api/v1/playlists/calm", None),
    ("PUT", "/api/v1/playlists/calm", {"choose": {"any_tags": ["calm"]}, "weights": {"new": 3}}),
    ("POST", "/api/v1/playlists/calm/import", {"text": "#EXTM3U", "form": "m3u8"}),
    ("GET", "/api/v1/playlists/calm/export?form=xspf", None),
    ("DELETE", "/api/v1/playlists/calm", None),
    ("GET", "/api/v1/schedule", None),
    ("PATCH", "/api/v1/schedule", {"put": {"entries": {"morning": {"zones": "all"}}}, "base": 1}),
    ("PUT", "/api/v1/schedule", {"text": "schema: 1", "why": "new"}),
    ("POST", "/api/v1/schedule/check", {"text": "schema: 1"}),
    ("POST", "/api/v1/schedule/week", {"first": "2026-11-23"}),
    ("GET", "/api/v1/schedule/versions", None),
    ("POST", "/api/v1/schedule/undo", {"version": 1}),
    ("GET", "/api/v1/schedule/preview?days=7&zone=upper", None),
    ("GET", "/api/v1/schedule/calendar", None),
    ("POST", "/api/v1/schedule/calendar", {"text": "BEGIN:VCALENDAR", "playlist": "calm"}),
    ("GET", "/api/v1/now-playing", None),
    ("POST", "/api/v1/steer", {"act": "skip", "zones": ["upper"]}),
    ("GET", "/api/v1/as-run?since=2026-11-01", None),
    ("GET", "/api/v1/as-run.csv", None),
    ("POST", "/api/v1/session/codes", None),
    ("PUT", "/api/v1/session/codes",
     {"secret": "A" * 32, "code": "000000", "password": PASSWORD}),
    ("POST", "/api/v1/session/password", {"old": PASSWORD, "new": "another good one"}),
    ("GET", f"/api/v1/pictures/p{'0' * 40}?purpose=looking", None),
    ("GET", "/api/v1/amplifiers", None),
    ("GET", "/api/v1/amplifiers/amp-1", None),
    ("POST", "/api/v1/amplifiers/amp-1/maintenance", {"hours": 2, "reason": "a new fan"}),
    ("POST", "/api/v1/faults/acknowledge", {"fault": "amp-1/link"}),
    ("POST", "/api/v1/faults/reset", {"fault": "amp-1/link"}),
    ("POST", "/api/v1/faults/shelve", {"fault": "all", "hours": 8, "reason": "a part is ordered"}),
    ("GET", "/api/v1/people", None),
    ("POST", "/api/v1/people", {"name": "lee", "roles": ["viewer"], "password": PASSWORD}),
    ("PATCH", "/api/v1/people/lee", {"roles": ["radio"]}),
    ("DELETE", "/api/v1/people/lee", None),
    ("GET", "/api/v1/sessions", None),
    ("DELETE", "/api/v1/sessions/none", None),
    ("GET", "/api/v1/tokens", None),
    ("POST", "/api/v1/tokens", {"name": "gate", "roles": ["viewer"]}),
    ("DELETE", "/api/v1/tokens/gate", None),
    ("POST", "/api/v1/setup", {"code": "x", "name": "a", "password": PASSWORD}),
    ("POST", "/api/v1/session/sign-over", {"name": "kim", "password": "another good one"}),
    ("DELETE", "/api/v1/session", None),
    ("POST", "/api/v1/session", {"name": "kim", "password": "another good one"}),
]  # fmt: skip


class Document:
    def __init__(self, document) -> None:
        self.document = document

    def operation(self, method, path):
        for template, methods in self.document["paths"].items():
            pattern = re.sub(r"\{[a-z]+\}", "[^/]+", template)
            if re.fullmatch(pattern, path) and method.lower() in methods:
                return template, methods[method.lower()]
        raise AssertionError(f"{method} {path} is not in the document")

    def check(self, schema, value):
        whole = {**schema, "components": self.document["components"]}
        jsonschema.Draft202012Validator(whole).validate(value)


async def test_real_requests_and_answers_are_as_the_document_says(bench):
    bench.control.say(alerts=[ALERT])
    bench.person("kim", "administrator")
    await bench.signed_in("kim")
    _, document = await bench.asked("GET", "/api/v1/openapi.json")
    document = Document(document)
    used = set()
    for method, path, body in REQUESTS:
        template, operation = document.operation(method, path.partition("?")[0])
        used.add((method.lower(), template))
        if isinstance(body, bytes):
            assert "application/octet-stream" in operation["requestBody"]["content"]
        elif body is not None:
            content = operation["requestBody"]["content"]["application/json"]
            document.check(content["schema"], body)
        kind = {} if body is None else {"data" if isinstance(body, bytes) else "json": body}
        async with bench.http.request(
            method, f"{bench.url}{path}", headers=bench.own_pages(**bench.key()), **kind
        ) as answer:
            said = operation["responses"].get(str(answer.status), operation["responses"]["default"])
            schema = said["content"][answer.content_type]["schema"]
            text = await answer.text()
            value = text if answer.content_type.startswith("text/") else json.loads(text)
            document.check(schema, value)
    every = {
        (method, path) for path, methods in document.document["paths"].items() for method in methods
    }
    assert used == every


async def test_the_document_is_openapi_3_1(bench):
    _, document = await bench.asked("GET", "/api/v1/openapi.json", None, bench.bearer("viewer"))
    assert document["openapi"].startswith("3.1.")
    operations = [one for path in document["paths"].values() for one in path.values()]
    ids = [one["operationId"] for one in operations]
    assert len(set(ids)) == len(ids)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    refs = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(document)))
    assert refs <= document["components"]["schemas"].keys()
    for path, methods in document["paths"].items():
        named = set(re.findall(r"\{([a-z]+)\}", path))
        for one in methods.values():
            given = {p["name"] for p in one.get("parameters", ()) if p["in"] == "path"}
            assert given == named, path


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ("Raise", {"message": "m", "zones": []}),
        ("Raise", {"message": "m", "zones": ["a"], "who": "b"}),
        ("WithReason", {}),
        ("Play", {"zones": ["a"], "priority": 256}),
    ],
)
async def test_what_the_document_forbids_is_refused(bench, schema, value):
    headers = bench.bearer("operator") | bench.key()
    _, document = await bench.asked("GET", "/api/v1/openapi.json", None, headers)
    with pytest.raises(jsonschema.ValidationError):
        Document(document).check({"$ref": f"#/components/schemas/{schema}"}, value)
    path = {"Raise": "alerts", "WithReason": "alerts/a/reject", "Play": "claims"}[schema]
    assert (await bench.asked("POST", f"/api/v1/{path}", value, headers))[0] == 422
