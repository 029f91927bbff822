"""Help pages of the commands: the heading under which each option stands, and examples that a newcomer can type."""

from __future__ import annotations

from typing import Final

from typer.core import TyperCommand, TyperGroup, TyperOption

HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "Face and voice": (
        *("--portrait", "--landmarks", "--force", "--crop", "--size", "--transparent"),
        *("--emotion", "--seed", "--name"),
    ),
    "Motion": (
        "--style",
        "--mouth-strength",
        "--expression-strength",
        "--brow-strength",
        "--blinks",
        "--gaze",
        "--saccade-strength",
        "--head",
        "--head-strength",
        "--yaw",
        "--pitch",
        "--roll",
        "--drive",
        "--drive-parts",
        "--drive-end",
        "--drive-reference",
        "--drive-from",
    ),
    "Results": (
        "--out",
        "--glb",
        "--page",
        "--formats",
        "--channels",
        "--rig",
        "--weight-scale",
        "--renderer-path",
        "--key-tolerance",
        "--key-tolerance-ms",
        "--fps",
        "--tail",
        "--plot",
        "--overwrite",
        "--dry-run",
        "--report",
        "--progress",
        "--json",
        "--folder",
        "--samples",
    ),
    "Source of sound": ("--mic", "--mic-device", "--stdin", "--rate", "--format", "--say", "--tts-command"),
    "Live": ("--to", "--no-wait", "--playout", "--server"),
    "Other machines": ("--bind", "--key", "--clients", "--server-key", "--insecure"),
    "Limits and files of a server": (
        "--sessions",
        "--sessions-per-client",
        "--limits",
        "--lease",
        "--portraits",
        "--sounds",
    ),
    "Observing": ("--http", "--log-format", "--log-level"),
    "A server of another program": ("--ready-line", "--with-parent"),
    "Machine": ("--bundle", "--refiner", "--device", "--jobs", "--debug"),
}
"""Headings in their order; an option that stands under none stays under the usual "Options"."""

EXAMPLES: Final[dict[str, tuple[str, ...]]] = {
    "demo": ("space-runtime demo", "space-runtime demo samples --samples"),
    "bake": (
        "space-runtime bake hello.wav --portrait photo.jpg --formats mp4,npz,json --out out",
        "space-runtime bake lines --emotion happy=0.7 --report report.csv --out out",
        "space-runtime bake hello.wav --emotion happy=0.2@0s,happy=0.9@1.5s --gaze 10,-5 --seed 7",
    ),
    "still": (
        "space-runtime still photo.jpg --yaw 15 --pitch -5 -o turned.png",
        "space-runtime still photo.jpg --emotion happy=0.8 --size 1024 --transparent -o happy.png",
    ),
    "portrait": ("space-runtime portrait photo.jpg --glb npc.glb", "space-runtime portrait photo.jpg"),
    "landmarks": ("space-runtime landmarks drawing.png",),
    "dub": (
        "space-runtime dub film.mp4 hello.wav --out dubbed.mp4",
        "space-runtime dub film.mp4 hello.wav --person left --length video -o dubbed.mp4",
    ),
    "inspect": ("space-runtime inspect",),
    "track": (
        "space-runtime track talk.mp4 -o take.npz",
        "space-runtime track talk.mp4 -o take.npz --person left --preview seen.mp4",
    ),
    "suggest-emotion": ("space-runtime suggest-emotion hello.wav --json track.json",),
    "live": (
        "space-runtime live hello.wav --portrait photo.jpg",
        'space-runtime live --say "Hello" --to llf://127.0.0.1:11111/Face',
    ),
    "serve": (
        "space-runtime serve --sessions 200 --portraits faces --sounds lines",
        "space-runtime serve --bind tcp://0.0.0.0:5570 --key keys/server.key_secret --clients keys/clients",
    ),
    "keygen": ("space-runtime keygen anna --folder keys",),
    "relay": ("space-runtime relay tcp://10.0.0.5:5570 --server-key keys/server.key --key keys/anna.key_secret",),
    "package": ("space-runtime package --out space-server",),
    "top": ("space-runtime top --once",),
    "doctor": ("space-runtime doctor",),
    "bench": ("space-runtime bench --seconds 10",),
    "bench serve": ("space-runtime bench serve --sessions 100 --seconds 5",),
}
"""Calls to each command, as they are typed."""


def arrange(commands: TyperGroup, above: str = "") -> None:
    """Put the options of all commands under their headings, in their order, and examples at the end of their pages.

    above: the words before the commands' names, each with a space after it.
    """
    for name, command in commands.commands.items():
        if isinstance(command, TyperCommand | TyperGroup):
            _group_options(command)
            command.epilog = "\n\n".join(("Examples:", *EXAMPLES.get(above + name, ())))
        if isinstance(command, TyperGroup):
            arrange(command, f"{above}{name} ")


def _group_options(command: TyperCommand | TyperGroup) -> None:
    places = {option: place for place, options in enumerate(HEADINGS.values()) for option in options}
    headings = list(HEADINGS)
    for option in command.params:
        if isinstance(option, TyperOption) and option.opts[0] in places:
            option.rich_help_panel = headings[places[option.opts[0]]]
    command.params.sort(key=lambda param: places.get(param.opts[0], -1))  # arguments and all other options first
