extends RefCounted
## The parts that can be moved below a node: the blend shapes of its meshes, and bones or nodes of head and eyes.

const Pose := preload("space_pose.gd")

const HEAD := "head"
const LEFT_EYE := "left eye"
const RIGHT_EYE := "right eye"
## Names in lower case, with _ for what Godot does not allow in names.
const BONES := {
	HEAD: ["head", "j_bip_c_head", "cc_base_head", "mixamorig_head"],
	LEFT_EYE: ["lefteye", "eye_l", "eyeleft", "j_adj_l_faceeye", "cc_base_l_eye", "mixamorig_lefteye"],
	RIGHT_EYE: ["righteye", "eye_r", "eyeright", "j_adj_r_faceeye", "cc_base_r_eye", "mixamorig_righteye"],
}
const SIDES := {"_l": "left", "_r": "right"}

var _root: Node
var _meshes: Array[MeshInstance3D] = []
var _names: Array = []  # ARKit's, for which the targets below were found
var _targets: Array = []  # of each name: pairs of a mesh and a blend shape's index
var _joints := {}  # by the keys of BONES


## A bone or a node that turns. rest: its rotation at rest; above: that of all above it, in the model's axes.
class Joint:
	var node: Node3D
	var bone := -1
	var rest := Quaternion.IDENTITY
	var above := Quaternion.IDENTITY

	func turn(rotation: Quaternion) -> void:
		var local := above.inverse() * rotation * above * rest
		if bone < 0:
			node.quaternion = local
		else:
			(node as Skeleton3D).set_bone_pose_rotation(bone, local)

	func title() -> String:
		return node.name if bone < 0 else (node as Skeleton3D).get_bone_name(bone)


func _init(root: Node) -> void:
	_root = root
	for instance: MeshInstance3D in root.find_children("*", "MeshInstance3D", true, false):
		if instance.mesh and instance.mesh is ArrayMesh and instance.get_blend_shape_count() > 0:
			_meshes.append(instance)
	for skeleton: Skeleton3D in root.find_children("*", "Skeleton3D", true, false):
		for bone in skeleton.get_bone_count():
			_add_bone(skeleton, bone)
	for node: Node3D in root.find_children("*", "Node3D", true, false):
		_add_node(node)


## Returns whether anything can be moved.
func is_empty() -> bool:
	return _meshes.is_empty() and _joints.is_empty()


## Returns in a sentence what is moved, once a pose was shown.
func report() -> String:
	var driven := _targets.filter(func(pairs: Array) -> bool: return not pairs.is_empty()).size()
	var meshes := "1 mesh" if _meshes.size() == 1 else "%d meshes" % _meshes.size()
	var sentence := "%d of %d shapes drive %s" % [driven, _names.size(), meshes]
	for key: String in _joints:
		sentence += "; %s: %s" % [key, (_joints[key] as Joint).title()]
	var missing := range(_names.size()).filter(func(k: int) -> bool: return _targets[k].is_empty())
	if missing:
		var named := missing.map(func(k: int) -> String: return _names[k])
		sentence += "; without a target: " + ", ".join(named)
	return sentence


func show_pose(pose: Pose, strength: float, head_strength: float) -> void:
	if pose.weights.keys() != _names:
		_match(pose.weights.keys())
	var weights := pose.weights.values()
	for k in weights.size():
		for target: Array in _targets[k]:
			(target[0] as MeshInstance3D).set_blend_shape_value(target[1], weights[k] * strength)
	_turn(HEAD, pose.head * head_strength)
	_turn(LEFT_EYE, pose.left_eye)
	_turn(RIGHT_EYE, pose.right_eye)


## Returns which of the targets each name drives, by rules one after the other, never by similarity: the same
## name; the same letters in any case; _L and _R written out; all this with the text after the last dot alone.
static func match_names(names: Array, targets: Array) -> Dictionary:
	var found := {}
	for rule: Callable in [_same, _lower, _written_out, _after_dot]:
		var free := {}
		for target: String in targets:
			if target not in found.values() and not free.has(rule.call(target)):
				free[rule.call(target)] = target
		for name: String in names:
			if not found.has(name) and free.has(rule.call(name)):
				found[name] = free[rule.call(name)]
				free.erase(rule.call(name))
	return found


static func _same(text: String) -> String:
	return text


static func _lower(text: String) -> String:
	return text.to_lower()


static func _written_out(text: String) -> String:
	text = text.to_lower()
	for side: String in SIDES:
		if text.ends_with(side):
			return text.trim_suffix(side) + SIDES[side]
	return text


static func _after_dot(text: String) -> String:
	return _written_out(text.substr(text.rfind(".") + 1))


func _match(names: Array) -> void:
	_names = names
	_targets = names.map(func(_name: String) -> Array: return [])
	for instance in _meshes:
		var mesh := instance.mesh as ArrayMesh
		var shapes := range(mesh.get_blend_shape_count()).map(mesh.get_blend_shape_name).map(str)
		var found := match_names(names, shapes)
		for k in names.size():
			if found.has(names[k]):
				_targets[k].append([instance, shapes.find(found[names[k]])])


func _add_bone(skeleton: Skeleton3D, bone: int) -> void:
	var key := _key_of(skeleton.get_bone_name(bone))
	if not key:
		return
	var joint := Joint.new()
	joint.node = skeleton
	joint.bone = bone
	joint.rest = skeleton.get_bone_rest(bone).basis.get_rotation_quaternion()
	joint.above = _rotation_of(skeleton)
	var parent := skeleton.get_bone_parent(bone)
	if parent >= 0:
		joint.above *= skeleton.get_bone_global_rest(parent).basis.get_rotation_quaternion()
	_joints[key] = joint


func _add_node(node: Node3D) -> void:
	var key := _key_of(node.name)
	if not key:
		return
	var joint := Joint.new()
	joint.node = node
	joint.rest = node.quaternion
	joint.above = _rotation_of(node.get_parent() as Node3D)
	_joints[key] = joint


## Returns the key of BONES that a name stands for, empty for none and for one that is taken.
func _key_of(joint_name: String) -> String:
	var plain := joint_name.substr(joint_name.rfind(".") + 1).to_lower().replace(":", "_")
	for key: String in BONES:
		if plain in BONES[key] and not _joints.has(key):
			return key
	return ""


## Returns the rotation of a node in the axes of the model.
func _rotation_of(node: Node3D) -> Quaternion:
	if node == null or not _root is Node3D:
		return Quaternion.IDENTITY
	var model := (_root as Node3D).global_basis.get_rotation_quaternion()
	return model.inverse() * node.global_basis.get_rotation_quaternion()


func _turn(key: String, angles: Vector3) -> void:
	if _joints.has(key):
		(_joints[key] as Joint).turn(Quaternion.from_euler(angles))
