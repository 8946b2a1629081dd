"""The loop itself, in this process: what it writes down, and when."""

import numpy as np
import pytest

from broadcaster.engine.plan import Part, Plan
from broadcaster.engine.sender import Sender
from broadcaster.engine.shared_block import SharedBlock
from tests.broadcaster.engine.studio import (
    ANCHOR,
    SOCKET,
    claim,
    make_stream,
    noise,
    pcm_id,
    sending_socket,
    whole,
)
from zones.bus import Kind
from zones.media_time import RATE, BootId, MediaClock
from zones.sound import Sequence

TONE = noise(1, RATE)
SOURCE = Sequence(loop=(whole(pcm_id(TONE), len(TONE)),))


class Death(BaseException):
    """As if a page that cannot be read had ended the process."""


class Deadly:
    """PCM that lets the engine live for some blocks."""

    def __init__(self, blocks: int) -> None:
        self.blocks = blocks

    def samples(self, pcm, begin, end) -> np.ndarray:
        if self.blocks == 0:
            raise Death
        self.blocks -= 1
        return TONE[begin:end]

    def ring(self, name, begin, end):
        return None

    def written_to(self, name):
        return None


@pytest.fixture
def block(tmp_path):
    made = SharedBlock(tmp_path / "engine")
    made.begin_boot(MediaClock(BootId("b"), 0))
    yield made
    made.close()


@pytest.mark.parametrize(("blocks", "adopting"), [(0, 7), (3, 0)])
def test_a_plan_is_adopted_when_its_first_tick_is_over(
    block, multicast_group, free_port, blocks, adopting
):
    """SAFETY G5: a successor can tell a plan that was not survived."""
    stream = make_stream(0, multicast_group(), free_port())
    page = claim("p", SOURCE, start=0, kind=Kind.NOTICE)
    plan = Plan(Part.CONTROL, 7, ANCHOR, (stream,), {"m": SOURCE}, (page,))
    assert block.clock is not None
    with sending_socket() as s:
        sender = Sender(block.clock, block, Deadly(blocks), {SOCKET: s})
        sender.hand_over({Part.CONTROL: plan})
        with pytest.raises(Death):
            sender.run()
    assert block.adopting(Part.CONTROL) == adopting
    assert [adoption.revision for adoption in block.adoptions()] == ([] if adopting else [7])
