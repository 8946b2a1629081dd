"""What both ends of a hidden self-test agree on: the door that sends it and control."""

from typing import Final

KEY: Final = "self-test"
"""The name of the key by which its event comes; each door makes one of its own at its start."""
SENT_NS: Final = "sent_monotonic_ns"
"""What its event says beside: when it was sent, by CLOCK_MONOTONIC of this machine."""
