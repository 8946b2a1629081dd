"""The server's own loudspeaker: an alarm tone while people are called to decide (SAFETY E1).

PyAudio is an extra, and no sound card is a normal state: without either it is said once, and
everything else goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, Protocol

import numpy as np

from alerts.alert import Why
from broadcaster.notices.alert_view import AlertView
from broadcaster.notices.device_keeper import utc_now
from zones.notices_settings import SoundOutput

log = logging.getLogger(__name__)

RATE: Final = 48_000
_TONE_HZ: Final = 1000.0
_BEEP: Final = RATE // 5
_RETRY: Final = 30.0
"""Seconds until a sound device that failed is tried again."""
_DECISIONS: Final = frozenset(
    why.value for why in (Why.PENDING, Why.SECOND_PERSON, Why.ESCALATION_PENDING)
)


class NoSoundError(Exception):
    """There is no sound device here; the text says why and what to do."""


class Output(Protocol):
    """Something that plays samples: 48 kHz, mono, 16 bit."""

    def play(self, samples: bytes) -> None:
        """Play all of them, and return then; raises OSError or NoSoundError."""

    def close(self) -> None:
        """Leave the device to others."""


def is_called_for(alerts: Iterable[AlertView]) -> bool:
    """Whether a decision is waited for that nobody has acknowledged."""
    return any(one.called is not None and one.called[0] in _DECISIONS for one in alerts)


def alarm_tone() -> bytes:
    """One second: two beeps of 1 kHz with soft edges, then silence; no siren."""
    at = np.arange(_BEEP) / RATE
    edge = np.minimum(1.0, np.minimum(at, at[::-1]) / 0.01)
    beep = np.zeros(RATE // 4)
    beep[:_BEEP] = 0.5 * edge * np.sin(2 * np.pi * _TONE_HZ * at)
    second = np.concatenate([beep, beep, np.zeros(RATE // 2)])
    return bytes((second * 32767).astype("<i2").tobytes())


class OwnSound:
    """Plays the tone while it is wanted, through an output that is opened when first needed."""

    def __init__(
        self,
        settings: SoundOutput,
        changed: Callable[[], None],
        open_output: Callable[[str | None], Output],
    ) -> None:
        """`changed` is called when `entry` says something else."""
        self._settings = settings
        self._changed = changed
        self._open = open_output
        self._wanted = asyncio.Event()
        self._state, self._at, self._detail = "none", utc_now(), ""

    def want(self, is_wanted: bool) -> None:
        """Sound from now on, or be silent."""
        if is_wanted:
            self._wanted.set()
        else:
            self._wanted.clear()

    def entry(self) -> dict[str, str]:
        """How it stands, for a report."""
        return {
            "name": "own sound",
            "kind": "sound",
            "state": self._state,
            "at": self._at,
            "detail": self._detail,
        }

    async def run(self) -> None:
        """Sound when wanted, until cancelled."""
        tone = alarm_tone()
        await self._try()
        while True:
            await self._wanted.wait()
            try:
                with self._output(
                    await asyncio.to_thread(self._open, self._settings.device)
                ) as out:
                    while self._wanted.is_set():
                        await asyncio.to_thread(out.play, tone)
                        self._say("sent", "")
                self._say("none", "")
            except (NoSoundError, OSError) as error:
                self._say("failed", str(error))
                await asyncio.sleep(_RETRY)

    async def _try(self) -> None:
        """Open the device once, so that its absence is known before it is needed."""
        try:
            output = await asyncio.to_thread(self._open, self._settings.device)
        except (NoSoundError, OSError) as error:
            self._say("failed", str(error))
        else:
            output.close()

    @contextlib.contextmanager
    def _output(self, output: Output) -> Iterator[Output]:
        try:
            yield output
        finally:
            output.close()

    def _say(self, state: str, detail: str) -> None:
        if (state, detail) == (self._state, self._detail):
            return
        if state == "failed":
            log.warning("the server's own sound output is silent: %s", detail)
        self._state, self._at, self._detail = state, utc_now(), detail
        self._changed()


def sound_device(named: str | None) -> Output:
    """The sound device whose name holds `named`; the system's own without one.

    Raises:
        NoSoundError: PyAudio is not installed, or there is no such device.
    """
    try:
        pyaudio: Any = importlib.import_module("pyaudio")
    except ImportError:
        raise NoSoundError(
            "PyAudio is not installed; install the extra `desk` (docs/installing.md)"
        ) from None
    system = pyaudio.PyAudio()
    try:
        return _PyAudioOutput(system, pyaudio.paInt16, named)
    except (OSError, NoSoundError):
        system.terminate()
        raise


class _PyAudioOutput:
    """An output stream of PyAudio; `system` is a `pyaudio.PyAudio`."""

    def __init__(self, system: Any, form: int, named: str | None) -> None:  # noqa: ANN401 - PyAudio has no types
        index = None
        if named is not None:
            infos = [system.get_device_info_by_index(n) for n in range(system.get_device_count())]
            fits = [one for one in infos if named in one["name"] and one["maxOutputChannels"] > 0]
            if not fits:
                there = ", ".join(one["name"] for one in infos if one["maxOutputChannels"] > 0)
                raise NoSoundError(f'no sound device "{named}"; there are: {there or "none"}')
            index = int(fits[0]["index"])
        self._system = system
        self._stream = system.open(
            format=form, channels=1, rate=RATE, output=True, output_device_index=index
        )

    def play(self, samples: bytes) -> None:
        """Play them and return when the device has taken all."""
        self._stream.write(samples)

    def close(self) -> None:
        """Close stream and library."""
        self._stream.close()
        self._system.terminate()
