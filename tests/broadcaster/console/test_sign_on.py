"""Single sign-on, against a small provider of OpenID Connect."""

import base64
import contextlib
import hashlib
import json
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from broadcaster.console.app import application, serving
from broadcaster.console.id_token import IdTokenError, claims_of
from broadcaster.console.pages import Pages
from broadcaster.console.sign_on import PATH, SignOn
from tests.broadcaster.console.bench import console
from zones.console_settings import SingleSignOn

KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
SECRET = "agreed with the provider"  # noqa: S105 - of the provider of these tests


def b64(octets):
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def jwk(key, name):
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "kid": name, "use": "sig", "n": number(numbers.n), "e": number(numbers.e)}


def signed(claims, key=KEY, **header):
    head = {"alg": "RS256", "kid": "one", **header}
    text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{text}.{b64(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


class Provider:
    """Signs everybody in; a test changes `claims`, `header` or `key`."""

    def __init__(self) -> None:
        self.claims: dict = {"sub": "4711", "preferred_username": "kim", "groups": ["cctv"]}
        self.header: dict = {}
        self.key = KEY
        self.keys = [jwk(KEY, "one")]
        self.url = ""
        self.codes: dict = {}

    def app(self):
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self.discovery)
        app.router.add_get("/keys", self.listed)
        app.router.add_get("/authorize", self.authorize)
        app.router.add_post("/token", self.token)
        return app

    async def discovery(self, request):
        return web.json_response({
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/keys",
        })  # fmt: skip

    async def listed(self, request):
        return web.json_response({"keys": self.keys})

    async def authorize(self, request):
        asked = dict(request.query)
        self.codes["a-code"] = asked
        back = f"{asked['redirect_uri']}?code=a-code&state={asked['state']}"
        return web.Response(status=303, headers={"Location": back})

    async def token(self, request):
        said = await request.post()
        asked = self.codes.pop(str(said["code"]))
        proof = hashlib.sha256(str(said["code_verifier"]).encode()).digest()
        known = base64.b64decode(request.headers["Authorization"].removeprefix("Basic "))
        assert known.decode() == f"sorigil:{quote_plus(SECRET)}"
        assert b64(proof) == asked["code_challenge"]
        assert said["redirect_uri"] == asked["redirect_uri"]
        claims = {
            "iss": self.url, "aud": "sorigil", "exp": 2e9, "iat": 1.0, "nonce": asked["nonce"],
            **self.claims,
        }  # fmt: skip
        return web.json_response({"id_token": signed(claims, self.key, **self.header)})


@contextlib.asynccontextmanager
async def signing_on(run, state):
    provider = Provider()
    async with (
        serving(provider.app(), "127.0.0.1", 0) as (host, port),
        console(run, state) as bench,
    ):
        provider.url = f"http://{host}:{port}"
        settings = SingleSignOn(
            provider.url, "sorigil", "", "groups", (("cctv", "operator"), ("it", "technician"))
        )
        app = application(bench.station, Pages())
        SignOn(bench.station, settings, SECRET).add_to(app)
        async with serving(app, "127.0.0.1", 0) as (ours, at):
            bench.url = f"http://{ours}:{at}"
            yield provider, bench


@pytest.fixture
async def both(run_directory, state_directory):
    async with signing_on(run_directory, state_directory) as both:
        yield both


async def gone_through(bench):
    """Where a browser ends up that follows every redirect."""
    async with bench.http.get(f"{bench.url}{PATH}") as answer:
        return answer.real_url, await answer.text()


async def test_a_group_becomes_a_role(both):
    provider, bench = both
    provider.claims["groups"] = ["cctv", "it", "cooks"]
    url, text = await gone_through(bench)
    assert url.path == f"{PATH}/callback"
    assert 'content="0;url=/"' in text
    _, me = await bench.asked("GET", "/api/v1/session")
    assert (me["name"], me["roles"]) == ("kim@127.0.0.1", ["operator", "technician"])
    assert (await bench.control.audit("signed in"))["who"] == "kim@127.0.0.1"


async def test_new_keys_of_the_provider_are_found(both):
    provider, bench = both
    await gone_through(bench)
    provider.key, provider.header = OTHER, {"kid": "two"}
    provider.keys.append(jwk(OTHER, "two"))
    bench.http.cookie_jar.clear()
    url, _ = await gone_through(bench)
    assert url.path.endswith("callback")


@pytest.mark.parametrize(
    ("claims", "header", "key", "why"),
    [
        ({"groups": ["cooks"]}, {}, KEY, "no group that has a role"),
        ({"groups": None}, {}, KEY, "no group that has a role"),
        ({"aud": "somebody"}, {}, KEY, "for somebody else"),
        ({"aud": ["sorigil", "other"]}, {}, KEY, "for somebody else"),
        ({"iss": "https://evil.example"}, {}, KEY, "not of"),
        ({"exp": 1.0}, {}, KEY, "expired"),
        ({"iat": 9e9}, {}, KEY, "expired"),
        ({"exp": "never"}, {}, KEY, "when it expires"),
        ({"nonce": "another"}, {}, KEY, "another question"),
        ({"sub": ""}, {}, KEY, "who it is about"),
        ({}, {"alg": "none"}, KEY, "RS256 is asked for"),
        ({}, {"alg": "HS256"}, KEY, "RS256 is asked for"),
        ({}, {}, OTHER, "signature is wrong"),
        ({}, {"kid": "unknown"}, KEY, "a key the provider does not list"),
    ],
)
async def test_a_word_that_is_not_to_be_believed(both, claims, header, key, why):
    provider, bench = both
    provider.claims |= claims
    provider.header, provider.key = header, key
    url, _ = await gone_through(bench)
    assert (url.path, url.fragment) == ("/sign-in", "refused")
    assert (await bench.asked("GET", "/api/v1/session"))[0] == 401
    assert why in (await bench.control.audit("sign-in refused"))["facts"]["why"]


async def test_an_answer_nobody_asked_for(both):
    _, bench = both
    async with bench.http.get(f"{bench.url}{PATH}", allow_redirects=False) as answer:
        asked = parse_qs(urlsplit(answer.headers["Location"]).query)
        cookie = answer.headers["Set-Cookie"]
    assert asked["code_challenge_method"] == ["S256"]
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    for query in ("code=a-code&state=wrong", f"code=a-code&state={asked['state'][0]}", ""):
        async with bench.http.get(f"{bench.url}{PATH}/callback?{query}") as answer:
            assert answer.real_url.fragment == "refused"


async def test_a_provider_that_is_away_keeps_no_account_of_ours_out(both):
    provider, bench = both
    provider.url = "http://127.0.0.1:1"
    status, problem = await bench.asked("GET", PATH)
    assert (status, problem["code"]) == (502, "no-provider")
    bench.person("kim", "operator")
    assert (await bench.signed_in("kim"))[0] == 200


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "W10.W10.W10", "\u00fc.a.b", "{}.{}.{}"])
def test_what_is_no_token_at_all(token):
    with pytest.raises(IdTokenError):
        claims_of(token, [jwk(KEY, "one")], issuer="i", client="c", nonce="n", now=0.0)


def test_a_short_key_is_not_trusted():
    short = rsa.generate_private_key(65537, 1024)  # noqa: S505 - it is to be refused
    with pytest.raises(IdTokenError, match="1024 bits"):
        claims_of(
            signed({}, short), [jwk(short, "one")], issuer="i", client="c", nonce="n", now=0.0
        )
