"""What a sender is asked to send, the same for all that are compared."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """Streams of L16 mono on neighbouring groups.

    Stream k goes to `group` + k at `port`; `packet_us` is the packet time in microseconds.
    """

    group: str
    streams: int
    packet_us: int
    port: int = 5004
    rate_hz: int = 48_000

    @property
    def packet_samples(self) -> int:
        """Samples, and so RTP clock ticks, in a packet."""
        return self.rate_hz * self.packet_us // 1_000_000

    def packets_in(self, seconds: float) -> float:
        """Packets of all streams together in this time."""
        return self.streams * seconds * 1e6 / self.packet_us
