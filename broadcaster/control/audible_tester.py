"""Orders the monthly audible test when it is time."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

from broadcaster.control.acts import Command
from broadcaster.control.audible_tests import AudibleTests
from broadcaster.control.core import Core

LOOK_EVERY: Final = 1.0


async def order_audible_tests(core: Core, inbox: asyncio.Queue[Command]) -> None:
    """Put the order for each test of the site in force into `inbox`, until cancelled."""
    tests = AudibleTests()
    while True:
        messages = core.warnings.book.house.messages
        for order in tests.due(core.ground.site, messages, datetime.now(UTC)):
            await inbox.put(order)
        await asyncio.sleep(LOOK_EVERY)
