"""What is encoded for sending: lines shared by streams that sound alike, voices of their own.

A line carries a format without memory: one run of bytes serves every stream of a mix. G.722 and
Opus need one encoder a stream; streams that sound alike form a chorus, rendered once and encoded
voice by voice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from broadcaster.engine.cadence import BLOCK_PACKETS
from broadcaster.engine.codec import Octets, Samples, encode, lead, lowered
from broadcaster.engine.codec.stateful import Encoder
from broadcaster.engine.render import Mix
from broadcaster.engine.sounding import Pcm
from zones.media_time import Sample
from zones.sound import Silence
from zones.stream_format import StreamFormat

WARM_UP: Sample = 4_800
"""100 ms: what an encoder is fed before its first packet, so that it has settled."""
_KEPT = 8
_FILTERED: Sample = 1_920
"""The most sound whose rate is changed at once."""
_PLAIN = 1 << 30


class Playing:
    """A mix on its way out; a claim in it that cannot be rendered is passed over."""

    def __init__(self, mix: Mix) -> None:
        """Begin with `mix`."""
        self.mix = mix
        self.fault = ""

    def rendered(self, pcm: Pcm, sample: Sample, length: Sample) -> Samples:
        """The sound from `sample` on; of a poisonous claim, the next one's (SAFETY G5)."""
        for _ in range(len(self.mix.claims) + 1):
            try:
                return self.mix.render(pcm, sample, length)
            except Exception as error:  # noqa: BLE001 - one bad claim must not stop every stream
                poison = self.mix.on_air(sample)
                self.fault = f"{poison.id if poison else 'nothing'} cannot be rendered: {error!r}"
                if poison is None or isinstance(poison.source, Silence):
                    break
                self.mix = self.mix.passing_over(poison)
        return np.zeros(length, np.int16)


@dataclass(frozen=True, slots=True)
class _Block:
    """Payloads of consecutive packets, from `begin` to `end`; they lie in `octets` at `address`."""

    begin: Sample
    end: Sample
    octets: Octets
    address: int


_NO_BLOCK = _Block(0, 0, np.zeros(0, np.uint8), 0)


class Line:
    """One run of encoded packets, shared by all streams that sound and encode alike."""

    def __init__(self, mix: Mix, payload_format: StreamFormat, packet_time: Sample) -> None:
        """Play `mix` in packets of `packet_time` samples."""
        self._playing = Playing(mix)
        self._format = payload_format
        self._lead = lead(payload_format)
        self.packet_time = packet_time
        self._packet_bytes = payload_format.payload_bytes(packet_time)
        # Changing the rate costs more than all else: little at a time, so no tick gets a burst.
        self._most = _FILTERED // packet_time if self._lead else _PLAIN
        self._block = self._following = _NO_BLOCK

    @property
    def mix(self) -> Mix:
        """What is played."""
        return self._playing.mix

    @property
    def fault(self) -> str:
        """What could not be played; empty when all could."""
        return self._playing.fault

    def play(self, mix: Mix) -> None:
        """Play another mix from the next packet on."""
        self._playing.mix = mix
        self._block = self._following = _NO_BLOCK

    @property
    def end(self) -> Sample:
        """The first sample not yet encoded."""
        return self._block.end

    def open_from(self, sample: Sample) -> Sample:
        """Where the first packet from `sample` on begins: from there on all can still change."""
        return -(-sample // self.packet_time) * self.packet_time

    def pointer(self, pcm: Pcm, sample: Sample, packets: int) -> int:
        """Address of the payload that begins at `sample`; encodes up to `packets` when needed."""
        if not self._block.begin <= sample < self._block.end:
            if self._following.begin <= sample < self._following.end:
                self._block, self._following = self._following, _NO_BLOCK
            else:
                self._block = self._made(pcm, sample, packets)
        into = (sample - self._block.begin) // self.packet_time
        return self._block.address + into * self._packet_bytes

    def work_ahead(self, pcm: Pcm, sample: Sample) -> None:
        """Encode the block after the one that `sample` is in, unless it is there.

        So that lines whose blocks end together are not all encoded in one tick. What is missing now
        may be there when it is due, and so may live sound: of these nothing is made ahead.
        """
        end = self._block.end
        if sample < end and not self._following.end and self.mix.is_foreseen:
            made = self._made(pcm, end, BLOCK_PACKETS)
            self._following = made if self.mix.is_whole else _NO_BLOCK

    def _made(self, pcm: Pcm, sample: Sample, packets: int) -> _Block:
        time, before = self.packet_time, self._lead
        packets = min(packets, self._most) if self.mix.is_foreseen else 1
        sound = self._playing.rendered(pcm, sample - before, packets * time + before)
        octets = encode(self._format, sound)
        if not self.mix.is_whole:
            packets = 1
        return _Block(sample, sample + packets * time, octets, octets.ctypes.data)


class Encoding:
    """A stream's encoder with what it has been fed and made; it outlives the plans.

    Raises:
        CodecError: there is no such encoder here.
    """

    def __init__(self, payload_format: StreamFormat, packet_time: Sample) -> None:
        """Make the encoder, which takes a while: not for the sending thread."""
        self._encoder = Encoder(payload_format, packet_time)
        self._octets: Octets = np.zeros(payload_format.payload_bytes(packet_time), np.uint8)
        self.address = int(self._octets.ctypes.data)
        """Of the payload made last."""
        self.begin: Sample | None = None
        """Where that payload begins."""
        self.fed_until: Sample = -(1 << 62)

    def feed(self, sample: Sample, sound: Samples, packet_time: Sample) -> None:
        """Encode the packet at `sample` only so that the encoder has heard it."""
        self.fed_until = sample + packet_time
        self._encoder.encode(sound)

    def make(self, sample: Sample, sound: Samples, packet_time: Sample) -> None:
        """Encode the packet at `sample` to be sent."""
        self.begin, self.fed_until = sample, sample + packet_time
        self._octets[:] = self._encoder.encode(sound)


class Chorus:
    """Streams that sound alike in a format with memory."""

    def __init__(self, mix: Mix, payload_format: StreamFormat, packet_time: Sample) -> None:
        """Play `mix` in packets of `packet_time` samples."""
        self._playing = Playing(mix)
        self.format = payload_format
        self.packet_time = packet_time
        self._lead = lead(payload_format)
        self._kept: dict[Sample, Samples] = {}
        self._sung: list[Encoding] = []
        self.fault_of_encoder = ""

    @property
    def mix(self) -> Mix:
        """What is played."""
        return self._playing.mix

    @property
    def fault(self) -> str:
        """What could not be played; empty when all could."""
        return self.fault_of_encoder or self._playing.fault

    def play(self, mix: Mix) -> None:
        """Play another mix from the first packet on that has not been made."""
        self._playing.mix = mix
        self._kept.clear()

    def join(self, encoding: Encoding) -> None:
        """Take up one more voice, by its encoding."""
        self._sung.append(encoding)

    def open_from(self, sample: Sample) -> Sample:
        """Where the first packet from `sample` on begins that no voice has made yet."""
        time = self.packet_time
        made = [each.begin + time for each in self._sung if each.begin is not None]
        return max(-(-sample // time) * time, *made, 0)

    def sound(self, pcm: Pcm, sample: Sample) -> Samples:
        """One packet's sound at the format's sampling rate, rendered once for all voices."""
        kept = self._kept.get(sample)
        if kept is None:
            before = self._lead
            whole = self._playing.rendered(pcm, sample - before, self.packet_time + before)
            kept = lowered(self.format, whole)
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[sample] = kept
        return kept


class Voice:
    """One stream of a chorus."""

    def __init__(self, chorus: Chorus, encoding: Encoding) -> None:
        """Encode what `chorus` sings."""
        self._chorus = chorus
        self._encoding = encoding
        chorus.join(encoding)
        self.end: Sample = 0
        """The first sample not yet encoded."""

    def pointer(self, pcm: Pcm, sample: Sample, packets: int) -> int:
        """Address of the payload that begins at `sample`; made now unless it was made ahead.

        A packet made ahead is sent as it is, also when the plan has changed since: an encoder
        cannot take back what it has heard, and a decoder that missed it would be worse off.
        """
        if self._encoding.begin != sample:
            self._make(pcm, sample)
        self.end = sample + self._chorus.packet_time
        return self._encoding.address

    def work_ahead(self, pcm: Pcm, sample: Sample, horizon: Sample) -> bool:
        """Do one packet's work for the packet after `sample`; False when there is none to do.

        A cold encoder is fed what came before; the packet itself is made at most `horizon` ahead.
        """
        time, encoding = self._chorus.packet_time, self._encoding
        following = (sample // time + 1) * time
        if encoding.begin == following:
            return False
        if encoding.fed_until != following:
            oldest = following - WARM_UP
            at = encoding.fed_until if oldest <= encoding.fed_until < following else oldest
            self._guarded(pcm, at, is_sent=False)
            return True
        if following - sample > horizon:
            return False
        self._make(pcm, following)
        return True

    def _make(self, pcm: Pcm, sample: Sample) -> None:
        self._guarded(pcm, sample, is_sent=True)

    def _guarded(self, pcm: Pcm, sample: Sample, *, is_sent: bool) -> None:
        """Encode; an encoder that fails repeats its last packet and stops nobody else."""
        time = self._chorus.packet_time
        sound = self._chorus.sound(pcm, sample)
        try:
            if is_sent:
                self._encoding.make(sample, sound, time)
            else:
                self._encoding.feed(sample, sound, time)
        except Exception as error:  # noqa: BLE001 - one bad encoder must not stop every stream
            self._chorus.fault_of_encoder = f"{self._chorus.format.name}: {error}"
