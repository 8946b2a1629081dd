"""Formats with memory: G.722 (ITU-T) and Opus (RFC 6716), through PyAV.

PyAV is imported when the first stream needs it: an engine without such streams starts without it,
and is back after a kill while its libraries would still be loading.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from broadcaster.engine.codec import G722, OPUS, decode, packet_times, rate_filter, sampling_hz
from broadcaster.engine.codec.linear import Octets, Samples
from zones.media_time import RATE, Sample
from zones.stream_format import StreamFormat

if TYPE_CHECKING:
    from av.audio.codeccontext import AudioCodecContext
    from av.audio.frame import AudioFrame

_OPUS_LAG: Final[Sample] = 312
"""How far Opus lags behind its input at 48 000 Hz (RFC 7845 section 4.2 calls it pre-skip)."""
_OPUS_SHORT_LAG: Final[Sample] = 120
"""The same for packets of less than 10 ms, which leave out its speech layer."""
_G722_LAG: Final[Sample] = 66
"""The two filter banks of G.722: 22 samples at 16 000 Hz."""

_OPUS_OPTIONS: Final = {"vbr": "off", "application": "audio", "compression_level": "5"}
"""A constant rate: the size of a packet is laid out once, and says nothing of its sound.

At 64 kbit/s complexity 5 is as near to the source as 10, for two thirds of the work.
"""

_NAMES: Final = {G722.name: ("g722", "g722"), OPUS.name: ("libopus", "opus")}


class CodecError(Exception):
    """A format cannot be encoded or decoded here; the text says why."""


class Encoder:
    """One stream's encoder. Each call takes one packet's samples and gives its payload.

    Raises:
        CodecError: the library lacks the codec, or doesn't take this packet time.
    """

    def __init__(self, payload_format: StreamFormat, packet_time: Sample) -> None:
        """Open the encoder and run it once over silence, which is when it takes its memory."""
        if packet_time not in packet_times(payload_format):
            raise CodecError(
                f"{payload_format.name} has no packets of {packet_time * 1000 / RATE:g} ms"
            )
        self.payload_bytes = payload_format.payload_bytes(packet_time)
        self._context, self._frame = _opened_encoder(payload_format, packet_time)
        self._at = 0
        self.encode(np.zeros(self._frame.samples, np.int16))

    def encode(self, samples: Samples) -> Octets:
        """The payload of the next packet; `samples` are at the format's sampling rate.

        Raises:
            CodecError: the codec made no packet of the one size this stream may send.
        """
        frame = self._frame
        frame.planes[0].update(samples.tobytes())
        frame.pts = self._at
        self._at += frame.samples
        payload = b"".join(bytes(packet) for packet in self._context.encode(frame))
        if len(payload) != self.payload_bytes:
            raise CodecError(f"a packet has {len(payload)} bytes instead of {self.payload_bytes}")
        return np.frombuffer(payload, np.uint8)


def _opened_encoder(
    payload_format: StreamFormat, packet_time: Sample
) -> tuple[AudioCodecContext, AudioFrame]:
    """The codec, open, and the one frame its samples are handed over in."""
    import av
    from av.audio.codeccontext import AudioCodecContext

    rate = sampling_hz(payload_format)
    length = packet_time * rate // RATE
    try:
        context = av.CodecContext.create(_NAMES[payload_format.name][0], "w")
    except (KeyError, av.error.FFmpegError) as error:
        raise CodecError(f"{payload_format.name} cannot be encoded here: {error}") from error
    assert isinstance(context, AudioCodecContext)  # noqa: S101 - tells mypy what an audio codec is
    context.sample_rate = rate
    context.layout = "mono"
    context.format = "s16"
    context.time_base = Fraction(1, rate)
    if payload_format is OPUS:
        context.bit_rate = payload_format.bytes_per_second * 8
        milliseconds = f"{packet_time * 1000 / RATE:g}"
        context.options = {**_OPUS_OPTIONS, "frame_duration": milliseconds}
    else:
        context.options = {"frame_size": str(length)}
    try:
        context.open()
    except av.error.FFmpegError as error:
        raise CodecError(f"{payload_format.name} cannot be encoded here: {error}") from error
    frame = av.AudioFrame(format="s16", layout="mono", samples=length, align=1)
    frame.sample_rate = rate
    frame.time_base = Fraction(1, rate)
    return context, frame


def delay(payload_format: StreamFormat, packet_time: Sample) -> Sample:
    """How much later, in samples at 48 000 Hz, a decoder's sound comes than it was encoded."""
    needed = rate_filter(payload_format)
    filters = 0 if needed is None else needed.lead
    if payload_format is OPUS:
        return _OPUS_LAG if packet_time >= 480 else _OPUS_SHORT_LAG
    return filters + (_G722_LAG if payload_format is G722 else 0)


class Decoder:
    """One stream's decoder, any format: payloads in order in, samples at 48 000 Hz out.

    Raises:
        CodecError: the library lacks the codec.
    """

    def __init__(self, payload_format: StreamFormat) -> None:
        """Open the decoder; nothing has been heard before the first payload."""
        self._format = payload_format
        self._filter = rate_filter(payload_format)
        self._context = None
        if payload_format.name in _NAMES:
            self._context = _opened_decoder(payload_format)
        self._before = np.zeros(0 if self._filter is None else self._filter.context, np.int16)

    def decode(self, payload: bytes) -> Samples:
        """The samples of one packet.

        Raises:
            CodecError: these bytes are no packet of the format.
        """
        if self._context is None:
            sound = decode(self._format, np.frombuffer(payload, np.uint8))
        else:
            sound = self._remembered(payload)
        if self._filter is None:
            return sound
        joined = np.concatenate((self._before, sound))
        self._before = joined[-self._filter.context :]
        return self._filter.raised(joined)

    def _remembered(self, payload: bytes) -> Samples:
        import av

        assert self._context is not None  # noqa: S101 - asked by the only caller
        try:
            frames = self._context.decode(av.Packet(payload))
        except av.error.FFmpegError as error:
            raise CodecError(f"{len(payload)} bytes are no {self._format.name}: {error}") from error
        return np.concatenate([_whole_numbers(frame) for frame in frames])


def _opened_decoder(payload_format: StreamFormat) -> AudioCodecContext:
    import av
    from av.audio.codeccontext import AudioCodecContext

    try:
        context = av.CodecContext.create(_NAMES[payload_format.name][1], "r")
    except (KeyError, av.error.FFmpegError) as error:
        raise CodecError(f"{payload_format.name} cannot be decoded here: {error}") from error
    assert isinstance(context, AudioCodecContext)  # noqa: S101 - tells mypy what an audio codec is
    context.sample_rate = sampling_hz(payload_format)
    context.layout = "mono"
    return context


def _whole_numbers(frame: AudioFrame) -> Samples:
    sound = frame.to_ndarray().reshape(-1)
    if sound.dtype == np.int16:
        return sound.astype(np.int16)
    scaled = np.clip(np.rint(sound * np.float32(32768)), -32768, 32767)
    whole: Samples = scaled.astype(np.int16)
    return whole
