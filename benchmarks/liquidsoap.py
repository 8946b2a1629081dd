"""Liquidsoap as a sender of a programme and of a warning that takes its place."""

import ipaddress
import shutil
import socket
import wave
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.child import started
from benchmarks.context import Context
from benchmarks.flow import Flow
from benchmarks.measurement import MeasurementError
from benchmarks.peers import Switcher
from benchmarks.tones import AMPLITUDE, PROGRAMME_HZ, RATE, WARNING_HZ, tone
from benchmarks.waiting import wait_for

_RTP_HEADER_BYTES: Final = 12
_MESSAGE_S: Final = 30
_ANSWER_LIMIT_S: Final = 10.0


@contextmanager
def liquidsoap_switch(context: Context, flow: Flow) -> Iterator[Switcher]:
    """Both tones always running, a predicate that says which of them is heard."""
    lines = [
        "is_warned = ref(false)",
        'server.register("change", fun (_) -> begin is_warned := not !is_warned "" end)',
        f"warning = {_sine(WARNING_HZ)}",
        "on_air = switch(track_sensitive=false, [({!is_warned}, warning), ({true}, programme)])",
    ]
    with _playing(context, flow, lines, ("change", "change")) as switcher:
        yield switcher


@contextmanager
def liquidsoap_queue(context: Context, flow: Flow) -> Iterator[Switcher]:
    """A message file asked for by its path, as one does who has not staged it."""
    message = context.scratch / "liquidsoap.wav"
    with wave.open(str(message), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(tone(WARNING_HZ, AMPLITUDE).tobytes() * _MESSAGE_S)
    lines = [
        'queue = request.queue(id="queue")',
        "on_air = fallback(track_sensitive=false, [queue, programme])",
    ]
    orders = (f"queue.push {message}", "queue.flush_and_skip")
    with _playing(context, flow, lines, orders) as switcher:
        yield switcher


@contextmanager
def _playing(
    context: Context, flow: Flow, lines: list[str], orders: tuple[str, str]
) -> Iterator[Switcher]:
    """`lines` make `on_air` of `programme`; the orders begin the warning and end it again."""
    program = shutil.which("liquidsoap")
    if program is None:
        raise MeasurementError("Liquidsoap is not installed (make system installs it)")
    home = context.scratch / "liquidsoap"
    home.mkdir(exist_ok=True)
    door, script = home / "door", home / "script.liq"
    door.unlink(missing_ok=True)
    text = "\n".join([*_settings(flow, door), *lines, *_outputs(context, flow)])
    script.write_text(text + "\n", encoding="utf-8")
    argv = ["env", f"HOME={home}", program, str(script)]
    with started(argv, fifo_priority=context.fifo_priority) as child:
        wait_for("Liquidsoap's door", door.exists)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(str(door))
            line.settimeout(_ANSWER_LIMIT_S)
            turn = [0]

            def change() -> None:
                line.sendall(f"{orders[turn[0]]}\n".encode())
                turn[0] ^= 1
                answer = b""
                while not answer.endswith(b"END\r\n"):
                    answer += line.recv(4096)

            yield Switcher(child, change)


def _settings(flow: Flow, door: Path) -> Iterator[str]:
    """A frame as long as a packet: with its own 40 ms it would send eight packets at once."""
    yield "settings.init.allow_root.set(true)"
    yield "settings.log.level.set(1)"
    yield "settings.frame.audio.channels.set(1)"
    yield f"settings.frame.audio.samplerate.set({flow.rate_hz})"
    yield f"settings.frame.video.framerate.set({1_000_000 // flow.packet_us})"
    yield f"settings.frame.duration.set({flow.packet_us / 1e6})"
    yield "settings.server.socket.set(true)"
    yield f'settings.server.socket.path.set("{door}")'
    yield f"programme = {_sine(PROGRAMME_HZ)}"


def _outputs(context: Context, flow: Flow) -> Iterator[str]:
    first = ipaddress.IPv4Address(flow.group)
    packet_bytes = _RTP_HEADER_BYTES + flow.packet_samples * 2
    options = f"localaddr={context.interface[1]}&ttl=8&pkt_size={packet_bytes}"
    sound = f'%ffmpeg(format="rtp", %audio(codec="pcm_s16be", ar={flow.rate_hz}, channels=1))'
    for stream in range(flow.streams):
        url = f"rtp://{first + stream}:{flow.port}?{options}"
        yield f'output.url(id="{stream}", fallible=true, url="{url}", {sound}, on_air)'


def _sine(hz: int) -> str:
    return f"amplify({AMPLITUDE / 32768}, sine({hz}.))"
