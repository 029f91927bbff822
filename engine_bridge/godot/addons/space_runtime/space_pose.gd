extends RefCounted
## The values of a face at one moment.

## Weights 0…1 by ARKit's names.
var weights := {}
## Pitch, yaw, roll in radians, as Godot orders Euler angles: pitch down, yaw to the character's left,
## roll counter-clockwise to the viewer.
var head := Vector3.ZERO
var left_eye := Vector3.ZERO
var right_eye := Vector3.ZERO


## Returns this pose by a share of it: 1 itself, 0 rest.
func scaled(share: float) -> RefCounted:
	var result: RefCounted = get_script().new()
	for shape: String in weights:
		result.weights[shape] = weights[shape] * share
	result.head = head * share
	result.left_eye = left_eye * share
	result.right_eye = right_eye * share
	return result
