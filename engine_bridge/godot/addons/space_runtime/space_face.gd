class_name SpaceFace
extends Node
## Speech as facial animation: moves the blend shapes, the head and the eyes of the model above it.
##
## Live: set [member address] to a server that was started with [code]--to ws://127.0.0.1:8765[/code].
## Baked: set [member clip] to a [code].json[/code] of [code]space-runtime bake[/code] and [member sound]
## to the player of its line; whenever that plays, the face follows its playback position.
## The model looks to +z with y up, as imported glTF does. Godot 4.2 or later.

## The server's first frame has come, or the connection is lost.
signal live_changed(is_live: bool)
## A line has begun to play.
signal started
## The line is over and the face at rest.
signal finished

const Pose := preload("space_pose.gd")
const Clip := preload("space_clip.gd")
const Model := preload("space_model.gd")

const PROTOCOL := "space.json.v1"
const RECONNECT_S := 1.0
const MAX_MESSAGE_BYTES := 8 << 20
## The face comes to rest within this time when a line is cut off or a server goes away.
const REST_S := 0.2
## A sound that stops closer to its end than this was not cut off; its clip is played to the end.
const END_S := 0.25
const NO_LINE := -1.0

## Address of a server's frames, such as ws://127.0.0.1:8765; empty for none.
@export var address := ""
## The character whose frames are taken; empty for all.
@export var character := ""
## A baked clip.
@export_file("*.json") var clip := "":
	set(path):
		clip = path
		_clip = Clip.read(path) if path else null
		_position = NO_LINE
## The AudioStreamPlayer, 2D or 3D, of the clip's sound.
@export var sound: NodePath
## The model that is moved; by default the parent.
@export var model := NodePath("..")
## Factor on all weights.
@export_range(0.0, 2.0) var strength := 1.0
## Factor on the rotation of the head.
@export_range(0.0, 2.0) var head_strength := 1.0

## The pose that is shown.
var pose := Pose.new()

var _model: Model
var _clip: Clip
var _position := NO_LINE  # of the clip, in seconds
var _rest_after := 0.0  # seconds until the face is at rest; 0 unless it is on its way there
var _leaving := Pose.new()  # the pose that it came from
var _socket: WebSocketPeer
var _is_live := false
var _wait_s := 0.0


func _ready() -> void:
	process_priority = 100  # after the animations of the body
	bind()


func _process(delta: float) -> void:
	if address:
		_receive(delta)
	if _clip:
		_follow(delta)
	if _rest_after > 0.0:
		_rest_after = maxf(_rest_after - delta, 0.0)
		show_pose(_leaving.scaled(_rest_after / REST_S))


## Finds what can be moved; call it again when the model was exchanged.
func bind() -> void:
	_model = Model.new(get_node(model))
	if _model.is_empty():
		push_warning("SpaceFace finds no blend shapes, head or eyes below %s: set its model" % model)


## Returns in a sentence what is moved, once a pose was shown.
func report() -> String:
	return _model.report()


## Shows a pose.
func show_pose(shown: Pose) -> void:
	pose = shown
	_model.show_pose(shown, strength, head_strength)


## Lets the face come to rest.
func rest() -> void:
	_leaving = pose
	_rest_after = REST_S


# A baked clip and its sound.


func _follow(delta: float) -> void:
	var player := get_node_or_null(sound)
	if player == null or player.stream_paused:
		return
	if player.playing:
		_begin()
		_position = maxf(_heard(player), 0.0)
	elif _position == NO_LINE:
		return
	elif player.stream == null or _position < player.stream.get_length() - END_S:
		_finish()
		return
	else:
		_position += delta
	show_pose(_clip.at(_position))
	if not player.playing and _position >= _clip.length():
		_finish()


func _begin() -> void:
	_rest_after = 0.0
	if _position == NO_LINE:
		_position = 0.0
		started.emit()


func _finish() -> void:
	_position = NO_LINE
	rest()
	finished.emit()


## Returns the position that is heard now: of the last mix, what was mixed since, less what is still on its way.
func _heard(player: Node) -> float:
	var since := AudioServer.get_time_since_last_mix()
	return player.get_playback_position() + since - AudioServer.get_output_latency()


# Live frames.


func _receive(delta: float) -> void:
	if _socket == null:
		_wait_s -= delta
		if _wait_s <= 0.0:
			_connect()
		return
	_socket.poll()
	while _socket.get_available_packet_count() > 0:
		_take(_socket.get_packet(), _socket.was_string_packet())
		_socket.send_text("next")  # every message is answered, or no more come
	if _socket.get_ready_state() == WebSocketPeer.STATE_CLOSED:
		_lose()


func _connect() -> void:
	_socket = WebSocketPeer.new()
	_socket.supported_protocols = PackedStringArray([PROTOCOL])
	_socket.inbound_buffer_size = MAX_MESSAGE_BYTES
	var query := "?name=" + character.uri_encode() if character else ""
	if _socket.connect_to_url(address.trim_suffix("/") + "/" + query) != OK:
		push_warning("SpaceFace expects an address such as ws://127.0.0.1:8765, not %s" % address)
		_lose()


func _lose() -> void:
	_socket = null
	_wait_s = RECONNECT_S
	if _is_live:
		_is_live = false
		rest()
		live_changed.emit(false)


func _take(packet: PackedByteArray, is_text: bool) -> void:
	if not is_text:
		return  # a picture
	var told: Variant = JSON.parse_string(packet.get_string_from_utf8())
	if not told is Dictionary or told.get("type") != "frame":
		return
	_rest_after = 0.0
	show_pose(_pose_of(told))
	if not _is_live:
		_is_live = true
		live_changed.emit(true)


func _pose_of(told: Dictionary) -> Pose:
	var result := Pose.new()
	result.weights = told.get("weights", {})
	result.head = _angles_of(told.get("head", {}))
	var eyes: Dictionary = told.get("eyes", {})
	result.left_eye = _angles_of(eyes.get("left", {}))
	result.right_eye = _angles_of(eyes.get("right", {}))
	return result


func _angles_of(told: Dictionary) -> Vector3:
	return Vector3(told.get("pitch", 0.0), told.get("yaw", 0.0), told.get("roll", 0.0))
