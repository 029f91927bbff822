"""``space-runtime live``: a microphone, a file, standard input or a line of text moves a face now."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from typing import Annotated, Final

import typer

from engine_bridge.adapters import Sink, open_sink
from engine_bridge.client import Client
from engine_bridge.client.controls import Controls
from engine_bridge.client.jitter import Pose
from engine_bridge.protocol.messages import SampleFormat
from space_runtime.animation.emotion_track import EMOTION_HELP, parse_emotion_track
from space_runtime.arguments import in_range
from space_runtime.commands.device_option import DeviceName
from space_runtime.commands.serve import stop_on_signals
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.live.player import PlaybackResult, Player
from space_runtime.live.sources import Microphone, PcmSource, Source, file_source, text_source
from space_runtime.media.audio_file import file_sha256
from space_runtime.rig.shapes import SHAPE
from space_runtime.server.keys import is_loopback
from space_runtime.server.server import Server, Settings
from space_runtime.timebase import checked_fps
from space_runtime.values import content_seed

METER: Final = 32
"""Characters of the jaw's bar."""


def live_command(
    line: Annotated[Path | None, typer.Argument(help="A sound file, spoken at the pace of the clock.")] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Listen to a microphone (extra 'audio').")] = False,
    mic_device: Annotated[str | None, typer.Option(help="Which microphone: its number or a part of its name.")] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read raw mono PCM from standard input.")] = False,
    rate: Annotated[int, typer.Option(help="Samples per second of --stdin.")] = 16_000,
    format: Annotated[str, typer.Option(help="Samples of --stdin: s16 or f32, little-endian.")] = "s16",
    say: Annotated[str | None, typer.Option(help="A line of text, read aloud by --tts-command.")] = None,
    tts_command: Annotated[
        str, typer.Option(help="Reads the text, {text} or standard input, into the WAV file {out}.")
    ] = "espeak-ng --stdin -w {out}",
    to: Annotated[list[str] | None, typer.Option(help="Show the face there: llf://, vmc:// or ws://.")] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="--to may name other machines, unencrypted.")] = False,
    server: Annotated[str | None, typer.Option(help="A running server's address; by default one of its own.")] = None,
    emotion: Annotated[str, typer.Option(help=EMOTION_HELP)] = "",
    fps: Annotated[str, typer.Option(help="Frames per second.")] = "60",
    playout: Annotated[int, typer.Option(help="Milliseconds from a sound to its face.")] = 200,
    seed: Annotated[int | None, typer.Option(help="Seed of blinks and head; by default of LINE or --name.")] = None,
    name: Annotated[str, typer.Option(help="The character's name, for sinks.")] = "Face",
    device: DeviceName = AUTO,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False,
) -> None:
    """Speak now: sound in, a face on the sinks (--to) in step with it. Without --to only the meter moves."""
    controls = Controls(seed=default_seed(line, name) if seed is None else int(in_range("--seed", seed, 0, 2**63 - 1)))
    track = parse_emotion_track(emotion)
    frame_rate = float(checked_fps(fps))
    in_range("--playout", playout, 0, 10_000)
    with ExitStack() as stack:
        sinks = [_opened(stack, url, insecure) for url in to or ()]
        source = _source(line, mic, mic_device, stdin, rate, format, say, tts_command)
        client = stack.enter_context(Client(stack.enter_context(_address(server, device)), name="space-runtime live"))
        session = stack.enter_context(client.open(fps=30, playout_ms=playout))
        player = Player(session, sinks, frame_rate, playout / 1e3, name)
        stop_on_signals(player.stop)
        played = player.speak(source, controls, track, _meter)
    _report(played, sinks, to or [])


def default_seed(line: Path | None, name: str) -> int:
    """Return the seed of a line's file, the same as of its bake; of other sources that of the character's name."""
    if line is not None and line.is_file():
        return content_seed(file_sha256(line))
    return content_seed(hashlib.sha256(name.encode()).hexdigest())


def _opened(stack: ExitStack, url: str, insecure: bool) -> Sink:
    sink = open_sink(url, insecure)
    stack.callback(sink.close)
    return sink


@contextmanager
def _address(server: str | None, device: str) -> Iterator[str]:
    """The address of the server in use, started here on a device if none is named."""
    if server:
        if not is_loopback(server):
            raise UsageError(
                f"{server} is on another machine; run `space-runtime relay {server}` here and leave it out"
            )
        yield server
        return
    with Server(load_bundle(device=device), Settings("tcp://127.0.0.1:*")) as own:
        yield own.address


def _source(
    line: Path | None,
    mic: bool,
    mic_device: str | None,
    stdin: bool,
    rate: int,
    format: str,
    say: str | None,
    tts_command: str,
) -> Source:
    chosen = [name for name, given in (("LINE", line), ("--mic", mic), ("--stdin", stdin), ("--say", say)) if given]
    if len(chosen) != 1:
        raise UsageError(f"name one source: LINE, --mic, --stdin or --say ({', '.join(chosen) or 'none'} given)")
    if line:
        return file_source(line)
    if mic:
        return Microphone(mic_device)
    if say:
        return text_source(say, tts_command)
    if format not in set(SampleFormat):
        raise UsageError(f"--format is {format!r}; expected one of {', '.join(SampleFormat)}")
    if sys.stdin is None:
        raise UsageError("--stdin, and standard input is closed; pipe PCM into it")
    in_range("--rate", rate, 4_000, 192_000)
    pipe = FileIO(sys.stdin.fileno(), closefd=False)  # unbuffered: sound comes at once, and Ctrl-C waits for none
    return PcmSource(pipe, rate, SampleFormat(format))


def _meter(seconds: float, pose: Pose) -> None:
    """Draw the opening of the jaw on a terminal, and nothing elsewhere."""
    if sys.stderr.isatty():
        bar = "#" * round(METER * float(pose.blendshapes[SHAPE["jawOpen"]]))
        print(f"\r{seconds:8.2f} s  jaw {bar:<{METER}}", end="", file=sys.stderr, flush=True)


def _report(played: PlaybackResult, sinks: list[Sink], urls: list[str]) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{played.seconds:.2f} s spoken, {played.frames} frames, {played.resting} of them without a face to show")
    for url, sink in zip(urls, sinks, strict=True):
        lost = f", {sink.counts.unsent} not sent ({sink.counts.reason})" if sink.counts.unsent else ""
        print(f"{url}: {sink.counts.sent} sent{lost}")
