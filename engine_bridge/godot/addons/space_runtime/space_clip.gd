extends RefCounted
## A baked clip, as its JSON file has it: flat lists, a row a frame.

const Pose := preload("space_pose.gd")

var names: PackedStringArray
var times: PackedFloat64Array
var weights: PackedFloat32Array
var head: PackedFloat32Array
var eyes: PackedFloat32Array


## Returns the clip in a file; null, with an error that says why, when it is none.
static func read(path: String) -> RefCounted:
	var told: Variant = JSON.parse_string(FileAccess.get_file_as_string(path))
	if not told is Dictionary or not told.get("times_s") is Array or told["times_s"].is_empty():
		push_error("%s is no clip of space-runtime; bake it with --formats json" % path)
		return null
	var clip: RefCounted = new()
	clip.names = PackedStringArray(told.get("blendshape_names", []))
	clip.times = PackedFloat64Array(told["times_s"])
	clip.weights = PackedFloat32Array(told.get("blendshapes", []))
	clip.head = PackedFloat32Array(told.get("head_rotation_rad", []))
	clip.eyes = PackedFloat32Array(told.get("eye_rotation_rad", []))
	if not clip.is_whole():
		push_error("%s is damaged: its lists differ in length; bake it anew" % path)
		return null
	return clip


func is_whole() -> bool:
	var rows := times.size()
	var is_turning := head.size() in [0, rows * 3] and eyes.size() in [0, rows * 4]
	return is_turning and weights.size() == rows * names.size()


func length() -> float:
	return times[-1]


## Returns the pose at a time in seconds, between its two frames; the ends hold.
func at(seconds: float) -> Pose:
	var row := clampi(times.bsearch(seconds, false) - 1, 0, maxi(times.size() - 2, 0))
	var share := 0.0
	if times.size() > 1:
		share = clampf((seconds - times[row]) / (times[row + 1] - times[row]), 0.0, 1.0)
	var pose := Pose.new()
	var values := _row(weights, row, share, names.size())
	for k in values.size():
		pose.weights[names[k]] = values[k]
	var turned := _row(head, row, share, 3)
	if turned:
		pose.head = Vector3(turned[1], turned[0], turned[2])
	turned = _row(eyes, row, share, 4)
	if turned:
		pose.left_eye = Vector3(turned[1], turned[0], 0.0)
		pose.right_eye = Vector3(turned[3], turned[2], 0.0)
	return pose


func _row(rows: PackedFloat32Array, row: int, share: float, width: int) -> PackedFloat32Array:
	var values := rows.slice(row * width, (row + 1) * width)
	if share > 0.0:
		for k in values.size():
			values[k] = lerpf(values[k], rows[(row + 1) * width + k], share)
	return values
