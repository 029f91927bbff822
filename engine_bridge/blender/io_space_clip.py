"""Baked speech onto shape keys, head and eyes: an add-on of one file for Blender 3.6 to 5.0.

File > Import > SPACE clip takes .json, .csv (Live Link Face), .spaceclip and .npz. Every .blender.py that is baked is
this file with its clip at the end.
"""

import csv
import json
import math
import re
import struct
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np
from bpy_extras.io_utils import ImportHelper
from mathutils import Quaternion

bl_info = {
    "name": "SPACE clips",
    "author": "SPACE runtime",
    "version": (1, 0, 0),
    "blender": (3, 6, 0),
    "location": "File > Import > SPACE clip",
    "description": "Baked speech onto shape keys, head and eyes",
    "category": "Import-Export",
}
SOUNDS = (".wav", ".ogg", ".flac", ".mp3", ".m4a", ".opus")
JOINTS = {
    "head": ("head", "j_bip_c_head", "cc_base_head", "mixamorig:head"),
    "left eye": ("lefteye", "eye_l", "eyeleft", "j_adj_l_faceeye", "cc_base_l_eye", "mixamorig:lefteye"),
    "right eye": ("righteye", "eye_r", "eyeright", "j_adj_r_faceeye", "cc_base_r_eye", "mixamorig:righteye"),
}
REST = "space_rest"  # a property of nodes that were turned: their rotation before
LINEAR = 1  # a key's interpolation


class ClipProblem(Exception):
    """A clip or a scene that cannot be used, in one sentence for its user."""


@dataclass
class Take:
    """A clip. curves: of each shape its times in seconds and weights 0…1.

    turns: of each key of `JOINTS` its times and rotations (K, 4), x y z w about y-up axes of a face that looks to +z.
    """

    name: str
    curves: dict = field(default_factory=dict)
    turns: dict = field(default_factory=dict)
    rate: float = 0.0

    @property
    def length(self):
        """Seconds to the last key."""
        return max((float(times[-1]) for times, _ in [*self.curves.values(), *self.turns.values()]), default=0.0)


def read_take(path):
    """The take in a file. Raises `ClipProblem`."""
    path = Path(path)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise ClipProblem(f"{path.name} is no clip; expected one of {', '.join(READERS)}")
    try:
        rate, times, names, weights, head, eyes = reader(path)
        return take_of(path.stem, rate, np.asarray(times, float), names, weights, head, eyes)
    except OSError as error:
        raise ClipProblem(f"{path.name} cannot be read ({error.strerror}); check the path") from None
    except KeyError as error:
        raise ClipProblem(f"{path.name} is no clip: it has no {error}; bake it anew") from None
    except (ValueError, IndexError, TypeError, AttributeError, ArithmeticError, EOFError, struct.error) as error:
        raise ClipProblem(f"{path.name} is damaged or no clip ({error}); bake it anew") from None
    except (zipfile.BadZipFile, RecursionError) as error:
        raise ClipProblem(f"{path.name} is damaged ({error}); bake it anew") from None


def take_of(name, rate, times, names, weights, head, eyes):
    """The take of columns: (T, shapes) weights, (T, 3) yaw pitch roll, (T, 4) yaw pitch of both eyes; None for none."""
    if not len(times) or (np.diff(times) <= 0).any():
        raise ValueError("it has no frames, or their times do not rise")
    take = Take(name, rate=float(rate))
    if weights is not None:
        columns = np.asarray(weights, float).reshape(len(times), len(names))
        take.curves = {shape: (times, columns[:, k]) for k, shape in enumerate(names)}
    if head is not None:
        yaw, pitch, roll = np.asarray(head, float).reshape(len(times), 3).T
        take.turns["head"] = (times, rotations(yaw, pitch, roll))
    if eyes is not None:
        angles = np.asarray(eyes, float).reshape(len(times), 4).T
        take.turns["left eye"] = (times, rotations(*angles[:2], 0 * times))
        take.turns["right eye"] = (times, rotations(*angles[2:], 0 * times))
    return take


def rotations(yaw, pitch, roll):
    """(T, 4) of Ry(yaw) Rx(pitch) Rz(roll), x y z w."""
    (sy, cy), (sx, cx), (sz, cz) = ((np.sin(angle / 2), np.cos(angle / 2)) for angle in (yaw, pitch, roll))
    x, y = cy * sx * cz + sy * cx * sz, sy * cx * cz - cy * sx * sz
    return np.stack([x, y, cy * cx * sz - sy * sx * cz, cy * cx * cz + sy * sx * sz], axis=-1)


def read_json(path):
    told = json.loads(path.read_text(encoding="utf-8"))
    numerator, denominator = told["fps"]
    names, weights = told.get("blendshape_names"), told.get("blendshapes")
    head, eyes = told.get("head_rotation_rad"), told.get("eye_rotation_rad")
    return numerator / denominator, told["times_s"], names, weights, head, eyes


def read_npz(path):
    with np.load(path, allow_pickle=False) as told:
        keys = ("blendshape_names", "blendshapes", "head_rotation_rad", "eye_rotation_rad")
        names, *columns = (told[key] if key in told else None for key in keys)
        rate = told["fps"][0] / told["fps"][1]
        return rate, told["times_s"], None if names is None else names.tolist(), *columns


def read_csv(path):
    """The app's columns by name; its pitch is positive up, its eyes' yaw to the right."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("HeadRoll")]
    if not rows:
        raise ValueError("it has no row with a face")
    times = [seconds_of(row["Timecode"]) for row in rows]
    names = [name for name in rows[0] if name not in ("Timecode", None) and name.lower() != "blendshapecount"]
    turned = [name for name in names if re.match("(Head|LeftEye|RightEye)(Yaw|Pitch|Roll)$", name)]
    shapes = [name for name in names if name not in turned]
    table = {name: np.array([float(row[name]) for row in rows]) for name in names}
    head = np.stack([table["HeadYaw"], -table["HeadPitch"], table["HeadRoll"]], axis=1)
    eyes = np.stack([sign * table[side + axis] for side in ("LeftEye", "RightEye") for axis, sign in EYE_AXES], axis=1)
    shown = [name[0].lower() + name[1:] for name in shapes]
    return 0.0, np.array(times) - times[0], shown, np.stack([table[name] for name in shapes], axis=1), head, eyes


EYE_AXES = (("Yaw", -1), ("Pitch", 1))


def seconds_of(time_code):
    """Seconds of HH:MM:SS:FF.mmm at 60 frames a second."""
    hours, minutes, seconds, frames = time_code.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds) + float(frames) / 60


def read_spaceclip(path):
    data = path.read_bytes()
    magic, version, size = struct.unpack_from("<8sII", data.ljust(16))
    if magic != b"SPACECLP" or version != 1:
        raise ValueError("it has no header of version 1")
    header, at = unpacked(data, 16)
    if at != 16 + size or len(data) != at + header["frames"] * header["frame_bytes"]:
        raise ValueError("it is cut off")
    frames = [unpacked(data, at + k * header["frame_bytes"])[0] for k in range(header["frames"])]
    weights, head, eyes = ([floats(frame.get(key)) for frame in frames] for key in ("weights", "head", "eyes"))
    numerator, denominator = header["fps"]
    return (
        numerator / denominator,
        [frame["sample"] / header["sample_rate"] for frame in frames],
        header["weights"],
        None if weights[0] is None else weights,
        None if head[0] is None else [row[:3] for row in head],
        None if eyes[0] is None else eyes,
    )


def floats(data):
    return None if data is None else np.frombuffer(data, "<f4")


PLAIN = {0xC0: None, 0xC2: False, 0xC3: True}
NUMBERS = {0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q"}
NUMBERS.update({0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q"})
LENGTHS = {0xC4: (">B", "bin"), 0xC5: (">H", "bin"), 0xC6: (">I", "bin"), 0xD9: (">B", "str"), 0xDA: (">H", "str")}
LENGTHS.update({0xDB: (">I", "str"), 0xDC: (">H", "list"), 0xDD: (">I", "list"), 0xDE: (">H", "map")})


def unpacked(data, at):
    """A MessagePack value and the place after it."""
    code, at = data[at], at + 1
    if code < 0x80 or code >= 0xE0:
        return (code if code < 0x80 else code - 256), at
    if code in PLAIN:
        return PLAIN[code], at
    if code in NUMBERS:
        return struct.unpack_from(NUMBERS[code], data, at)[0], at + struct.calcsize(NUMBERS[code])
    if code in LENGTHS:
        kind, what = LENGTHS[code]
        n, at = struct.unpack_from(kind, data, at)[0], at + struct.calcsize(kind)
    elif code < 0xC0:
        n, what = (code & 31, "str") if code >= 0xA0 else (code & 15, "list" if code >= 0x90 else "map")
    else:
        raise ValueError(f"byte {code:#x} is unknown")
    if what in ("str", "bin"):
        if at + n > len(data):
            raise ValueError("it is cut off")
        return (data[at : at + n] if what == "bin" else data[at : at + n].decode()), at + n
    items = []
    for _ in range(n * (2 if what == "map" else 1)):
        item, at = unpacked(data, at)
        items.append(item)
    return (dict(zip(items[::2], items[1::2])) if what == "map" else items), at


READERS = {".json": read_json, ".csv": read_csv, ".spaceclip": read_spaceclip, ".npz": read_npz}


# Names


def written_out(text):
    text = text.lower()
    return re.sub("_r$", "right", re.sub("_l$", "left", text))


RULES = (str, str.lower, written_out, lambda text: written_out(text.rpartition(".")[2]))


def match_names(names, targets):
    """The target that each name drives, by rules one after the other, never by similarity: the same name; the same
    letters in any case; _L and _R written out; all this with the text after the last dot alone."""
    found = {}
    for rule in RULES:
        free = {rule(target): target for target in reversed(targets) if target not in found.values()}
        for name in names:
            if name not in found and rule(name) in free:
                found[name] = free.pop(rule(name))
    return found


def joint_of(name):
    """The key of `JOINTS` that a bone or object stands for, None for none."""
    plain = re.sub(r"\.\d{3}$", "", name).rpartition(".")[2].lower()
    return next((key for key, names in JOINTS.items() if plain in names), None)


# The scene


@dataclass
class Options:
    """Options of putting a take into a scene. start: the frame of its beginning. sound: a file, None for none."""

    start: int = 1
    strength: float = 1.0
    turn: bool = True
    set_rate: bool = False
    sound: object = None


def apply(take, objects, options):
    """Give the meshes among the objects the take as actions; return in a sentence what it drives."""
    meshes = [thing for thing in objects if thing.type == "MESH" and thing.data.shape_keys]
    if not meshes:
        raise ClipProblem("no mesh with shape keys is selected; select the face")
    scene = bpy.context.scene
    if options.set_rate and take.rate:
        scene.render.fps = math.ceil(take.rate - 1e-6)
        scene.render.fps_base = scene.render.fps / take.rate
    writer = Writer(take.name, options.start, scene.render.fps / scene.render.fps_base)
    said = [drive_shapes(writer, take, mesh, options.strength) for mesh in meshes]
    if options.turn:
        said += drive_joints(writer, take, meshes)
    scene.frame_end = max(scene.frame_end, math.ceil(writer.frame(take.length)))
    if options.sound:
        said.append(add_sound(scene, options.sound, options.start))
    return f"{take.name}: {'; '.join(said)}"


class Writer:
    """Writes curves of keys: one action for all, or one for each data-block before Blender 4.4."""

    def __init__(self, name, start, rate):
        self.name, self.start, self.rate = name, start, rate
        self.action, self.curves = None, {}

    def frame(self, seconds):
        """The frame, whole or not, of a time."""
        return self.start + seconds * self.rate

    def write(self, block, path, index, times, values):
        """Write a curve of a data-block; what never moves is one key."""
        if len(values) > 1 and (values == values[0]).all():
            times, values = times[:1], values[:1]
        if block not in self.curves:
            self.curves[block] = self._curves_of(block)
        keys = self.curves[block].new(path, index=index).keyframe_points
        keys.add(len(times))
        keys.foreach_set("co", np.stack([self.frame(np.asarray(times)), values], axis=1).ravel())
        keys.foreach_set("interpolation", np.full(len(times), LINEAR))
        keys.foreach_set("handle_left", keys_of(keys))
        keys.foreach_set("handle_right", keys_of(keys))

    def _curves_of(self, block):
        animation = block.animation_data_create()
        if animation.action:
            animation.action.use_fake_user = True  # stays in the file
        if self.action is None or not hasattr(self.action, "slots"):
            self.action = bpy.data.actions.new(self.name)
        animation.action = self.action
        if not hasattr(self.action, "slots"):
            return self.action.fcurves
        slot = self.action.slots.new(id_type=block.id_type, name=block.name)
        animation.action_slot = slot
        layer = self.action.layers[0] if self.action.layers else self.action.layers.new("Speech")
        strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
        return strip.channelbag(slot, ensure=True).fcurves


def keys_of(keys):
    """The places of keys, for handles that lie on them."""
    places = np.zeros(2 * len(keys))
    keys.foreach_get("co", places)
    return places


def drive_shapes(writer, take, mesh, strength):
    """Write the weights of a mesh's shape keys; return what was matched."""
    keys = mesh.data.shape_keys
    found = match_names(list(take.curves), [block.name for block in keys.key_blocks[1:]])
    for name, target in found.items():
        times, weights = take.curves[name]
        path = f'key_blocks["{bpy.utils.escape_identifier(target)}"].value'
        writer.write(keys, path, -1, times, np.asarray(weights) * strength)
        keys.key_blocks[target].slider_max = max(1.0, strength)
    missing = [name for name in take.curves if name not in found]
    lacking = f", no shape key for {', '.join(missing)}" if missing else ""
    return f"{len(found)} of {len(take.curves)} shapes drive {mesh.name}{lacking}"


def drive_joints(writer, take, meshes):
    """Write the rotations of head and eyes; return what was found."""
    found = {}
    for thing in family_of(meshes):
        bones = thing.pose.bones if thing.type == "ARMATURE" else ()
        for joint in (*bones, thing):
            key = joint_of(joint.name)
            if key in take.turns and key not in found:
                found[key] = (thing, joint)
    for thing, joint in found.values():
        rest(thing, joint)
    bpy.context.view_layer.update()
    turned = {key: local_rotations(*found[key], take.turns[key][1]) for key in found}
    for key, rows in turned.items():
        thing, joint = found[key]
        own = "" if joint is thing else f'pose.bones["{bpy.utils.escape_identifier(joint.name)}"].'
        for index in range(4):
            writer.write(thing, f"{own}rotation_quaternion", index, take.turns[key][0], rows[:, index])
    return [f"{key}: {joint.name}" for key, (_, joint) in found.items()]


def family_of(meshes):
    """The objects of the models to which the meshes belong; armatures first."""
    roots = []
    armatures = [m.object for mesh in meshes for m in mesh.modifiers if m.type == "ARMATURE" and m.object]
    for thing in [*meshes, *armatures]:
        while thing.parent:
            thing = thing.parent
        roots.append(thing)
    things = [thing for root in dict.fromkeys(roots) for thing in (root, *root.children_recursive)]
    return sorted(dict.fromkeys(things), key=lambda thing: thing.type != "ARMATURE")


def rest(thing, joint):
    """Bring a joint back to its rest, which an object remembers from before it was first turned."""
    joint.rotation_mode = "QUATERNION"
    if joint is not thing:
        joint.rotation_quaternion = Quaternion()
    elif REST in thing:
        thing.rotation_quaternion = Quaternion(thing[REST])
    else:
        thing[REST] = list(thing.rotation_quaternion)


def local_rotations(thing, joint, turned):
    """The rotations (K, 4), w x y z, of a joint at rest that turn it about the axes of its model."""
    if joint is thing:
        own = joint.rotation_quaternion.copy()
        above = thing.parent.matrix_world.to_quaternion() if thing.parent else Quaternion()
        above = above @ thing.matrix_parent_inverse.to_quaternion()
    else:
        own = Quaternion()
        above = thing.matrix_world.to_quaternion() @ joint.bone.matrix_local.to_quaternion()
    above = heading_of(thing).inverted() @ above
    rows = [above.inverted() @ Quaternion((w, x, -z, y)) @ above @ own for x, y, z, w in turned]
    for before, after in zip(rows, rows[1:]):
        after.make_compatible(before)
    return np.array(rows)


def heading_of(thing):
    """The turn of an object's model about the vertical in the scene."""
    chain = [thing]
    while chain[-1].parent:
        chain.append(chain[-1].parent)
    model = [each for each in chain if joint_of(each.name) is None]
    angle = model[-1].matrix_world.to_quaternion().to_swing_twist("Z")[1] if model else 0.0
    return Quaternion((0, 0, 1), angle)


def add_sound(scene, path, start):
    """Put a sound into the sequencer and let playback follow it; return how that went."""
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    taken = {strip.channel for strip in strips}
    channel = next(number for number in range(1, 129) if number not in taken)
    try:
        strips.new_sound(Path(path).stem, str(path), channel, start)
    except RuntimeError as error:
        return f"the sound {Path(path).name} could not be added ({str(error).strip()})"
    scene.sync_mode = "AUDIO_SYNC"
    return f"sound: {Path(path).name}"


def sound_beside(path):
    """The sound with a clip's name in its folder, None for none."""
    return next((found for found in (Path(path).with_suffix(end) for end in SOUNDS) if found.exists()), None)


# The menu


class IMPORT_ANIM_OT_space_clip(bpy.types.Operator, ImportHelper):
    """Put baked speech onto the shape keys of the selected meshes, and onto their head and eyes"""

    bl_idname = "import_anim.space_clip"
    bl_label = "Import SPACE clip"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default=";".join(f"*{end}" for end in READERS), options={"HIDDEN"})
    start: bpy.props.IntProperty(name="Start frame", default=1)
    strength: bpy.props.FloatProperty(name="Strength", description="Factor on all weights", default=1, min=0, max=2)
    turn: bpy.props.BoolProperty(name="Head and eyes", default=True)
    sound: bpy.props.BoolProperty(name="Sound", description="The sound file of this name beside the clip", default=True)
    set_rate: bpy.props.BoolProperty(name="Frame rate of the clip", description="Set the scene's", default=False)

    def execute(self, context):
        """Import; the report says what was matched."""
        sound = sound_beside(self.filepath) if self.sound else None
        options = Options(self.start, self.strength, self.turn, self.set_rate, sound)
        try:
            self.report({"INFO"}, apply(read_take(self.filepath), context.selected_objects, options))
        except ClipProblem as problem:
            self.report({"ERROR"}, str(problem))
            return {"CANCELLED"}
        return {"FINISHED"}


def show_in_menu(menu, _):
    """Show the operator in File > Import."""
    menu.layout.operator(IMPORT_ANIM_OT_space_clip.bl_idname, text="SPACE clip (.json, .csv, .spaceclip, .npz)")


def register():
    """Add the operator and its entry."""
    bpy.utils.register_class(IMPORT_ANIM_OT_space_clip)
    bpy.types.TOPBAR_MT_file_import.append(show_in_menu)


def unregister():
    """Take both away."""
    bpy.types.TOPBAR_MT_file_import.remove(show_in_menu)
    bpy.utils.unregister_class(IMPORT_ANIM_OT_space_clip)
