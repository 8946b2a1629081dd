"""A network amplifier as a model: what it takes from the wire, plays, and says about itself.

Pure: packets and times in, sound and a report out. It behaves as real devices do that play
whatever comes first: it keeps to the first source address and port, hides jitter behind a buffer,
and, when its profile says so, mutes after digital silence and takes its time to wake.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from broadcaster.engine.codec import STATELESS, decode
from broadcaster.engine.codec.stateful import CodecError, Decoder
from broadcaster.simulator.jitter_buffer import JitterBuffer
from zones.media_time import RATE, Sample
from zones.stream_format import StreamFormat

Samples = NDArray[np.int16]
Source = tuple[int, int]
"""An IPv4 address, as a number, and a port."""

MUTES_AFTER: Sample = 5 * RATE
"""Digital silence after which an amplifier that sleeps goes to sleep."""
AUDIBLE = 33
"""A peak, in steps of 16 bits, that somebody may hear: -60 dBFS."""
GAP_MEMORY = 2.0
"""Seconds for which a gap speaks against being heard."""
MISSING_LIMIT: Sample = RATE // 5
"""So much missing within those seconds is a fault, not just a lost packet."""
QUIET_LIMIT = 5.0
"""Seconds without audible sound after which an amplifier no longer says it is heard."""
_LEVEL_SPAN: Sample = RATE // 2
_WINDOW = 1 << 10
"""Sequence numbers remembered, to know what comes twice."""
_LONGEST_BLOCK: Sample = RATE
_LATENESS_KEPT = 512


class SequenceCount:
    """Packets counted by sequence number (RFC 3550 appendix A.1): lost, overtaken, doubled."""

    def __init__(self) -> None:
        """Nothing has come yet."""
        self.packets = 0
        self.doubled = 0
        self.reordered = 0
        self._lost_before = 0
        self.begin()

    def begin(self) -> None:
        """Another run of numbers begins; the sums go on."""
        if self.packets:
            self._lost_before = self.lost
        self._first = 0
        self._highest: int | None = None
        self._of_run = 0
        self._seen = 0

    @property
    def lost(self) -> int:
        """Packets that never came, of those between the first and the last of each run."""
        if self._highest is None:
            return self._lost_before
        return self._lost_before + self._highest - self._first + 1 - self._of_run

    def count(self, sequence: int) -> bool:
        """Count one packet; False when it came before."""
        if self._highest is None:
            self._first = self._highest = sequence
        step = ((sequence - self._highest + 0x8000) & 0xFFFF) - 0x8000
        if step > 0:
            self._highest += step
            self._seen = (self._seen << step | 1) & ((1 << _WINDOW) - 1)
        else:
            bit = 1 << -step
            if self._seen & bit or -step >= _WINDOW:
                self.doubled += 1
                return False
            # What was overtaken by the very first packet was not lost before it came.
            self._first = min(self._first, self._highest + step)
            self._seen |= bit
            self.reordered += step < 0
        self.packets += 1
        self._of_run += 1
        return True


@dataclass(frozen=True, slots=True)
class Sleep:
    """An amplifier that sleeps: after how much digital silence, and how long it takes to wake."""

    after: Sample
    waking: Sample


class OutputStage:
    """What comes after the buffer: an amplifier that may sleep."""

    def __init__(self, sleep: Sleep | None) -> None:
        """Without `sleep` it is always awake; with it, it begins asleep."""
        self._sleep = sleep
        self.is_muted = sleep is not None
        self.swallowed: Sample = 0
        """Samples of sound nobody heard because it was still waking."""
        self._silent: Sample = 0
        self._waking: Sample = 0

    def amplify(self, sound: Samples) -> Samples:
        """What the loudspeaker gets for at most a second of `sound`."""
        if self._sleep is None:
            return sound
        heard = sound.copy()
        at = 0
        while at < len(sound):
            if self._waking:
                at += self._swallow(heard[at:])
                continue
            loud = np.flatnonzero(sound[at:])
            first = int(loud[0]) if len(loud) else len(sound) - at
            if self.is_muted:
                if len(loud):
                    self.is_muted, self._waking, self._silent = False, self._sleep.waking, 0
                    if not self._waking:
                        at = self._stay_awake(loud, at, len(sound))
                        continue
                at += first
            elif self._silent + first >= self._sleep.after:
                at += self._sleep.after - self._silent
                self.is_muted = True
            else:
                at = self._stay_awake(loud, at, len(sound))
        return heard

    def _swallow(self, rest: Samples) -> Sample:
        length = min(self._waking, len(rest))
        self.swallowed += int(np.count_nonzero(rest[:length]))
        rest[:length] = 0
        self._waking -= length
        return length

    def _stay_awake(self, loud: NDArray[np.intp], at: int, end: int) -> int:
        silent = end - at - 1 - int(loud[-1]) if len(loud) else self._silent + end - at
        self._silent = silent
        return end


class StreamPlayer:
    """One stream of an amplifier, from packets to sound.

    `frees_after` is how long, in seconds, after the last packet it lets go of its source and its
    buffer.
    """

    def __init__(
        self,
        payload_format: StreamFormat,
        payload_type: int,
        delay: Sample,
        frees_after: float,
        sleep: Sleep | None = None,
    ) -> None:
        """Nothing has come yet; `delay` is that of the jitter buffer."""
        self._format = payload_format
        self._payload_type = payload_type
        # Sound is kept at 48 000 Hz; slower formats are played as steps, which is what they are.
        self._steps = RATE // payload_format.clock_hz
        self._delay = delay
        self._frees_after = frees_after
        self.output = OutputStage(sleep)
        self.source: Source | None = None
        self.ssrc: int | None = None
        self.ssrc_changes = 0
        self.refused = 0
        """Packets of other sources, or of another payload type."""
        self.late = 0
        self.gaps = 0
        """Times the buffer ran dry."""
        self.missing: Sample = 0
        self.jitter = 0.0
        """Interarrival jitter in samples (RFC 3550 appendix A.8)."""
        self.counts = SequenceCount()
        self._decoder: Decoder | None = None
        """For formats with memory; a new one for every SSRC."""
        self._buffer: JitterBuffer | None = None
        self._stamp = 0
        self._transit = 0.0
        self._last_packet = -math.inf
        self._last_audible = -math.inf
        self._gaps: deque[tuple[float, Sample]] = deque()
        self._is_dry = False
        self._powers: deque[tuple[float, Sample]] = deque()
        self._measured: Sample = 0
        self._lateness: deque[float] = deque(maxlen=_LATENESS_KEPT)

    # --- what comes in ---

    def receive(
        self,
        source: Source,
        header: tuple[int, int, int, int],
        payload: NDArray[np.uint8],
        at: float,
        lateness: float | None = None,
    ) -> None:
        """Take a packet: (payload type, sequence, timestamp, SSRC) and payload, come at `at`.

        `lateness` is how much later, in seconds, than the sender's schedule.
        """
        payload_type, sequence, stamp, ssrc = header
        if not self._is_taken(source, payload_type, len(payload), at):
            self.refused += 1
            return
        if ssrc != self.ssrc:
            self._begin(ssrc)
        self._last_packet = at
        if not self.counts.count(sequence):
            return
        self._stamp += ((stamp - self._stamp + (1 << 31)) & 0xFFFF_FFFF) - (1 << 31)
        position = self._stamp * self._steps
        self._measure(position, at, lateness)
        samples = self._decoded(payload)
        if samples is None:
            self.refused += 1
            return
        if self._buffer is None or not self._buffer.holds(position):
            self._buffer = JitterBuffer(self._delay, position, at)
        if not self._buffer.put(position, samples, at):
            self.late += 1

    def _decoded(self, payload: NDArray[np.uint8]) -> Samples | None:
        """The sound of a payload at 48 000 Hz; None when it is none."""
        if self._decoder is None:
            return np.repeat(decode(self._format, payload), self._steps)
        try:
            return self._decoder.decode(payload.tobytes())
        except CodecError:
            return None

    def _is_taken(self, source: Source, payload_type: int, length: int, at: float) -> bool:
        if payload_type != self._payload_type or length % self._format.payload_bytes(48):
            return False
        if self.source != source:
            if self.source is not None and at - self._last_packet < self._frees_after:
                return False
            self.source = source
        return True

    def _begin(self, ssrc: int) -> None:
        """Follow another SSRC: its sequence and timestamps are its own."""
        if self.ssrc is not None:
            self.ssrc_changes += 1
            self.counts.begin()
        self.ssrc = ssrc
        self._buffer = None
        self._transit = 0.0
        if self._format not in STATELESS:
            self._decoder = Decoder(self._format)

    def _measure(self, position: Sample, at: float, lateness: float | None) -> None:
        transit = at * RATE - position
        if self._transit:
            self.jitter += (abs(transit - self._transit) - self.jitter) / 16
        self._transit = transit
        if lateness is not None:
            self._lateness.append(lateness)

    def disconnect(self) -> None:
        """The network is gone: let go of everything; what is missed now is nobody's loss."""
        self.source = self.ssrc = self._buffer = None
        self.counts.begin()
        self._gaps.clear()
        self._last_packet = -math.inf

    # --- what comes out ---

    def play(self, now: float) -> Samples:
        """What the loudspeaker got since the last call."""
        if self._buffer is None:
            return np.zeros(0, np.int16)
        sound, missing = self._buffer.play(now)
        if now - self._last_packet > self._frees_after:
            # The rest of the buffer is played out; that nothing comes after it is no gap.
            self._buffer = None
        elif missing:
            self.gaps += not self._is_dry
            self.missing += missing
            self._gaps.append((now, missing))
        self._is_dry = bool(missing)
        blocks = [
            self.output.amplify(sound[at : at + _LONGEST_BLOCK])
            for at in range(0, len(sound), _LONGEST_BLOCK)
        ]
        heard = np.concatenate(blocks) if blocks else sound
        self._listen(heard, now)
        return heard

    def _listen(self, heard: Samples, now: float) -> None:
        if not len(heard):
            return
        wide = heard.astype(np.float32)
        self._powers.append((float(np.dot(wide, wide)), len(heard)))
        self._measured += len(heard)
        while self._measured - self._powers[0][1] >= _LEVEL_SPAN:
            self._measured -= self._powers.popleft()[1]
        if max(int(heard.max()), -int(heard.min())) >= AUDIBLE:
            self._last_audible = now

    # --- what it says of itself ---

    def is_receiving(self, now: float) -> bool:
        """Whether packets come."""
        return now - self._last_packet <= self._frees_after

    def fault(self, now: float) -> str | None:
        """Why it does not receive as it should; None when it does."""
        if not self.is_receiving(now):
            if self._last_packet == -math.inf:
                return "no packet has come"
            return f"no packet for {now - self._last_packet:.1f} s"
        missing = self._missing_lately(now)
        if missing > MISSING_LIMIT:
            span = f"{missing / RATE:.1f} s of the last {GAP_MEMORY:g} s"
            return f"its buffer was dry for {span}"
        return None

    def _missing_lately(self, now: float) -> Sample:
        while self._gaps and now - self._gaps[0][0] > GAP_MEMORY:
            self._gaps.popleft()
        return sum(missing for _, missing in self._gaps)

    def is_heard(self, now: float) -> bool:
        """Whether it plays without gaps, and played something audible in the last seconds."""
        is_audible = now - self._last_audible <= QUIET_LIMIT
        return self.is_receiving(now) and is_audible and not self._missing_lately(now)

    def level_dbfs(self, now: float) -> float | None:
        """The level of the last half second (a full-scale sine is -3 dBFS); None when silent."""
        power = sum(each for each, _ in self._powers)
        if not self.is_receiving(now) or not power:
            return None
        return 10 * math.log10(power / self._measured / 32768**2)

    def lateness_ms(self) -> dict[str, float] | None:
        """How late the last packets came against the media clock: p50, p99 and latest."""
        if not self._lateness:
            return None
        late = np.array(self._lateness) * 1000
        p50, p99, latest = np.percentile(late, (50, 99, 100))
        return {"p50": round(p50, 3), "p99": round(p99, 3), "max": round(latest, 3)}
