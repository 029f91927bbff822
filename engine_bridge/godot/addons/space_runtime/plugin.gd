@tool
extends EditorPlugin
## Lets the editor import heads of space-runtime. The node SpaceFace is a global class, there without the plugin too.

var _quantized_meshes := preload("quantized_meshes.gd").new()


func _enter_tree() -> void:
	GLTFDocument.register_gltf_document_extension(_quantized_meshes)


func _exit_tree() -> void:
	GLTFDocument.unregister_gltf_document_extension(_quantized_meshes)
