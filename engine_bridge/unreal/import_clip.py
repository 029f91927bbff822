"""A baked CSV of Live Link Face as an AnimSequence, and as a Level Sequence with its sound. Runs in Unreal's editor.

Not run in Unreal by its authors: every member is checked against Epic's documentation (MEMBERS.md), and all of it runs
in tests against a stand-in. Needs the plugins *Python Editor Script Plugin* and *Sequencer Scripting*. In the editor's
Python console (docs/unreal.md)::

    import sys; sys.path.append("/path/to/engine_bridge/unreal")
    import import_clip
    import_clip.import_clip("/path/to/hello.csv", "/Game/Lines", "/Game/MetaHumans/Common/Face/Face_Archetype_Skeleton")

It needs nothing but Python's standard library and ``unreal``.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import unreal

Curves = dict[str, list[float]]

TIME_CODE_FPS = 60
_TIME = re.compile(r"(\d+):(\d\d):(\d\d):(\d\d)\.(\d+)")
_NO_CURVES = ("timecode", "blendshapecount")


def seconds_of(text: str) -> float:
    """Return the seconds of a time code ``HH:MM:SS:FF.mmm`` at 60 frames a second. Raises ValueError."""
    match = _TIME.fullmatch(text.strip())
    if not match:
        raise ValueError(f"the time code {text!r:.40} is not HH:MM:SS:FF.mmm; bake the line anew with --formats csv")
    hours, minutes, seconds, frames = (int(match[place]) for place in range(1, 5))
    return hours * 3600 + minutes * 60 + seconds + (frames + float(f"0.{match[5]}")) / TIME_CODE_FPS


def read_curves(path: str) -> tuple[list[float], Curves]:
    """Return (times in seconds from 0, {name of a curve: values}) of a CSV. Raises ValueError."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.reader(file) if row]
    header = [name.strip() for name in rows[0]] if rows else []
    places = {name: place for place, name in enumerate(header) if name.lower() not in _NO_CURVES}
    if len(rows) < 2 or "Timecode" not in header or "JawOpen" not in places:
        raise ValueError(f"{path} is no CSV of Live Link Face; bake the line anew with --formats csv")
    whole = [row for row in rows[1:] if len(row) == len(header)]  # rows without a face are shorter
    times = [seconds_of(row[header.index("Timecode")]) for row in whole]
    return [time - times[0] for time in times], {name: [float(row[at]) for row in whole] for name, at in places.items()}


def import_clip(
    csv_path: str,
    folder: str,
    skeleton_path: str,
    morph_names: bool = False,
    sound_path: str | None = None,
    actor: unreal.Actor | None = None,
) -> tuple[unreal.AnimSequence, unreal.LevelSequence | None]:
    """Make an AnimSequence of a baked line, and a Level Sequence if there is an actor. Returns both, None for none.

    csv_path: what ``space-runtime bake LINE --formats csv`` wrote. folder: of the content browser, ``/Game/Lines``.
    skeleton_path: asset of the face's skeleton. morph_names: curves are called as the mesh's morph targets usually are
    (``jawOpen``), not as Live Link calls them (``JawOpen``), for faces that are no MetaHumans. sound_path: asset of the
    line's SoundWave. actor: of the level, whose face it is to be. Raises ValueError.
    """
    times, curves = read_curves(csv_path)
    name = Path(csv_path).stem
    animation = make_animation(name, folder, skeleton_path, times, curves, morph_names)
    sequence = None
    if actor is not None:
        sequence = make_sequence(f"{name}_Sequence", folder, animation, times[-1], sound_path, actor)
    return animation, sequence


def make_animation(
    name: str, folder: str, skeleton_path: str, times: list[float], curves: Curves, morph_names: bool
) -> unreal.AnimSequence:
    """Return a saved AnimSequence with a curve for each name."""
    factory = unreal.AnimSequenceFactory()
    factory.set_editor_property("target_skeleton", _loaded(skeleton_path))
    animation = _made(name, folder, unreal.AnimSequence, factory)
    controller = animation.get_editor_property("controller")
    controller.set_frame_rate(unreal.FrameRate(TIME_CODE_FPS, 1))
    controller.set_number_of_frames(unreal.FrameNumber(_frames(times[-1])))
    for curve, values in curves.items():
        called = curve[0].lower() + curve[1:] if morph_names else curve
        unreal.AnimationLibrary.add_curve(animation, called, unreal.RawCurveTrackTypes.RCT_FLOAT, False)
        unreal.AnimationLibrary.add_float_curve_keys(animation, called, times, values)
    unreal.EditorAssetLibrary.save_loaded_asset(animation)
    return animation


def make_sequence(
    name: str,
    folder: str,
    animation: unreal.AnimSequence,
    seconds: float,
    sound_path: str | None,
    actor: unreal.Actor,
) -> unreal.LevelSequence:
    """Return a saved Level Sequence in which the actor's face plays the animation, beside its sound."""
    sequence = _made(name, folder, unreal.LevelSequence, unreal.LevelSequenceFactoryNew())
    sequence.set_display_rate(unreal.FrameRate(TIME_CODE_FPS, 1))
    sequence.set_playback_end(_frames(seconds))
    face = sequence.add_possessable(_face_of(actor))
    section = face.add_track(unreal.MovieSceneSkeletalAnimationTrack).add_section()
    section.set_range(0, _frames(seconds))
    params = section.get_editor_property("params")
    params.set_editor_property("animation", animation)
    section.set_editor_property("params", params)
    if sound_path is not None:
        heard = sequence.add_track(unreal.MovieSceneAudioTrack).add_section()
        heard.set_sound(_loaded(sound_path))
        heard.set_range(0, _frames(seconds))
    unreal.EditorAssetLibrary.save_loaded_asset(sequence)
    return sequence


def _frames(seconds: float) -> int:
    return max(1, round(seconds * TIME_CODE_FPS))


def _loaded(path: str) -> unreal.Object:
    asset = unreal.EditorAssetLibrary.load_asset(path)
    if asset is None:
        raise ValueError(f"there is no asset {path}; copy its reference from the content browser")
    return asset


def _made(name: str, folder: str, kind: type, factory: unreal.Factory) -> unreal.Object:
    made = unreal.AssetToolsHelpers.get_asset_tools().create_asset(name, folder, kind, factory)
    if made is None:
        raise ValueError(f"{folder}/{name} cannot be made; is there one already? Delete it, or choose another folder")
    return made


def _face_of(actor: unreal.Actor) -> unreal.SkeletalMeshComponent:
    """The component that shows the face: the one called Face, as MetaHumans have it, else the first one."""
    meshes = actor.get_components_by_class(unreal.SkeletalMeshComponent)
    if not meshes:
        raise ValueError("the actor has no skeletal mesh")
    return next((mesh for mesh in meshes if mesh.get_name() == "Face"), meshes[0])
