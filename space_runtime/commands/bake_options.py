"""The options of ``bake`` as typer takes them: their types, names and help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from space_runtime.animation.direction import BLINK_HELP, HEAD_HELP, LOOK_HELP, LOOK_SPACE_HELP
from space_runtime.animation.emotion_track import EMOTION_HELP
from space_runtime.drive_parts import DRIVE_PARTS_HELP
from space_runtime.option_parsing import Format
from space_runtime.style import STYLE_HELP

Lines = Annotated[
    list[str] | None,
    typer.Argument(help="Sound files, folders of such, or quoted patterns ('lines/**/*.wav').", metavar="LINE…"),
]
Manifest = Annotated[Path | None, typer.Option(help="CSV table of lines with settings of their own.")]
Portrait = Annotated[Path | None, typer.Option(help="Photo of the face that speaks; mp4, webm, png need one.")]
Crop = Annotated[
    str, typer.Option(help="face: the square around the face; full: the whole photo at its own resolution.")
]
Size = Annotated[int | None, typer.Option(help="Pixels of the square of --crop face: 256…2048, by default 512.")]
Transparent = Annotated[
    bool, typer.Option("--transparent", help="Leave the background out: webm and png with an alpha channel.")
]
Emotion = Annotated[str, typer.Option(help=EMOTION_HELP)]
Fps = Annotated[str, typer.Option(help="Frames per second: 30, 29.97, 30000/1001 …")]
Seed = Annotated[int | None, typer.Option(help="Seed of blinks, eyes and head; by default from the sound.")]
Out = Annotated[Path, typer.Option(help="Folder for the results; made if it does not exist.")]
Formats = Annotated[str, typer.Option(help=f"Any of {','.join(Format)}.")]
Channels = Annotated[
    str, typer.Option(help="Parts of clips; weights,head,eyes leaves out the landmarks of json and npz.")
]
Rig = Annotated[Path | None, typer.Option(help="Rig whose blend shapes are driven: .glb, .gltf, or a list of names.")]
WeightScale = Annotated[
    float, typer.Option(help="Full weight of the mesh in anim: 100, or 1 for meshes that glTFast imported.")
]
RendererPath = Annotated[
    str,
    typer.Option(help="Path from the animated object to its mesh in anim and tres: Body/Face, or several: Face,Teeth."),
]
HeadPath = Annotated[
    str, typer.Option(help="Path of the head's bone in anim and tres; without it the head is not turned.")
]
EyePaths = Annotated[
    str, typer.Option(help="Paths of the left and of the right eye in anim and tres: Head/LeftEye,Head/RightEye.")
]
KeyTolerance = Annotated[float, typer.Option(help="Weight 0…1 by which a curve may be off where keys are left out.")]
KeyToleranceMs = Annotated[
    float, typer.Option(help="Milliseconds by which a curve may be early or late where keys are left out.")
]
Plot = Annotated[bool, typer.Option("--plot", help="Also draw the curves and a contact sheet.")]
Tail = Annotated[float, typer.Option(help="Seconds from the end of the sound to rest, 0…10; 0: no tail.")]
StyleMix = Annotated[str, typer.Option("--style", help=STYLE_HELP)]
MouthStrength = Annotated[float, typer.Option(help="Factor 0…2 on the motion of the mouth.")]
ExpressionStrength = Annotated[float, typer.Option(help="Factor 0…2 on the motion of the rest of the face.")]
BrowStrength = Annotated[float, typer.Option(help="Factor 0…2 on brows and lids that follow the voice.")]
Blinks = Annotated[float, typer.Option(help="Mean blinks per minute, 0…120.")]
Gaze = Annotated[
    str, typer.Option(help="YAW,PITCH of the eyes in degrees, at most 35: + is the character's left, and down.")
]
LookAt = Annotated[str, typer.Option(help=LOOK_HELP)]
LookSpaces = Annotated[str, typer.Option(help=LOOK_SPACE_HELP)]
HeadFollow = Annotated[float, typer.Option(help="Factor 0…2 on how far the head turns to --look-at.")]
EyeContact = Annotated[
    float, typer.Option(help="0…1: how far a portrait whose photo looks aside looks into the camera.")
]
BlinkAt = Annotated[str, typer.Option(help=BLINK_HELP)]
Yaw = Annotated[
    float, typer.Option(help="Degrees, at most 25, by which the head is turned beside its motion: + is its left.")
]
Pitch = Annotated[float, typer.Option(help="The same up and down, at most 15: + is down.")]
Roll = Annotated[float, typer.Option(help="The same tilted, at most 20: + is to its right shoulder.")]
HeadTrack = Annotated[Path | None, typer.Option(help=HEAD_HELP)]
SaccadeStrength = Annotated[float, typer.Option(help="Factor 0…2 on the eyes' small shifts and glances.")]
Head = Annotated[
    str, typer.Option(help="speech: as people move who talk; listen: to the sound; idle: sway; keep: rest.")
]
HeadStrength = Annotated[float, typer.Option(help="Factor 0…2 on the head's motion.")]
HeadTempo = Annotated[float, typer.Option(help="Pace 0.5…2 of the head's motion.")]
Drive = Annotated[
    Path | None,
    typer.Option(help="Motion that leads the face: a take of track, a video, a baked npz, a Live Link Face csv."),
]
DriveParts = Annotated[str, typer.Option(help=DRIVE_PARTS_HELP)]
DriveEnds = Annotated[
    str, typer.Option("--drive-end", help="A drive that is shorter than the line: rest, hold or loop.")
]
DriveReferences = Annotated[
    str, typer.Option("--drive-reference", help="relative: from the driver's rest; absolute: as he faces the camera.")
]
DriveFrom = Annotated[float, typer.Option(help="Seconds in the drive at which the line begins.")]
Jobs = Annotated[int | None, typer.Option(help="Processes; by default as many as are worth it, at most 8.")]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace results that were changed by hand or come from elsewhere.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="List what would be baked and why; write nothing.")]
Report = Annotated[Path | None, typer.Option(help="Write what became of every line, .json or .csv.")]
Progress = Annotated[str, typer.Option(help="auto, plain, none, or json: a line on stdout for each event.")]
