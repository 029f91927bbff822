"""``space-runtime live``: a microphone, a file, standard input or a line of text moves a face now."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from engine_bridge.adapters import WEB_SOCKET_PORT, Sink, SinkError, is_web_socket, open_player, open_sink
from engine_bridge.client import Client, ClientSession
from engine_bridge.client.controls import Controls
from engine_bridge.client.jitter import Pose
from engine_bridge.protocol.messages import Output, SampleFormat, TextureFormat
from space_runtime.animation.emotion_track import EMOTION_HELP, parse_emotion_track
from space_runtime.arguments import in_range
from space_runtime.commands.device_option import DeviceName
from space_runtime.commands.report import say as tell
from space_runtime.commands.stopping import stop_on_signals
from space_runtime.errors import UsageError
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.live.player import PlaybackResult, Player
from space_runtime.live.sources import Microphone, PcmSource, file_source, text_source
from space_runtime.live.speech import Speech, SpeechSettings
from space_runtime.media.audio_file import file_sha256
from space_runtime.option_parsing import parse_seed
from space_runtime.rig.shapes import SHAPE
from space_runtime.server.keys import is_loopback
from space_runtime.server.server import Server, Settings
from space_runtime.timebase import checked_fps
from space_runtime.values import content_seed

if TYPE_CHECKING:
    from engine_bridge.adapters.web_player import WebPlayer

MAX_TITLE: Final = 80
"""Characters of a text by which pages call it."""
PORTRAIT_TIMEOUT_S: Final = 60.0
"""A portrait is looked at closely before its session opens."""
METER: Final = 32
"""Characters of the jaw's bar."""


def live_command(
    line: Annotated[
        Path | None, typer.Argument(help="A sound file, spoken at the pace of the clock.", metavar="LINE")
    ] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Listen to a microphone (extra 'audio').")] = False,
    mic_device: Annotated[str | None, typer.Option(help="Which microphone: its number or a part of its name.")] = None,
    stdin: Annotated[bool, typer.Option("--stdin", help="Read raw mono PCM from standard input.")] = False,
    rate: Annotated[int, typer.Option(help="Samples per second of --stdin.")] = 16_000,
    format: Annotated[str, typer.Option(help="Samples of --stdin: s16 or f32, little-endian.")] = "s16",
    say: Annotated[str | None, typer.Option(help="A line of text, read aloud by --tts-command.")] = None,
    tts_command: Annotated[
        str, typer.Option(help="Reads the text, {text} or standard input, into the WAV file {out}.")
    ] = "espeak-ng --stdin -w {out}",
    portrait: Annotated[Path | None, typer.Option(help="A photo of the face that is shown in the browser.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Take a photo that looks unusable: covered, cut off …")
    ] = False,
    to: Annotated[
        list[str] | None, typer.Option(help="Show the face there: llf://, vmc://, or ws:// for the page's own address.")
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Speak at once and end with the line, whether a page is open or not.")
    ] = False,
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
    """Speak now: sound in, a face in step with it, on a page in the browser or, with --to, in other programs.

    The page plays the sound, repeats the line, and takes dropped sound files and the microphone; Ctrl-C ends it.
    """
    given = parse_seed(seed)
    track = parse_emotion_track(emotion)
    frame_rate = float(checked_fps(fps))
    in_range("--playout", playout, 0, 10_000)
    speech = _speech(line, mic, mic_device, stdin, rate, format, say, tts_command)
    controls = Controls(seed=default_seed(line, name) if given is None else given)
    settings = SpeechSettings(frame_rate, playout / 1e3, name, controls, track, ahead=server is None)
    with ExitStack() as stack:
        page, others = _opened(stack, to or [], portrait is not None, name, insecure)
        client = stack.enter_context(
            Client(stack.enter_context(_address(server, device, force)), name="space-runtime live")
        )
        session = stack.enter_context(_session(client, portrait, playout))
        if page is None:
            played = _speak(session, [*others.values()], settings, speech)
        else:
            played = _speak_for_page(session, page, [*others.values()], settings, speech, no_wait)
        is_lost = client.counters.lost > 0
    _report(played, others, page)
    if is_lost:
        tell("space-runtime: the connection to the server was lost; the face rests where frames are missing")


def _opened(
    stack: ExitStack, urls: list[str], has_portrait: bool, name: str, insecure: bool
) -> tuple[WebPlayer | None, dict[str, Sink]]:
    """Return the player of the page, if there is one, and the other sinks by address."""
    pages = [url for url in urls if is_web_socket(url)]
    page = _page(pages, name, insecure) if pages or has_portrait or not urls else None
    if page:
        stack.callback(page.close)
    others = {url: open_sink(url, insecure) for url in urls if url not in pages[:1]}
    for sink in others.values():
        stack.callback(sink.close)
    return page, others


def _page(urls: list[str], name: str, insecure: bool) -> WebPlayer:
    """Return the player at the first of the addresses; without any at the usual port of this machine, or a free one."""
    if urls:
        return open_player(urls[0], name, insecure)
    try:
        return open_player(f"ws://127.0.0.1:{WEB_SOCKET_PORT}", name)
    except SinkError:
        return open_player("ws://127.0.0.1:0", name)


def _session(client: Client, portrait: Path | None, playout_ms: int) -> ClientSession:
    if portrait is None:
        return client.open(fps=30, playout_ms=playout_ms)
    outputs = (Output.WEIGHTS, Output.HEAD, Output.EYES, Output.TEXTURE)
    return client.open(
        outputs, 30, playout_ms, portrait=portrait, texture=TextureFormat.JPEG, timeout_s=PORTRAIT_TIMEOUT_S
    )


def _speak(session: ClientSession, sinks: list[Sink], settings: SpeechSettings, speech: Speech) -> PlaybackResult:
    ahead = settings.ahead and not speech.is_live
    player = Player(session, sinks, settings.fps, settings.playout_s, settings.name, ahead=ahead)
    stop_on_signals(player.stop)
    return player.speak(speech.source(), settings.controls, settings.emotion, _meter)


def _speak_for_page(
    session: ClientSession, page: WebPlayer, others: list[Sink], settings: SpeechSettings, speech: Speech, no_wait: bool
) -> PlaybackResult:
    """Speak the line, and unless nothing is waited for whatever pages ask for, until Ctrl-C; return the sum."""
    from space_runtime.live.page_loop import PageLoop  # here, because its packages are optional

    loop = PageLoop(session, page, others, settings, _meter)
    stop_on_signals(loop.stop)
    print(f"open {page.page} in a browser; Ctrl-C ends", flush=True)
    return loop.speak(speech) if no_wait else sum(loop.run(speech), PlaybackResult(0.0, 0, 0))


def default_seed(line: Path | None, name: str) -> int:
    """Return the seed of a line's file, the same as of its bake; of other sources that of the character's name."""
    if line is not None and line.is_file():
        return content_seed(file_sha256(line))
    return content_seed(hashlib.sha256(name.encode()).hexdigest())


@contextmanager
def _address(server: str | None, device: str, force: bool) -> Iterator[str]:
    """The address of the server in use, started here on a device if none is named."""
    if server:
        if not is_loopback(server):
            raise UsageError(
                f"{server} is on another machine; run `space-runtime relay {server}` here and leave it out"
            )
        if force:
            raise UsageError("--force is a choice of the server's: start that one with it")
        yield server
        return
    with Server(load_bundle(device=device), Settings("tcp://127.0.0.1:*", force_portraits=force)) as own:
        yield own.address


def _speech(
    line: Path | None,
    mic: bool,
    mic_device: str | None,
    stdin: bool,
    rate: int,
    format: str,
    say: str | None,
    tts_command: str,
) -> Speech:
    chosen = [name for name, given in (("LINE", line), ("--mic", mic), ("--stdin", stdin), ("--say", say)) if given]
    if len(chosen) != 1:
        raise UsageError(f"name one source: LINE, --mic, --stdin or --say ({', '.join(chosen) or 'none'} given)")
    if line:
        file = file_source(line)
        return Speech(line.name, lambda: file)
    if mic:
        microphone = Microphone(mic_device)
        return Speech("the microphone", lambda: microphone, is_live=True, is_audible=False)
    if say:
        text = text_source(say, tts_command)
        return Speech(say[:MAX_TITLE], lambda: text)
    pipe = _standard_input(rate, format)
    return Speech("standard input", lambda: pipe, is_live=True, can_be_repeated=False)


def _standard_input(rate: int, format: str) -> PcmSource:
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


def _report(played: PlaybackResult, others: dict[str, Sink], page: WebPlayer | None) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{played.seconds:.2f} s spoken, {played.frames} frames, {played.resting} of them without a face to show")
    if page:
        others = {page.page: page, **others}
    for url, sink in others.items():
        lost = f", {sink.counts.unsent} not sent ({sink.counts.reason})" if sink.counts.unsent else ""
        print(f"{url}: {sink.counts.sent} sent{lost or _why_none(sink, sink is page)}")


def _why_none(sink: Sink, is_page: bool) -> str:
    """Return why nothing was sent, if so."""
    if sink.counts.sent:
        return ""
    return "; nobody opened it in a browser" if is_page else "; nothing was spoken, or nobody was connected"
