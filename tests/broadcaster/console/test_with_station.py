"""The console beside a whole station: what one asks for is on the air, and on record."""

import asyncio
import json

import aiohttp
import pytest

from tests.broadcaster.console.bench import LIMIT
from tests.broadcaster.console.test_live import Page
from tests.broadcaster.station import broadcaster, station


@pytest.mark.slow
def test_a_warning_from_the_api_is_heard_and_corrected(
    run_directory, tmp_path, multicast_group, free_port
):
    with station(run_directory, tmp_path, multicast_group(), multicast_group(), free_port()) as on:
        on.ready()
        announced = run_directory / "console.json"
        on.until(announced.exists, "the console says where it is")
        url = json.loads(announced.read_bytes())["url"]
        made = ("tokens", "add", "test", "--role", "operator", "--role", "viewer")
        token = broadcaster(*made, "--run", run_directory, "--state", on.state).stdout.strip()
        on.receiver.close()
        asyncio.run(warned_and_corrected(url, token))


async def warned_and_corrected(url, token):
    own = {"Authorization": f"Bearer {token}"}
    warning = {"hazard": "flood", "level": "evacuate", "zones": ["upper"]}
    async with aiohttp.ClientSession(f"{url}/", headers=own) as http:

        async def done(path, body, key):
            headers = {"Idempotency-Key": key}
            async with http.post(f"api/v1/{path}", json=body, headers=headers) as answer:
                said = await answer.json(content_type=None)
                assert answer.status == 200, said
                return said

        async with http.ws_connect("api/v1/live") as socket, asyncio.timeout(3 * LIMIT):
            page = Page(socket)
            await page.until(lambda p: p.state)
            async with http.post("api/v1/preview", json=warning) as answer:
                assert answer.status == 200, await answer.text()
            given = {**warning, "break_glass": True, "reason": "a test"}
            raised = await done("alerts", given, "the-warning-1")
            assert raised["adopted"]
            again = await done("alerts", given, "the-warning-1")
            assert again["alert"] == raised["alert"]
            alert = raised["alert"]
            await page.until(
                lambda p: (
                    alert in p.state.get("alerts", {})
                    and kind_on_air(p, "upper") == "warning"
                    and p.state["streams"]["upper"].get("sent") is True
                )
            )
            assert kind_on_air(page, "lower") != "warning"
            ended = await done(f"alerts/{alert}/correct", {"reason": "a test"}, "the-end-01")
            assert ended["alert"] == alert
            async with http.get(f"api/v1/alerts/{alert}") as answer:
                shown = await answer.json()
            assert {entry["subject"] for entry in shown["history"]} == {alert}
            assert "token test" in json.dumps(shown["history"])


def kind_on_air(page, zone):
    commanded = page.state["streams"][zone].get("commanded") or {}
    return commanded.get("kind")
