@tool
extends GLTFDocumentExtension
## Lets Godot import glTF files with quantised meshes (KHR_mesh_quantization), as the heads of space-runtime are.
##
## Godot reads such numbers as they are, and the nodes' scales make metres of them; only its word that it does is
## missing.


func _get_supported_extensions() -> PackedStringArray:
	return PackedStringArray(["KHR_mesh_quantization"])
