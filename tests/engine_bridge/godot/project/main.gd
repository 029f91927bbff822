extends Node3D
## Runs the check that the first argument names; each prints lines of a word and JSON.

const SpaceFaceScript := preload("res://addons/space_runtime/space_face.gd")
const SpaceClip := preload("res://addons/space_runtime/space_clip.gd")
const SpaceModel := preload("res://addons/space_runtime/space_model.gd")
const PoseScript := preload("res://addons/space_runtime/space_pose.gd")
const QuantizedMeshes := preload("res://addons/space_runtime/quantized_meshes.gd")
const RATE := 16_000

var _model: Node3D
var _face: SpaceFace
var _sampled := []


func _ready() -> void:
	GLTFDocument.register_gltf_document_extension(QuantizedMeshes.new())  # as the plugin does in the editor
	process_priority = 200  # after the face
	var arguments := OS.get_cmdline_user_args()
	call(arguments[0], arguments.slice(1))


## Matches names: prints the pairs.
func names(_arguments: PackedStringArray) -> void:
	var told: Array = JSON.parse_string(FileAccess.get_file_as_string("res://names.json"))
	say("names", {"pairs": told.map(func(each: Array) -> Dictionary: return SpaceModel.match_names(each[0], each[1]))})


## Shows every frame of a clip on the rig: prints weights and rotations.
func clip(_arguments: PackedStringArray) -> void:
	_add_face()
	var read := SpaceClip.read("res://clip.json")
	var frames := []
	for time in read.times:
		_face.show_pose(read.at(time))
		frames.append(_shown())
	say("clip", {"frames": frames, "report": _face.report(), "between": read.at(0.05).weights})
	say("none", {"clip": SpaceClip.read("res://names.json") == null})


## Plays an Animation of ours, or the one within the rig: prints weights and rotations at the clip's times.
func animation(arguments: PackedStringArray) -> void:
	_add_model()
	var player := AnimationPlayer.new()
	if arguments[0] == "glb":
		player = _model.find_children("*", "AnimationPlayer")[0]
	else:
		var library := AnimationLibrary.new()
		library.add_animation("hello", load("res://clip.tres"))
		player.add_animation_library("", library)
		_model.add_child(player)
	player.play(player.get_animation_list()[0])
	var frames := []
	for time in SpaceClip.read("res://clip.json").times:
		player.seek(time, true)
		frames.append(_shown())
	say("animation", {"frames": frames})


## Follows the server at an address: prints every frame that came.
func live(arguments: PackedStringArray) -> void:
	_add_face()
	_face.live_changed.connect(func(is_live: bool) -> void: say("live", {"is_live": is_live}))
	_face.address = arguments[0]
	_face.character = "Face"
	while _face._socket == null or _face._socket.get_ready_state() != WebSocketPeer.STATE_OPEN:
		await get_tree().process_frame
	say("connected", {})


## Plays a clip beside its sound, then again with a pause and a stop: prints what was shown when.
func sound(_arguments: PackedStringArray) -> void:
	_add_face()
	var player := AudioStreamPlayer.new()
	player.stream = AudioStreamWAV.new()
	player.stream.format = AudioStreamWAV.FORMAT_16_BITS
	player.stream.mix_rate = RATE
	var silence := PackedByteArray()
	silence.resize(2 * RATE)
	player.stream.data = silence
	player.playback_type = AudioServer.PLAYBACK_TYPE_STREAM
	add_child(player)
	_face.sound = _face.get_path_to(player)
	_face.clip = "res://clip.json"
	_face.started.connect(func() -> void: say("started", {"at": _face.pose.weights.get("jawOpen", 0.0)}))
	_face.finished.connect(func() -> void: say("finished", {}))
	await get_tree().create_timer(1.0).timeout  # while the page begins, its sound is mixed in bursts
	player.play()
	await _face.finished
	await get_tree().create_timer(0.4).timeout
	say("played", {"frames": _sampled, "rest": _face.pose.weights.values().max()})
	player.play()
	await get_tree().create_timer(0.3).timeout
	player.stream_paused = true
	await get_tree().create_timer(0.1).timeout
	var held: float = _face.pose.weights["jawOpen"]
	await get_tree().create_timer(0.2).timeout
	say("paused", {"before": held, "after": _face.pose.weights["jawOpen"]})
	player.stream_paused = false
	player.stop()
	await get_tree().create_timer(0.4).timeout
	say("stopped", {"rest": _face.pose.weights.values().max()})


## Shows the clip's frame at a time before a camera.
func look(arguments: PackedStringArray) -> void:
	_add_face()
	var camera := Camera3D.new()
	camera.fov = 20.0
	camera.position = Vector3(0.0, 0.01, 1.0)
	add_child(camera)
	var light := DirectionalLight3D.new()
	light.rotation_degrees = Vector3(-30.0, 20.0, 0.0)
	add_child(light)
	var around := WorldEnvironment.new()
	around.environment = Environment.new()
	around.environment.background_mode = Environment.BG_COLOR
	around.environment.background_color = Color(0.5, 0.5, 0.55)
	around.environment.ambient_light_source = Environment.AMBIENT_SOURCE_COLOR
	around.environment.ambient_light_color = Color.WHITE
	around.environment.ambient_light_energy = 0.6
	add_child(around)
	_face.show_pose(SpaceClip.read("res://clip.json").at(float(arguments[0])))
	await get_tree().create_timer(1.0).timeout
	var mesh: MeshInstance3D = _model.find_child("Face")
	var box := mesh.global_transform * mesh.get_aabb()
	say("looked", {"report": _face.report(), "size_m": [box.size.x, box.size.y, box.size.z]})


func _process(_delta: float) -> void:
	if _face and not _face.pose.weights.is_empty():
		var player: Node = _face.get_node_or_null(_face.sound)
		if player:
			var heard := AudioServer.get_time_since_last_mix() - AudioServer.get_output_latency()
			heard += player.get_playback_position()
			_sampled.append([heard if player.playing else -1.0, _face.pose.weights["jawOpen"]])
		elif _face.address:
			say("frame", _shown())


func _add_model() -> void:
	var document := GLTFDocument.new()
	var state := GLTFState.new()
	document.append_from_file("res://rig.glb", state)
	_model = document.generate_scene(state)
	add_child(_model)


func _add_face() -> void:
	_add_model()
	_face = SpaceFaceScript.new()
	_model.add_child(_face)


func _shown() -> Dictionary:
	var mesh: MeshInstance3D = _model.find_children("*", "MeshInstance3D", true, false)[0]
	var result := {"weights": []}
	for index in mesh.get_blend_shape_count():
		result["weights"].append(mesh.get_blend_shape_value(index))
	for node_name: String in ["Head", "LeftEye", "RightEye"]:
		var node: Node3D = _model.find_child(node_name)
		if node:
			result[node_name] = [node.quaternion.x, node.quaternion.y, node.quaternion.z, node.quaternion.w]
	return result


func say(word: String, told: Variant) -> void:
	print(word, " ", JSON.stringify(told))
