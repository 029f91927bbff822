"""``space-runtime live``: a microphone, a file, standard input or a line of text moves a face now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from engine_bridge.adapters import Sink
from engine_bridge.client import Client, ClientSession
from engine_bridge.client.controls import Controls
from engine_bridge.protocol.messages import Output, TextureFormat
from space_runtime.animation.direction import Direction, parse_blinks, parse_looks
from space_runtime.animation.emotion_track import EMOTION_HELP, parse_emotion_track
from space_runtime.arguments import in_range, one_of
from space_runtime.commands import bake_options as given
from space_runtime.commands.live_drive import MotionOptions, keys_of
from space_runtime.commands.live_show import draw_meter, opened_sinks, report
from space_runtime.commands.live_speech import SourceOptions
from space_runtime.commands.report import say as tell
from space_runtime.commands.shared_options import Debug, DeviceName, Force, Landmarks
from space_runtime.commands.stopping import stop_on_signals
from space_runtime.errors import UsageError
from space_runtime.head_arguments import parse_offset
from space_runtime.inference.bundle import load_bundle
from space_runtime.inference.device import AUTO
from space_runtime.live.call import CallFeed
from space_runtime.live.keys import listening
from space_runtime.live.player import PlaybackResult
from space_runtime.live.speech import Speech, SpeechSettings
from space_runtime.media.audio_file import file_sha256
from space_runtime.option_parsing import parse_seed, parse_style
from space_runtime.portrait.landmark_file import PlacedLandmarks, landmarks_for, read_landmarks
from space_runtime.server.keys import is_loopback
from space_runtime.server.server import Server, Settings
from space_runtime.style import named_weights
from space_runtime.timebase import checked_fps
from space_runtime.values import LookSpace, content_seed

if TYPE_CHECKING:
    from engine_bridge.adapters.web_player import WebPlayer

PORTRAIT_TIMEOUT_S: Final = 60.0
"""A portrait is looked at closely before its session opens."""


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
    landmarks: Landmarks = None,
    force: Force = False,
    to: Annotated[
        list[str] | None, typer.Option(help="Show the face there: llf://, vmc://, or ws:// for the page's own address.")
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Speak at once and end with the line, whether a page is open or not.")
    ] = False,
    insecure: Annotated[bool, typer.Option("--insecure", help="--to may name other machines, unencrypted.")] = False,
    server: Annotated[str | None, typer.Option(help="A running server's address; by default one of its own.")] = None,
    emotion: Annotated[str, typer.Option(help=EMOTION_HELP)] = "",
    style: given.StyleMix = "",
    look_at: given.LookAt = "",
    look_space: given.LookSpaces = "camera",
    head_follow: given.HeadFollow = 1.0,
    eye_contact: given.EyeContact = 0.0,
    blink_at: given.BlinkAt = "",
    blinks: given.Blinks = 17.0,
    yaw: given.Yaw = 0.0,
    pitch: given.Pitch = 0.0,
    roll: given.Roll = 0.0,
    head_track: given.HeadTrack = None,
    fps: Annotated[str, typer.Option(help="Frames per second.")] = "60",
    playout: Annotated[
        int | None, typer.Option(help="Milliseconds from a sound to its face; by default 200, with a camera 400.")
    ] = None,
    drive: given.Drive = None,
    camera: Annotated[
        str | None, typer.Option(help="A camera that leads the face: its number or name, or a video in its place.")
    ] = None,
    drive_parts: given.DriveParts = "",
    drive_end: given.DriveEnds = "rest",
    drive_reference: given.DriveReferences = "relative",
    drive_from: given.DriveFrom = 0.0,
    seed: Annotated[int | None, typer.Option(help="Seed of blinks and head; by default of LINE or --name.")] = None,
    name: Annotated[str, typer.Option(help="The character's name, for sinks.")] = "Face",
    device: DeviceName = AUTO,
    debug: Debug = False,
) -> None:
    """Speak now: sound in, a face in step with it, on a page in the browser or, with --to, in other programs.

    The page plays the sound, repeats the line, and takes dropped sound files and the microphone; Ctrl-C ends it.
    """
    placed = _placed(landmarks, portrait, server)
    wanted, frame_rate = parse_seed(seed), float(checked_fps(fps))
    direction = Direction(parse_emotion_track(emotion), parse_looks(look_at), parse_blinks(blink_at))
    motion = MotionOptions(drive, camera, head_track, drive_parts, drive_end, drive_reference, drive_from)
    playout_ms = motion.playout_ms(playout)
    in_range("--playout", playout_ms, 0, 10_000)
    space = one_of("--look-space", look_space, LookSpace)
    controls = Controls(
        drive=None if motion.strengths is None else motion.strengths.tolist(),
        blinks_per_minute=in_range("--blinks", blinks, 0, 120),
        look_space=space if look_at else None,
        head_follow=in_range("--head-follow", head_follow, 0, 2),
        eye_contact=in_range("--eye-contact", eye_contact, 0, 1),
        style=named_weights(parse_style(style)) or None,
        head_offset=_offset(yaw, pitch, roll),
    )
    speech = SourceOptions(line, mic, stdin, say, mic_device, rate, format, tts_command).speech()
    feed = motion.feed()
    controls = replace(controls, seed=default_seed(line, name) if wanted is None else wanted)
    settings = SpeechSettings(
        frame_rate, playout_ms / 1e3, name, controls, direction, server is None, feed, is_call=camera is not None
    )
    with ExitStack() as stack:
        page, others = opened_sinks(stack, to or [], portrait is not None, name, insecure)
        if page:
            page.on_camera = keys_of(feed).get("c")
        address = stack.enter_context(_address(server, device, force, placed))
        client = stack.enter_context(Client(address, name="space-runtime live"))
        session = stack.enter_context(_session(client, portrait, playout_ms))
        stack.enter_context(listening(keys_of(feed)))
        if page is None:
            played = _speak(session, [*others.values()], settings, speech)
        else:
            played = _speak_for_page(session, page, [*others.values()], settings, speech, no_wait)
        is_lost = client.counters.lost > 0
    report(played, others, page)
    if isinstance(feed, CallFeed) and feed.summary():
        print(feed.summary())
    if is_lost:
        tell("space-runtime: the connection to the server was lost; the face rests where frames are missing")


def _offset(yaw_deg: float, pitch_deg: float, roll_deg: float) -> list[float] | None:
    """Return the constant offset of the head in radians, None for none. Raises `UsageError`."""
    offset = parse_offset(yaw_deg, pitch_deg, roll_deg)
    return offset.tolist() if offset.any() else None


def _session(client: Client, portrait: Path | None, playout_ms: int) -> ClientSession:
    if portrait is None:
        return client.open(fps=30, playout_ms=playout_ms)
    outputs = (Output.WEIGHTS, Output.HEAD, Output.EYES, Output.TEXTURE)
    return client.open(
        outputs, 30, playout_ms, portrait=portrait, texture=TextureFormat.JPEG, timeout_s=PORTRAIT_TIMEOUT_S
    )


def _speak(session: ClientSession, sinks: list[Sink], settings: SpeechSettings, speech: Speech) -> PlaybackResult:
    player = settings.player(session, sinks, speech)
    stop_on_signals(player.stop)
    return player.speak(speech.source(), settings.controls, settings.direction, draw_meter)


def _speak_for_page(
    session: ClientSession, page: WebPlayer, others: list[Sink], settings: SpeechSettings, speech: Speech, no_wait: bool
) -> PlaybackResult:
    """Speak the line, and unless nothing is waited for whatever pages ask for, until Ctrl-C; return the sum."""
    from space_runtime.live.page_loop import PageLoop  # here, because its packages are optional

    loop = PageLoop(session, page, others, settings, draw_meter)
    stop_on_signals(loop.stop)
    print(f"open {page.page} in a browser; Ctrl-C ends", flush=True)
    return loop.speak(speech) if no_wait else sum(loop.run(speech), PlaybackResult(0.0, 0, 0))


def default_seed(line: Path | None, name: str) -> int:
    """Return the seed of a line's file, the same as of its bake; of other sources that of the character's name."""
    if line is not None and line.is_file():
        return content_seed(file_sha256(line))
    return content_seed(hashlib.sha256(name.encode()).hexdigest())


def _placed(landmarks: Path | None, portrait: Path | None, server: str | None) -> PlacedLandmarks | None:
    """Return the landmarks of the photo that is shown: those that are named, else those beside it.

    Raises `UsageError` for named ones that nobody could take, `MediaError`.
    """
    if landmarks is not None and portrait is None:
        raise UsageError("--landmarks are points on a photo: name that photo with --portrait, or leave them out")
    if landmarks is not None and server:
        raise UsageError("a running server takes no landmarks; leave out --server, or --landmarks")
    path = landmarks_for(portrait, landmarks)
    if path and server:
        tell(f"{path.name} is left out: a running server takes the landmarks in its own folder of --portraits alone")
        return None
    return read_landmarks(path) if path else None


@contextmanager
def _address(server: str | None, device: str, force: bool, landmarks: PlacedLandmarks | None) -> Iterator[str]:
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
    with Server(
        load_bundle(device=device), Settings("tcp://127.0.0.1:*", force_portraits=force, landmarks=landmarks)
    ) as own:
        yield own.address
